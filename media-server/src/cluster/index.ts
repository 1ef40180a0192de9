/**
 * The cluster this media server belongs to: registry, neighbours, and the pipes to and from them. A server that is alone has
 * one too, of one node, with a registry in memory.
 */
import { randomUUID } from 'node:crypto';
import { hostFullness } from '@walnut-live/contracts';
import type { Server } from 'socket.io';
import { admitPublisher } from '../domain/admission.ts';
import { otherHost } from '../domain/placement.ts';
import { createSignal } from '../platform/closing.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { Logger } from '../platform/logger.ts';
import type { OriginClaims } from '../streams/stream.ts';
import type { Streams } from '../streams/streams.ts';
import { type Arrivals, createArrivals } from './arrivals.ts';
import { createClusterLinks } from './links.ts';
import { createMembership, type Membership } from './membership.ts';
import { createRegistryBoard, openMemoryRegistry } from './memory-registry.ts';
import { attachClusterNamespace } from './namespace.ts';
import { openRedisRegistry } from './redis-registry.ts';
import { ENCODER, isHeldBy, type NodeInfo, type OriginClaim, type Registry } from './registry.ts';
import { createRelays, HANDOVER_MS } from './relays.ts';

/** Who asks a host that begins where a stream is waits this long for its registry. */
const JOIN_PATIENCE_MS = 3_000;
const after = (ms: number): Promise<null> => new Promise((resolve) => setTimeout(resolve, ms, null).unref());

export type { NodeInfo, Registry } from './registry.ts';

export interface HlsMoves {
  /** Some are here. */
  isWatched(streamId: string): boolean;
  /** Where the numbers of another host would have to begin; null: it is not packaged here. */
  nextDiscontinuity(streamId: string): number | null;
  /** The stream comes here from a host that packages it. */
  arrives(streamId: string, nextDiscontinuity: number): void;
}

export interface Cluster {
  /** For the streams of this server; a claim waits until the cluster was joined. */
  readonly claims: OriginClaims;
  /** Joins; the addresses in `describe` must be final. */
  join(parts: {
    io: Server;
    streams: Streams;
    isAllowed: (token: unknown) => boolean;
    /** Viewers of HLS while a stream changes its host. */
    hls: HlsMoves;
  }): Promise<void>;
  nodes(): readonly NodeInfo[];
  self(): NodeInfo;
  /** Public address of the host that has the stream, when that is another one; null when it is here or nowhere. */
  elsewhere(streamId: string): Promise<string | null>;
  /** Public address of the host that a stream is coming from and that packages it meanwhile. */
  stillPackagedAt(streamId: string): Promise<string | null>;
  /** Where a newcomer is to go instead; null: come in. Only this host's being full or draining sends anybody away. */
  redirect(right: 'publish' | 'watch'): { code: 'media_elsewhere' | 'media_draining'; url?: string } | null;
  onBeat(listener: (self: NodeInfo) => void): () => void;
  /** Tells the others at once that something changed here. */
  announce(): Promise<void>;
  readonly status: { nodeId: string; isConnected: boolean; pipesOut: number; relays: number };
  /** Idempotent. */
  close(): Promise<void>;
}

