import type { CommissionTerms } from '@walnut-live/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inForce, type RateFacts, type RateLine, type Rule, rateFor, rateIn } from './rates.policy.ts';
import { cuts, effectiveFromOf, problemsOf } from './rule-changes.policy.ts';
import { bonusOf, monthAfter, monthBefore, tierOf } from './tiers.policy.ts';

const day = (n: number) => new Date(Date.UTC(2026, 0, n));
const rule = (part: Partial<Rule> = {}): Rule => ({
  ...{ version: 1, levelOneBps: 1_000, levelTwoBps: 0, levelTwoEnabled: false, rates: [], tiers: [] },
  ...{ freezeDays: 15, lockDays: 30, noticeDays: 2, effectiveFrom: day(1), publishedAt: null },
  ...part,
});
const facts = (part: Partial<RateFacts> = {}): RateFacts => ({
  ...{
    productId: 'p1',
    productRole: 'main',
    storePath: 'hq.east.a',
    inviterRole: 'koc',
    netBeforeFen: 0n,
    memberLevel: 0,
  },
  ...part,
});
const item = { itemId: 'i', amountFen: 10_000n, refundedFen: 0n, pieces: 2, piecesBack: 0 };
const bpsOf = (rates: readonly RateLine[], part: Partial<RateFacts> = {}, more: Partial<Rule> = {}) =>
  rateIn(rule({ rates, ...more }), 1, facts(part)).rate;

describe('K1 which line wins', () => {
  const everything: RateLine[] = [
    { level: 1, minMemberLevel: 1, bps: 1 },
    { level: 1, minTier: 1, bps: 2 },
    { level: 1, inviterRole: 'koc', bps: 3 },
    { level: 1, storePath: 'hq.east', bps: 4 },
    { level: 1, storePath: 'hq.east.a', bps: 5 },
    { level: 1, productRole: 'main', bps: 6 },
    { level: 1, productId: 'p1', bps: 7 },
    { level: 1, productId: 'p1', fixedFen: 8 },
  ];
  const all = { netBeforeFen: 1_000n, memberLevel: 1 };
  const tiers = [{ minNetFen: 1_000, bonusBps: 0 }];
  it.each(everything.map((line, n) => [n, line] as const))('K1 of all lines up to %d that one wins', (n, line) => {
    const won = bpsOf(everything.slice(0, n + 1).toReversed(), all, { tiers });
    expect(won).toEqual(line.fixedFen === undefined ? { bps: line.bps, fixedFen: null } : { bps: 0, fixedFen: 8n });
  });
  it.each([
    ['another product', { productId: 'p2' }, 6],
    ['another role of product', { productId: 'p2', productRole: 'gift' as const }, 5],
    ['another store', { productId: 'p2', productRole: 'gift' as const, storePath: 'hq.east.b' }, 4],
    [
      'a store whose name only begins alike',
      { productId: 'p2', productRole: 'gift' as const, storePath: 'hq.eastern' },
      3,
    ],
    [
      'a guide',
      { productId: 'p2', productRole: 'gift' as const, storePath: 'hq.west', inviterRole: 'guide' as const },
      2,
    ],
  ])('K1 %s', (_what, part, wanted) => expect(bpsOf(everything, { ...all, ...part }, { tiers }).bps).toBe(wanted));
  it('K1 no line fits: the rate for everything; the trace names who won, who lost and what was known', () => {
    const none = { productId: 'p2', productRole: 'gift' as const, storePath: 'hq.west', inviterRole: 'guide' as const };
    expect(bpsOf(everything, none, { tiers })).toEqual({ bps: 1_000, fixedFen: null });
    const { trace } = rateIn(rule({ rates: everything, tiers }), 1, facts(all));
    expect(trace).toMatchObject({ line: 7, lost: [6, 5, 4, 3, 2, 1, 0], context: { tier: 1, inviterRole: 'koc' } });
  });
  it('K2 level two earns nothing unless it is switched on, and by lines of its own', () => {
    const rates: RateLine[] = [{ level: 2, inviterRole: 'koc', bps: 300 }];
    const at2 = (more: Partial<Rule>) => rateIn(rule({ rates, levelTwoBps: 100, ...more }), 2, facts()).rate.bps;
    expect(at2({})).toBe(0);
    expect(at2({ levelTwoEnabled: true })).toBe(300);
    expect(at2({ levelTwoEnabled: true, rates: [] })).toBe(100);
    expect(bpsOf(rates).bps).toBe(1_000);
  });
});

