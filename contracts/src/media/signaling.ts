/**
 * Socket.IO namespace `/media`, `auth: { token }` (a media token). Every request is acknowledged with a MediaAck.
 *
 * A publisher: `publish:open` → transport → `publish:produce` per track → `stream:state live`.
 * A viewer: `stream:state` arrives by itself → when live `watch:open` → `watch:consume` → `watch:resume`; again
 * `watch:consume` whenever `stream:state` lists a producerId that is not consumed yet.
 * Both: on `session:reset` the transports are gone; open again after `retryInMs`. On a lost socket connect with a fresh
 * token and try `session:resume` with the key: when it answers ok, media never stopped.
 */
import { z } from 'zod';
import {
  DtlsParameters,
  IceParameters,
  IceServer,
  MediaKind,
  RtpCapabilities,
  RtpParameters,
  TransportOptions,
} from './rtp.ts';
import { StreamReason, StreamStateMessage } from './streams.ts';

export const MEDIA_NAMESPACE = '/media';

const Id = z.string().min(1).max(64);
const nothing = z.strictObject({});

/** Layers a viewer may ask for; `auto` leaves the choice to bandwidth estimation. */
export const qualityLevels = ['auto', 'low', 'medium', 'high'] as const;
export const QualityLevel = z.enum(qualityLevels);
export type QualityLevel = z.infer<typeof QualityLevel>;

const Opened = z.strictObject({
  /** Secret of this session: lets a later socket of the same person continue it. */
  sessionKey: z.string(),
  routerRtpCapabilities: RtpCapabilities,
  transport: TransportOptions,
  /** STUN and TURN servers of the media server, with passwords for this person. */
  iceServers: z.exactOptional(z.array(IceServer)),
});

const Consumer = z.strictObject({
  id: Id,
  producerId: Id,
  kind: MediaKind,
  rtpParameters: RtpParameters,
  /** Number of simulcast layers that can be chosen among; 1 when there is no choice. */
  layers: z.int(),
});

/** Client → server. */
export const mediaRequests = {
  'session:resume': {
    request: z.strictObject({ sessionKey: z.string().min(16).max(128) }),
    reply: z.strictObject({ transportId: Id }),
  },
  /** Asks for nothing but an answer: is this host there? */
  'session:ping': { request: nothing, reply: nothing },
  /** Deliberate leave: no grace, no waiting for a return. */
  'session:leave': { request: nothing, reply: nothing },
  'transport:connect': {
    request: z.strictObject({ transportId: Id, dtlsParameters: DtlsParameters }),
    reply: nothing,
  },
  'transport:restart-ice': {
    request: z.strictObject({ transportId: Id }),
    reply: z.strictObject({ iceParameters: IceParameters }),
  },
  'publish:open': { request: nothing, reply: Opened },
  'publish:produce': {
    request: z.strictObject({
      transportId: Id,
      kind: MediaKind,
      rtpParameters: RtpParameters,
      paused: z.exactOptional(z.boolean()),
    }),
    reply: z.strictObject({ producerId: Id }),
  },
  'publish:pause': {
    request: z.strictObject({ kind: MediaKind, paused: z.boolean() }),
    reply: nothing,
  },
  'watch:open': { request: nothing, reply: Opened },
  'watch:consume': {
    request: z.strictObject({ transportId: Id, rtpCapabilities: RtpCapabilities }),
    reply: z.strictObject({ consumers: z.array(Consumer) }),
  },
  'watch:resume': {
    request: z.strictObject({ consumerIds: z.array(Id).min(1).max(8) }),
    reply: nothing,
  },
  'watch:quality': { request: z.strictObject({ level: QualityLevel }), reply: nothing },
} as const;

export type MediaRequests = typeof mediaRequests;
export type MediaRequestName = keyof MediaRequests;
export type MediaRequest<Name extends MediaRequestName> = z.infer<MediaRequests[Name]['request']>;
export type MediaReply<Name extends MediaRequestName> = z.infer<MediaRequests[Name]['reply']>;
export type MediaConsumer = z.infer<typeof Consumer>;
export type MediaOpened = z.infer<typeof Opened>;

/** Server → client. */
export const mediaEvents = {
  'stream:state': StreamStateMessage,
  /** The transports of this peer are gone (worker death): open again after `retryInMs`. The socket stays. */
  'session:reset': z.strictObject({ reason: StreamReason, retryInMs: z.int() }),
  /**
   * This host will stop: connect anew with a fresh token (its grant names another host) after `afterMs`, and leave here when
   * the new session plays or is live. Until then everything goes on here.
   */
  'session:move': z.strictObject({ afterMs: z.int() }),
  /** The server puts the peer out and disconnects. Only `drained` is worth another attempt. */
  'session:closed': z.strictObject({
    reason: z.enum(['revoked', 'publisher_replaced', 'closed_by_control', 'drained', 'grace_expired']),
  }),
  /** To the publisher: how well the server receives a track, 0 (nothing) to 10. */
  'publish:score': z.strictObject({ kind: MediaKind, score: z.number() }),
  /**
   * To a viewer: which simulcast layer arrives now (0 lowest), null while none does; told again when a session is resumed.
   * `soundOnly`: not even the lowest fits their network; a stream's only layer is held back and tried again later.
   */
  'watch:layer': z.strictObject({ layer: z.nullable(z.int()), layers: z.int(), soundOnly: z.boolean().default(false) }),
} as const;

export type MediaEvents = typeof mediaEvents;
export type MediaEventName = keyof MediaEvents;
export type MediaEvent<Name extends MediaEventName> = z.infer<MediaEvents[Name]>;
