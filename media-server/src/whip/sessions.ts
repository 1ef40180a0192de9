/**
 * WHIP and WHEP sessions: peers without a socket, held by an HTTP resource.
 *
 * Model: a session is a Peer whose port turns what a socket would be told into the life of the resource. Its id is 256
 * random bits and is the secret of the resource: whoever knows the URL may act on it.
 * Invariants: a session is in the map while its peer has it as its port; whatever ends it (DELETE, revocation, a newer
 * publication, a player that is gone) takes it out once. A publication that lost its connection can still be deleted
 * while its stream awaits it: clients close the connection first and say so afterwards. PATCH requests of one session run
 * one after the other, so that two ICE restarts never mix.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { DtlsParameters, IceParameters, MediaTokenClaims, TransportOptions } from '@walnut-live/contracts';
import { createSerial } from '../platform/closing.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { Logger } from '../platform/logger.ts';
import type { Peer, PeerPort } from '../streams/peer.ts';
import type { Streams } from '../streams/streams.ts';
import { answerPlayback, answerPublication, answerRestart } from './answer.ts';
import type { IceFragment } from './ice-fragment.ts';
import { acceptPublication, offeredPayloadTypes, sharedCapabilities } from './negotiation.ts';
import type { IceCredentials, Offer } from './offer.ts';

/** A player that posted an offer and never connected is forgotten. */
export const CONNECT_TIMEOUT_MS = 15_000;

/** A lost publication can be deleted for this long; its stream awaits it for less. */
const LOST_LINGER_MS = 30_000;
/** How long a player's offer waits for a stream that another host has. */
const FETCH_TIMEOUT_MS = 4_000;
const FETCH_POLL_MS = 50;

export interface Session {
  readonly id: string;
  readonly right: 'publish' | 'watch';
  readonly streamId: string;
  /** Entity tag of the present ICE session, with its quotes (RFC 9110 section 8.8.3). */
  readonly etag: string;
  /** Does this token belong to the person who made the session? */
  isOwner(claims: Pick<MediaTokenClaims, 'sub' | 'streamId'>): boolean;
  isSameToken(token: string): boolean;
  /**
   * Trickles candidates or restarts ICE: the answer to a restart, or null when there is nothing to say.
   * @throws MediaFailure media_precondition_failed, media_precondition_required, media_session_unknown
   */
  patch(ifMatch: string | undefined, fragment: IceFragment): Promise<{ body: string; etag: string } | null>;
}

export interface Sessions {
  /**
   * @throws MediaFailure of every kind. An offer, a right or a place that is refused leaves the stream as it was. Once the
   * session has taken the publication, whoever had it is out, and a failure after that (a worker that dies, tracks that the
   * engine does not take) ends the publication.
   */
  publish(claims: MediaTokenClaims, token: string, offer: Offer): Promise<{ session: Session; answer: string }>;
  watch(claims: MediaTokenClaims, token: string, offer: Offer): Promise<{ session: Session; answer: string }>;
  find(right: Session['right'], streamId: string, id: string): Session | undefined;
  /** Leaves on purpose: nobody is awaited. */
  leave(session: Session): void;
  readonly count: number;
}

interface Transport {
  options: TransportOptions;
  connect(dtlsParameters: DtlsParameters): Promise<void>;
  restartIce(): Promise<IceParameters>;
}

interface Entry extends Session {
  peer: Peer;
  /** Takes it out; a publisher's stream awaits them all the same unless they left. */
  end(why: string): void;
  /** The connection is gone; nothing but DELETE is possible any more. */
  lose(why: string): void;
}

