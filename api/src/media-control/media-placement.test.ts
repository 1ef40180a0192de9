import { describe, expect, it } from 'vitest';
import { type Candidate, chooseHost } from './media-placement.ts';

type Load = Candidate['node']['load'];
const host = (nodeId: string, has: Candidate['has'], load: Partial<Load> = {}, draining = false): Candidate => ({
  node: {
    nodeId,
    publicUrl: `https://${nodeId}.example`,
    load: { cpu: 0, viewers: 0, origins: 0, egressMbps: 0, ...load },
    capacity: { viewers: 100, egressMbps: 1_000 },
    draining,
  },
  has,
});
const choice = (right: 'publish' | 'watch', ...hosts: Candidate[]): string | undefined =>
  chooseHost(hosts, right)?.node.nodeId;

describe('chooseHost', () => {
  it('sends viewers where the stream is while there is room, then where a pipe is, then to the emptiest', () => {
    expect(choice('watch', host('a', 'origin', { viewers: 10 }), host('b', null))).toBe('a');
    expect(choice('watch', host('a', 'origin', { viewers: 30 }), host('b', null))).toBe('b');
    expect(
      choice('watch', host('a', 'origin', { viewers: 20 }), host('b', 'edge', { viewers: 5 }), host('c', null)),
    ).toBe('b');
    expect(choice('watch', host('a', 'edge', { viewers: 60 }), host('b', null, { cpu: 0.2 }))).toBe('b');
  });

  it('counts whatever is scarcest: places, network or processor', () => {
    expect(choice('watch', host('a', null, { egressMbps: 900 }), host('b', null, { viewers: 50 }))).toBe('b');
    expect(choice('watch', host('a', null, { cpu: 0.9 }), host('b', null, { egressMbps: 500 }))).toBe('b');
  });

  it('never sends anybody to a full host while another has room, and to the origin when none has', () => {
    expect(choice('watch', host('a', 'origin', { viewers: 100 }), host('b', null, { viewers: 99 }))).toBe('b');
    expect(choice('watch', host('a', 'edge', { viewers: 100 }), host('b', 'origin', { viewers: 120 }))).toBe('b');
  });

  it('sends a publisher back to where the stream is, a new one to the emptiest host', () => {
    expect(choice('publish', host('a', 'origin', { viewers: 99 }), host('b', null))).toBe('a');
    expect(choice('publish', host('a', 'edge', { viewers: 40 }), host('b', null, { viewers: 10 }))).toBe('b');
  });

  it('leaves a draining host out while there is another', () => {
    expect(choice('publish', host('a', 'origin', {}, true), host('b', null, { cpu: 0.8 }))).toBe('b');
    expect(choice('watch', host('a', 'origin', {}, true), host('b', null))).toBe('b');
    expect(choice('watch', host('a', 'origin', {}, true))).toBe('a');
    expect(choice('watch')).toBeUndefined();
  });
});