describe('K5 versions', () => {
  const v1 = rule();
  const v2 = rule({
    version: 2,
    levelOneBps: 500,
    publishedAt: day(10),
    effectiveFrom: day(12),
    rates: [{ level: 1, productId: 'p1', bps: 2_000 }],
  });
  const at = (date: Date, part: Partial<RateFacts> = {}) => {
    const found = rateFor(inForce([v1, v2], date), 1, facts(part), item);
    return [found.version, found.rate.bps];
  };
  it.each([
    [9, 'p1', 1, 1_000],
    [9, 'p2', 1, 1_000],
    [10, 'p1', 2, 2_000], // a rise at once
    [10, 'p2', 1, 1_000], // a cut not yet
    [11, 'p2', 1, 1_000],
    [12, 'p2', 2, 500],
    [12, 'p1', 2, 2_000],
  ])('K5 on day %d %s has version %d: %d', (n, productId, version, bps) => {
    expect(at(day(n), { productId })).toEqual([version, bps]);
  });
  it('K5 an amount against a share: the better one for this item', () => {
    const v3 = rule({
      version: 2,
      publishedAt: day(10),
      effectiveFrom: day(12),
      rates: [{ level: 1, productId: 'p1', fixedFen: 499 }],
    });
    const found = (fen: bigint) => rateFor(inForce([v1, v3], day(10)), 1, facts(), { ...item, amountFen: fen }).version;
    expect([found(10_000n), found(9_970n)]).toEqual([1, 2]); // 1000 against 998; 997 against 998
  });
  it.each([
    ['a rise', false, day(5), 30, day(20)],
    ['a cut after the lock', true, day(5), 10, day(22)],
    ['a cut inside the lock', true, day(5), 30, day(35)],
    ['a cut without any lock', true, day(19), 0, day(22)],
  ])('K5 %s', (_what, isCut, effectiveFrom, lockDays, wanted) => {
    expect(effectiveFromOf(day(20), isCut, [{ effectiveFrom, lockDays, noticeDays: 2 }])).toEqual(wanted);
  });

  it('K5 a version that only shortens notice or lock is a cut; until it is in force the longer ones guard', () => {
    const guarded = rule({ lockDays: 30, noticeDays: 2 });
    for (const part of [{ lockDays: 0 }, { noticeDays: 1 }, { lockDays: 29, noticeDays: 90 }])
      expect(cuts(guarded, rule({ lockDays: 30, noticeDays: 2, ...part }))).toBe(true);
    expect(cuts(guarded, rule({ lockDays: 31, noticeDays: 3 }))).toBe(false);
    const before = { effectiveFrom: day(1), lockDays: 10, noticeDays: 5 };
    const announced = { effectiveFrom: day(25), lockDays: 0, noticeDays: 0 };
    expect(effectiveFromOf(day(20), true, [before, announced])).toEqual(day(35));
    expect(effectiveFromOf(day(26), true, [announced])).toEqual(day(26));
  });

  const line = fc.record(
    {
      level: fc.constantFrom(1 as const, 2 as const),
      productId: fc.constantFrom('p1', 'p2'),
      productRole: fc.constantFrom('main' as const, 'gift' as const),
      storePath: fc.constantFrom('hq', 'hq.east', 'hq.east.a'),
      inviterRole: fc.constantFrom('koc' as const, 'guide' as const),
      minTier: fc.constantFrom(1, 2),
      minMemberLevel: fc.constantFrom(1, 2),
      bps: fc.integer({ min: 0, max: 4 }),
    },
    { requiredKeys: ['level', 'bps'] },
  );
  const someRule = fc
    .record({
      levelOneBps: fc.integer({ min: 0, max: 4 }),
      levelTwoBps: fc.integer({ min: 0, max: 4 }),
      levelTwoEnabled: fc.boolean(),
      rates: fc.uniqueArray(line, { maxLength: 4, selector: ({ bps: _bps, ...scope }) => JSON.stringify(scope) }),
    })
    .map((part) =>
      rule({
        ...part,
        tiers: [
          { minNetFen: 10, bonusBps: 0 },
          { minNetFen: 20, bonusBps: 0 },
        ],
      }),
    );
  const contexts: RateFacts[] = ['p1', 'p2', 'p3'].flatMap((productId) =>
    (['main', 'gift', 'family'] as const).flatMap((productRole) =>
      ['hq', 'hq.east', 'hq.east.a', 'hq.west'].flatMap((storePath) =>
        (['koc', 'guide', 'staff'] as const).flatMap((inviterRole) =>
          [0n, 10n, 20n].flatMap((netBeforeFen) =>
            [0, 1, 2].map((memberLevel) => ({
              productId,
              productRole,
              storePath,
              inviterRole,
              netBeforeFen,
              memberLevel,
            })),
          ),
        ),
      ),
    ),
  );
  it('K5 a change is a cut exactly when somebody somewhere would earn less', () => {
    fc.assert(
      fc.property(someRule, someRule, (now, next) => {
        const isLess = contexts.some((context) =>
          ([1, 2] as const).some(
            (level) => rateIn(next, level, context).rate.bps < rateIn(now, level, context).rate.bps,
          ),
        );
        expect(cuts(now, next)).toBe(isLess);
      }),
      { numRuns: 60 },
    );
  });
  it('K5 a higher tier, a smaller bonus, an amount for a share: each is a cut', () => {
    const tiers = [{ minNetFen: 10, bonusBps: 5 }];
    expect(cuts(rule({ tiers }), rule({ tiers: [{ minNetFen: 11, bonusBps: 5 }] }))).toBe(true);
    expect(cuts(rule({ tiers }), rule({ tiers: [{ minNetFen: 10, bonusBps: 4 }] }))).toBe(true);
    expect(cuts(rule({ tiers }), rule({ tiers: [{ minNetFen: 9, bonusBps: 5 }] }))).toBe(false);
    const fixed = (fixedFen: number) => rule({ rates: [{ level: 1, productId: 'p1', fixedFen }] });
    expect([cuts(rule(), fixed(900_000)), cuts(fixed(5), fixed(6)), cuts(fixed(6), fixed(5))]).toEqual([
      true,
      false,
      true,
    ]);
    expect(cuts(rule({ levelOneBps: 0 }), fixed(5))).toBe(false);
  });
});

