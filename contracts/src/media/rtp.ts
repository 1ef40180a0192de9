/**
 * RTP, ICE and DTLS parameters as mediasoup-client and mediasoup exchange them. They are strict and bounded, so that
 * a peer cannot make the server keep or parse more than a real browser ever sends.
 */
import { z } from 'zod';

export const MediaKind = z.enum(['audio', 'video']);
export type MediaKind = z.infer<typeof MediaKind>;

const shortText = z.string().max(256);
const Ssrc = z.int().min(0).max(0xffffffff);
const PayloadType = z.int().min(0).max(127);
const Parameters = z
  .record(z.string().max(64), z.union([z.string().max(512), z.number(), z.boolean(), z.null()]))
  .refine((value) => Object.keys(value).length <= 32, 'too many parameters');

const RtcpFeedback = z.strictObject({ type: shortText, parameter: z.exactOptional(shortText) });

const codecBase = {
  mimeType: z.string().regex(/^(audio|video)\/[\w.-]{1,64}$/i),
  clockRate: z.int().min(1).max(1_000_000),
  channels: z.exactOptional(z.int().min(1).max(16)),
  parameters: z.exactOptional(Parameters),
  rtcpFeedback: z.exactOptional(z.array(RtcpFeedback).max(16)),
};

/** What an endpoint can receive (`Device.recvRtpCapabilities`). */
export const RtpCapabilities = z.strictObject({
  codecs: z.exactOptional(
    z.array(z.strictObject({ ...codecBase, kind: MediaKind, preferredPayloadType: PayloadType })).max(64),
  ),
  headerExtensions: z.exactOptional(
    z
      .array(
        z.strictObject({
          kind: MediaKind,
          uri: shortText,
          preferredId: z.int().min(1).max(255),
          preferredEncrypt: z.exactOptional(z.boolean()),
          direction: z.exactOptional(z.enum(['sendrecv', 'sendonly', 'recvonly', 'inactive'])),
        }),
      )
      .max(64),
  ),
});
export type RtpCapabilities = z.infer<typeof RtpCapabilities>;

const priority = z.enum(['very-low', 'low', 'medium', 'high']);

const Encoding = z.strictObject({
  active: z.exactOptional(z.boolean()),
  ssrc: z.exactOptional(Ssrc),
  rid: z.exactOptional(z.string().max(32)),
  codecPayloadType: z.exactOptional(PayloadType),
  rtx: z.exactOptional(z.strictObject({ ssrc: Ssrc })),
  dtx: z.exactOptional(z.boolean()),
  scalabilityMode: z.exactOptional(z.string().max(16)),
  scaleResolutionDownBy: z.exactOptional(z.number().min(1).max(64)),
  maxBitrate: z.exactOptional(z.int().min(0).max(100_000_000)),
  maxFramerate: z.exactOptional(z.number().min(0).max(240)),
  adaptivePtime: z.exactOptional(z.boolean()),
  priority: z.exactOptional(priority),
  networkPriority: z.exactOptional(priority),
});

/** What a producer sends or a consumer receives. */
export const RtpParameters = z.strictObject({
  mid: z.exactOptional(z.string().max(32)),
  codecs: z
    .array(z.strictObject({ ...codecBase, payloadType: PayloadType }))
    .min(1)
    .max(16),
  headerExtensions: z.exactOptional(
    z
      .array(
        z.strictObject({
          uri: shortText,
          id: z.int().min(1).max(255),
          encrypt: z.exactOptional(z.boolean()),
          parameters: z.exactOptional(Parameters),
        }),
      )
      .max(32),
  ),
  encodings: z.exactOptional(z.array(Encoding).max(4)),
  rtcp: z.exactOptional(
    z.strictObject({
      cname: z.exactOptional(shortText),
      reducedSize: z.exactOptional(z.boolean()),
      mux: z.exactOptional(z.boolean()),
    }),
  ),
  msid: z.exactOptional(shortText),
});
export type RtpParameters = z.infer<typeof RtpParameters>;

export const DtlsParameters = z.strictObject({
  role: z.exactOptional(z.enum(['auto', 'client', 'server'])),
  fingerprints: z
    .array(
      z.strictObject({
        algorithm: z.enum(['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512']),
        value: z.string().regex(/^[0-9a-fA-F:]{20,200}$/),
      }),
    )
    .min(1)
    .max(8),
});
export type DtlsParameters = z.infer<typeof DtlsParameters>;

export const IceParameters = z.strictObject({
  usernameFragment: z.string(),
  password: z.string(),
  iceLite: z.exactOptional(z.boolean()),
});
export type IceParameters = z.infer<typeof IceParameters>;

export const IceCandidate = z.strictObject({
  foundation: z.string(),
  priority: z.number(),
  ip: z.string(),
  address: z.string(),
  protocol: z.enum(['udp', 'tcp']),
  port: z.number(),
  type: z.enum(['host', 'srflx', 'prflx', 'relay']),
  tcpType: z.exactOptional(z.enum(['active', 'passive', 'so'])),
});

/** A STUN or TURN server as RTCPeerConnection takes it. */
export const IceServer = z.strictObject({
  urls: z.array(z.string().max(256)).min(1).max(8),
  username: z.exactOptional(z.string().max(256)),
  credential: z.exactOptional(z.string().max(256)),
});
export type IceServer = z.infer<typeof IceServer>;

/** Everything `Device.createSendTransport` / `createRecvTransport` needs. */
export const TransportOptions = z.strictObject({
  id: z.string(),
  iceParameters: IceParameters,
  iceCandidates: z.array(IceCandidate),
  dtlsParameters: DtlsParameters,
});
export type TransportOptions = z.infer<typeof TransportOptions>;