export function createSessions(deps: {
  streams: Streams;
  /** Does another host have the stream? Then it can be fetched. */
  elsewhere: (streamId: string) => Promise<string | null>;
  log: Logger;
  connectTimeoutMs?: number;
}): Sessions {
  const { streams, log } = deps;
  const connectTimeoutMs = deps.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const entries = new Map<string, Entry>();

  /** Registers the session of a peer. `onState` sees what its socket would have been sent. */
  function open(
    claims: MediaTokenClaims,
    token: string,
    offer: Offer,
    onSent: (event: Parameters<PeerPort['send']>[0], payload: unknown) => void,
  ): Entry & { transport: Transport | null } {
    const id = randomBytes(32).toString('base64url');
    const tokenHash = hashOf(token);
    const serial = createSerial();
    let remote: IceCredentials = offer.ice;
    let generation = 1;
    let ended = false;
    let lost = false;

    const port: PeerPort = {
      send: (event, payload) => {
        if (!ended && !lost) onSent(event, payload);
      },
      putOut: (reason) => entry.end(reason),
      cut: () => entry.end('cut'),
    };
    const peer = streams.connect(claims, port);
    peer.isOutside = true;
    const entry: Entry & { transport: Transport | null } = {
      id,
      right: claims.right === 'watch' ? 'watch' : 'publish',
      streamId: claims.streamId,
      transport: null,
      peer,
      get etag() {
        return `"${id.slice(0, 8)}-${generation}"`;
      },
      isOwner: ({ sub, streamId }) => sub === claims.sub && streamId === claims.streamId,
      isSameToken: (given) => hashOf(given) === tokenHash,
      end(why) {
        if (ended) return;
        ended = true;
        entries.delete(id);
        log.info({ streamId: claims.streamId, right: entry.right, why }, 'session ended');
        // A viewer has nothing to come back to. A lost publisher is awaited by its stream.
        if (entry.right === 'watch') streams.leave(entry.peer);
        else streams.disconnected(entry.peer, port);
      },
      lose(why) {
        if (ended || lost) return;
        lost = true;
        log.info({ streamId: claims.streamId, right: entry.right, why }, 'session lost');
        setTimeout(() => entry.end('not-back'), LOST_LINGER_MS).unref();
        streams.disconnected(entry.peer, port);
      },
      patch: (ifMatch, fragment) =>
        serial(async () => {
          const { transport } = entry;
          if (ended || lost || !transport) throw mediaFailure('media_session_unknown');
          const { ice } = fragment;
          const isPresent = ice?.usernameFragment === remote.usernameFragment && ice.password === remote.password;
          if (ifMatch === undefined) {
            // Players of before WHEP had entity tags name the ICE session by its credentials alone.
            if (entry.right === 'watch' && isPresent) return null;
            throw mediaFailure('media_precondition_required');
          }
          if (!matches(ifMatch, entry.etag)) throw mediaFailure('media_precondition_failed');
          if (!ice || isPresent) return null;
          const iceParameters = await transport.restartIce();
          if (ended || lost) throw mediaFailure('media_session_unknown');
          remote = ice;
          generation += 1;
          const first = offer.media.find(({ kind }) => kind !== 'other') ?? offer.media[0];
          if (!first) throw mediaFailure('media_internal');
          return { body: answerRestart(first, { ...transport.options, iceParameters }), etag: entry.etag };
        }),
    };
    entries.set(id, entry);
    return entry;
  }

  return {
    async publish(claims, token, offer) {
      const tracks = acceptPublication(offer);
      const entry = open(claims, token, offer, (event) => {
        // The transport is gone and a WHIP client cannot be told to build another: it notices and posts again.
        if (event === 'session:reset') entry.lose('reset');
      });
      try {
        const stream = streams.get(claims.streamId);
        if (!stream) throw mediaFailure('media_session_unknown');
        const { link } = await stream.openPublisher(entry.peer);
        entry.transport = link;
        await link.connect(offer.dtls);
        for (const { kind, rtpParameters } of tracks) await link.produce(kind, rtpParameters, false);
        return { session: entry, answer: answerPublication(offer, tracks, link.options) };
      } catch (error) {
        entries.delete(entry.id);
        streams.leave(entry.peer);
        throw error;
      }
    },

    async watch(claims, token, offer) {
      const payloadTypes = offeredPayloadTypes(offer);
      if (streams.draining) throw mediaFailure('media_draining');
      const isLive = (): boolean => streams.get(claims.streamId)?.status.state === 'live';
      if (!isLive() && (await deps.elsewhere(claims.streamId)) === null) throw mediaFailure('media_stream_not_live');
      const wanted = new Set(offer.media.map(({ kind }) => kind));
      let watched: string[] | null = null;
      const entry = open(claims, token, offer, (event, payload) => {
        if (event === 'session:reset') return entry.end('reset');
        if (event !== 'stream:state' || watched === null) return;
        const { state, tracks } = payload as {
          state: string;
          tracks: Array<{ kind: 'audio' | 'video'; producerId: string }>;
        };
        if (state === 'idle') return entry.end('stream-ended');
        if (state !== 'live') return;
        // A track that came, went or was replaced needs another answer, and WHEP knows no second one: the player posts
        // again.
        const now = tracks.filter(({ kind }) => wanted.has(kind)).map(({ producerId }) => producerId);
        if (now.length !== watched.length || !now.every((id) => watched?.includes(id))) entry.end('tracks-changed');
      });
      entry.peer.payloadTypes = payloadTypes;
      let connected = false;
      let consumerIds: string[] = [];
      entry.peer.onLinkState = (state) => {
        if (state === 'connected' && !connected) {
          connected = true;
          clearTimeout(deadline);
          entry.peer.viewerLink?.resume(consumerIds).catch(() => entry.end('not-resumed'));
        }
        // Nobody else would tell that the player is gone.
        if (state === 'disconnected' || state === 'closed') entry.end(state);
      };
      const deadline = setTimeout(() => entry.end('never-connected'), connectTimeoutMs);
      deadline.unref();
      try {
        const stream = streams.get(claims.streamId);
        if (!stream) throw mediaFailure('media_session_unknown');
        // With a viewer here the stream comes from the other host.
        for (let waitedMs = 0; !isLive() && waitedMs < FETCH_TIMEOUT_MS; waitedMs += FETCH_POLL_MS) {
          await new Promise((resolve) => setTimeout(resolve, FETCH_POLL_MS));
        }
        const link = await stream.openViewer(entry.peer);
        entry.transport = link;
        const mids = Object.fromEntries(
          offer.media.filter(({ mid }) => Buffer.byteLength(mid) <= 8).map(({ kind, mid }) => [kind, mid]),
        );
        const consumers = await link.consume(sharedCapabilities(offer, link.routerRtpCapabilities), mids);
        consumerIds = consumers.map(({ id }) => id);
        watched = consumers.map(({ producerId }) => producerId);
        await link.connect(offer.dtls);
        return { session: entry, answer: answerPlayback(offer, consumers, link.options) };
      } catch (error) {
        clearTimeout(deadline);
        entries.delete(entry.id);
        streams.leave(entry.peer);
        throw error;
      }
    },

    find(right, streamId, id) {
      const entry = entries.get(id);
      return entry?.right === right && entry.streamId === streamId && !entry.peer.closed ? entry : undefined;
    },
    leave(session) {
      const entry = entries.get(session.id);
      if (!entry) return;
      streams.leave(entry.peer);
      entry.end('left');
    },
    get count() {
      return entries.size;
    },
  };
}

/** RFC 9110 section 13.1.1: strong comparison, so a weak tag never matches. */
function matches(ifMatch: string, etag: string): boolean {
  if (ifMatch.trim() === '*') return true;
  return ifMatch.split(',').some((candidate) => candidate.trim() === etag);
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
