/**
 * What may become of a commission entry (rules K3, K4, K7): the whole state machine. A trigger of the database holds the same
 * table against every change.
 *
 * Nothing that was handed out is taken back by a state: against what is claimed or paid stands a negative entry. An entry that
 * is released goes back to where its order stands: before the receipt, or into the freeze, from where time takes it on.
 */
import { type CommissionState, NO_REASON_DAYS } from '@walnut-live/contracts';
import type { z } from 'zod';

export type EntryState = z.infer<typeof CommissionState>;
export const entryEvents = [
  'receive', // the buyer has the goods: the freeze begins
  'thaw', // the freeze is over and nothing is in dispute
  'claim', // a settlement takes it
  'unclaim', // that settlement came to nothing
  'pay',
  'hold', // it looks like fraud
  'release', // it is none; the goods are not received yet
  'release_received', // it is none; the goods are received
  'reverse', // nothing is left of it
] as const;
export type EntryEvent = (typeof entryEvents)[number];

export const entryTransitions: Readonly<Record<EntryState, Readonly<Partial<Record<EntryEvent, EntryState>>>>> = {
  estimated: { receive: 'frozen', hold: 'held', reverse: 'reversed' },
  frozen: { thaw: 'settleable', hold: 'held', reverse: 'reversed' },
  settleable: { claim: 'claimed', hold: 'held', reverse: 'reversed' },
  claimed: { unclaim: 'settleable', pay: 'paid' },
  paid: {},
  held: { release: 'estimated', release_received: 'frozen', reverse: 'reversed' },
  reversed: {},
};
/** Where the event leads; undefined when it cannot happen. */
export const nextState = (state: EntryState, event: EntryEvent): EntryState | undefined =>
  entryTransitions[state][event];
/** States in which this event can happen. */
export const statesBefore = (event: EntryEvent): EntryState[] =>
  (Object.keys(entryTransitions) as EntryState[]).filter((state) => nextState(state, event) !== undefined);

/** What has been handed out cannot be taken back by a state (rule K4). */
export const isHandedOut = (state: EntryState): boolean => state === 'claimed' || state === 'paid';

const DAY_MS = 86_400_000;
/** When the freeze is over: never inside the days within which goods go back without a reason (rule K3). */
export const freezeEnds = (receivedAt: Date, freezeDays: number): Date =>
  new Date(receivedAt.getTime() + Math.max(freezeDays, NO_REASON_DAYS) * DAY_MS);

export interface Standing {
  readonly state: 'estimated' | 'frozen';
  readonly settleableAt: Date | null;
}
/** Where what is given now begins; a freeze that is over already ends with the next look. */
export const standingOf = (receivedAt: Date | null, freezeDays: number): Standing =>
  receivedAt === null
    ? { state: 'estimated', settleableAt: null }
    : { state: 'frozen', settleableAt: freezeEnds(receivedAt, freezeDays) };
