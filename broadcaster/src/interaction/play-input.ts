/** Pure reading of what a guide typed for a draw or a rain. Money never becomes a float (rule M1). */
import {
  MAX_DRAW_WINNERS,
  MAX_RED_PACKET_COUNT,
  MAX_RED_PACKET_MEAN_FEN,
  MAX_RED_PACKET_TOTAL_FEN,
  TOP_PRIZE_FEN,
} from '@walnut-live/contracts';
import { parseYuan } from '../bag/offer-input.ts';

export type PrizeDraft = {
  key: string;
  name: string;
  kind: 'parcel' | 'coupon';
  value: string;
  count: string;
  note: string;
};
export type ReadPrize = { name: string; kind: 'parcel' | 'coupon'; valueFen: number; count: number; note: string };

const wholeNumber = (text: string, max: number): number | null => {
  const trimmed = text.trim();
  if (!/^[1-9]\d{0,5}$/.test(trimmed)) return null;
  const value = Number(trimmed);
  return value <= max ? value : null;
};

/** Null when one of them is no prize, or there are too many winners. */
export const readPrizes = (drafts: readonly PrizeDraft[]): ReadPrize[] | null => {
  const prizes = drafts.flatMap(({ name, kind, value, count, note }) => {
    const [valueFen, pieces] = [parseYuan(value), wholeNumber(count, MAX_DRAW_WINNERS)];
    if (name.trim() === '' || valueFen === null || valueFen > TOP_PRIZE_FEN || pieces === null) return [];
    return [{ name: name.trim(), kind, valueFen, count: pieces, note: kind === 'coupon' ? note.trim() : '' }];
  });
  const winners = prizes.reduce((sum, { count }) => sum + count, 0);
  return prizes.length === drafts.length && prizes.length > 0 && winners <= MAX_DRAW_WINNERS ? prizes : null;
};

export const readRain = (draft: { total: string; count: string }): { totalFen: number; count: number } | null => {
  const [totalFen, count] = [parseYuan(draft.total), wholeNumber(draft.count, MAX_RED_PACKET_COUNT)];
  if (totalFen === null || count === null) return null;
  const fits = totalFen >= count && totalFen <= count * MAX_RED_PACKET_MEAN_FEN && totalFen <= MAX_RED_PACKET_TOTAL_FEN;
  return fits ? { totalFen, count } : null;
};
