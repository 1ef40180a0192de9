import type { GroupBuy } from '@walnut-live/contracts';

/** The latest that the room said of a group. */
export type GroupNews = { seq: number; at: string; groupBuy: GroupBuy };

/** Groups remembered. */
const NEWS_LIMIT = 30;

/** Pure: one entry for each group, the one that moved last at the end. */
export const groupMoved = (known: readonly GroupNews[], news: GroupNews): readonly GroupNews[] => [
  ...known.filter(({ groupBuy }) => groupBuy.id !== news.groupBuy.id).slice(1 - NEWS_LIMIT),
  news,
];
