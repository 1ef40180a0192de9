import { hostFullness } from '@walnut-live/contracts';
import { describe, expect, it } from 'vitest';
import { hostLoad, otherHost, placeOrigin, placeViewer, type WorkerLoad } from './placement.ts';

const worker = (workerId: string, part: Partial<WorkerLoad> = {}): WorkerLoad => ({
  workerId,
  cpu: 0,
  viewers: 0,
  origins: 0,
  ...part,
});
const place = (workers: WorkerLoad[], audience: string[] = []) =>
  placeViewer({ workers, originWorkerId: 'a', audienceWorkerIds: new Set(audience), maxViewersPerWorker: 100 });

describe('placement', () => {
  it('puts a new stream on the worker with the least measured load', () => {
    expect(placeOrigin([worker('a', { cpu: 0.6 }), worker('b', { cpu: 0.2 })], 100)).toBe('b');
    expect(placeOrigin([worker('a', { origins: 1 }), worker('b')], 100)).toBe('b');
    expect(placeOrigin([worker('a', { viewers: 50 }), worker('b', { cpu: 0.3 })], 100)).toBe('b');
    expect(placeOrigin([], 100)).toBeNull();
  });

  it('keeps viewers off the origin worker while another one has room', () => {
    expect(place([worker('a'), worker('b')])).toBe('b');
    expect(place([worker('a'), worker('b', { cpu: 0.2 })])).toBe('b');
    expect(place([worker('a'), worker('b', { cpu: 0.6 })])).toBe('a');
    expect(place([worker('a')])).toBe('a');
  });

  it('prefers a worker that is fed already when loads are alike, not when it is much busier', () => {
    expect(place([worker('a'), worker('b'), worker('c')], ['c'])).toBe('c');
    expect(place([worker('a'), worker('b'), worker('c', { cpu: 0.3 })], ['c'])).toBe('b');
  });

  it('never overfills a worker', () => {
    expect(place([worker('a', { viewers: 100 }), worker('b', { viewers: 99 })])).toBe('b');
    expect(place([worker('a', { viewers: 100 }), worker('b', { viewers: 100 })])).toBeNull();
  });
});

describe('hosts', () => {
  const host = (nodeId: string, part: { viewers?: number; cpu?: number; egressMbps?: number } = {}, more = {}) => ({
    nodeId,
    publicUrl: `https://${nodeId}.example`,
    draining: false,
    load: { cpu: 0, viewers: 0, egressMbps: 0, ...part },
    capacity: { viewers: 100, egressMbps: 1_000 },
    ...more,
  });

  it('are as full as whatever is scarcest there', () => {
    expect(hostFullness(host('a', { viewers: 50, egressMbps: 200 }))).toBe(0.5);
    expect(hostFullness(host('a', { viewers: 10, egressMbps: 1_200 }))).toBe(1.2);
    expect(hostFullness(host('a', { cpu: 1 }))).toBeLessThan(1);
  });

  it('send newcomers to the emptiest one that takes them and can be reached', () => {
    const hosts = [host('self'), host('a', { viewers: 30 }), host('b', { viewers: 20 })];
    expect(otherHost(hosts, 'self')?.nodeId).toBe('b');
    expect(otherHost([host('self'), host('a', {}, { draining: true })], 'self')).toBeNull();
    expect(otherHost([host('self'), host('a', {}, { publicUrl: '' })], 'self')).toBeNull();
    expect(otherHost([host('self'), host('a', { viewers: 100 })], 'self')).toBeNull();
  });

  it('add up what their workers carry; without workers they are busy', () => {
    const limits = { workers: 2, maxViewersPerWorker: 600, maxEgressMbps: 900 };
    const workers = [
      { cpu: 0.2, viewers: 3, origins: 1, egressMbps: 4 },
      { cpu: 0.6, viewers: 5, origins: 0, egressMbps: 6 },
    ];
    expect(hostLoad(workers, limits)).toEqual({
      load: { cpu: 0.4, viewers: 8, origins: 1, egressMbps: 10 },
      capacity: { viewers: 1_200, egressMbps: 900 },
    });
    expect(hostLoad([], limits).load.cpu).toBe(1);
  });
});
