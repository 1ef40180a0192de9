/** The registry of a process that is alone, and of several servers within one process in tests: they share a board. */
import { createSignal } from '../platform/closing.ts';
import { isHeldBy, type NodeInfo, type OriginClaim, REGISTRY_LIFE_MS, type Registry } from './registry.ts';

export interface RegistryBoard {
  nodes: Map<string, { node: NodeInfo; untilMs: number }>;
  claims: Map<string, { claim: OriginClaim; untilMs: number }>;
  lastFence: number;
  changed: ReturnType<typeof createSignal<{ streamId: string; claim: OriginClaim | null }>>;
}

export function createRegistryBoard(): RegistryBoard {
  return { nodes: new Map(), claims: new Map(), lastFence: 0, changed: createSignal() };
}

export function openMemoryRegistry(board: RegistryBoard, now: () => number, lifeMs = REGISTRY_LIFE_MS): Registry {
  const undos = new Set<() => void>();

  function inForce(streamId: string): OriginClaim | null {
    const entry = board.claims.get(streamId);
    if (!entry) return null;
    if (entry.untilMs > now()) return entry.claim;
    board.claims.delete(streamId);
    return null;
  }

  function write(claim: OriginClaim): OriginClaim {
    board.claims.set(claim.streamId, { claim, untilMs: now() + lifeMs });
    board.lastFence = Math.max(board.lastFence, claim.fence);
    return claim;
  }

  return {
    async announce(node) {
      board.nodes.set(node.nodeId, { node: structuredClone(node), untilMs: now() + lifeMs });
    },
    async withdraw({ nodeId, incarnation }) {
      if (board.nodes.get(nodeId)?.node.incarnation === incarnation) board.nodes.delete(nodeId);
    },
    async nodes() {
      for (const [nodeId, entry] of board.nodes) if (entry.untilMs <= now()) board.nodes.delete(nodeId);
      return [...board.nodes.values()].map(({ node }) => structuredClone(node));
    },
    async claim({ over, ...request }) {
      const current = inForce(request.streamId);
      if (current && isHeldBy(current, request)) return write({ ...request, fence: current.fence });
      if (current && current.fence !== over) return current;
      const claim = write({ ...request, fence: Math.max(board.lastFence + 1, now()) });
      board.changed.emit({ streamId: claim.streamId, claim });
      return claim;
    },
    async renew(claims) {
      return claims.map((mine) => {
        const current = inForce(mine.streamId);
        return current && !isHeldBy(current, mine) ? current : write(current ?? mine);
      });
    },
    async release(claim) {
      const current = inForce(claim.streamId);
      if (!current || !isHeldBy(current, claim)) return;
      board.claims.delete(claim.streamId);
      board.changed.emit({ streamId: claim.streamId, claim: null });
    },
    originOf: async (streamId) => inForce(streamId),
    onChange(listener) {
      const undo = board.changed.subscribe(({ streamId, claim }) => listener(streamId, claim));
      undos.add(undo);
      return () => {
        undos.delete(undo);
        undo();
      };
    },
    async close() {
      for (const undo of undos) undo();
      undos.clear();
    },
  };
}
