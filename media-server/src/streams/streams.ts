/**
 * All streams of this server and all peers in them.
 *
 * Invariants: a stream is kept while somebody is in it or it is not idle; a peer belongs to one stream for its whole
 * life; a detached peer (socket gone) is removed when its grace is over. Streams, peers and the peers of one person are
 * bounded by domain/admission.ts.
 */
import type { MediaErrorCode, MediaTokenClaims, Revocation, RtpIngest } from '@walnut-live/contracts';
import { admitPeer, admitPerson } from '../domain/admission.ts';
import type { Engine } from '../engine/index.ts';
import { createSignal } from '../platform/closing.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { Logger } from '../platform/logger.ts';
import { createPeer, type Peer, type PeerPort } from './peer.ts';
import { createRoster } from './roster.ts';
import { createStream, type OriginClaims, PUBLISHER_GRACE_MS, type Stream } from './stream.ts';

/** A draining host sends its viewers away this long after its publishers, and spread over this time per thousand. */
const MOVE_VIEWERS_AFTER_MS = 1_500;
const MOVE_SPREAD_MS_PER_THOUSAND = 10_000;
/** A viewer whose socket is gone keeps its picture this long. */
const VIEWER_GRACE_MS = 10_000;

export interface Streams {
  get(streamId: string): Stream | undefined;
  list(): Stream[];
  /** The stream, made if it is new. @throws MediaFailure media_over_capacity, media_draining */
  ensure(streamId: string): Stream;
  /** Lets a local encoder publish it; a refusal leaves no stream behind. @throws MediaFailure as `ensure`, media_stream_busy */
  openIngest(streamId: string): Promise<RtpIngest>;
  /** Would `connect` refuse them now? */
  refusalOf(claims: MediaTokenClaims): MediaErrorCode | null;
  /** @throws MediaFailure media_over_capacity, media_draining, media_too_many_sessions */
  connect(claims: MediaTokenClaims, port: PeerPort): Peer;
  /** Continues a detached session of the same person, stream and right; the peer of the new socket gives way. */
  resume(newcomer: Peer, sessionKey: string): Peer;
  /** A socket of the peer is gone; ignored when a newer one speaks for it already. */
  disconnected(peer: Peer, port: PeerPort): void;
  leave(peer: Peer): void;
  /** Puts matching peers out. Returns how many. */
  revoke(revocation: Revocation): number;
  /** Every change of a stream's state or tracks. */
  onChange(listener: (stream: Stream) => void): () => void;
  /** Somebody came into the stream or left it for good. */
  onPeers(listener: (stream: Stream) => void): () => void;
  /**
   * Takes nobody any more and asks everybody to move: publishers at once, viewers one after the other, so that the hosts
   * they go to are not overrun. Whoever stays keeps what they have. Idempotent.
   */
  drain(): void;
  readonly draining: boolean;
  readonly peerCount: number;
  close(): void;
}

