import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSignal } from '../platform/closing.ts';
import type { Logger } from '../platform/logger.ts';
import { createArrivals } from './arrivals.ts';
import type { NodeInfo, OriginClaim } from './registry.ts';

const former = { streamId: 's', nodeId: 'a', incarnation: 'a1', fence: 1, publisher: 'guide' } satisfies OriginClaim;
const URL_OF_A = 'https://a.example.com';

function start(answersAfterMs = 0) {
  const beaten = createSignal<void>();
  const host = { nodeId: 'a', incarnation: 'a1', controlUrl: 'http://a', publicUrl: URL_OF_A, draining: true };
  const seen = { nodes: [host] as unknown as NodeInfo[], isConnected: true };
  const arrived: unknown[] = [];
  const arrivals = createArrivals({
    membership: {
      nodes: () => seen.nodes,
      get isConnected() {
        return seen.isConnected;
      },
      onBeat: (listener) => beaten.subscribe(listener),
    },
    links: {
      to: () => ({
        request: (() =>
          new Promise((resolve) => {
            setTimeout(() => resolve({ nextDiscontinuity: 7, keepsMs: 5_000 }), answersAfterMs);
          })) as never,
        release: () => undefined,
      }),
    } as never,
    arrives: (...given) => arrived.push(given),
    log: { debug: () => undefined } as unknown as Logger,
    now: Date.now,
  });
  return { arrivals, arrived, seen, host, beat: () => beaten.emit() };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a stream that comes here', () => {
  it('is served where it was until shortly before that host lets go, counted from the question', async () => {
    const { arrivals, arrived, beat } = start(1_000);
    arrivals.receive(former);
    const first = arrivals.servedAt('s');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await first).toBe(URL_OF_A);
    expect(arrived).toEqual([['s', 7]]);
    await vi.advanceTimersByTimeAsync(3_400);
    beat();
    expect(await arrivals.servedAt('s')).toBe(URL_OF_A);
    await vi.advanceTimersByTimeAsync(100);
    expect(await arrivals.servedAt('s')).toBeNull();
  });

  it.each([
    ['is gone', []],
    ['was started anew', [{ nodeId: 'a', incarnation: 'a2', draining: true }]],
    ['does not drain any more', [{ nodeId: 'a', incarnation: 'a1', draining: false }]],
  ])('is served here as soon as its former host %s', async (_what, nodes) => {
    const { arrivals, seen, beat } = start();
    arrivals.receive(former);
    await vi.advanceTimersByTimeAsync(10);
    seen.nodes = nodes as unknown as NodeInfo[];
    seen.isConnected = false;
    beat();
    expect(await arrivals.servedAt('s')).toBe(URL_OF_A);
    seen.isConnected = true;
    beat();
    expect(await arrivals.servedAt('s')).toBeNull();
  });

  it('keeps nobody waiting for the answer of a host that is gone', async () => {
    const { arrivals, seen, beat } = start(60_000);
    arrivals.receive(former);
    const asked = arrivals.servedAt('s');
    seen.nodes = [];
    beat();
    expect(await asked).toBeNull();
  });

  it('that comes once more is served as long as the second time asks for', async () => {
    const { arrivals } = start();
    arrivals.receive(former);
    await vi.advanceTimersByTimeAsync(4_000);
    arrivals.receive(former);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(await arrivals.servedAt('s')).toBe(URL_OF_A);
    await vi.advanceTimersByTimeAsync(500);
    expect(await arrivals.servedAt('s')).toBeNull();
  });
});
