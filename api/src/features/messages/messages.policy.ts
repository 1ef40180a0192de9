/** When a message goes out, is put off or is left out. Pure; docs/14-schedules-and-messages.md has the table in words. */
import type { MessageKind, MessageReason, MessageTopic, QuietHours } from '@walnut-live/contracts';

/** Quiet hours and days are those of the brand's country. */
export const MESSAGE_ZONE = 'Asia/Shanghai';

export interface KindRules {
  /** What switches it off; null: nothing does, it is about the person's own order. */
  readonly topic: MessageTopic | null;
  /** In quiet hours: `drop` what is of no use later, `wait` for their end, `send` what the person waits for. */
  readonly quiet: 'drop' | 'wait' | 'send';
  /** Counts for the day's number. */
  readonly counts: boolean;
  /** Is left out when the day's number is reached. Nobody loses what they asked for by it. */
  readonly capped: boolean;
  /** May be pushed with the one message that a "yes" in WeChat allows; a changed time leaves it for the reminder. */
  readonly pushes: boolean;
}
export const kindRules: Record<MessageKind, KindRules> = {
  room_reminder: { topic: 'reminders', quiet: 'drop', counts: true, capped: false, pushes: true },
  room_live: { topic: 'reminders', quiet: 'drop', counts: true, capped: false, pushes: true },
  room_moved: { topic: 'changes', quiet: 'wait', counts: true, capped: false, pushes: false },
  room_cancelled: { topic: 'changes', quiet: 'wait', counts: true, capped: false, pushes: true },
  campaign: { topic: 'campaigns', quiet: 'wait', counts: true, capped: true, pushes: false },
  coupon_ends: { topic: 'coupons', quiet: 'wait', counts: true, capped: false, pushes: false },
  credit_news: { topic: null, quiet: 'send', counts: false, capped: false, pushes: false },
  order_news: { topic: null, quiet: 'send', counts: false, capped: false, pushes: false },
};
export const kindsOf = (topic: MessageTopic): MessageKind[] =>
  (Object.keys(kindRules) as MessageKind[]).filter((kind) => kindRules[kind].topic === topic);
export const pushedKinds = (Object.keys(kindRules) as MessageKind[]).filter((kind) => kindRules[kind].pushes);
export const countedKinds = (Object.keys(kindRules) as MessageKind[]).filter((kind) => kindRules[kind].counts);

const clocks = new Intl.DateTimeFormat('en-GB', {
  timeZone: MESSAGE_ZONE,
  hourCycle: 'h23',
  hour: '2-digit',
  minute: '2-digit',
});
export function minuteOfDay(at: Date): number {
  const [hour = 0, minute = 0] = clocks.format(at).split(':').map(Number);
  return hour * 60 + minute;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
const sinceMinute = (at: Date): number => at.getTime() % MINUTE_MS;
/** The day's first moment in the zone, which has no summer time. */
export const dayStart = (at: Date): Date => new Date(at.getTime() - sinceMinute(at) - minuteOfDay(at) * MINUTE_MS);

/** When the quiet hours end that `at` is in; undefined outside of them. From = until: there are none. */
export function quietUntil(at: Date, { fromMinute, untilMinute }: QuietHours): Date | undefined {
  const minute = minuteOfDay(at);
  const length = (untilMinute - fromMinute + DAY_MINUTES) % DAY_MINUTES;
  const into = (minute - fromMinute + DAY_MINUTES) % DAY_MINUTES;
  if (into >= length) return undefined;
  return new Date(at.getTime() - sinceMinute(at) + (length - into) * MINUTE_MS);
}

export interface MessageFacts {
  readonly now: Date;
  readonly kind: MessageKind;
  readonly expiresAt: Date;
  readonly quietHours: QuietHours;
  readonly optedOut: boolean;
  /** What it was asked for by was taken back since (the booking, the consent), or what it says is not so any more. */
  readonly unwanted: boolean;
  /** Messages that count, released to the person on this day. */
  readonly today: number;
  readonly perDay: number;
}
export type Decision =
  | { readonly do: 'send' }
  | { readonly do: 'wait'; readonly until: Date }
  | { readonly do: 'skip'; readonly reason: MessageReason };

export function decide(facts: MessageFacts): Decision {
  const { now, kind, expiresAt } = facts;
  const rules = kindRules[kind];
  const skip = (reason: MessageReason): Decision => ({ do: 'skip', reason });
  if (facts.optedOut && rules.topic !== null) return skip('opted_out');
  if (facts.unwanted) return skip('not_wanted_any_more');
  if (now >= expiresAt) return skip('too_late');
  const until = rules.quiet === 'send' ? undefined : quietUntil(now, facts.quietHours);
  if (until) return rules.quiet === 'wait' && until < expiresAt ? { do: 'wait', until } : skip('quiet_hours');
  if (rules.capped && facts.today >= facts.perDay) return skip('too_many');
  return { do: 'send' };
}

/** Pauses between tries of a push; after the last of them it is dead. */
const RETRY_AFTER_SECONDS = [10, 30, 120, 600, 1_800];
export function retryAt(attempts: number, now: Date, atLeastSeconds = 0): Date | undefined {
  const seconds = RETRY_AFTER_SECONDS[attempts - 1];
  return seconds === undefined ? undefined : new Date(now.getTime() + Math.max(seconds, atLeastSeconds) * 1_000);
}
