import { describe, expect, it } from 'vitest';
import { initialStatus, nextStatus, type StreamFact } from './stream-state.ts';

const flows: StreamFact = { type: 'media-flows' };
const lost: StreamFact = { type: 'media-lost', reason: 'publisher_lost' };
const died: StreamFact = { type: 'media-lost', reason: 'worker_lost' };
const graceOver: StreamFact = { type: 'grace-expired' };
const left: StreamFact = { type: 'ended', reason: 'publisher_left' };

describe('stream status', () => {
  it.each([
    ['a stream begins', [flows], 'live', 'started'],
    ['losing the publisher interrupts', [flows, lost], 'interrupted', 'publisher_lost'],
    ['losing the worker interrupts', [flows, died], 'interrupted', 'worker_lost'],
    ['the publisher returns in time', [flows, lost, flows], 'live', 'resumed'],
    ['the publisher does not return', [flows, lost, graceOver], 'idle', 'grace_expired'],
    ['the publisher leaves', [flows, left], 'idle', 'publisher_left'],
    ['leaving while awaited ends at once', [flows, lost, left], 'idle', 'publisher_left'],
    ['a stream may begin again', [flows, left, flows], 'live', 'started'],
    ['an idle stream loses nothing', [lost, died, graceOver, left], 'idle', null],
    ['a second loss keeps the first reason', [flows, lost, died], 'interrupted', 'publisher_lost'],
    ['a grace that ends late is ignored', [flows, graceOver], 'live', 'started'],
  ] as const)('%s', (_what, facts, state, reason) => {
    const status = facts.reduce((now, fact, index) => nextStatus(now, fact, index + 1), initialStatus(0));
    expect(status).toMatchObject({ state, reason });
  });

  it('keeps the time of the change, and the same object when nothing changes', () => {
    const live = nextStatus(initialStatus(0), flows, 5);
    expect(live.sinceMs).toBe(5);
    expect(nextStatus(live, flows, 9)).toBe(live);
  });
});
