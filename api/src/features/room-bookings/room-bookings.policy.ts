/** What whoever booked a room is told, and when. Pure. */
import type { MessageKind, RoomState } from '@walnut-live/contracts';

export const REMIND_MINUTES = 30;
/** "It is live" is of use for this long. */
export const LIVE_NEWS_MINUTES = 30;
/** A change, or a call-off, is told within this time or not at all. */
const CHANGE_NEWS_HOURS = 24;
/** A room that has not begun this long after its time is not waited for any more. */
export const OVER_HOURS = 24;
const MINUTE_MS = 60_000;

export interface BookingFacts {
  readonly bookedAt: Date;
  readonly toldFor: Date | null;
  readonly toldAt: Date;
  readonly remindedFor: Date | null;
  readonly room: {
    readonly state: RoomState;
    readonly scheduledAt: Date | null;
    readonly startedAt: Date | null;
    readonly cancelledAt: Date | null;
  };
}
export interface Step {
  readonly tell: { readonly kind: MessageKind; readonly expiresAt: Date } | null;
  /** What the booking is after it. */
  readonly after:
    | { readonly knows: Date | null }
    | { readonly reminded: Date }
    | { readonly closed: 'live' | 'over' | 'cancelled' };
}

const same = (a: Date | null, b: Date | null): boolean => a?.getTime() === b?.getTime();
const later = (at: Date, minutes: number): Date => new Date(at.getTime() + minutes * MINUTE_MS);

export const remindAt = (scheduledAt: Date): Date => later(scheduledAt, -REMIND_MINUTES);

/** The next thing to do with an open booking; undefined while there is nothing. */
export function nextStep({ room, toldFor, toldAt, remindedFor }: BookingFacts, now: Date): Step | undefined {
  const { scheduledAt } = room;
  if (room.state === 'live') {
    const expiresAt = later(room.startedAt ?? now, LIVE_NEWS_MINUTES);
    return { tell: now < expiresAt ? { kind: 'room_live', expiresAt } : null, after: { closed: 'live' } };
  }
  if (room.state === 'ended') {
    if (!room.cancelledAt) return { tell: null, after: { closed: 'over' } };
    const expiresAt = later(room.cancelledAt, CHANGE_NEWS_HOURS * 60);
    return { tell: now < expiresAt ? { kind: 'room_cancelled', expiresAt } : null, after: { closed: 'cancelled' } };
  }
  if (scheduledAt && now >= later(scheduledAt, OVER_HOURS * 60)) return { tell: null, after: { closed: 'over' } };
  if (!same(toldFor, scheduledAt)) {
    const expiresAt = scheduledAt ?? later(now, CHANGE_NEWS_HOURS * 60);
    return { tell: now < expiresAt ? { kind: 'room_moved', expiresAt } : null, after: { knows: scheduledAt } };
  }
  if (!scheduledAt || same(remindedFor, scheduledAt) || now < remindAt(scheduledAt) || now >= scheduledAt)
    return undefined;
  // Whoever booked, or heard of the new time, within the last half hour knows it already.
  const isNews = toldAt < remindAt(scheduledAt);
  return {
    tell: isNews ? { kind: 'room_reminder', expiresAt: scheduledAt } : null,
    after: { reminded: scheduledAt },
  };
}