export function createCluster(deps: {
  /** Null: alone. */
  redisUrl: string | null;
  /** Instead of the above, for tests within one process. */
  registry?: Registry;
  nodeId: string;
  controlToken: string;
  describe: () => Omit<NodeInfo, 'nodeId' | 'incarnation'>;
  log: Logger;
  now: () => number;
  lingerMs?: number;
}): Cluster {
  const { log } = deps;
  const incarnation = randomUUID();
  const self = { nodeId: deps.nodeId, incarnation };
  const registry =
    deps.registry ??
    (deps.redisUrl === null
      ? openMemoryRegistry(createRegistryBoard(), deps.now)
      : openRedisRegistry({ url: deps.redisUrl, log }));
  const links = createClusterLinks({ token: deps.controlToken, self, log });
  const joined = Promise.withResolvers<Membership>();
  joined.promise.catch(() => undefined); // told to whoever waits for it
  const beaten = createSignal<void>();
  let membership: Membership | null = null;
  let arrivals: Arrivals | null = null;
  let relays: ReturnType<typeof createRelays> | null = null;
  let namespace: ReturnType<typeof attachClusterNamespace> | null = null;
  let closed = false;

  async function claim(...[streamId, publisher]: Parameters<OriginClaims['claim']>): Promise<void> {
    const members = await joined.promise;
    const name = publisher === 'rtp' ? ENCODER : publisher.claims.sub;
    const mayReplace = (current: OriginClaim): boolean =>
      publisher !== 'rtp' &&
      admitPublisher({
        claims: publisher.claims,
        current: current.publisher === ENCODER ? { kind: 'rtp' } : { kind: 'webrtc', personId: current.publisher },
      }) === null;
    const inForce = await members.claim(streamId, name, mayReplace);
    if (!isHeldBy(inForce, self)) throw mediaFailure('media_stream_busy');
  }

  return {
    claims: {
      claim,
      release: (streamId) => membership?.release(streamId),
    },
    async join({ io, streams, isAllowed, hls }) {
      const keepsForHls = (streamId: string): boolean => {
        const stream = streams.get(streamId);
        const isShown = stream?.isLocal === true && stream.status.state === 'live';
        return isShown && deps.describe().draining && hls.isWatched(streamId);
      };
      namespace = attachClusterNamespace({
        ...{ io, streams, isAllowed, log },
        hlsNumbers: (streamId) => ({
          nextDiscontinuity: hls.nextDiscontinuity(streamId),
          keepsMs: keepsForHls(streamId) ? HANDOVER_MS : 0,
        }),
      });
      const members = await createMembership({
        registry,
        log,
        describe: () => ({ ...deps.describe(), ...self }),
      });
      if (closed) return members.close();
      membership = members;
      members.onBeat(() => beaten.emit());
      const received = createArrivals({ membership: members, links, arrives: hls.arrives, log, now: deps.now });
      arrivals = received;
      members.onTaken(received.receive);
      relays = createRelays({
        streams,
        membership: members,
        links,
        log,
        keepsForHls,
        ...(deps.lingerMs !== undefined && { lingerMs: deps.lingerMs }),
      });
      joined.resolve(members);
    },
    nodes: () => membership?.nodes() ?? [{ ...deps.describe(), ...self }],
    self: () => ({ ...deps.describe(), ...self }),
    async elsewhere(streamId) {
      // A host that begins is asked before it knows the others, by those who were here before it was replaced.
      const members = membership ?? (await Promise.race([joined.promise, after(JOIN_PATIENCE_MS)]));
      if (!members || members.isOrigin(streamId)) return null;
      const origin = await members.originOf(streamId);
      if (!origin) return null;
      const node = members.nodes().find((candidate) => isHeldBy(origin, candidate));
      return node?.publicUrl || null;
    },
    stillPackagedAt: async (streamId) => (await arrivals?.servedAt(streamId)) ?? null,
    redirect(right) {
      const own = deps.describe();
      if (!own.draining && (right === 'publish' || hostFullness(own) < 1)) return null;
      const other = otherHost(membership?.nodes() ?? [], deps.nodeId);
      if (other) return { code: 'media_elsewhere', url: other.publicUrl };
      // Full, and so is everybody else: let in, to be told that HLS works.
      return own.draining ? { code: 'media_draining' } : null;
    },
    onBeat: (listener) => beaten.subscribe(() => listener({ ...deps.describe(), ...self })),
    announce: async () => membership?.beat(),
    get status() {
      return {
        nodeId: deps.nodeId,
        isConnected: membership?.isConnected ?? false,
        pipesOut: namespace?.pipes ?? 0,
        relays: relays?.count ?? 0,
      };
    },
    async close() {
      if (closed) return;
      closed = true;
      joined.reject(mediaFailure('media_draining'));
      relays?.close();
      namespace?.close();
      links.close();
      if (membership) await membership.close();
      else await registry.close();
    },
  };
}
