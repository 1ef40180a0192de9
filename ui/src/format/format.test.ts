import { describe, expect, it } from 'vitest';
import {
  formatCount,
  formatCountdown,
  formatDate,
  formatDateTime,
  formatDuration,
  formatMoney,
  formatPercent,
  formatRelative,
  formatTime,
  formatTimestamp,
  splitMoney,
} from './format.ts';

const zone = { timeZone: 'Asia/Shanghai' };
const evening = '2026-11-22T12:05:09Z';

describe('money is shown from integer fen (M1)', () => {
  it.each([
    [0, '¥0.00'],
    [1, '¥0.01'],
    [10, '¥0.10'],
    [100, '¥1.00'],
    [123450, '¥1,234.50'],
    [-9990, '−¥99.90'],
    [9_007_199_254_740_993n, '¥90,071,992,547,409.93'],
  ])('%s fen is %s', (fen, text) => {
    expect(formatMoney(fen)).toBe(text);
    expect(formatMoney(fen, 'en')).toBe(text);
  });
  it.each(['zh-CN', 'en-US'])('groups as %s does', (tag) => {
    const intl = new Intl.NumberFormat(tag, { maximumFractionDigits: 0 });
    for (const yuan of [
      0n,
      7n,
      99n,
      100n,
      999n,
      1_000n,
      12_345n,
      123_456n,
      1_234_567n,
      10n ** 15n,
      123_456_789_012_345_678n,
    ])
      expect(splitMoney(yuan * 100n).yuan).toBe(intl.format(yuan));
  });
  it('trims whole yuan and shows a plus sign only when asked', () => {
    expect(formatMoney(9900, 'zh-CN', { fen: 'trim' })).toBe('¥99');
    expect(formatMoney(9950, 'zh-CN', { fen: 'trim' })).toBe('¥99.50');
    expect(formatMoney(9950, 'zh-CN', { sign: true })).toBe('+¥99.50');
    expect(formatMoney(0, 'zh-CN', { sign: true })).toBe('¥0.00');
    expect(splitMoney(-5)).toEqual({ negative: true, yuan: '0', fen: '05' });
  });
  it('refuses a fraction of a fen', () => {
    expect(() => formatMoney(1.5)).toThrow(RangeError);
  });
});

describe('counts', () => {
  it.each([
    [0, '0', '0'],
    [999, '999', '999'],
    [-1_234, '-1,234', '-1,234'],
    [9_999, '9,999', '9,999'],
    [10_000, '1万', '10K'],
    [12_000, '1.2万', '12K'],
    [12_999, '1.2万', '12.9K'],
    [1_234_567, '123万', '1.2M'],
    [100_000_000, '1亿', '100M'],
    [2_500_000_000, '25亿', '2.5B'],
  ])('%i is %s and %s', (count, zh, en) => {
    expect(formatCount(count, 'zh-CN')).toBe(zh);
    expect(formatCount(count, 'en')).toBe(en);
  });
  it('shows nothing measured as a dash', () => {
    expect(formatPercent(null)).toBe('—');
    expect(formatPercent(Number.NaN)).toBe('—');
    expect(formatPercent(0.1234)).toBe('12.3%');
  });
});

describe('time', () => {
  it('follows the language', () => {
    expect(formatTime(evening, 'zh-CN', zone)).toBe('20:05');
    expect(formatDate(evening, 'zh-CN', zone)).toBe('2026年11月22日');
    expect(formatDate(evening, 'en', zone)).toBe('Nov 22, 2026');
    expect(formatDateTime(evening, 'zh-CN', zone, evening)).toBe('11月22日 20:05');
    expect(formatDateTime(evening, 'en', zone, evening)).toBe('Nov 22, 20:05');
    expect(formatTimestamp(evening, zone)).toBe('2026-11-22 20:05:09');
  });
  it('says the year of a moment of another year, as the reader’s calendar has it', () => {
    const [lastNight, newYear] = ['2026-12-31T15:59:00Z', '2026-12-31T16:01:00Z'];
    expect(formatDateTime(evening, 'zh-CN', zone, newYear)).toBe('2026年11月22日 20:05');
    expect(formatDateTime(evening, 'en', zone, newYear)).toBe('Nov 22, 2026, 20:05');
    expect(formatDateTime(evening, 'zh-CN', zone, lastNight)).toBe('11月22日 20:05');
  });
  it.each([
    [-2_000, '刚刚', 'just now'],
    [-30_000, '30秒钟前', '30 seconds ago'],
    [-180_000, '3分钟前', '3 minutes ago'],
    [-7_200_000, '2小时前', '2 hours ago'],
    [172_800_000, '2天后', 'in 2 days'],
  ])('%i ms from now', (delta, zh, en) => {
    const now = Date.parse(evening);
    expect(formatRelative(now + delta, now, 'zh-CN')).toBe(zh);
    expect(formatRelative(now + delta, now, 'en')).toBe(en);
  });
  it.each([
    [-1, '00:00'],
    [999, '00:00'],
    [249_000, '04:09'],
    [3_723_000, '1:02:03'],
  ])('a clock of %i ms shows %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
  it.each([
    [0, '00:00:00', '00:00:00'],
    [1, '00:00:01', '00:00:01'],
    [7_449_000, '02:04:09', '02:04:09'],
    [266_649_000, '3天 02:04:09', '3d 02:04:09'],
  ])('%i ms left', (ms, zh, en) => {
    expect(formatCountdown(ms, 'zh-CN')).toBe(zh);
    expect(formatCountdown(ms, 'en')).toBe(en);
  });
});
