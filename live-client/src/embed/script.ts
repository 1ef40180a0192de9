/**
 * `/embed/v1/walnut-live.js`: one file for pages without a build. Makes the element known and gives `WalnutLive.mountRoom`; where
 * nothing else is said, the product is where the file came from.
 */
import { defineWalnutLiveRoom } from './element.ts';
import { mountRoom } from './mount-room.ts';

declare global {
  var WalnutLive: { mountRoom: typeof mountRoom } | undefined;
}

const script = document.currentScript;
defineWalnutLiveRoom({
  origin: script instanceof HTMLScriptElement && script.src ? new URL(script.src).origin : undefined,
});
globalThis.WalnutLive = { mountRoom };