describe('K2 K5 what stands in the way of a draft', () => {
  const terms = (part: Partial<CommissionTerms> = {}): CommissionTerms => ({
    ...{
      levelOneBps: 900,
      levelTwoBps: 0,
      levelTwoEnabled: false,
      rates: [],
      tiers: [],
      freezeDays: 15,
      lockDays: 30,
      noticeDays: 2,
    },
    ...part,
  });
  const known = { products: new Set(['p1']), paths: new Set(['hq.east']) };
  const told = (part: Partial<CommissionTerms>) =>
    problemsOf(terms(part), known, terms({ levelOneBps: 1_000 })).map(({ problem, line }) =>
      line === null ? problem : `${problem} ${line}`,
    );
  it.each<[Partial<CommissionTerms>, string[]]>([
    [{}, []],
    [{ levelOneBps: 1_000 }, ['nothing_changes']],
    [{ rates: [{ level: 1 }] }, ['one_of_rate_and_amount 0']],
    [{ rates: [{ level: 1, bps: 1, fixedFen: 1, productId: 'p1' }] }, ['one_of_rate_and_amount 0']],
    [{ rates: [{ level: 1, fixedFen: 1 }] }, ['amount_needs_product 0']],
    [{ rates: [{ level: 1, bps: 1, productId: 'p1', productRole: 'main' }] }, ['product_says_role 0']],
    [
      {
        rates: [
          { level: 1, bps: 1 },
          { level: 1, bps: 2 },
        ],
      },
      ['same_line_twice 1'],
    ],
    [
      {
        rates: [
          { level: 1, productId: 'p1', bps: 1 },
          { level: 1, productId: 'p1', fixedFen: 2 },
        ],
      },
      [],
    ],
    [{ rates: [{ level: 2, bps: 1 }] }, ['level_two_is_off 0']],
    [{ levelTwoBps: 1 }, ['level_two_is_off']],
    [{ levelTwoBps: 9_101, levelTwoEnabled: true }, ['more_than_all']],
    [{ rates: [{ level: 1, bps: 1, minTier: 1 }] }, ['no_such_tier 0']],
    [
      {
        tiers: [
          { minNetFen: 2, bonusBps: 1 },
          { minNetFen: 2, bonusBps: 2 },
        ],
      },
      ['tiers_not_rising'],
    ],
    [{ rates: [{ level: 1, bps: 1, productId: 'p9' }] }, ['unknown_product 0']],
    [{ rates: [{ level: 1, bps: 1, storePath: 'hq.west' }] }, ['unknown_unit 0']],
  ])('%j: %j', (part, wanted) => expect(told(part)).toEqual(wanted));
});

describe('K6 tiers and bonuses', () => {
  const tiers = [
    { minNetFen: 1_000, bonusBps: 100 },
    { minNetFen: 5_000, bonusBps: 250 },
  ];
  it.each([
    [999n, 0],
    [1_000n, 1],
    [4_999n, 1],
    [5_000n, 2],
  ])('K6 %d fen reach tier %d', (fen, wanted) => expect(tierOf(tiers, fen)).toBe(wanted));
  it('K6 all sales of the month reach the tier, each store bears its own', () => {
    const store = (storeId: string, netFen: bigint) => ({ storeId, orgPath: `hq.${storeId}`, netFen });
    expect(bonusOf(tiers, [store('a', 4_001n), store('b', 999n)]).map(({ tier, dueFen }) => [tier, dueFen])).toEqual([
      [2, 100n],
      [2, 24n],
    ]);
    expect(bonusOf([], [store('a', 4_001n)])[0]).toMatchObject({ tier: 0, dueFen: 0n });
  });
  it('K6 months of China follow each other', () => {
    expect([monthBefore('2026-01'), monthBefore('2026-11'), monthAfter('2026-12'), monthAfter('2026-09')]).toEqual([
      '2025-12',
      '2026-10',
      '2027-01',
      '2026-10',
    ]);
  });
});
