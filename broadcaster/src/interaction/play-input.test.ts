import { expect, it } from 'vitest';
import { readPrizes, readRain } from './play-input.ts';

const prize = (given: Partial<Parameters<typeof readPrizes>[0][number]> = {}) => ({
  ...{ key: '1', name: ' 礼盒 ', kind: 'parcel' as const, value: '199', count: '2', note: '不给人看' },
  ...given,
});

it('reads prizes as typed, and none when one is wrong or there are too many winners', () => {
  expect(readPrizes([prize()])).toEqual([{ name: '礼盒', kind: 'parcel', valueFen: 19_900, count: 2, note: '' }]);
  expect(readPrizes([prize({ kind: 'coupon', note: ' HT20 ' })])?.[0]?.note).toBe('HT20');
  for (const wrong of [
    { name: ' ' },
    { value: '0' },
    { value: '50000.01' },
    { value: 'x' },
    { count: '0' },
    { count: '1.5' },
    { count: '101' },
  ])
    expect(readPrizes([prize(), prize(wrong)]), JSON.stringify(wrong)).toBeNull();
  expect(readPrizes([prize({ count: '60' }), prize({ count: '41' })])).toBeNull();
  expect(readPrizes([prize({ value: '50000' })])?.[0]?.valueFen).toBe(5_000_000);
  expect(readPrizes([])).toBeNull();
});

it('reads a rain that makes packets: a fen each at least, fifty yuan on the average at most', () => {
  expect(readRain({ total: '66.6', count: '100' })).toEqual({ totalFen: 6_660, count: 100 });
  for (const [total, count] of [
    ['0.99', '100'],
    ['5001', '100'],
    ['10', '2001'],
    ['10001', '1000'],
    ['', '10'],
    ['10', ''],
  ] as const)
    expect(readRain({ total, count }), `${total} ${count}`).toBeNull();
});
