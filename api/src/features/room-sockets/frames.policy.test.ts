import { eventClass, type RoomEvent, type SequencedEvent } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import {
  CROWD_PER_SECOND,
  concerned,
  frameIntervalMs,
  fullBudget,
  refill,
  selectEvents,
  withoutCrowd,
} from './frames.policy.ts';

const at = '2026-11-22T00:00:00.000Z';
const sequence = (events: readonly RoomEvent[]): SequencedEvent[] =>
  events.map((event, i) => ({ seq: i + 1, at, event }));
const chat = (i: number, role: 'viewer' | 'operator' | 'host' = 'viewer'): RoomEvent => ({
  kind: 'chat:sent',
  message: { messageId: `m${i}`, personId: `p${i}`, name: '', role, text: '', at },
});
const arrival = (i: number): RoomEvent => ({ kind: 'viewer:joined', personId: `p${i}`, name: '' });
const many = (count: number, make: (i: number) => RoomEvent) => Array.from({ length: count }, (_, i) => make(i));
const kinds = (events: readonly SequencedEvent[]) => events.map(({ event }) => event.kind);

test('a quiet room shows everything, in order', () => {
  const events = sequence([...many(10, chat), ...many(5, arrival)]);
  const { shown, leftOut, budget } = selectEvents(events, fullBudget(0));
  expect(shown).toEqual(events);
  expect(leftOut).toEqual([]);
  expect(budget.left).toBe(5);
});

test('a crowd is sampled over the whole frame; messages before arrivals; the rest is named for its senders', () => {
  const events = sequence([...many(100, chat), ...many(100, arrival)]);
  const { shown, leftOut, budget } = selectEvents(events, fullBudget(0));
  expect(shown).toHaveLength(20);
  expect(new Set(kinds(shown))).toEqual(new Set(['chat:sent']));
  expect(shown.map(({ seq }) => seq)).toEqual(many(20, chat).map((_, i) => i * 5 + 1));
  expect(leftOut).toHaveLength(80);
  expect(budget.left).toBe(0);
});

test('a used-up budget comes back with time and never exceeds one burst', () => {
  const empty = { left: 0, atMs: 0 };
  expect(refill(empty, 500).left).toBe(CROWD_PER_SECOND / 2);
  expect(refill(empty, 60_000).left).toBe(20);
  expect(refill({ left: 3, atMs: 1_000 }, 900).left).toBe(3); // a clock that jumped back takes nothing
});

test('host and operators are no crowd; critical events are never left out', () => {
  const critical = (Object.keys(eventClass) as RoomEvent['kind'][])
    .filter((kind) => eventClass[kind] === 'critical')
    .map((kind) => ({ kind }) as RoomEvent);
  const events = sequence([...many(50, (i) => chat(i, i % 2 ? 'host' : 'operator')), ...critical]);
  const { shown, leftOut } = selectEvents(events, { left: 0, atMs: 0 });
  expect(shown).toEqual(events);
  expect(leftOut).toEqual([]);
});

test('of counters only the latest counts, stock per SKU and offer, bundles each by itself', () => {
  const stock = (skuId: string, available: number): RoomEvent => ({
    kind: 'stock:changed',
    skuId,
    available,
    offerId: null,
    taken: null,
  });
  const bundle = (bundleId: string, taken: number): RoomEvent => ({ kind: 'bundle:counted', bundleId, taken });
  const events = sequence([
    { kind: 'likes:counted', total: 1 },
    bundle('a', 1),
    stock('a', 9),
    stock('b', 5),
    stock('a', 8),
    { kind: 'likes:counted', total: 2 },
    bundle('b', 7),
    bundle('a', 2),
  ]);
  expect(selectEvents(events, fullBudget(0)).shown.map(({ seq }) => seq)).toEqual([4, 5, 6, 7, 8]);
});

test('who fell behind gets what is critical and nothing else', () => {
  const events = sequence([chat(1), arrival(1), { kind: 'notice:set', text: '' }, { kind: 'likes:counted', total: 1 }]);
  expect(kinds(withoutCrowd(events))).toEqual(['notice:set']);
});

test('a message concerns its sender, the people it names and whoever it replies to, each once', () => {
  const named = (personId: string) => ({ personId, name: '' });
  const message = { messageId: 'm', personId: 'a', name: '', role: 'viewer', text: '', at } as const;
  expect(concerned(message)).toEqual(['a']);
  expect(
    concerned({ ...message, mentions: [named('b'), named('a')], replyTo: { messageId: 'n', text: '', ...named('b') } }),
  ).toEqual(['a', 'b']);
});

test.each([
  [0, 100],
  [2_500, 100],
  [5_000, 180],
  [50_000, 250],
])('a room with %i sockets on a node has a frame every %i ms at most', (sockets, ms) => {
  expect(frameIntervalMs(sockets)).toBe(ms);
});
