/** When somebody may be forgotten (rule Z6), and how long that waits. */
import type { DeletionBlock } from '@walnut-live/contracts';

/** Days in which the person may think better of it. */
export const DELETION_WAIT_DAYS = 7;
/** Days until a deletion that something stands in the way of is tried again. */
export const RETRY_DAYS = 1;
/** Longer than any access token lives: when it is over, nobody acts as this person any more. */
export const CLOSING_SECONDS = 900;
/** How long a file can be fetched. */
export const EXPORT_LIFE_HOURS = 72;
/** Files one person is made in a day. */
export const EXPORTS_PER_DAY = 3;

/** What is still open with a person; sums in fen or coins, the rest counts. */
export interface OpenMatters {
  readonly openOrders: number;
  readonly openCases: number;
  readonly openRefunds: number;
  readonly coins: bigint;
  readonly rewards: bigint;
  /** Owed or owing: entries that are neither paid nor reversed. */
  readonly commission: number;
  readonly payouts: number;
  /** 1 while they have an account that works. */
  readonly staffAccount: number;
  /** Lives that are on or to come. */
  readonly hosting: number;
}

const rules: readonly (readonly [DeletionBlock, (open: OpenMatters) => boolean])[] = [
  ['open_orders', ({ openOrders }) => openOrders > 0],
  ['open_cases', ({ openCases }) => openCases > 0],
  ['open_refunds', ({ openRefunds }) => openRefunds > 0],
  ['coins', ({ coins }) => coins !== 0n],
  ['rewards', ({ rewards }) => rewards !== 0n],
  ['commission', ({ commission }) => commission > 0],
  ['payouts', ({ payouts }) => payouts > 0],
  ['staff_account', ({ staffAccount }) => staffAccount > 0],
  ['hosting', ({ hosting }) => hosting > 0],
];

/** Everything that stands in the way, in the order in which it is told. */
export const blocksOf = (open: OpenMatters): DeletionBlock[] =>
  rules.filter(([, stands]) => stands(open)).map(([block]) => block);
