import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryEvents, entryTransitions, freezeEnds, nextState, standingOf } from './commission-states.policy.ts';
import { bringTo, commissionFor, dueFor, earns, type Item, type Posted } from './commissions.policy.ts';

const at = new Date('2026-11-23T00:00:00Z');
const estimated = standingOf(null, 0);
const posted = (amountFen: bigint, basisFen: bigint, state: Posted['state'] = 'estimated'): Posted => ({
  ...{ amountFen, basisFen, state, settleableAt: null, heldReason: state === 'held' ? 'same_phone' : '' },
});

describe('K1 arithmetic', () => {
  it.each([
    [10_000n, 1_000, 1_000n],
    [9n, 1_000, 0n],
    [19n, 1_000, 1n],
    [590n, 333, 19n],
    [590n, 0, 0n],
    [590n, 10_000, 590n],
    [9_007_199_254_740_993n, 1, 900_719_925_474n],
  ])('K1 %d fen at %d bps floor to %d', (basis, bps, wanted) => {
    expect(commissionFor(basis, bps)).toBe(wanted);
  });

  it('K1 whatever the order and size of partial refunds, entries sum to floor(basis now × rate), none ever adds', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 12n }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 12 }),
        fc.boolean(),
        (amountFen, bps, parts, toTheEnd) => {
          const entries: Posted[] = [posted(commissionFor(amountFen, bps), amountFen)];
          let refundedFen = 0n;
          const steps = parts.map((part) => (amountFen * BigInt(part)) / 4_000n);
          if (toTheEnd) steps.push(amountFen);
          for (const step of steps) {
            refundedFen += step;
            if (refundedFen > amountFen) refundedFen = amountFen;
            const basisFen = amountFen - refundedFen;
            const due = { basisFen, dueFen: commissionFor(basisFen, bps) };
            const change = bringTo(due, entries, estimated, at);
            if (change) {
              expect(change.amountFen).toBeLessThanOrEqual(0n);
              expect(change.reverses).toBe(basisFen === 0n);
              entries.push({ ...change, state: 'estimated' });
            }
            expect(bringTo(due, entries, estimated, at)).toBeNull(); // told again
            const sum = entries.reduce((total, entry) => total + entry.amountFen, 0n);
            expect(sum).toBe(((amountFen - refundedFen) * BigInt(bps)) / 10_000n);
          }
        },
      ),
    );
  });

  it.each([
    // pieces, back, paid, refunded, fixed, due
    [3, 0, 3_000n, 0n, 200n, 600n],
    [3, 1, 3_000n, 1_000n, 200n, 400n],
    [3, 3, 3_000n, 3_000n, 200n, 0n],
    [3, 0, 3_000n, 900n, 200n, 600n], // part of the price came back, no piece did
    [3, 0, 300n, 0n, 200n, 300n], // never more than was paid
    [3, 0, 3_000n, 3_000n, 200n, 0n],
    [1, 2, 3_000n, 0n, 200n, 0n],
  ])(
    'K1 fixed: %d pieces, %d back, paid %d, refunded %d, %d each: %d',
    (pieces, piecesBack, amountFen, refundedFen, fixedFen, wanted) => {
      const item: Item = { itemId: 'i', amountFen, refundedFen, pieces, piecesBack };
      expect(dueFor(item, { bps: 0, fixedFen })).toBe(wanted);
    },
  );
});

