import type { Room } from '@walnut-live/contracts';
import { describe, expect, it } from 'vitest';
import { partOfDay, suggestedStart, todayView, toLocalInput } from './today-view.ts';

const now = Date.parse('2026-11-22T12:00:00Z');
const room = (id: string, change: Partial<Room> = {}): Room => ({
  id,
  title: id,
  coverUrl: '/pictures/room-factory.svg',
  state: 'scheduled',
  orgUnit: { id: 'o', kind: 'store', path: 'hq.east.a', name: 'A' },
  host: { id: 'me', name: 'Me' },
  streamId: 's',
  isDemo: false,
  scheduledAt: null,
  startedAt: null,
  endedAt: null,
  createdAt: '2026-11-20T00:00:00Z',
  viewersNow: 0,
  viewersTotal: 0,
  likes: 0,
  ...change,
});
const view = (lists: { live?: Room[]; scheduled?: Room[]; ended?: Room[] }) =>
  todayView({ meId: 'me', nowMs: now, live: [], scheduled: [], ended: [], ...lists });

describe('todayView', () => {
  it('leads to a new live when nothing is planned', () => {
    expect(view({}).goTo).toBe('/go');
  });
  it('leads back into my own live, the newest one', () => {
    const result = view({
      live: [
        room('old', { startedAt: '2026-11-22T08:00:00Z' }),
        room('new', { startedAt: '2026-11-22T11:00:00Z' }),
        room('theirs', { host: { id: 'x', name: 'X' } }),
      ],
    });
    expect(result.goTo).toBe('/rooms/new/live');
    expect(result.resume?.id).toBe('new');
    expect(result.live.map((item) => item.id)).toEqual(['old', 'theirs']);
  });
  it('never takes over the demo programme', () => {
    const result = view({ live: [room('demo', { isDemo: true })] });
    expect(result.resume).toBeNull();
    expect(result.goTo).toBe('/go');
  });
  it('leads to the announced live when its time is near, and orders what comes', () => {
    const result = view({
      scheduled: [
        room('tomorrow', { scheduledAt: '2026-11-23T12:00:00Z' }),
        room('late', { scheduledAt: '2026-11-22T11:30:00Z' }),
        room('open'),
      ],
    });
    expect(result.goTo).toBe('/rooms/late/prepare');
    expect(result.due?.id).toBe('late');
    expect(result.scheduled.map(({ room: item, overdue }) => [item.id, overdue])).toEqual([
      ['late', true],
      ['tomorrow', false],
      ['open', false],
    ]);
  });
  it('does not lead to somebody else’s announcement', () => {
    const theirs = room('theirs', { host: { id: 'x', name: 'X' }, scheduledAt: '2026-11-22T12:00:00Z' });
    expect(view({ scheduled: [theirs] }).goTo).toBe('/go');
  });
});

it('knows the part of the day', () => {
  expect([4, 5, 11, 12, 17, 18, 23].map(partOfDay)).toEqual([
    'evening',
    'morning',
    'morning',
    'afternoon',
    'afternoon',
    'evening',
    'evening',
  ]);
});

it('suggests a full hour that leaves time to prepare', () => {
  const start = suggestedStart(new Date(2026, 10, 22, 19, 40));
  expect(toLocalInput(start)).toBe('2026-11-22T21:00');
});
