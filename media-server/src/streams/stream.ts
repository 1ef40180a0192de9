import { admitPublisher } from '../domain/admission.ts';
import { initialStatus, nextStatus, type StreamFact } from '../domain/stream-state.ts';
import type { Engine, IngestLink, Origin, PublishLink } from '../engine/index.ts';
import { createSerial } from '../platform/closing.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { Logger } from '../platform/logger.ts';
import type { Peer } from './peer.ts';
import {
  type Publisher,
  publisherView,
  type RelayPublisher,
  type RtpPublisher,
  type WebRtcPublisher,
} from './publication.ts';
import { createRelayPort, type RelayEvents, type RelayPort } from './relay-port.ts';
import type { OriginClaims, Stream } from './stream-types.ts';
import { closeViewerLink, openViewer, RESET_FLOOR_MS } from './viewing.ts';

/** How long a lost publisher is awaited. */
export const PUBLISHER_GRACE_MS = 15_000;
const INGEST_RETRY_MS = 200;
/** A publisher who came here from another host has this long until that host's picture is not waited with. */
const RELAY_RETIRES_MS = 5_000;

export type { OriginClaims, Stream } from './stream-types.ts';

export function createStream(deps: {
  id: string;
  engine: Pick<Engine, 'createOrigin' | 'chooseIngestAddress'>;
  claims: OriginClaims;
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
    deps.claims.release(deps.id);
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
    if (publisher?.kind === 'relay') {
      publisher.link?.close('grace-expired');
      publisher.link = null;
    }
    if (status.state === 'idle') becomeIdle();
    happened({ type: 'grace-expired' });
  }

  // ── origin ──────────────────────────────────────────────────────────────

  async function ensureOrigin(): Promise<Origin> {
    if (origin) return origin;
    const created = await engine.createOrigin();
    origin = created;
    created.onLost(() => hubLost(created));
    created.tracks.onChange(() => {
      if (origin !== created) return;
      created.warmUp().catch((error: unknown) => log.debug({ err: error }, 'no viewer router warmed up'));
      if (status.state === 'live') broadcast();
    });
    return created;
  }

  /** The tracks are gone; viewers on other workers keep their transports and consume what comes next. */
  function hubLost(lost: Origin): void {
    if (origin !== lost) return;
    log.warn('worker of the stream died');
    const owner = publisher;
    owner?.link?.close('worker-lost');
    if (owner) owner.link = null;
    if (owner?.kind === 'webrtc') {
      owner.peer.port?.send('session:reset', { reason: 'worker_lost', retryInMs: RESET_FLOOR_MS });
    } else if (owner?.kind === 'rtp') void serial(() => rebuildIngest(owner));
    else owner?.onLost();
    happened({ type: 'media-lost', reason: 'worker_lost' });
  }

  async function rebuildIngest(owner: RtpPublisher): Promise<void> {
    while (publisher === owner && owner.link === null) {
      try {
        owner.link = await openIngestLink(await ensureOrigin(), owner);
      } catch (error) {
        log.warn({ error }, 'ingest not restored yet');
        await new Promise((resolve) => setTimeout(resolve, INGEST_RETRY_MS));
      }
    }
  }

  async function openIngestLink(home: Origin, owner: RtpPublisher): Promise<IngestLink> {
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

  function endPublication(reason: Extract<StreamFact, { type: 'ended' }>['reason']): void {
    const ended = publisher;
    ended?.link?.close(reason);
    publisher = null;
    if (ended?.kind === 'relay') ended.onReplaced();
    happened({ type: 'ended', reason });
    if (status.state === 'idle') becomeIdle();
  }

  /** A claim is kept for a publisher alone: with one that left meanwhile every host would look for the stream here. */
  function releaseUnlessLocal(): void {
    if (!stream.isLocal) deps.claims.release(deps.id);
  }

  function ifPublisher(peer: Peer): WebRtcPublisher | null {
    return publisher?.kind === 'webrtc' && publisher.peer === peer ? publisher : null;
  }

  async function openPublisher(peer: Peer): Promise<{ link: PublishLink; origin: Origin }> {
    const refusal = admitPublisher({ claims: peer.claims, current: currentPublisher() });
    if (refusal) throw mediaFailure(refusal);
    if (peer.closed) throw mediaFailure('media_session_unknown'); // while it waited for its turn
    await deps.claims.claim(deps.id, peer);
    if (peer.closed) throw mediaFailure('media_session_unknown');

    const own: WebRtcPublisher = { kind: 'webrtc', peer, link: null };
    const retired = replacePublisher(own);
    armGraceUnlessLive();

    const home = await ensureOrigin();
    const link = await home.openPublishLink({
      onState: (state) => {
        if (publisher !== own || own.link !== link) return;
        if (state === 'connected' && link.flowing) mediaFlows(retired);
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
        if (flowing) mediaFlows(retired);
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

  /** Who has to be asked before somebody else publishes. */
  function currentPublisher(): Parameters<typeof admitPublisher>[0]['current'] {
    if (publisher?.kind === 'rtp') return { kind: 'rtp' };
    return publisher?.kind === 'webrtc' ? { kind: 'webrtc', personId: publisher.peer.claims.sub } : null;
  }

  /** Puts the publisher before it out. What another host sent goes on until the newcomer's media flows. */
  function replacePublisher(next: Publisher): RelayPublisher | null {
    const previous = publisher;
    publisher = next;
    if (previous?.kind === 'relay') {
      previous.onReplaced();
      setTimeout(() => previous.link?.close('publisher-replaced'), RELAY_RETIRES_MS).unref();
      return previous;
    }
    previous?.link?.close('publisher-replaced');
    if (previous && next.kind !== 'relay') happened({ type: 'media-lost', reason: 'publisher_replaced' });
    if (previous?.kind === 'webrtc' && (next.kind !== 'webrtc' || previous.peer !== next.peer)) {
      peers.delete(previous.peer);
      previous.peer.closed = true;
      previous.peer.port?.putOut('publisher_replaced');
    }
    return null;
  }

  function mediaFlows(retired: RelayPublisher | null): void {
    retired?.link?.close('publisher-replaced');
    happened({ type: 'media-flows' });
  }

  function attachRelay(events: RelayEvents): RelayPort {
    return createRelayPort(events, {
      publisher: () => publisher,
      ensureOrigin: () => serial(ensureOrigin),
      take(relay) {
        if (publisher === null) publisher = relay;
        else if (publisher !== relay) replacePublisher(relay);
      },
      leave(relay) {
        if (publisher !== relay) return;
        publisher = null;
        if (status.state === 'idle') becomeIdle();
        happened({ type: 'ended', reason: 'publisher_left' });
        deps.onChange(stream);
      },
      happened,
    });
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
    publisher: () => (publisher ? publisherView(publisher) : null),
    publisherStats: async () => (await publisher?.link?.stats()) ?? [],

    join(peer) {
      peers.add(peer);
      peer.port?.send('stream:state', stream.message());
    },
    attached(peer) {
      peer.port?.send('stream:state', stream.message());
      // It may have changed while nobody listened.
      if (peer.layer) peer.port?.send('watch:layer', peer.layer);
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
          releaseUnlessLocal();
        }
      }),
    isPublisher: (peer) => ifPublisher(peer) !== null,
    publishLinkOf: (peer) => ifPublisher(peer)?.link ?? null,
    openViewer: (peer) =>
      openViewer(peer, {
        origin: () => origin,
        isLive: () => status.state === 'live',
        peerCount: () => peers.size,
      }),

    openIngest: () =>
      serial(async () => {
        if (publisher?.kind === 'rtp') return publisher.address;
        if (publisher?.kind === 'webrtc') throw mediaFailure('media_stream_busy');
        await deps.claims.claim(deps.id, 'rtp');
        try {
          const address = await engine.chooseIngestAddress();
          const own: RtpPublisher = { kind: 'rtp', address, link: null };
          replacePublisher(own);
          own.link = await openIngestLink(await ensureOrigin(), own);
          return address;
        } catch (error) {
          if (stream.isLocal) publisher = null;
          if (publisher === null) becomeIdle();
          releaseUnlessLocal();
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
    async openOutlet(remote, events) {
      if (!stream.isLocal || !origin) throw mediaFailure('media_stream_unknown');
      return origin.openPipeOutlet(remote, events);
    },
    attachRelay,
    get isLocal() {
      return publisher !== null && publisher.kind !== 'relay';
    },
    get isRelayed() {
      return publisher?.kind === 'relay';
    },
    get watchers() {
      let count = 0;
      for (const peer of peers) if (peer.claims.right === 'watch') count += 1;
      return count;
    },
    peers: () => [...peers],
    get workerPid() {
      return origin?.workerPid;
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
