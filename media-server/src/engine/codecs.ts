import type { types } from 'mediasoup';

/** H.264 constrained baseline first: every phone decodes it in hardware and HLS copies it. VP8 is the fallback. */
export const routerCodecs: types.RouterRtpCodecCapability[] = [
  {
    kind: 'audio',
    mimeType: 'audio/opus',
    clockRate: 48_000,
    channels: 2,
    parameters: { useinbandfec: 1, usedtx: 1 },
  },
  {
    kind: 'video',
    mimeType: 'video/H264',
    clockRate: 90_000,
    parameters: { 'packetization-mode': 1, 'profile-level-id': '42e01f', 'level-asymmetry-allowed': 1 },
  },
  { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000 },
];

/** What a local encoder has to send; see contracts RtpIngest. */
export const ingestCodecs = {
  video: { payloadType: 102, codec: routerCodecs[1]! },
  audio: { payloadType: 100, codec: routerCodecs[0]! },
};
