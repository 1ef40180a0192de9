/**
 * This host's part in the cluster: it tells the registry about itself, holds its claims of streams and knows its neighbours.
 *
 * Model: every HEARTBEAT_MS the node's entry and its claims are renewed and the neighbours are read. `mine` are the claims
 * held here; one with fence 0 was made while the registry was away and is made good by a later beat. Invariants: nothing
 * here ends a running stream because the registry is silent: only another host's claim with a higher fence does; what is
 * known of neighbours is kept while the registry is away.
 */
import { createSignal } from '../platform/closing.ts';
import type { Logger } from '../platform/logger.ts';
import { isHeldBy, type NodeInfo, type OriginClaim, type Registry } from './registry.ts';

const HEARTBEAT_MS = 1_000;
/** Streams of other hosts whose origin is remembered; the ones heard of first are forgotten first. */
const MAX_ORIGINS_KNOWN = 10_000;

export interface Membership {
  readonly self: Pick<NodeInfo, 'nodeId' | 'incarnation'>;
  /** Everybody, this node included, as last heard. */
  nodes(): readonly NodeInfo[];
  isOrigin(streamId: string): boolean;
  /** Returns the claim in force afterwards. `mayReplace` is asked about a living host's claim only. */
  claim(streamId: string, publisher: string, mayReplace: (current: OriginClaim) => boolean): Promise<OriginClaim>;
  release(streamId: string): void;
  /** Where the stream is; null when nowhere, as far as is known. */
  originOf(streamId: string): Promise<OriginClaim | null>;
  /** False when the host is gone or was started anew since. */
  isAlive(claim: OriginClaim): boolean;
  /** A stream has another origin now, or none (null). Claims of this node are not told. Returns its undo. */
  onOrigin(listener: (streamId: string, claim: OriginClaim | null) => void): () => void;
  /** A stream was taken over from a host that lives: its publisher moves here. Returns its undo. */
  onTaken(listener: (former: OriginClaim) => void): () => void;
  /** After every beat: nodes may have come or gone. Returns its undo. */
  onBeat(listener: () => void): () => void;
  /** Tells the others at once what changed (draining). */
  beat(): Promise<void>;
  /** The registry answered the last beat. */
  readonly isConnected: boolean;
  /** Idempotent. Takes the node's entry and claims away. */
  close(): Promise<void>;
}

