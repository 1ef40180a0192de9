import { decodeNetworkLayout, makeNetworkLayout, personIdAt, setPersonId } from '@walnut-live/contracts';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { advise, type NetworkState } from './diagnosis.policy.ts';
import { decodeFigureCursor, encodeFigureCursor } from './figure-cursor.policy.ts';
import { type Acquaintance, findWay, type Tie } from './introducers.policy.ts';
import { dotOf, placeForest } from './layout.policy.ts';
import { createPictures } from './layout.ts';
import { type ContactFacts, reasonsToContact, urgency } from './next-contacts.policy.ts';

const NOW = new Date('2026-11-22T00:00:00Z');
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000);

const calm: NetworkState = {
  ...{ people: 100, active: 40, last30Days: 8, previous30Days: 8, bringers: 20, largestBranch: 30 },
  ...{ orders: 50, grossFen: 100_000n, refundedFen: 5_000n },
};
test.each<[string, Partial<NetworkState>, string[]]>([
  ['nothing to say', {}, []],
  ['nobody yet', { people: 0 }, ['begin']],
  ['nobody new', { last30Days: 0 }, ['no_growth']],
  ['half as many new ones', { last30Days: 5, previous30Days: 10 }, []],
  ['less than half', { last30Days: 4, previous30Days: 10 }, ['growth_down']],
  ['less than half of few', { last30Days: 4, previous30Days: 9 }, []],
  ['half more', { last30Days: 15, previous30Days: 10 }, ['growth_up']],
  ['half more of few', { last30Days: 9, previous30Days: 1 }, []],
  ['few are seen', { active: 19 }, ['sleeping']],
  ['a fifth is seen', { active: 20 }, []],
  ['most are seen', { active: 60 }, ['lively']],
  ['half stand below one', { largestBranch: 50 }, ['depends_on_one']],
  ['hardly anybody brings somebody', { bringers: 4 }, ['handed_on_by_few']],
  ['few buy', { orders: 9 }, ['few_orders']],
  ['much goes back', { refundedFen: 20_000n }, ['many_refunds']],
  ['of few orders', { people: 20, active: 8, orders: 9, refundedFen: 20_000n, bringers: 2, largestBranch: 9 }, []],
  ['shares of few people say nothing', { people: 19, active: 0, largestBranch: 19, bringers: 0, orders: 0 }, []],
  [
    'the gravest first',
    { last30Days: 0, active: 1, largestBranch: 99, orders: 0 },
    ['no_growth', 'sleeping', 'depends_on_one', 'few_orders'],
  ],
])('advice: %s', (_what, change, codes) => {
  expect(advise({ ...calm, ...change }).map(({ code }) => code)).toEqual(codes);
});

const quiet: ContactFacts = {
  ...{ people: 0, active: 0, fresh: 0, ownOrders: 1, joinedAt: daysAgo(100), lastSeenAt: daysAgo(3) },
  ...{ lastContactAt: null, nextContactAt: null },
};
test.each<[string, Partial<ContactFacts>, string[]]>([
  ['nothing', {}, []],
  ['brings people these days', { fresh: 3, people: 3 }, ['rising']],
  ['brought people and is silent', { people: 3, lastSeenAt: daysAgo(14) }, ['brought_and_silent']],
  ['silent for thirteen days', { people: 3, lastSeenAt: daysAgo(13.5) }, []],
  ['the branch cools', { people: 10, active: 1 }, ['branch_cools']],
  ['a fifth of the branch is seen', { people: 10, active: 2 }, []],
  ['buys and does not share', { ownOrders: 2 }, ['buys_and_shares_not']],
  ['buys and shares', { ownOrders: 2, people: 1 }, []],
  ['new', { ownOrders: 0, joinedAt: daysAgo(6) }, ['newcomer']],
  ['new a week ago', { ownOrders: 0, joinedAt: daysAgo(7) }, []],
  ['spoken with this week', { fresh: 3, people: 3, lastContactAt: daysAgo(6) }, []],
  ['spoken with a week ago', { fresh: 3, people: 3, lastContactAt: daysAgo(7) }, ['rising']],
  ['promised for today', { lastContactAt: daysAgo(2), nextContactAt: NOW }, ['promised']],
  ['promised for later', { fresh: 3, people: 3, lastContactAt: daysAgo(20), nextContactAt: daysAgo(-1) }, []],
])('contact: %s', (_what, change, codes) => {
  expect(reasonsToContact({ ...quiet, ...change }, NOW).map(({ code }) => code)).toEqual(codes);
});
test('a promise comes before everything else alone', () => {
  const of = (change: Partial<ContactFacts>) => urgency(reasonsToContact({ ...quiet, ...change }, NOW));
  expect(of({ nextContactAt: NOW })).toBeGreaterThan(of({ fresh: 3, people: 3 }));
  expect(of({ fresh: 3, people: 3 })).toBeGreaterThan(of({ ownOrders: 0, joinedAt: daysAgo(1) }));
});