describe('K4 a refund before and after each state', () => {
  const frozen = { state: 'frozen' as const, settleableAt: at, heldReason: '' };
  it.each([
    ['estimated', 'estimated', 'reversed'],
    ['frozen', 'frozen', 'reversed'],
    ['settleable', 'settleable', 'reversed'],
    ['held', 'held', 'reversed'],
    ['claimed', 'settleable', 'settleable'],
    ['paid', 'settleable', 'settleable'],
  ] as const)('K4 %s: part of it is %s, the rest %s', (state, part, rest) => {
    const given = [posted(100n, 1_000n, state)];
    const half = bringTo({ basisFen: 500n, dueFen: 50n }, given, estimated, at);
    expect(half).toMatchObject({ amountFen: -50n, state: part, reverses: false });
    const all = bringTo({ basisFen: 0n, dueFen: 0n }, given, estimated, at);
    expect(all).toMatchObject({ amountFen: -100n, state: rest, reverses: rest === 'reversed' });
    // Against what was handed out: settleable at once.
    if (part === 'settleable' && state !== 'settleable') expect(half?.settleableAt).toEqual(at);
    if (state === 'held') expect(half?.heldReason).toBe('same_phone');
  });
  it('K4 what was given back after it was paid and taken: a refund goes where the open entry is', () => {
    const given = [
      posted(100n, 1_000n, 'paid'),
      posted(-100n, 0n, 'settleable'),
      { ...posted(100n, 1_000n), ...frozen },
    ];
    expect(bringTo({ basisFen: 500n, dueFen: 50n }, given, estimated, at)).toMatchObject({
      amountFen: -50n,
      ...frozen,
    });
    // More than what is open covers: nothing that holds or freezes that delays the claw-back.
    for (const state of ['held', 'frozen', 'estimated'] as const)
      expect(
        bringTo(
          { basisFen: 500n, dueFen: 50n },
          [posted(100n, 900n, 'paid'), posted(20n, 1_000n, state)],
          estimated,
          at,
        ),
      ).toMatchObject({ amountFen: -70n, state: 'settleable', settleableAt: at, heldReason: '' });
    expect(bringTo({ basisFen: 1_000n, dueFen: 100n }, given.slice(0, 2), { ...frozen }, at)).toMatchObject({
      amountFen: 100n,
      state: 'frozen',
    });
    expect(bringTo({ basisFen: 0n, dueFen: 0n }, [], estimated, at)).toBeNull();
  });
});

describe('K3 states', () => {
  const wanted: Record<string, string> = {
    'estimated receive': 'frozen',
    'estimated hold': 'held',
    'estimated reverse': 'reversed',
    'frozen thaw': 'settleable',
    'frozen hold': 'held',
    'frozen reverse': 'reversed',
    'settleable claim': 'claimed',
    'settleable hold': 'held',
    'settleable reverse': 'reversed',
    'claimed unclaim': 'settleable',
    'claimed pay': 'paid',
    'held release': 'estimated',
    'held release_received': 'frozen',
    'held reverse': 'reversed',
  };
  const pairs = (Object.keys(entryTransitions) as Posted['state'][]).flatMap((state) =>
    entryEvents.map((event) => [state, event] as const),
  );
  it('K3 has seven states and nine events', () => expect(pairs).toHaveLength(63));
  it.each(pairs)('K3 %s, %s', (state, event) => {
    expect(nextState(state, event)).toBe(wanted[`${state} ${event}`]);
  });
  it('K3 the freeze never ends inside the seven days', () => {
    expect(freezeEnds(at, 15)).toEqual(new Date('2026-12-08T00:00:00Z'));
    expect(freezeEnds(at, 0)).toEqual(new Date('2026-11-30T00:00:00Z'));
    expect(standingOf(at, 15)).toEqual({ state: 'frozen', settleableAt: new Date('2026-12-08T00:00:00Z') });
  });
});

describe('K2 who earns', () => {
  const buyer = { selves: new Set(['me']), selfPurchaseCommission: false };
  it.each([
    ['share_link', 'ann', true],
    ['owner_guide', 'ann', true],
    ['room_guide', 'ann', true],
    ['store', null, false],
    ['hq', null, false],
    ['share_link', 'me', false],
  ] as const)('K2 %s %s: %s', (reason, personId, wanted) => {
    expect(earns({ reason, personId }, buyer)).toBe(wanted);
  });
  it('A5 self-purchase earns only where the policy says so', () => {
    expect(earns({ reason: 'share_link', personId: 'me' }, { ...buyer, selfPurchaseCommission: true })).toBe(true);
  });
});
