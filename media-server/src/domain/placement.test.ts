import { describe, expect, it } from 'vitest';
import { placeOrigin, placeViewer, type WorkerLoad } from './placement.ts';

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
