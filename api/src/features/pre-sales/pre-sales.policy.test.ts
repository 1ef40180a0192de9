import { describe, expect, it } from 'vitest';
import { endsSoonAt, paidInAll, refuseAmounts, refuseWindows, reminderAt, whyNoDeposit } from './pre-sales.policy.ts';

const HOUR_MS = 3_600_000;
const at = (hours: number): Date => new Date(Date.UTC(2026, 8, 1) + hours * HOUR_MS);
const windows = { startsAt: at(0), depositUntil: at(24), balanceFrom: at(48), balanceUntil: at(72), shipsBy: at(168) };
const sku = { priceFen: 10_000n, floorPriceFen: null };

describe('the terms of a pre-sale', () => {
  it('what is paid in all is the price less what the deposit counts for beyond itself', () => {
    expect(paidInAll({ priceFen: 10_000n, depositFen: 1_000n, worthFen: 1_000n })).toBe(10_000n);
    expect(paidInAll({ priceFen: 10_000n, depositFen: 1_000n, worthFen: 2_000n })).toBe(9_000n);
  });

  it.each([
    ['a fifth', 2_000n, 2_000n, undefined],
    ['a fen more than a fifth', 2_001n, 2_001n, '/depositFen'],
    // 1,900 of 9,400 in all is more than a fifth, although it is less than a fifth of the price.
    ['a fifth of what is paid in all, not of the price', 1_900n, 2_500n, '/depositFen'],
    ['a deposit that counts for less than itself', 1_000n, 999n, '/worthFen'],
    ['a deposit that counts for the price', 1_000n, 10_000n, '/worthFen'],
  ] as const)('earnest money: %s', (_name, depositFen, worthFen, path) => {
    const refusal = refuseAmounts({ priceFen: 10_000n, depositFen, worthFen }, sku);
    expect(refusal && 'issue' in refusal ? refusal.issue.path : undefined).toBe(path);
  });

  it('S6 below the floor and above the shelf price are refused', () => {
    const amounts = { priceFen: 10_000n, depositFen: 1_000n, worthFen: 2_000n };
    expect(refuseAmounts(amounts, { ...sku, floorPriceFen: 9_000n })).toBeUndefined();
    expect(refuseAmounts(amounts, { ...sku, floorPriceFen: 9_001n })).toMatchObject({ code: 'below_price_floor' });
    expect(refuseAmounts(amounts, { ...sku, priceFen: 9_999n })).toMatchObject({ issue: { path: '/priceFen' } });
  });

  it.each([
    ['as they should be', {}, undefined],
    ['deposits that end before they begin', { depositUntil: at(0) }, '/depositUntil'],
    ['a balance before the end of deposits', { balanceFrom: at(23) }, '/balanceFrom'],
    ['a balance that opens as deposits end', { balanceFrom: at(24) }, undefined],
    ['a balance window of 59 minutes', { balanceUntil: new Date(at(49).getTime() - 60_000) }, '/balanceUntil'],
    ['91 days', { balanceUntil: at(91 * 24), shipsBy: at(92 * 24) }, '/balanceUntil'],
    ['goods that leave before the balance is over', { shipsBy: at(71) }, '/shipsBy'],
    ['goods that leave as the balance is over', { shipsBy: at(72) }, undefined],
    ['goods that leave 46 days later', { shipsBy: at(72 + 46 * 24) }, '/shipsBy'],
  ] as const)('windows: %s', (_name, changed, path) => {
    const refusal = refuseWindows({ ...windows, ...changed }, { days: 90, balanceMinutes: 60, shipDays: 45 });
    expect(refusal && 'issue' in refusal ? refusal.issue.path : undefined).toBe(path);
  });
});

describe('taking part', () => {
  const campaign = { ...windows, orgPath: 'hq.a', stoppedAt: null, cap: 5, taken: 3 };
  const order = { roomPath: 'hq.a.s1', quantity: 2 };
  it.each([
    ['in the window', {}, order, 1, undefined],
    ['at its first moment', {}, order, 0, undefined],
    ['before it', {}, order, -1, 'not_started'],
    ['at its end', {}, order, 24, 'ended'],
    ['in a room of another store', {}, { ...order, roomPath: 'hq.b' }, 1, 'other_store'],
    ['of a stopped one', { stoppedAt: at(0) }, order, 1, 'stopped'],
    ['with more pieces than are left', {}, { ...order, quantity: 3 }, 1, 'sold_out'],
    ['without a cap', { cap: null }, { ...order, quantity: 99 }, 1, undefined],
  ] as const)('%s', (_name, changed, wish, hours, reason) => {
    expect(whyNoDeposit({ ...campaign, ...changed }, wish, at(hours))).toBe(reason);
  });
});

describe('N2 reminders', () => {
  it.each([
    ['before the window', 47.9, undefined, undefined],
    ['as it opens', 48, 'balance_open', at(69)],
    ['three hours before its end', 69, 'balance_ends', null],
    ['when nobody was there to tell the first', 71, 'balance_ends', null],
    ['after it', 72, undefined, undefined],
  ] as const)('%s', (_name, hours, say, next) => {
    const reminder = reminderAt(windows, at(hours));
    expect(reminder?.say).toBe(say);
    expect(reminder?.next).toEqual(next);
  });
  it('a short window is told of in its middle', () => {
    expect(endsSoonAt({ balanceFrom: at(0), balanceUntil: at(2) })).toEqual(at(1));
  });
});
