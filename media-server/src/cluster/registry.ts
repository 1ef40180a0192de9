/**
 * The registry: which media servers there are and which of them is the origin of a stream.
 *
 * A node's entry and a claim of a stream both expire unless they are renewed. A claim is exclusive. Its *fence* grows with
 * every change of hands, for all streams and across restarts of the registry: whoever knows two claims of one stream
 * believes the higher fence, and a node that finds its own overtaken gives the stream up.
 */
import type { MediaNode } from '@walnut-live/contracts';

/** Entries and claims that were not renewed for this long are gone. */
export const REGISTRY_LIFE_MS = 3_000;

export type NodeInfo = MediaNode;

/** Publisher of a claim that no person makes: a local encoder. */
export const ENCODER = 'rtp';

export interface OriginClaim {
  streamId: string;
  nodeId: string;
  incarnation: string;
  fence: number;
  /** Person who publishes, or {@link ENCODER}. */
  publisher: string;
}

export interface ClaimRequest extends Omit<OriginClaim, 'fence'> {
  /** Fence of a claim that may be replaced; without it only a free stream is claimed. */
  over?: number;
}

/** Every promise is rejected while the registry cannot be reached; nobody is to stop a running stream for that. */
export interface Registry {
  /** Writes or renews the node's entry. */
  announce(node: NodeInfo): Promise<void>;
  /** Takes the entry away, unless a newer incarnation wrote it. */
  withdraw(node: Pick<NodeInfo, 'nodeId' | 'incarnation'>): Promise<void>;
  nodes(): Promise<NodeInfo[]>;
  /** Returns the claim that is in force now: the asker's own or another's. Its own is renewed and its publisher written. */
  claim(request: ClaimRequest): Promise<OriginClaim>;
  /**
   * Prolongs claims, in one round trip. One that the registry has forgotten is written again under its old fence. Returns
   * the claims in force, in the same order.
   */
  renew(claims: readonly OriginClaim[]): Promise<OriginClaim[]>;
  /** Does nothing when the claim is not in force any more. */
  release(claim: OriginClaim): Promise<void>;
  originOf(streamId: string): Promise<OriginClaim | null>;
  /** A stream changed hands (or was released: null). Expiry is told to nobody. Returns its undo. */
  onChange(listener: (streamId: string, claim: OriginClaim | null) => void): () => void;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Is this claim held by that process? */
export function isHeldBy(claim: OriginClaim, node: Pick<NodeInfo, 'nodeId' | 'incarnation'>): boolean {
  return claim.nodeId === node.nodeId && claim.incarnation === node.incarnation;
}
