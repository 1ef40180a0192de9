import { createHash, randomBytes } from 'node:crypto';
import type { DrawRules } from '@walnut-live/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  commitmentOf,
  drawWinners,
  type Entrant,
  listHashOf,
  refusalOfEntry,
  saysKeyword,
  sortedIds,
} from './draws.policy.ts';
import { createSeeds } from './seeds.ts';

const idOf = (n: number) => createHash('sha256').update(`participant ${n}`).digest('hex').slice(0, 32);
const drawId = '01980000-0000-7000-8000-0000000000aa';
const seed = Buffer.alloc(32, 7);
const five = sortedIds([1, 2, 3, 4, 5].map(idOf));
const prizes = [
  { no: 2, count: 1 },
  { no: 1, count: 1 },
];

test('G2 the recipe stays what it is: one draw with its numbers, as docs/11-draws.md shows them', () => {
  expect(commitmentOf(seed)).toBe('4bb06f8e4e3a7715d201d573d0aa423762e55dabd61a2c02278fa56cc6d294e0');
  expect(listHashOf(five)).toBe('53877e32aa8a0b22da006657660b8a2e6f7f58f73d57684fde071a068bfc9ba0');
  expect(drawWinners({ id: drawId, seed, publicIds: five, prizes })).toEqual([
    { rank: 1, prizeNo: 1, publicId: 'c7441b549433cc27196db6a37621bacd' },
    { rank: 2, prizeNo: 2, publicId: 'ffadae65e1aa56fa48d9c6c37d8eb7da' },
  ]);
});

test('G2 as many winners as places and people, each once, the first prizes first; another seed, draw or list is another result', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 60 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
      (people, counts) => {
        const publicIds = sortedIds(Array.from({ length: people }, (_, n) => idOf(n)));
        const table = counts.map((count, index) => ({ no: index + 1, count }));
        const winners = drawWinners({ id: drawId, seed, publicIds, prizes: table });
        const places = counts.flatMap((count, index) => Array.from({ length: count }, () => index + 1));
        expect(winners.map(({ prizeNo }) => prizeNo)).toEqual(places.slice(0, people));
        expect(winners.map(({ rank }) => rank)).toEqual(winners.map((_, index) => index + 1));
        expect(new Set(winners.map(({ publicId }) => publicId)).size).toBe(winners.length);
        expect(winners.every(({ publicId }) => publicIds.includes(publicId))).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
  const publicIds = sortedIds(Array.from({ length: 50 }, (_, n) => idOf(n)));
  const order = (draw: Partial<Parameters<typeof drawWinners>[0]>) =>
    drawWinners({ id: drawId, seed, publicIds, prizes: [{ no: 1, count: 50 }], ...draw })
      .map(({ publicId }) => publicId)
      .join();
  expect(order({})).toBe(order({}));
  const others = [
    order({ seed: Buffer.alloc(32, 8) }),
    order({ id: idOf(0) }),
    order({ publicIds: publicIds.slice(1) }),
  ];
  expect(new Set([order({}), ...others]).size).toBe(4);
});

test('G2 everybody has the same chance', () => {
  const publicIds = sortedIds([1, 2, 3, 4].map(idOf));
  const won = new Map<string, number>();
  for (let draw = 0; draw < 4_000; draw++) {
    const [winner] = drawWinners({ id: drawId, seed: randomBytes(32), publicIds, prizes: [{ no: 1, count: 1 }] });
    won.set(winner?.publicId ?? '', (won.get(winner?.publicId ?? '') ?? 0) + 1);
  }
  // 1,000 each; the standard deviation is 27.
  for (const times of won.values()) expect(Math.abs(times - 1_000)).toBeLessThan(180);
  expect(won.size).toBe(4);
});

test('G2, Z5 who may enter: the table', () => {
  const anybody: DrawRules = { keyword: null, followers: false, customers: false };
  const good: Entrant = {
    ...{ kind: 'consumer', valid: true, banned: false, muted: false, roomState: 'live' },
    ...{ isInsider: false, follows: false, hasBought: false },
  };
  const table: readonly [Partial<Entrant>, Partial<DrawRules>, string | undefined][] = [
    [{}, {}, undefined],
    [{ kind: 'guest' }, {}, 'unauthenticated'],
    [{ kind: 'staff' }, {}, 'insiders_excluded'],
    [{ isInsider: true }, {}, 'insiders_excluded'],
    [{ banned: true }, {}, 'banned'],
    [{ valid: false }, {}, 'session_expired'],
    [{ roomState: 'ended' }, {}, 'room_not_live'],
    [{ roomState: 'scheduled' }, {}, 'room_not_live'],
    [{ muted: true }, {}, undefined],
    [{ muted: true }, { keyword: '核桃' }, 'muted'],
    [{}, { followers: true }, 'followers_only'],
    [{ follows: true }, { followers: true }, undefined],
    [{}, { customers: true }, 'customers_only'],
    [{ hasBought: true }, { customers: true }, undefined],
    [{ hasBought: true }, { customers: true, followers: true }, 'followers_only'],
  ];
  for (const [person, rules, refusal] of table)
    expect(refusalOfEntry({ ...good, ...person }, { ...anybody, ...rules }), JSON.stringify([person, rules])).toBe(
      refusal,
    );
  expect(refusalOfEntry(undefined, anybody)).toBe('session_expired');
});

test('a keyword counts in any width, case and spacing, within a sentence too', () => {
  for (const text of ['我要Milk', '我要 ｍｉｌｋ', '想喝！我 要 MILK 谢谢'])
    expect(saysKeyword(text, '我要milk'), text).toBe(true);
  for (const text of ['我要', 'milk', '']) expect(saysKeyword(text, '我要milk'), text).toBe(false);
  expect(saysKeyword('什么都行', null)).toBe(false);
});

test('a sealed seed opens for its own draw and secret alone, and does not show itself', () => {
  const random = { id: () => drawId, bytes: randomBytes };
  const seeds = createSeeds({ secret: 'a'.repeat(32), random });
  const fresh = seeds.fresh();
  const sealed = seeds.seal(drawId, fresh);
  expect(seeds.open(drawId, sealed)).toEqual(fresh);
  expect(fresh).toHaveLength(32);
  expect(Buffer.from(sealed, 'base64url').includes(fresh)).toBe(false);
  expect(() => seeds.open(idOf(1), sealed)).toThrow();
  expect(() => createSeeds({ secret: 'b'.repeat(32), random }).open(drawId, sealed)).toThrow();
});
