/**
 * One stream: who publishes it, who watches it, and its status.
 *
 * Model: `status` follows domain/stream-state.ts. `publisher` is a browser peer or a local encoder, or null. `origin` is
 * the stream's home in the engine; it exists from the first publication until the stream is idle again.
 * Invariants: everything that opens or closes the publication runs in one queue (`serial`), so that two publishers never
 * interleave; a stream that is not live and waits for someone has exactly one grace timer; after `close` nothing runs.
 */
import type {
  PublisherTrackStats,
  RtpIngest,
  StreamReason,
  StreamStateMessage,
  StreamTrack,
} from '@walnut-live/contracts';
import { admitPublisher } from '../domain/admission.ts';
import { initialStatus, nextStatus, type StreamFact, type StreamStatus } from '../domain/stream-state.ts';
import type { Engine, IngestLink, Origin, PublishLink, Tap, ViewerLink } from '../engine/index.ts';
import { createSerial } from '../platform/closing.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { Logger } from '../platform/logger.ts';
import type { Peer } from './peer.ts';

/** How long a lost publisher is awaited. */
export const PUBLISHER_GRACE_MS = 15_000;
const INGEST_RETRY_MS = 200;
/** Viewers of a dead worker come back spread over this time per thousand of them. */
const RESET_SPREAD_MS_PER_THOUSAND = 1_000;
const RESET_FLOOR_MS = 20;

type Publisher =
  | { kind: 'webrtc'; peer: Peer; link: PublishLink | null }
  | { kind: 'rtp'; address: RtpIngest; link: IngestLink | null };

export interface Stream {
  readonly id: string;
  readonly status: StreamStatus;
  tracks(): StreamTrack[];
  message(): StreamStateMessage;
  readonly realtimeViewers: number;
  publisher(): { kind: 'webrtc' | 'rtp'; personId: string | null; connected: boolean } | null;
  publisherStats(): Promise<PublisherTrackStats[]>;

  /** A peer of either right comes in: it will be told every state. */
  join(peer: Peer): void;
  /** The socket of a peer is gone; a publisher's media may go on for the grace time. */
  detached(peer: Peer): void;
  attached(peer: Peer): void;
  /** The peer is gone for good. */
  remove(peer: Peer, reason: StreamReason): void;

  openPublisher(peer: Peer): Promise<{ link: PublishLink; origin: Origin }>;
  isPublisher(peer: Peer): boolean;
  publishLinkOf(peer: Peer): PublishLink | null;
  openViewer(peer: Peer): Promise<ViewerLink>;
  /** Opens the ingest for a local encoder, or returns the one there is. @throws MediaFailure media_stream_busy */
  openIngest(): Promise<RtpIngest>;
  closeIngest(): Promise<void>;
  openTap(options: Parameters<Origin['openTap']>[0]): Promise<Tap>;
  /** Ends the publication and puts everybody out. */
  close(reason: 'closed_by_control' | 'drained'): void;
  readonly isUnused: boolean;
}