describe('the shortest way over people who know one another', () => {
  const inverse: Record<Tie, Tie> = {
    ...{ brought: 'brought_by', brought_by: 'brought', guide_of: 'customer_of', customer_of: 'guide_of' },
  } as const;
  type Known = readonly (readonly [number, number])[];
  const tiesOf = (known: Known): Acquaintance[] =>
    known.flatMap(([a, b]) => {
      const tie: Tie = (a + b) % 2 === 0 ? 'brought' : 'guide_of';
      return [
        { from: `${a}`, to: `${b}`, tie },
        { from: `${b}`, to: `${a}`, tie: inverse[tie] },
      ];
    });
  const asked = (ties: readonly Acquaintance[]) => async (ids: readonly string[], limit: number) =>
    ties.filter(({ from }) => ids.includes(from)).slice(0, limit);
  /** Steps between, by looking at everybody in turn; −1: no way. */
  function distance(ties: readonly Acquaintance[], from: string, to: string): number {
    const far = new Map([[from, 0]]);
    for (const [id, steps] of far)
      for (const tie of ties) if (tie.from === id && !far.has(tie.to)) far.set(tie.to, steps + 1);
    return far.get(to) ?? -1;
  }
  const person = fc.nat({ max: 14 });
  it('is as short as one that looks at everybody, and every step is a tie', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(person, person), { maxLength: 30 }), person, person, async (known, a, b) => {
        const ties = tiesOf(known.filter(([one, other]) => one !== other));
        const way = await findWay(`${a}`, `${b}`, asked(ties));
        expect(way.shortest).toBe(true);
        expect(way.steps.length - 1).toBe(distance(ties, `${a}`, `${b}`));
        for (const [i, { id, tie }] of way.steps.entries()) {
          const before = way.steps[i - 1];
          if (!before) expect({ id, tie }).toEqual({ id: `${a}`, tie: null });
          else expect(ties).toContainEqual({ from: before.id, to: id, tie });
        }
      }),
      { numRuns: 200 },
    );
  });
  it('says that it was cut instead of claiming that there is no way', async () => {
    const ties = tiesOf(Array.from({ length: 50 }, (_, i) => [i, i + 1] as const));
    expect(await findWay('0', '50', asked(ties), 10)).toEqual({ steps: [], shortest: false });
    expect((await findWay('0', '50', asked(ties))).steps).toHaveLength(51);
  });
});

const anyForest = fc
  .array(fc.nat(), { minLength: 1, maxLength: 200 })
  .map((dice) => Int32Array.from(dice, (one, i) => (one % (i + 1)) - 1));
