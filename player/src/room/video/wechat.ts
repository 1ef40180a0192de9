type Bridge = { invoke: (name: string, args: object, done: () => void) => void };

const bridge = (): Bridge | undefined => (window as { WeixinJSBridge?: Bridge }).WeixinJSBridge;

/**
 * WeChat's browser lets media play without a tap inside an answer of its bridge; elsewhere nothing happens. Returns its
 * undo.
 */
export const whenWeChatAllows = (play: () => void): (() => void) => {
  if (!/MicroMessenger/i.test(navigator.userAgent)) return () => undefined;
  const ask = (): void => bridge()?.invoke('getNetworkType', {}, play);
  if (bridge()) {
    ask();
    return () => undefined;
  }
  document.addEventListener('WeixinJSBridgeReady', ask, { once: true });
  return () => document.removeEventListener('WeixinJSBridgeReady', ask);
};