export function createStream(deps: {
  id: string;
  engine: Pick<Engine, 'createOrigin' | 'chooseIngestAddress'>;
  log: Logger;
  now: () => number;
  onChange: (stream: Stream) => void;
  graceMs?: number;
}): Stream {
  const { engine, now } = deps;
  const log = deps.log.child({ streamId: deps.id });
  const graceMs = deps.graceMs ?? PUBLISHER_GRACE_MS;
  const serial = createSerial();
  const peers = new Set<Peer>();
  let status = initialStatus(now());
  let origin: Origin | null = null;
  let publisher: Publisher | null = null;
  let grace: NodeJS.Timeout | null = null;

  // ── status ──────────────────────────────────────────────────────────────

  function broadcast(): void {
    const message = stream.message();
    for (const peer of peers) peer.port?.send('stream:state', message);
    deps.onChange(stream);
  }

  function happened(fact: StreamFact): void {
    const next = nextStatus(status, fact, now());
    if (next === status) return;
    status = next;
    log.info({ state: status.state, reason: status.reason }, 'stream state');
    if (status.state === 'live') disarmGrace();
    else if (status.state === 'interrupted') armGrace();
    else becomeIdle();
    broadcast();
  }

  function becomeIdle(): void {
    disarmGrace();
    // An encoder's ports stay open for its return; a browser's publication is over.
    if (publisher?.kind === 'rtp') return;
    for (const peer of peers) closeViewerLink(peer, 'idle');
    origin?.close('idle');
    origin = null;
  }

  function armGrace(): void {
    disarmGrace();
    grace = setTimeout(graceOver, graceMs);
    grace.unref();
  }

  function disarmGrace(): void {
    if (grace) clearTimeout(grace);
    grace = null;
  }

  function graceOver(): void {
    grace = null;
    if (status.state === 'live') return;
    if (publisher?.kind === 'webrtc') {
      const { peer, link } = publisher;
      publisher = null;
      link?.close('grace-expired');
      peer.port?.send('session:reset', { reason: 'grace_expired', retryInMs: 1_000 });
    }
    if (status.state === 'idle') becomeIdle();
    happened({ type: 'grace-expired' });
  }

  // ── origin ──────────────────────────────────────────────────────────────

  async function ensureOrigin(): Promise<Origin> {
    if (origin) return origin;
    const created = await engine.createOrigin();
    origin = created;
    created.onLost(() => originLost(created));
    created.tracks.onChange(() => {
      if (origin !== created) return;
      created.warmUp().catch((error: unknown) => log.debug({ err: error }, 'no viewer router warmed up'));
      if (status.state === 'live') broadcast();
    });
    return created;
  }

  function originLost(lost: Origin): void {
    if (origin !== lost) return;
    origin = null;
    log.warn('worker of the stream died');
    const owner = publisher;
    if (owner?.kind === 'webrtc') {
      owner.link?.close('worker-lost');
      owner.link = null;
      owner.peer.port?.send('session:reset', { reason: 'worker_lost', retryInMs: RESET_FLOOR_MS });
    } else if (owner) {
      owner.link?.close('worker-lost');
      owner.link = null;
      void serial(() => rebuildIngest(owner));
    }
    happened({ type: 'media-lost', reason: 'worker_lost' });
  }

  async function rebuildIngest(owner: Extract<Publisher, { kind: 'rtp' }>): Promise<void> {
    while (publisher === owner && owner.link === null) {
      try {
        owner.link = await openIngestLink(await ensureOrigin(), owner);
      } catch (error) {
        log.warn({ error }, 'ingest not restored yet');
        await new Promise((resolve) => setTimeout(resolve, INGEST_RETRY_MS));
      }
    }
  }

  async function openIngestLink(home: Origin, owner: Extract<Publisher, { kind: 'rtp' }>): Promise<IngestLink> {
    const link = await home.openIngestLink(owner.address, (flowing) => {
      if (owner.link !== link) return;
      if (flowing) {
        happened({ type: 'media-flows' });
        return;
      }
      // The transport answers only the encoder it heard first: its successor needs a new one, on the same ports.
      owner.link = null;
      link.close('silent');
      happened({ type: 'media-lost', reason: 'publisher_lost' });
      void serial(() => rebuildIngest(owner));
    });
    return link;
  }

  // ── peers ───────────────────────────────────────────────────────────────

  function closeViewerLink(peer: Peer, reason: string): void {
    const link = peer.viewerLink;
    peer.viewerLink = null;
    link?.close(reason);
  }

  function endPublication(reason: Extract<StreamFact, { type: 'ended' }>['reason']): void {
    publisher?.link?.close(reason);
    publisher = null;
    happened({ type: 'ended', reason });
    if (status.state === 'idle') becomeIdle();
  }

  function ifPublisher(peer: Peer): Extract<Publisher, { kind: 'webrtc' }> | null {
    return publisher?.kind === 'webrtc' && publisher.peer === peer ? publisher : null;
  }

  async function openPublisher(peer: Peer): Promise<{ link: PublishLink; origin: Origin }> {
    const current =
      publisher === null || publisher.kind === 'rtp'
        ? publisher && { kind: 'rtp' as const }
        : { kind: 'webrtc' as const, personId: publisher.peer.claims.sub };
    const refusal = admitPublisher({ claims: peer.claims, current });
    if (refusal) throw mediaFailure(refusal);

    const previous = publisher;
    const own: Extract<Publisher, { kind: 'webrtc' }> = { kind: 'webrtc', peer, link: null };
    publisher = own;
    previous?.link?.close('publisher-replaced');
    if (previous) happened({ type: 'media-lost', reason: 'publisher_replaced' });
    if (previous?.kind === 'webrtc' && previous.peer !== peer) {
      peers.delete(previous.peer);
      previous.peer.closed = true;
      previous.peer.port?.putOut('publisher_replaced');
    }
    armGraceUnlessLive();

    const home = await ensureOrigin();
    const link = await home.openPublishLink({
      onState: (state) => {
        if (publisher !== own || own.link !== link) return;
        if (state === 'connected' && link.flowing) happened({ type: 'media-flows' });
        if (state === 'disconnected') happened({ type: 'media-lost', reason: 'publisher_lost' });
        if (state === 'closed') {
          own.link = null;
          link.close('dtls-closed');
          happened({ type: 'media-lost', reason: 'publisher_lost' });
          peer.port?.send('session:reset', { reason: 'publisher_lost', retryInMs: RESET_FLOOR_MS });
        }
      },
      onFlow: (flowing) => {
        if (publisher !== own || own.link !== link) return;
        if (flowing) happened({ type: 'media-flows' });
        // A connected publisher may well send nothing for a while (a still screen, everything muted).
        else if (peer.port === null) happened({ type: 'media-lost', reason: 'publisher_lost' });
      },
      onScore: (kind, score) => peer.port?.send('publish:score', { kind, score }),
    });
    if (publisher !== own || peer.closed || origin !== home) {
      link.close('overtaken');
      throw mediaFailure(origin === home ? 'media_session_unknown' : 'media_worker_lost');
    }
    own.link = link;
    return { link, origin: home };
  }

  function armGraceUnlessLive(): void {
    if (status.state !== 'live') armGrace();
  }

  const stream: Stream = {
    id: deps.id,
    get status() {
      return status;
    },
    tracks: () => (status.state === 'live' ? (origin?.tracks.list() ?? []) : []),
    message: () => ({
      streamId: deps.id,
      state: status.state,
      reason: status.reason,
      since: new Date(status.sinceMs).toISOString(),
      tracks: stream.tracks(),
    }),
    get realtimeViewers() {
      let count = 0;
      for (const peer of peers) if (peer.viewerLink) count += 1;
      return count;
    },
    publisher: () =>
      publisher && {
        kind: publisher.kind,
        personId: publisher.kind === 'webrtc' ? publisher.peer.claims.sub : null,
        connected: publisher.kind === 'webrtc' ? publisher.peer.port !== null : (publisher.link?.flowing ?? false),
      },
    publisherStats: async () => (await publisher?.link?.stats()) ?? [],

    join(peer) {
      peers.add(peer);
      peer.port?.send('stream:state', stream.message());
    },
    attached(peer) {
      peer.port?.send('stream:state', stream.message());
    },
    detached(peer) {
      const own = ifPublisher(peer);
      if (own && !own.link?.flowing) happened({ type: 'media-lost', reason: 'publisher_lost' });
    },
    remove(peer, reason) {
      if (peer.closed) return;
      peer.closed = true;
      peers.delete(peer);
      closeViewerLink(peer, reason);
      if (!ifPublisher(peer)) return;
      if (reason === 'publisher_lost') {
        // Its own grace is over already: nobody is awaited any more.
        publisher?.link?.close(reason);
        publisher = null;
        happened({ type: 'media-lost', reason });
        graceOver();
      } else endPublication(reason === 'revoked' ? 'revoked' : 'publisher_left');
    },

    openPublisher: (peer) =>
      serial(async () => {
        try {
          return await openPublisher(peer);
        } finally {
          // The publication may have been ended while it was being opened.
          if (publisher === null && status.state === 'idle') becomeIdle();
        }
      }),
    isPublisher: (peer) => ifPublisher(peer) !== null,
    publishLinkOf: (peer) => ifPublisher(peer)?.link ?? null,
    async openViewer(peer) {
      closeViewerLink(peer, 'reopened');
      const home = origin;
      if (status.state !== 'live' || !home) throw mediaFailure('media_stream_not_live');
      const link: ViewerLink = await home.openViewerLink({
        onState: (state) => {
          if (state === 'closed' && peer.viewerLink === link) closeViewerLink(peer, 'dtls-closed');
          peer.onLinkState?.(state);
        },
        onLost: () => {
          if (peer.viewerLink !== link) return;
          peer.viewerLink = null;
          const spreadMs = (peers.size / 1_000) * RESET_SPREAD_MS_PER_THOUSAND;
          const retryInMs = Math.round(RESET_FLOOR_MS + Math.random() * spreadMs);
          peer.port?.send('session:reset', { reason: 'worker_lost', retryInMs });
        },
        onLayer: (layer, layers) => peer.port?.send('watch:layer', { layer, layers }),
        ...(peer.payloadTypes && { payloadTypes: peer.payloadTypes }),
      });
      if (peer.closed || origin !== home) {
        link.close('overtaken');
        throw mediaFailure(peer.closed ? 'media_session_unknown' : 'media_stream_not_live');
      }
      closeViewerLink(peer, 'reopened'); // two opens at once: the last one wins
      peer.viewerLink = link;
      return link;
    },

    openIngest: () =>
      serial(async () => {
        if (publisher?.kind === 'rtp') return publisher.address;
        if (publisher) throw mediaFailure('media_stream_busy');
        const address = await engine.chooseIngestAddress();
        const own: Extract<Publisher, { kind: 'rtp' }> = { kind: 'rtp', address, link: null };
        publisher = own;
        try {
          own.link = await openIngestLink(await ensureOrigin(), own);
          return address;
        } catch (error) {
          publisher = null;
          becomeIdle();
          throw error;
        }
      }),
    closeIngest: () =>
      serial(async () => {
        if (publisher?.kind === 'rtp') endPublication('publisher_left');
        deps.onChange(stream);
      }),
    async openTap(options) {
      if (!origin || status.state !== 'live') throw mediaFailure('media_stream_not_live');
      return origin.openTap(options);
    },
    close(reason) {
      endPublication(reason);
      for (const peer of [...peers]) {
        const { port } = peer;
        stream.remove(peer, reason);
        port?.putOut(reason);
      }
    },
    get isUnused() {
      return peers.size === 0 && publisher === null && status.state === 'idle';
    },
  };
  return stream;
}
