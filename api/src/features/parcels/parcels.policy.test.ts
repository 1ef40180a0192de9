import { ParcelState } from '@walnut-live/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { piecesOf } from '../orders/index.ts';
import { nextParcelState, parcelEvents, readBulk } from './parcels.policy.ts';

describe('S7 the states of a parcel', () => {
  const table: Record<string, Record<string, string>> = {
    in_transit: { correct: 'in_transit', near: 'near', deliver: 'delivered', return: 'returned' },
    near: { correct: 'near', deliver: 'delivered', return: 'returned' },
    delivered: {},
    returned: {},
  };
  const pairs = ParcelState.options.flatMap((state) => parcelEvents.map((event) => ({ state, event })));
  it.each(pairs)('$state, $event', ({ state, event }) => {
    expect(nextParcelState(state, event)).toBe(table[state]?.[event]);
  });
});

describe('which pieces go', () => {
  const [a, b, c] = ['a', 'b', 'c'];
  const left = [
    { orderItemId: a, quantity: 2 },
    { orderItemId: b, quantity: 1 },
  ];
  const known = new Set([a, b, c]);
  it('everything that is left when nothing is named', () => {
    expect(piecesOf(left, undefined, known)).toEqual({ ok: true, pieces: left, last: true });
  });
  it('S2 lines of one item are one', () => {
    const one = { orderItemId: a, quantity: 1 };
    expect(piecesOf(left, [one, one], known)).toEqual({
      ok: true,
      pieces: [{ orderItemId: a, quantity: 2 }],
      last: false,
    });
    expect(piecesOf(left, [one, one, one], known)).toMatchObject({ ok: false, reason: 'too_many', facts: { left: 2 } });
  });
  it('refuses what is not of the order, and what has left', () => {
    expect(piecesOf(left, [{ orderItemId: 'x', quantity: 1 }], known)).toMatchObject({ reason: 'unknown_item' });
    expect(piecesOf(left, [{ orderItemId: c, quantity: 1 }], known)).toMatchObject({
      reason: 'too_many',
      facts: { left: 0 },
    });
    expect(piecesOf([], undefined, known)).toMatchObject({ reason: 'nothing_left' });
  });
  it('however an order is split, its parcels hold it exactly, and the last one is known', () => {
    const split = fc.array(fc.record({ which: fc.nat({ max: 2 }), quantity: fc.integer({ min: 1, max: 4 }) }));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }), split, (bought, steps) => {
        const ids = bought.map((_, at) => String(at));
        const rest = new Map(bought.map((quantity, at) => [String(at), quantity]));
        for (const { which, quantity } of steps) {
          const now = [...rest].filter(([, n]) => n > 0).map(([orderItemId, n]) => ({ orderItemId, quantity: n }));
          const chosen = piecesOf(now, [{ orderItemId: String(which), quantity }], new Set(ids));
          const fits = quantity <= (rest.get(String(which)) ?? 0);
          expect(chosen.ok).toBe(fits);
          if (!chosen.ok) continue;
          for (const piece of chosen.pieces)
            rest.set(piece.orderItemId, (rest.get(piece.orderItemId) ?? 0) - piece.quantity);
          expect(chosen.last).toBe([...rest.values()].every((n) => n === 0));
        }
      }),
    );
  });
});

describe('bulk lines', () => {
  const results = (text: string) => readBulk(text).map((line) => (line.ok ? line.as : line.result));
  it('reads what a spreadsheet pastes and what a CSV holds, in Chinese or by code', () => {
    const text =
      '\uFEFF订单号\t快递\t单号\r\nWL1\t顺丰速运\tSF1234\nWL2,zto,"ZT,9"\n\nWL3，圆通，YT5678\nWL4,J&T,JT0001\n';
    expect(readBulk(text).map(({ line }) => line)).toEqual([2, 3, 5, 6]);
    expect(results(text)).toEqual(['sf', 'bad_tracking_no', 'yto', 'jtexpress']);
  });
  it('says of every line what is wrong with it', () => {
    expect(results('WL1,sf,1.23E+14')).toEqual(['bad_tracking_no']);
    expect(results('WL1,sf,')).toEqual(['bad_tracking_no']);
    expect(results('WL1,骑马,SF1234')).toEqual(['unknown_carrier']);
    expect(results('WL1')).toEqual(['unreadable']);
    expect(results('WL1,sf,SF1234,more')).toEqual(['unreadable']);
    expect(results('WL1,sf,SF1234\nWL1,sf,SF9999')).toEqual(['sf', 'repeated']);
    expect(results("'WL1,sf,'SF1234")).toEqual(['sf']);
  });
  it('never loses a line or makes one up', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ maxLength: 20 }).map((s) => s.replaceAll(/[\r\n"]/g, '')),
          { maxLength: 20 },
        ),
        (lines) => {
          const text = `0,sf,1234\n${lines.join('\n')}`;
          expect(readBulk(text)).toHaveLength(1 + lines.filter((line) => line.trim() !== '').length);
        },
      ),
    );
  });
});
