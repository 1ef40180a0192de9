import type { Page } from 'playwright-core';

/** Discard port of a loopback address that nobody listens on. */
const NOWHERE = '127.77.77.77';

/**
 * Makes every ICE candidate that a page receives lead nowhere, UDP and TCP alike: for this page it is as if a firewall
 * dropped all media, while HTTP and WebSocket go on. Call before `goto`.
 */
export async function blockWebRtc(page: Page): Promise<void> {
  await page.addInitScript(`{
    const original = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function (description) {
      const sdp = (description.sdp ?? '').replace(
        /^(a=candidate:\\S+ \\d+ \\S+ \\d+) \\S+ \\d+/gm,
        '$1 ${NOWHERE} 9',
      );
      return original.call(this, { type: description.type, sdp });
    };
  }`);
}

/** Lets a page connect by WebRTC and loses every frame that it receives: they end in a stream that nobody reads. */
export async function dropFrames(page: Page): Promise<void> {
  await page.addInitScript(`{
    const Native = RTCPeerConnection;
    window.RTCPeerConnection = class extends Native {
      constructor(configuration) {
        super({ ...configuration, encodedInsertableStreams: true });
        this.addEventListener('track', ({ receiver }) => {
          receiver.createEncodedStreams().readable.pipeTo(new WritableStream());
        });
      }
    };
  }`);
}