export function createStreams(deps: {
  engine: Engine;
  claims: OriginClaims;
  log: Logger;
  now: () => number;
  publisherGraceMs?: number;
  viewerGraceMs?: number;
}): Streams {
  const publisherGraceMs = deps.publisherGraceMs ?? PUBLISHER_GRACE_MS;
  const viewerGraceMs = deps.viewerGraceMs ?? VIEWER_GRACE_MS;
  const streams = new Map<string, Stream>();
  const peers = createRoster();
  const graceTimers = new Map<string, NodeJS.Timeout>();
  const changed = createSignal<Stream>();
  const peopled = createSignal<Stream>();
  let draining = false;

  const admit = (streamId: string): MediaErrorCode | null =>
    admitPeer({ draining, peers: peers.size, streams: streams.size, streamIsNew: !streams.has(streamId) });

  /** Who was replaced, or a viewer whose socket is gone (a page that was reloaded), makes room for the one who is here. */
  const givesWay = (peer: Peer): boolean => peer.closed || (peer.port === null && peer.claims.right === 'watch');

  function refusalOf(claims: MediaTokenClaims): MediaErrorCode | null {
    return admit(claims.streamId) ?? admitPerson(peers.ofPerson(claims).filter((peer) => !givesWay(peer)).length);
  }

  function ensure(streamId: string): Stream {
    const refusal = admit(streamId);
    if (refusal) throw mediaFailure(refusal);
    const known = streams.get(streamId);
    if (known) return known;
    const created = createStream({
      id: streamId,
      engine: deps.engine,
      claims: deps.claims,
      log: deps.log,
      now: deps.now,
      graceMs: publisherGraceMs,
      onChange: (stream) => {
        changed.emit(stream);
        forgetIfUnused(stream);
      },
    });
    streams.set(streamId, created);
    return created;
  }

  function forgetIfUnused(stream: Stream): void {
    if (stream.isUnused && streams.get(stream.id) === stream) streams.delete(stream.id);
  }

  function drop(peer: Peer, reason: Parameters<Stream['remove']>[1]): void {
    clearTimeout(graceTimers.get(peer.id));
    graceTimers.delete(peer.id);
    peers.remove(peer);
    const stream = streams.get(peer.claims.streamId);
    stream?.remove(peer, reason);
    if (!stream) return;
    peopled.emit(stream);
    forgetIfUnused(stream);
  }

  const api: Streams = {
    get: (streamId) => streams.get(streamId),
    list: () => [...streams.values()],
    ensure,
    async openIngest(streamId) {
      const stream = ensure(streamId);
      try {
        return await stream.openIngest();
      } finally {
        forgetIfUnused(stream);
      }
    },
    refusalOf,
    connect(claims, port) {
      const refusal = refusalOf(claims);
      if (refusal) throw mediaFailure(refusal);
      const own = peers.ofPerson(claims);
      const leaver = admitPerson(own.length) === null ? undefined : own.find(givesWay);
      if (leaver) drop(leaver, 'publisher_left');
      const stream = ensure(claims.streamId);
      const peer = createPeer(claims, port);
      peers.add(peer);
      stream.join(peer);
      peopled.emit(stream);
      return peer;
    },
    resume(newcomer, sessionKey) {
      const { sub, streamId, right } = newcomer.claims;
      const stream = streams.get(streamId);
      const peer = peers.bySessionKey(sessionKey);
      const isTheirs = peer?.claims.sub === sub && peer.claims.streamId === streamId && peer.claims.right === right;
      const hasMedia = peer && (peer.viewerLink ?? stream?.publishLinkOf(peer));
      if (!stream || !hasMedia || !isTheirs || peer === newcomer || peer.closed) {
        throw mediaFailure('media_session_unknown');
      }
      clearTimeout(graceTimers.get(peer.id));
      graceTimers.delete(peer.id);
      const oldPort = peer.port;
      peer.port = newcomer.port;
      newcomer.port = null;
      oldPort?.cut();
      drop(newcomer, 'publisher_left');
      stream.attached(peer);
      return peer;
    },
    disconnected(peer, port) {
      if (peer.port !== null && peer.port !== port) return;
      peer.port = null;
      const stream = streams.get(peer.claims.streamId);
      const isAwaited = stream !== undefined && (peer.viewerLink !== null || stream.isPublisher(peer));
      if (peer.closed || !isAwaited) return drop(peer, 'publisher_lost');
      const graceMs = peer.claims.right === 'publish' ? publisherGraceMs : viewerGraceMs;
      const timer = setTimeout(() => drop(peer, 'publisher_lost'), graceMs);
      timer.unref();
      graceTimers.set(peer.id, timer);
      stream.detached(peer);
    },
    leave: (peer) => drop(peer, 'publisher_left'),
    revoke({ personId, streamId, jti }) {
      let count = 0;
      for (const peer of peers.list()) {
        if (peer.claims.sub !== personId) continue;
        if (streamId !== undefined && peer.claims.streamId !== streamId) continue;
        if (jti !== undefined && peer.claims.jti !== jti) continue;
        const { port } = peer;
        drop(peer, 'revoked');
        port?.putOut('revoked');
        count += 1;
      }
      return count;
    },
    onChange: (listener) => changed.subscribe(listener),
    onPeers: (listener) => peopled.subscribe(listener),
    drain() {
      if (draining) return;
      draining = true;
      const spreadMs = (peers.size / 1_000) * MOVE_SPREAD_MS_PER_THOUSAND;
      for (const { claims, port } of peers.list()) {
        const afterMs = claims.right === 'publish' ? 0 : MOVE_VIEWERS_AFTER_MS + Math.round(Math.random() * spreadMs);
        port?.send('session:move', { afterMs });
      }
    },
    get draining() {
      return draining;
    },
    get peerCount() {
      return peers.size;
    },
    close() {
      draining = true;
      for (const stream of [...streams.values()]) stream.close('drained');
      for (const timer of graceTimers.values()) clearTimeout(timer);
      graceTimers.clear();
      peers.clear();
      streams.clear();
    },
  };
  return api;
}
