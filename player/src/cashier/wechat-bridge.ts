/** WeChat's own payment sheet, inside its browser. What it answers is a hint: the server is asked what became of a payment. */

type Bridge = {
  invoke: (name: string, args: Readonly<Record<string, string>>, done: (result: { err_msg?: string }) => void) => void;
};
export type BridgeAnswer = 'done' | 'cancelled' | 'failed' | 'absent';

/** The bridge comes a moment after the page; longer nobody waits for it. */
const BRIDGE_WITHIN_MS = 3_000;

const bridgeNow = (): Bridge | undefined => (window as { WeixinJSBridge?: Bridge }).WeixinJSBridge;

const whenThere = (): Promise<Bridge | undefined> => {
  const there = bridgeNow();
  if (there) return Promise.resolve(there);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(bridgeNow()), BRIDGE_WITHIN_MS);
    document.addEventListener(
      'WeixinJSBridgeReady',
      () => {
        clearTimeout(timer);
        resolve(bridgeNow());
      },
      { once: true },
    );
  });
};

const invoke = async (name: string, parameters: Readonly<Record<string, string>>): Promise<BridgeAnswer> => {
  const bridge = await whenThere();
  if (!bridge) return 'absent';
  return new Promise((resolve) => {
    bridge.invoke(name, parameters, ({ err_msg: message = '' }) => {
      if (message.endsWith(':ok')) resolve('done');
      else resolve(message.endsWith(':cancel') ? 'cancelled' : 'failed');
    });
  });
};
export const payByBridge = (parameters: Readonly<Record<string, string>>): Promise<BridgeAnswer> =>
  invoke('getBrandWCPayRequest', parameters);
/** The receiver accepts a transfer of ours; as hints go, the server is asked here too. */
export const acceptByBridge = (parameters: Readonly<Record<string, string>>): Promise<BridgeAnswer> =>
  invoke('requestMerchantTransfer', parameters);
