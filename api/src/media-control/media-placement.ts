/** Which media server a newcomer is sent to. Pure: what is known of the servers comes in, the choice goes out. */
import { hostFullness, type MediaNode } from '@walnut-live/contracts';

/** What watching at a host costs the whole when the stream has to be piped there first, as a share of a host. */
const NEW_PIPE_COST = 0.15;
/** And when a pipe is there: each hop adds a little delay. */
const SECOND_HOP_COST = 0.03;

export interface Candidate {
  readonly node: Pick<MediaNode, 'nodeId' | 'publicUrl' | 'load' | 'capacity' | 'draining'>;
  /** What the host says of the stream: published there, fed from elsewhere, or nothing. */
  readonly has: 'origin' | 'edge' | null;
}

function cost({ node, has }: Candidate, right: 'publish' | 'watch'): number {
  // Who comes back to publish finds the stream, and everybody's pipes, where they were.
  if (right === 'publish') return has === 'origin' ? -1 : hostFullness(node);
  return hostFullness(node) + (has === 'origin' ? 0 : has === 'edge' ? SECOND_HOP_COST : NEW_PIPE_COST);
}

/**
 * The best host; null when there is none at all. Draining hosts are left out while there is another. When all are full a
 * viewer is sent to the origin all the same: it answers that there is HLS, which is made there.
 */
export function chooseHost(candidates: readonly Candidate[], right: 'publish' | 'watch'): Candidate | null {
  const staying = candidates.filter(({ node }) => !node.draining);
  const open = staying.filter(({ node }) => right === 'publish' || hostFullness(node) < 1);
  if (open.length > 0) return best(open, right);
  const origin = staying.find(({ has }) => has === 'origin');
  return origin ?? best(staying.length > 0 ? staying : candidates, right);
}

function best(candidates: readonly Candidate[], right: 'publish' | 'watch'): Candidate | null {
  let found: Candidate | null = null;
  for (const candidate of candidates) {
    if (found === null || cost(candidate, right) < cost(found, right)) found = candidate;
  }
  return found;
}
