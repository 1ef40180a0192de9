/** Browser side of the WHIP and WHEP tests: programs that nobody here wrote, and a pixel clock. See whip-page-api.ts. */
import { WebRTCPlayer } from '@eyevinn/webrtc-player';
import { WHEPClient } from 'whip-whep/whep.js';
import { WHIPClient } from 'whip-whep/whip.js';
import { newVideo, waitForPicture } from './media-page.ts';
import { type PixelClockCanvas, startPixelClock } from './pixel-clock.ts';
import type { WhipPageApi } from './whip-page-api.ts';

declare global {
  interface Window {
    whipPage: WhipPageApi;
  }
}

const exchanges: ReturnType<WhipPageApi['exchanges']> = [];
const nativeFetch = window.fetch.bind(window);
window.fetch = async (input, init) => {
  const response = await nativeFetch(input, init);
  exchanges.push({ method: init?.method ?? 'GET', status: response.status, etag: response.headers.get('etag') });
  if (init?.method !== 'PATCH' || response.status !== 200) return response;
  // After an ICE restart this client can take one candidate only: it puts commas between several.
  const [first = '', udp = ''] = (await response.text()).split(/(?=a=candidate:)/);
  return new Response(first + udp, { status: response.status, headers: response.headers });
};

let clock: PixelClockCanvas | null = null;
let sender: { client: WHIPClient; connection: RTCPeerConnection } | null = null;
let receiver: { stop: () => Promise<void>; restart: () => Promise<void>; state: () => string } | null = null;
let video: HTMLVideoElement | null = null;

function preferred(codec: 'h264' | 'vp8'): RTCRtpCodec[] {
  const codecs = RTCRtpSender.getCapabilities('video')?.codecs ?? [];
  const isOurs = ({ mimeType }: RTCRtpCodec): boolean => mimeType.toLowerCase() === `video/${codec}`;
  return [...codecs.filter(isOurs), ...codecs.filter(({ mimeType }) => mimeType === 'video/rtx')];
}

window.whipPage = {
  async publish(url, token, { codec, layers = [], ...size } = {}) {
    clock = startPixelClock(size);
    const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    for (const track of clock.stream.getTracks()) {
      const isVideo = track.kind === 'video';
      const transceiver = connection.addTransceiver(track, {
        direction: 'sendonly',
        streams: [clock.stream],
        ...(isVideo &&
          layers.length > 0 && {
            sendEncodings: layers.map((rid, index) => ({
              rid,
              scaleResolutionDownBy: 2 ** (layers.length - 1 - index),
            })),
          }),
      });
      if (isVideo && codec) transceiver.setCodecPreferences(preferred(codec));
    }
    const client = new WHIPClient();
    sender = { client, connection };
    await client.publish(connection, url, token);
  },
  async restartIce(side) {
    await (side === 'publish' ? sender?.client.restart() : receiver?.restart());
  },
  async stopPublishing() {
    await sender?.client.stop();
    clock?.stop();
    sender = null;
  },
  publishConnection: () => sender?.connection.connectionState ?? 'none',
  async watch(url, token, player) {
    const element = newVideo();
    video = element;
    if (player === 'eyevinn') {
      const outside = new WebRTCPlayer({ video: element, type: 'whep' });
      // It sends this as the whole header.
      await outside.load(new URL(url), `Bearer ${token}`);
      receiver = {
        stop: () => outside.unload(),
        restart: async () => undefined,
        state: () => 'unknown',
      };
      return;
    }
    const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    for (const kind of ['audio', 'video']) connection.addTransceiver(kind, { direction: 'recvonly' });
    const stream = new MediaStream();
    connection.ontrack = ({ track }) => {
      stream.addTrack(track);
      element.srcObject = stream;
      element.play().catch(() => undefined);
    };
    const client = new WHEPClient();
    receiver = { stop: () => client.stop(), restart: () => client.restart(), state: () => connection.connectionState };
    await client.view(connection, url, token);
  },
  async stopWatching() {
    await receiver?.stop();
    video?.remove();
    receiver = null;
  },
  watchConnection: () => receiver?.state() ?? 'none',
  waitForPicture(options) {
    if (!video) throw new Error('nobody watches');
    return waitForPicture(video, options);
  },
  exchanges: () => exchanges,
};