describe('a picture of a forest', () => {
  const below = (inviters: Int32Array) => {
    const people = new Uint32Array(inviters.length);
    for (let one = inviters.length - 1; one >= 0; one--) {
      const inviter = inviters[one] as number;
      if (inviter >= 0) people[inviter] = (people[inviter] as number) + (people[one] as number) + 1;
    }
    return people;
  };
  it('has a place for everybody, the same each time, and each step further out', () => {
    fc.assert(
      fc.property(anyForest, (inviters) => {
        const people = below(inviters);
        const placed = placeForest(inviters, people);
        expect(placeForest(inviters, people)).toEqual(placed);
        const out = Array.from(inviters, (_, one) => Math.hypot(placed.x[one] as number, placed.y[one] as number));
        for (const [one, inviter] of inviters.entries()) {
          expect(Number.isFinite(out[one])).toBe(true);
          if (inviter >= 0) expect(out[one]).toBeGreaterThanOrEqual((out[inviter] as number) - 1e-3);
        }
      }),
    );
  });
  it('is not much wider than its dots need, also for a chain of seventy below a star of two thousand', () => {
    const star = Array.from({ length: 2_000 }, (_, one) => (one === 0 ? -1 : 0));
    const chain = Array.from({ length: 70 }, (_, step) => 1_999 + step);
    const inviters = Int32Array.from([...star, ...chain]);
    const { x, y } = placeForest(inviters, below(inviters));
    const widest = Array.from(x, (one, i) => Math.hypot(one, y[i] as number)).reduce((a, b) => Math.max(a, b));
    expect(widest).toBeLessThan(600);
    expect(dotOf(1_000_000)).toBeLessThanOrEqual(12.97);
  });
  it('travels as bytes and comes back', () => {
    const layout = makeNetworkLayout(3, 41);
    const ids = ['019a9f00-0000-7000-8000-00000000000a', 'ffffffff-ffff-4fff-bfff-ffffffffffff'];
    for (const [index, id] of ids.entries()) setPersonId(layout, index, id);
    layout.x[2] = 1.5;
    layout.inviter[1] = -1;
    layout.role[2] = 2;
    layout.active[0] = 1;
    const back = decodeNetworkLayout(layout.buffer.slice(0));
    expect({ ...back, version: back.version, count: back.count }).toMatchObject({ version: 41, count: 3 });
    expect([personIdAt(back, 0), personIdAt(back, 1)]).toEqual(ids);
    expect([back.x[2], back.inviter[1], back.role[2], back.active[0]]).toEqual([1.5, -1, 2, 1]);
    expect(() => decodeNetworkLayout(layout.buffer.slice(0, -1))).toThrow('not a network layout');
    expect(() => decodeNetworkLayout(new ArrayBuffer(4))).toThrow('not a network layout');
  });
});

test('a cursor of figures is one this server made', () => {
  const cursor = { value: -5n, id: '019a9f00-0000-7000-8000-00000000000a' };
  expect(decodeFigureCursor(encodeFigureCursor(cursor))).toEqual(cursor);
  expect(decodeFigureCursor(undefined)).toBeUndefined();
  for (const wrong of ['', 'x', Buffer.from('["figure","9999999999999999999","a"]').toString('base64url')])
    expect(() => decodeFigureCursor(wrong)).toThrow();
});

describe('pictures that are kept', () => {
  const SECOND = 1_000;
  function world() {
    let at = NOW.getTime();
    const asked: ((bytes: number | Error) => void)[] = [];
    const pictures = createPictures({ clock: { now: () => new Date(at) } });
    const make = () =>
      new Promise<ArrayBuffer>((resolve, reject) =>
        asked.push((of) => (of instanceof Error ? reject(of) : resolve(new ArrayBuffer(of)))),
      );
    return {
      asked,
      wait: (seconds: number) => {
        at += seconds * SECOND;
      },
      of: async (version: bigint, key = 'hq') => (await pictures.of(key, version, make)).byteLength,
    };
  }

  it('one is made for all who wait; the same state, or a young one, is not made again', async () => {
    const { asked, wait, of } = world();
    const [a, b] = [of(1n), of(1n)];
    asked[0]?.(10);
    expect(await Promise.all([a, b])).toEqual([10, 10]);
    wait(29);
    expect(await of(2n)).toBe(10);
    wait(3_600);
    expect(await of(1n)).toBe(10);
    expect(asked).toHaveLength(1);
  });
  it('an older one is shown while the next is made, once; after three minutes one waits', async () => {
    const { asked, wait, of } = world();
    const first = of(1n);
    asked[0]?.(10);
    await first;
    wait(60);
    expect([await of(2n), await of(3n)]).toEqual([10, 10]);
    expect(asked).toHaveLength(2);
    asked[1]?.(20);
    await expect.poll(() => of(2n)).toBe(20);
    wait(300);
    const late = of(4n);
    asked[2]?.(30);
    expect(await late).toBe(30);
  });
  it('one that fails is nobody’s answer but of those who wait, and the old one stays', async () => {
    const { asked, wait, of } = world();
    const failing = of(1n);
    asked[0]?.(new Error('no thread'));
    await expect(failing).rejects.toThrow('no thread');
    const again = of(1n);
    asked[1]?.(10);
    expect(await again).toBe(10);
    wait(60);
    expect(await of(2n)).toBe(10);
    asked[2]?.(new Error('no thread'));
    await expect.poll(async () => ((await of(2n)) === 10 ? asked.length : 0)).toBe(4);
  });
});
