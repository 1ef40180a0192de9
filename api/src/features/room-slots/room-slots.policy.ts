/** Which days a slot has, and what is to be done about each. Pure. */
import type { SlotDate } from '@walnut-live/contracts';
import { addDays, dateIn, instantOf, weekdayOf } from './zoned-time.policy.ts';

/** Rooms are made this long before; so far ahead people can book. */
export const HORIZON_DAYS = 14;

export interface SlotRule {
  readonly weekdays: readonly number[];
  readonly startMinute: number;
  readonly zone: string;
  readonly from: string;
  readonly until: string | null;
  readonly exceptions: readonly string[];
  readonly state: 'active' | 'ended';
  readonly title: string;
  readonly hostId: string;
  readonly coverUrl: string;
}
/** What the slot has written into a room. */
export interface Applied {
  readonly title: string;
  readonly hostId: string;
  readonly coverUrl: string;
  /** ISO, UTC. */
  readonly scheduledAt: string;
}
export interface KnownDate {
  readonly date: string;
  readonly state: 'room' | 'withdrawn';
  readonly roomId: string;
  readonly applied: Applied;
  readonly room: {
    readonly state: 'scheduled' | 'live' | 'ended';
    readonly cancelledAt: Date | null;
    readonly title: string;
    readonly hostId: string;
    readonly coverUrl: string;
    readonly scheduledAt: Date | null;
  };
}
export type Deed =
  | { readonly do: 'make'; readonly date: string; readonly applied: Applied }
  | { readonly do: 'change'; readonly date: string; readonly roomId: string; readonly applied: Applied }
  | { readonly do: 'withdraw'; readonly date: string; readonly roomId: string };

/** Days of the rule, the excepted ones too, from the first to the last named. */
export function daysOf(rule: SlotRule, first: string, last: string): string[] {
  if (rule.state === 'ended') return [];
  const days: string[] = [];
  const end = rule.until !== null && rule.until < last ? rule.until : last;
  for (let day = first > rule.from ? first : rule.from; day <= end; day = addDays(day, 1))
    if (rule.weekdays.includes(weekdayOf(day))) days.push(day);
  return days;
}
const appliedOn = (rule: SlotRule, date: string): Applied => ({
  title: rule.title,
  hostId: rule.hostId,
  coverUrl: rule.coverUrl,
  scheduledAt: instantOf(date, rule.startMinute, rule.zone).toISOString(),
});
const isSame = (a: Applied, b: Applied): boolean =>
  a.title === b.title && a.hostId === b.hostId && a.coverUrl === b.coverUrl && a.scheduledAt === b.scheduledAt;

/** Nobody but the slot has had a hand in it, and it has not begun. */
export const isUntouched = ({ room, applied }: KnownDate): boolean =>
  room.state === 'scheduled' && isSame(applied, { ...room, scheduledAt: room.scheduledAt?.toISOString() ?? '' });

/** What brings the rooms in line with the rule. Days that have begun, and what people have changed, stay as they are. */
export function deedsOf(rule: SlotRule, known: readonly KnownDate[], now: Date): Deed[] {
  const today = dateIn(rule.zone, now);
  const wanted = new Set(
    daysOf(rule, today, addDays(today, HORIZON_DAYS)).filter((date) => !rule.exceptions.includes(date)),
  );
  const byDate = new Map(known.map((one) => [one.date, one]));
  const deeds: Deed[] = [];
  for (const date of wanted) {
    const applied = appliedOn(rule, date);
    if (Date.parse(applied.scheduledAt) <= now.getTime()) continue;
    const one = byDate.get(date);
    if (!one || one.state === 'withdrawn') deeds.push({ do: 'make', date, applied });
    else if (isUntouched(one) && !isSame(one.applied, applied))
      deeds.push({ do: 'change', date, roomId: one.roomId, applied });
  }
  for (const one of known) {
    if (one.state !== 'room' || wanted.has(one.date) || one.date < today || !isUntouched(one)) continue;
    // Beyond the horizon it is simply not asked about yet.
    if (daysOf(rule, one.date, one.date).length > 0 && !rule.exceptions.includes(one.date)) continue;
    if (Date.parse(one.applied.scheduledAt) > now.getTime())
      deeds.push({ do: 'withdraw', date: one.date, roomId: one.roomId });
  }
  return deeds;
}

/** The coming weeks as people see them. */
export function calendarOf(rule: SlotRule, known: readonly KnownDate[], now: Date): SlotDate[] {
  const today = dateIn(rule.zone, now);
  const byDate = new Map(known.filter(({ state }) => state === 'room').map((one) => [one.date, one]));
  const days = new Set([
    ...daysOf(rule, today, addDays(today, HORIZON_DAYS)),
    ...[...byDate.keys()].filter((date) => date >= today),
  ]);
  return [...days].sort().map((date): SlotDate => {
    const one = byDate.get(date);
    const at = one?.room.scheduledAt ?? instantOf(date, rule.startMinute, rule.zone);
    const base = { date, startsAt: at.toISOString(), roomId: one?.roomId ?? null };
    if (one?.room.cancelledAt) return { ...base, state: 'cancelled' };
    if (one) return { ...base, state: isUntouched(one) ? 'room' : 'changed' };
    return { ...base, state: rule.exceptions.includes(date) ? 'excepted' : 'planned' };
  });
}
