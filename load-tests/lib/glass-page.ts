/** Browser side of the glass-to-glass measurement: the product's own client, and plain WHIP, WHEP and hls.js for others. */
import Hls from 'hls.js';
import { newVideo, readPicture } from '../../e2e/kit/media-page.ts';
import { startPixelClock } from '../../e2e/kit/pixel-clock.ts';

export interface GlassPage {
  publishWhip(url: string, width: number, height: number): Promise<void>;
  watchWhep(url: string): Promise<void>;
  watchHls(url: string): void;
  /** Ages of the picture on the page's last video, looked at every LOOK_MS for so long; pictures without a code are left out. */
  ages(durationMs: number): Promise<number[]>;
}

declare global {
  interface Window {
    glass: GlassPage;
  }
}

const LOOK_MS = 25;
/** What guides' browsers send by default for 720p. */
const MAX_BITRATE = 1_500_000;

async function negotiate(connection: RTCPeerConnection, url: string): Promise<void> {
  await connection.setLocalDescription(await connection.createOffer());
  await new Promise<void>((resolve) => {
    if (connection.iceGatheringState === 'complete') return resolve();
    connection.addEventListener('icegatheringstatechange', () => {
      if (connection.iceGatheringState === 'complete') resolve();
    });
  });
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/sdp' },
    body: connection.localDescription?.sdp ?? '',
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${await response.text()}`);
  await connection.setRemoteDescription({ type: 'answer', sdp: await response.text() });
}

window.glass = {
  async publishWhip(url, width, height) {
    const { stream } = startPixelClock({ width, height, tone: true });
    const connection = new RTCPeerConnection();
    for (const track of stream.getTracks()) {
      const transceiver = connection.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
      if (track.kind !== 'video') continue;
      const h264 = RTCRtpReceiver.getCapabilities('video')?.codecs.filter(
        ({ mimeType, sdpFmtpLine }) =>
          mimeType === 'video/H264' && /packetization-mode=1.*42e01f/.test(sdpFmtpLine ?? ''),
      );
      if (h264 && h264.length > 0) transceiver.setCodecPreferences(h264);
      const parameters = transceiver.sender.getParameters();
      parameters.degradationPreference = 'maintain-resolution';
      for (const encoding of parameters.encodings) encoding.maxBitrate = MAX_BITRATE;
      await transceiver.sender.setParameters(parameters);
    }
    await negotiate(connection, url);
  },
  async watchWhep(url) {
    const connection = new RTCPeerConnection();
    const stream = new MediaStream();
    connection.addEventListener('track', ({ track }) => stream.addTrack(track));
    for (const kind of ['audio', 'video']) connection.addTransceiver(kind, { direction: 'recvonly' });
    const video = newVideo();
    video.srcObject = stream;
    await negotiate(connection, url);
    await video.play();
  },
  watchHls(url) {
    const hls = new Hls({ lowLatencyMode: true });
    hls.loadSource(url);
    hls.attachMedia(newVideo());
  },
  async ages(durationMs) {
    const video = [...document.querySelectorAll('video')].at(-1);
    if (!video) throw new Error('no video');
    const seen: number[] = [];
    for (const endsAt = Date.now() + durationMs; Date.now() < endsAt; ) {
      const picture = readPicture(video);
      if (typeof picture !== 'string') seen.push(picture.ageMs);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return seen;
  },
};
