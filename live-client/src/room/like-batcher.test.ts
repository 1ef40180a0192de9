import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLikeBatcher, type LikeAnswer, type LikeBatch } from './like-batcher.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const make = (answers: LikeAnswer[], online = { is: true }) => {
  const sent: { count: number; no: number; atMs: number }[] = [];
  const start = Date.now();
  const changes: [number, number | undefined][] = [];
  const batcher = createLikeBatcher({
    clientId: 'c',
    canSend: () => online.is,
    onChange: (unsent, total) => changes.push([unsent, total]),
    send: async ({ count, batch }: LikeBatch) => {
      sent.push({ count, no: batch.no, atMs: Date.now() - start });
      return answers.shift() ?? { type: 'counted', total: 100 };
    },
  });
  return { batcher, sent, changes };
};

describe('createLikeBatcher', () => {
  it('sends a burst as one delta and the next one a second later', async () => {
    const { batcher, sent } = make([]);
    for (let tap = 0; tap < 7; tap += 1) batcher.like();
    await vi.advanceTimersByTimeAsync(250);
    batcher.like(3);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent).toEqual([
      { count: 7, no: 1, atMs: 250 },
      { count: 3, no: 2, atMs: 1_250 },
    ]);
  });

  it('re-sends an unanswered batch unchanged, whatever was tapped meanwhile', async () => {
    const { batcher, sent, changes } = make([
      { type: 'again', afterMs: 0 },
      { type: 'counted', total: 12 },
    ]);
    batcher.like(2);
    await vi.advanceTimersByTimeAsync(300);
    batcher.like(5);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent.map(({ count, no }) => [no, count])).toEqual([
      [1, 2],
      [1, 2],
      [2, 5],
    ]);
    expect(changes).toContainEqual([5, 12]);
    expect(changes.at(-1)).toEqual([0, 100]);
  });

  it('splits by the contract’s limit and waits while there is no connection', async () => {
    const online = { is: false };
    const { batcher, sent } = make([], online);
    batcher.like(100);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(sent).toEqual([]);
    online.is = true;
    batcher.resume();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(sent.map(({ count }) => count)).toEqual([60, 40]);
  });

  it('drops a refused batch', async () => {
    const { batcher, changes } = make([{ type: 'refused' }]);
    batcher.like(4);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(changes.at(-1)).toEqual([0, undefined]);
  });
});
