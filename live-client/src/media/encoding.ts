/** What we send: codec preference, simulcast layers, degradation. Pure but for the last function. */
import type { types } from 'mediasoup-client';
import type { VideoCodec } from './types.ts';

/** H.264 first: phones encode and decode it in hardware and HLS copies it. VP8 where there is none (Firefox). */
export const DEFAULT_CODECS: VideoCodec[] = ['h264', 'vp8'];

/** The first preferred codec that both sides can do. */
export function chooseVideoCodec(
  capabilities: types.RtpCapabilities,
  preferred: VideoCodec[] = DEFAULT_CODECS,
): types.RtpCodecCapability | undefined {
  const codecs = capabilities.codecs ?? [];
  return preferred
    .map((name) => codecs.find((codec) => codec.mimeType.toLowerCase() === `video/${name}`))
    .find((codec) => codec !== undefined);
}

const LOW_BPS = 150_000;
const MEDIUM_BPS = 500_000;

/** Layers of about 180, 360 and 720 lines (of the short side), lowest first; fewer for a small source. */
export function videoEncodings(
  settings: { width?: number; height?: number },
  maxBps: number,
): types.RtpEncodingParameters[] {
  const shortSide = Math.min(settings.width ?? 1280, settings.height ?? 720);
  const best = { maxBitrate: maxBps };
  if (shortSide < 320) return [{ maxBitrate: Math.min(maxBps, MEDIUM_BPS) }];
  if (shortSide < 640) return [{ scaleResolutionDownBy: 2, maxBitrate: LOW_BPS }, best];
  return [
    { scaleResolutionDownBy: 4, maxBitrate: LOW_BPS },
    { scaleResolutionDownBy: 2, maxBitrate: MEDIUM_BPS },
    best,
  ];
}

/** Forward error correction for lossy networks, silence costs nothing, one channel is enough for speech. */
export const audioCodecOptions: types.ProducerCodecOptions = {
  opusFec: true,
  opusDtx: true,
  opusStereo: false,
  opusMaxAverageBitrate: 64_000,
};

/** Tells the encoder what to give up first when CPU or network is short. Browsers that do not know it ignore it. */
export async function applyDegradation(
  sender: RTCRtpSender | undefined,
  preference: 'maintain-resolution' | 'maintain-framerate' | 'balanced',
): Promise<void> {
  if (!sender) return;
  const parameters = sender.getParameters() as RTCRtpSendParameters & { degradationPreference?: string };
  parameters.degradationPreference = preference;
  await sender.setParameters(parameters).catch(() => undefined);
}
