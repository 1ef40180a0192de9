/** What a bill may become, when its provider is asked again, and under which number it travels: pure. */
import type { PayoutBillState } from '@walnut-live/contracts';

/** S7: the states a bill may go to. The last three are ends, and of a bill that ended nothing changes. */
export const billSteps: Readonly<Record<PayoutBillState, readonly PayoutBillState[]>> = {
  created: ['moving', 'waiting', 'succeeded', 'failed', 'cancelled'],
  moving: ['waiting', 'succeeded', 'failed', 'cancelled'],
  waiting: ['moving', 'succeeded', 'failed', 'cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
};
export const isOver = (state: PayoutBillState): state is 'succeeded' | 'failed' | 'cancelled' =>
  billSteps[state].length === 0;

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 30 * 60_000;
/** A person who has to accept is given time, and asked about less often. */
const LEAST_WAITING_PAUSE_MS = 60_000;
/** Doubles with every answer that ends nothing. */
export function askAgainAt(now: Date, state: PayoutBillState, attempts: number): Date {
  const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempts, 20));
  return new Date(now.getTime() + (state === 'waiting' ? Math.max(LEAST_WAITING_PAUSE_MS, pause) : pause));
}

/** A transfer nobody accepted for so long is taken back, so that its money is not bound for ever. */
export const WAITING_DAYS = 3;
/** A bill that is under way for so long is shown to finance. */
export const STUCK_DAYS = 7;
const DAY_MS = 86_400_000;
export const waitedTooLong = (createdAt: Date, now: Date): boolean =>
  now.getTime() - createdAt.getTime() >= WAITING_DAYS * DAY_MS;
export const isStuck = (createdAt: Date, now: Date): boolean =>
  now.getTime() - createdAt.getTime() >= STUCK_DAYS * DAY_MS;

/** Letters and digits alone, at most 32 of them, another for every id. */
export const billNoOf = (id: string): string =>
  `PO${BigInt(`0x${id.replaceAll('-', '')}`)
    .toString(36)
    .toUpperCase()
    .padStart(25, '0')}`;