export async function createMembership(deps: {
  registry: Registry;
  /** Read at every beat. */
  describe: () => NodeInfo;
  log: Logger;
  heartbeatMs?: number;
}): Promise<Membership> {
  const { registry, describe, log } = deps;
  const { nodeId, incarnation } = describe();
  const self = { nodeId, incarnation };
  const mine = new Map<string, OriginClaim>();
  const known = new Map<string, OriginClaim>();
  const originChanged = createSignal<{ streamId: string; claim: OriginClaim | null }>();
  const taken = createSignal<OriginClaim>();
  const beaten = createSignal<void>();
  let nodes: NodeInfo[] = [describe()];
  let isConnected = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  function remember(claim: OriginClaim): void {
    known.delete(claim.streamId);
    known.set(claim.streamId, claim);
    for (const oldest of known.keys()) {
      if (known.size <= MAX_ORIGINS_KNOWN) break;
      known.delete(oldest);
    }
  }

  /** Another host's claim was seen. */
  function heard(claim: OriginClaim): void {
    const own = mine.get(claim.streamId);
    if (own && own.fence > claim.fence) return;
    if (own) {
      mine.delete(claim.streamId);
      log.info({ streamId: claim.streamId, origin: claim.nodeId }, 'another host is the origin now');
    }
    const before = known.get(claim.streamId);
    if (before && before.fence > claim.fence) return;
    remember(claim);
    if (before?.fence !== claim.fence || own) originChanged.emit({ streamId: claim.streamId, claim });
  }

  const undoChanges = registry.onChange((streamId, claim) => {
    if (closed) return;
    if (claim === null) {
      if (known.delete(streamId)) originChanged.emit({ streamId, claim: null });
    } else if (!isHeldBy(claim, self)) heard(claim);
  });

  async function makeGood(): Promise<void> {
    const firm = [...mine.values()].filter(({ fence }) => fence > 0);
    const claims = await registry.renew(firm);
    const loose = [...mine.values()].filter(({ fence }) => fence === 0);
    for (const { streamId, publisher } of loose) claims.push(await registry.claim({ streamId, publisher, ...self }));
    for (const claim of claims) {
      if (!mine.has(claim.streamId)) continue; // released meanwhile
      if (isHeldBy(claim, self)) mine.set(claim.streamId, claim);
      else heard(claim);
    }
  }

  async function readNodes(): Promise<void> {
    const seen = await registry.nodes();
    nodes = [...seen.filter((node) => node.nodeId !== nodeId), describe()];
  }

  async function beat(): Promise<void> {
    if (closed) return;
    try {
      await registry.announce(describe());
      await makeGood();
      await readNodes();
      isConnected = true;
    } catch (error) {
      if (isConnected) log.warn({ err: error }, 'the registry does not answer');
      isConnected = false;
      nodes = [...nodes.filter((node) => node.nodeId !== nodeId), describe()];
    }
    if (!closed) beaten.emit();
  }

  function plan(): void {
    timer = setTimeout(() => void beat().finally(() => closed || plan()), deps.heartbeatMs ?? HEARTBEAT_MS);
    timer.unref();
  }

  const isAlive = (claim: OriginClaim): boolean => nodes.some((node) => isHeldBy(claim, node));

  async function tryClaim(
    streamId: string,
    publisher: string,
    mayReplace: (current: OriginClaim) => boolean,
  ): Promise<OriginClaim> {
    const request = { streamId, publisher, ...self };
    let claim = await registry.claim(request);
    // A host that was not there at the last beat may have come since.
    if (!isHeldBy(claim, self) && !isAlive(claim)) await readNodes();
    const isMove = !isHeldBy(claim, self) && isAlive(claim);
    if (!isHeldBy(claim, self) && (!isMove || mayReplace(claim))) {
      const former = claim;
      claim = await registry.claim({ ...request, over: former.fence });
      if (isMove && isHeldBy(claim, self)) taken.emit(former);
    }
    return claim;
  }

  await beat();
  plan();

  return {
    self,
    nodes: () => nodes,
    isOrigin: (streamId) => mine.has(streamId),
    async claim(streamId, publisher, mayReplace) {
      let claim: OriginClaim;
      try {
        claim = await tryClaim(streamId, publisher, mayReplace);
      } catch (error) {
        log.warn({ err: error, streamId }, 'claimed without the registry');
        const other = known.get(streamId);
        if (other && isAlive(other) && !mayReplace(other)) return other;
        claim = { streamId, publisher, ...self, fence: mine.get(streamId)?.fence ?? 0 };
      }
      if (isHeldBy(claim, self)) {
        mine.set(streamId, claim);
        known.delete(streamId);
      } else remember(claim);
      return claim;
    },
    release(streamId) {
      const claim = mine.get(streamId);
      if (!claim) return;
      mine.delete(streamId);
      if (claim.fence > 0) registry.release(claim).catch(() => undefined); // it expires by itself
    },
    async originOf(streamId) {
      const own = mine.get(streamId);
      if (own) return own;
      try {
        const claim = await registry.originOf(streamId);
        if (claim) {
          if (!isHeldBy(claim, self)) remember(claim);
          return isHeldBy(claim, self) ? null : claim; // of this process, but released: the registry will hear of it
        }
        // A registry that was started anew has forgotten it, its origin has not: see makeGood.
        const last = known.get(streamId);
        return last && isAlive(last) ? last : null;
      } catch {
        return known.get(streamId) ?? null;
      }
    },
    isAlive,
    onOrigin: (listener) => originChanged.subscribe(({ streamId, claim }) => listener(streamId, claim)),
    onTaken: taken.subscribe,
    onBeat: (listener) => beaten.subscribe(listener),
    beat,
    get isConnected() {
      return isConnected;
    },
    async close() {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      undoChanges();
      const goodbyes = [...mine.values()].map((claim) => registry.release(claim));
      mine.clear();
      await Promise.allSettled([...goodbyes, registry.withdraw(self)]);
      await registry.close();
    },
  };
}
