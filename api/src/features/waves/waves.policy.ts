/** What an action of a wave is worth when its time comes, or when it comes late. Pure. */
import { type WaveDeed, type WavePhase, wavePhases } from '@walnut-live/contracts';

const MINUTE_MS = 60_000;

/**
 * When a message is of no use any more: it may be so many whole minutes late. One that is planned within quiet hours is meant
 * for their end, and its minutes count from there; one that is not would rather not come than come the next morning.
 */
export const lastMoment = (action: { at: Date; lateMinutes: number }, quietUntil: Date | undefined): Date =>
  new Date((quietUntil ?? action.at).getTime() + (action.lateMinutes + 1) * MINUTE_MS);

/**
 * A message is news for a while, an offer until it ends, a live until it should begin; closing is never too late.
 * `quietUntil`: the end of the quiet hours that the action's time is in.
 */
export function isTooLate(
  action: { at: Date; lateMinutes: number; deed: WaveDeed },
  now: Date,
  quietUntil?: Date,
): boolean {
  const { deed } = action;
  switch (deed.kind) {
    case 'message':
      return now >= lastMoment(action, quietUntil);
    case 'offer_open':
      return now.getTime() >= Date.parse(deed.until);
    case 'room_open':
      return now.getTime() >= Date.parse(deed.scheduledAt);
    case 'offer_close':
    case 'room_close':
      return false;
  }
}

/** All four in their order, each after the one before; gaps are allowed. */
export const areInOrder = (phases: readonly WavePhase[]): boolean =>
  phases.length === wavePhases.length &&
  phases.every(({ phase, from, until }, at) => {
    const before = phases[at - 1];
    return (
      phase === wavePhases[at] &&
      Date.parse(from) < Date.parse(until) &&
      (!before || Date.parse(before.until) <= Date.parse(from))
    );
  });

/** What is wrong with an action of a plan: the path of the field and the issue. */
export function refuseAction(
  action: { phase: string; at: string; deed: WaveDeed },
  phases: readonly WavePhase[],
): { path: string; issue: string } | undefined {
  const phase = phases.find((one) => one.phase === action.phase);
  const at = Date.parse(action.at);
  if (!phase || at < Date.parse(phase.from) || at > Date.parse(phase.until))
    return { path: '/at', issue: 'outside_of_phase' };
  if (action.deed.kind === 'offer_open' && Date.parse(action.deed.until) <= at)
    return { path: '/deed/until', issue: 'before_its_start' };
  if (action.deed.kind === 'room_open' && Date.parse(action.deed.scheduledAt) <= at)
    return { path: '/deed/scheduledAt', issue: 'before_its_start' };
  return undefined;
}

/** Pauses before the next try of what went wrong for a reason that may pass; after the last of them it has failed. */
const RETRY_AFTER_SECONDS = [30, 120, 600];
export function nextTry(attempts: number, now: Date): Date | undefined {
  const seconds = RETRY_AFTER_SECONDS[attempts - 1];
  return seconds === undefined ? undefined : new Date(now.getTime() + seconds * 1_000);
}

const moved = (instant: string, byMs: number): string => new Date(Date.parse(instant) + byMs).toISOString();
/** The same plan later (循环): every time in it moves along; a room that was named belongs to the wave before. */
export function shiftDeed(deed: WaveDeed, byMs: number): WaveDeed {
  switch (deed.kind) {
    case 'room_open':
      return { ...deed, scheduledAt: moved(deed.scheduledAt, byMs) };
    case 'offer_open':
      return { ...deed, roomId: null, until: moved(deed.until, byMs) };
    default:
      return { ...deed, roomId: null };
  }
}
export const shiftPhases = (phases: readonly WavePhase[], byMs: number): WavePhase[] =>
  phases.map((one) => ({ ...one, from: moved(one.from, byMs), until: moved(one.until, byMs) }));
