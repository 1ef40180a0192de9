import type { GroupBuy } from '@walnut-live/contracts';
import type { GroupNews } from '@walnut-live/live-client/room';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uuid } from '../testing/fixtures.tsx';
import { closeHint, groupsNow, HINT_MS, missing, nextHint, noHints, shownGroup } from './news.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const at = (offsetMs: number) => new Date(NOW + offsetMs).toISOString();
const HOUR = 3_600_000;
const group = (no: number, more: Partial<GroupBuy> = {}): GroupBuy => ({
  ...{
    id: uuid(no),
    campaignId: uuid(900),
    roomId: uuid(1),
    state: 'open',
    size: 3,
    held: 1,
    paid: 1,
    title: '三人团',
  },
  product: { id: uuid(10), title: '核桃酥', pictureUrl: '/w.svg' },
  sku: { id: uuid(20), name: '8 枚' },
  ...{ priceFen: 2_690, shelfPriceFen: 2_990, perPerson: 2, members: [{ name: '安*', opener: true }] },
  ...{ openedAt: at(0), deadlineAt: at(HOUR), endedAt: null },
  ...more,
});
const news = (groupBuy: GroupBuy, offsetMs = 0): GroupNews => ({ seq: 11, at: at(offsetMs), groupBuy });
const ids = (groups: readonly GroupBuy[]) => groups.map(({ id }) => id);
const where = { productId: uuid(10), now: NOW };

describe('the groups of a product', () => {
  it('are those asked for, as events have moved them since; the one that misses the fewest first', () => {
    const asked = { groups: [group(1), group(2), group(3)], now: at(0) };
    const moved = [news(group(2, { held: 2 }), 1), news(group(3, { held: 3 }), 2), news(group(4), 3)];
    expect(ids(groupsNow(asked, moved, where))).toEqual([uuid(2), uuid(1), uuid(4)]);
  });
  it('an event from before the answer says nothing any more', () => {
    const asked = { groups: [group(1, { held: 2 })], now: at(0) };
    const [found] = groupsNow(asked, [news(group(1), -10_000), news(group(2), -10_000)], where);
    expect(found && missing(found)).toBe(1);
  });
  it('full, ended, late ones and those of other products are not to be joined', () => {
    const other = group(4, { product: { ...group(4).product, id: uuid(11) } });
    const groups = [group(1, { held: 3 }), group(2, { state: 'expired' }), group(3, { deadlineAt: at(0) }), other];
    expect(groupsNow({ groups, now: at(0) }, [], where)).toEqual([]);
  });
});

describe('the hint', () => {
  const anybody = { now: NOW, isFor: () => true };
  it('tells of the group that misses the fewest, for a while', () => {
    const told = [news(group(1)), news(group(2, { held: 2 }))];
    const memory = nextHint(noHints, told, anybody);
    expect(shownGroup(memory, told, NOW)?.id).toBe(uuid(2));
    expect(shownGroup(memory, told, NOW + HINT_MS)).toBeNull();
  });
  it('is gone when the group is full, and counts as it fills', () => {
    const memory = nextHint(noHints, [news(group(1))], anybody);
    expect(missing(shownGroup(memory, [news(group(1, { held: 2 }))], NOW) ?? group(1))).toBe(1);
    expect(shownGroup(memory, [news(group(1, { held: 3 }))], NOW)).toBeNull();
  });
  it('a group is told of once, and once more for its last seat', () => {
    const memory = nextHint(noHints, [news(group(1))], anybody);
    const later = { ...anybody, now: NOW + 40_000 };
    expect(nextHint(memory, [news(group(1), 40_000)], later)).toBe(memory);
    expect(nextHint(memory, [news(group(1, { held: 2 }), 40_000)], later)).not.toBe(memory);
  });
  it('old news and groups that are nothing for the viewer are not told', () => {
    expect(nextHint(noHints, [news(group(1), -60_000)], anybody)).toBe(noHints);
    expect(nextHint(noHints, [news(group(1))], { now: NOW, isFor: () => false })).toBe(noHints);
  });
  it('whoever closes it is left alone for minutes', () => {
    const memory = closeHint(nextHint(noHints, [news(group(1))], anybody), NOW);
    const later = (ms: number) => nextHint(memory, [news(group(2), ms)], { ...anybody, now: NOW + ms });
    expect(shownGroup(memory, [news(group(1))], NOW)).toBeNull();
    expect(later(299_000)).toBe(memory);
    expect(later(300_000)).not.toBe(memory);
  });
  it('however many groups there are, two hints begin at least half a minute apart', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(2), fc.nat(20)), { maxLength: 120 }), (steps) => {
        let [memory, now, last] = [noHints, NOW, Number.NEGATIVE_INFINITY];
        for (const [no, held, seconds] of steps) {
          now += seconds * 1_000;
          const next = nextHint(memory, [news(group(no, { held, deadlineAt: at(24 * HOUR) }), now - NOW)], {
            ...anybody,
            now,
          });
          if (next !== memory) {
            expect(now - last).toBeGreaterThanOrEqual(30_000);
            last = now;
          }
          memory = next;
        }
      }),
    );
  });
});
