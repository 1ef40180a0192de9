import type { RecordingSpan } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { clipOfPin, clockOf, endSpans, movePointer, pinsOf, positionOf, stretchOf } from './replays.policy.ts';

const own = (toMs: number | null = null): RecordingSpan => ({ streamId: 'own', fromMs: 1_000, toMs });

test('a pointer that moves ends a span and begins one; the same pointer, or one after the end, changes nothing', () => {
  expect(movePointer([own()], 'hq', 5_000)).toEqual([own(5_000), { streamId: 'hq', fromMs: 5_000, toMs: null }]);
  expect(movePointer([own()], 'own', 5_000)).toBeNull();
  expect(movePointer([own(9_000)], 'hq', 10_000)).toBeNull();
  // It stood there for no time at all.
  expect(movePointer([own()], 'hq', 900)).toEqual([{ streamId: 'hq', fromMs: 1_000, toMs: null }]);
  expect(endSpans([own(5_000), { streamId: 'hq', fromMs: 5_000, toMs: null }], 8_000).map(({ toMs }) => toMs)).toEqual([
    5_000, 8_000,
  ]);
});

// Ten seconds, a gap of five on the clock, ten more.
const pieces = [
  { atMs: 100_000, offsetMs: 0, durationMs: 10_000 },
  { atMs: 115_000, offsetMs: 10_000, durationMs: 10_000 },
];

test.each([
  [99_999, null],
  [100_000, 0],
  [104_000, 4_000],
  [112_000, 10_000],
  [116_500, 11_500],
  [125_000, null],
])('the clock at %i is position %s', (atMs, position) => {
  expect(positionOf(pieces, atMs)).toBe(position);
});

test.each([
  [0, 100_000],
  [9_999, 109_999],
  [10_000, 115_000],
  [12_000, 117_000],
  [99_000, 125_000],
])('position %i is the clock at %i', (position, atMs) => {
  expect(clockOf(pieces, position)).toBe(atMs);
});

test.each([
  ['over the gap', { fromMs: 108_000, toMs: 117_000 }, { fromMs: 8_000, toMs: 12_000 }],
  ['that began before', { fromMs: 90_000, toMs: 103_000 }, { fromMs: 0, toMs: 3_000 }],
  ['that outlasts it', { fromMs: 120_000, toMs: 999_000 }, { fromMs: 15_000, toMs: 20_000 }],
  ['inside the gap', { fromMs: 111_000, toMs: 113_000 }, null],
  ['before it', { fromMs: 1_000, toMs: 100_000 }, null],
  ['after it', { fromMs: 126_000, toMs: 130_000 }, null],
])('a stretch %s', (_what, clock, expected) => {
  expect(stretchOf(pieces, clock)).toEqual(expected);
});

test('a pin lasts until the next one, until it is taken away or until the end', () => {
  const changes = [
    { productId: 'milk', atMs: 1 },
    { productId: 'nuts', atMs: 5 },
    { productId: null, atMs: 8 },
    { productId: 'milk', atMs: 12 },
  ];
  expect(pinsOf(changes, 20)).toEqual([
    { productId: 'milk', fromMs: 1, toMs: 5 },
    { productId: 'nuts', fromMs: 5, toMs: 8 },
    { productId: 'milk', fromMs: 12, toMs: 20 },
  ]);
});

test('a clip has a lead and a tail within the recording; a slip of the finger makes none', () => {
  expect(clipOfPin({ fromMs: 1_000, toMs: 9_000 }, 60_000)).toEqual({ fromMs: 0, toMs: 11_000 });
  expect(clipOfPin({ fromMs: 50_000, toMs: 60_000 }, 60_000)).toEqual({ fromMs: 48_000, toMs: 60_000 });
  expect(clipOfPin({ fromMs: 1_000, toMs: 3_000 }, 60_000)).toBeNull();
});
