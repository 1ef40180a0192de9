import { GROUPS_TO_JOIN, type GroupBuy, type RoomGroupBuys } from '@walnut-live/contracts';
import type { GroupNews } from '@walnut-live/live-client/room';

/*
 * What the room's events say of groups: the list of a product's sheet between two askings, and which group is worth a line over
 * the picture. Pure.
 */

/** An event may have been written a moment before an answer that does not know it yet. */
const OVERLAP_MS = 2_000;
/** Between two hints, and after one that was closed. */
const GAP_MS = 30_000;
const QUIET_MS = 300_000;
/** Older news is none. */
const NEWS_MS = 60_000;
export const HINT_MS = 8_000;
/** Groups and steps remembered as told. */
const TOLD_LIMIT = 200;

export const missing = ({ size, held }: Pick<GroupBuy, 'size' | 'held'>): number => size - held;
const isJoinable = (group: GroupBuy, now: number): boolean =>
  group.state === 'open' && missing(group) > 0 && Date.parse(group.deadlineAt) > now;

/** Groups of a product to join: as asked for, and as events have moved them since. */
export const groupsNow = (
  asked: Pick<RoomGroupBuys, 'groups' | 'now'>,
  news: readonly GroupNews[],
  { productId, now }: { productId: string; now: number },
): GroupBuy[] => {
  const since = Date.parse(asked.now) - OVERLAP_MS;
  const groups = new Map(asked.groups.map((group) => [group.id, group]));
  for (const { at, groupBuy } of news) if (Date.parse(at) > since) groups.set(groupBuy.id, groupBuy);
  return [...groups.values()]
    .filter((group) => group.product.id === productId && isJoinable(group, now))
    .sort((a, b) => missing(a) - missing(b) || Date.parse(a.deadlineAt) - Date.parse(b.deadlineAt))
    .slice(0, GROUPS_TO_JOIN);
};

/** What was shown: epoch milliseconds of server time. */
export type HintMemory = {
  readonly shown: { readonly groupId: string; readonly until: number } | null;
  readonly nextFrom: number;
  readonly told: readonly string[];
};
export const noHints: HintMemory = { shown: null, nextFrom: 0, told: [] };

/** A group is told of when it opens, and once more when its last seat is free. */
const stepOf = (group: GroupBuy): string => `${group.id}:${missing(group) === 1 ? 'last' : 'open'}`;

/** The group that the hint shows; null: its time is over, or it cannot be joined any more. */
export const shownGroup = ({ shown }: HintMemory, news: readonly GroupNews[], now: number): GroupBuy | null => {
  if (!shown || shown.until <= now) return null;
  const group = news.find(({ groupBuy }) => groupBuy.id === shown.groupId)?.groupBuy;
  return group && isJoinable(group, now) ? group : null;
};

/** The same memory when there is nothing to tell now. `isFor`: it can be opened here, and is not the viewer's own. */
export const nextHint = (
  memory: HintMemory,
  news: readonly GroupNews[],
  { now, isFor }: { now: number; isFor: (group: GroupBuy) => boolean },
): HintMemory => {
  if (now < memory.nextFrom || shownGroup(memory, news, now)) return memory;
  const next = news
    .filter(({ at }) => now - Date.parse(at) < NEWS_MS)
    .map(({ groupBuy }) => groupBuy)
    .filter((group) => isJoinable(group, now) && isFor(group) && !memory.told.includes(stepOf(group)))
    .sort((a, b) => missing(a) - missing(b))[0];
  if (!next) return memory;
  return {
    shown: { groupId: next.id, until: now + HINT_MS },
    nextFrom: now + GAP_MS,
    told: [...memory.told.slice(1 - TOLD_LIMIT), stepOf(next)],
  };
};

/** Closed by hand: that was enough for a while. */
export const closeHint = (memory: HintMemory, now: number): HintMemory => ({
  ...memory,
  shown: null,
  nextFrom: now + QUIET_MS,
});

const own = new Set<string>();
/** Groups this person opened or joined on this page: nobody is asked to join their own. */
export const ownGroups: { add: (groupId: string) => void; has: (groupId: string) => boolean } = own;
