/** What figures of a network say, and what to do about it: codes that screens word. Pure. */
import type { NetworkAdvice } from '@walnut-live/contracts';

export interface NetworkState {
  readonly people: number;
  readonly active: number;
  readonly last30Days: number;
  readonly previous30Days: number;
  readonly bringers: number;
  readonly largestBranch: number;
  readonly orders: number;
  readonly grossFen: bigint;
  readonly refundedFen: bigint;
}

/** Shares of fewer people say nothing. */
const ENOUGH_PEOPLE = 20;
const ENOUGH_NEWCOMERS = 10;
const ENOUGH_ORDERS = 10;
const BPS = 10_000;
const SLEEPING_BPS = 2_000;
const LIVELY_BPS = 6_000;
const ONE_BRANCH_BPS = 5_000;
const FEW_BRINGERS_BPS = 500;
const FEW_ORDERS_BPS = 1_000;
const MANY_REFUNDS_BPS = 2_000n;

const share = (part: number, whole: number): number => (whole === 0 ? 0 : Math.floor((part * BPS) / whole));

/** The gravest first. */
export function advise(state: NetworkState): NetworkAdvice[] {
  const { people, last30Days, previous30Days, orders, grossFen, refundedFen } = state;
  if (people === 0) return [{ code: 'begin', facts: {} }];
  const advice: NetworkAdvice[] = [];
  const say = (when: boolean, code: NetworkAdvice['code'], facts: Record<string, number>) => {
    if (when) advice.push({ code, facts });
  };
  const isLarge = people >= ENOUGH_PEOPLE;
  const activeBps = share(state.active, people);
  const branchBps = share(state.largestBranch, people);
  const bringersBps = share(state.bringers, people);
  const ordersBps = share(orders, people);
  const refundedBps = grossFen === 0n ? 0n : (refundedFen * BigInt(BPS)) / grossFen;

  say(last30Days === 0, 'no_growth', { previous30Days });
  const growth = { last30Days, previous30Days };
  say(last30Days > 0 && previous30Days >= ENOUGH_NEWCOMERS && last30Days * 2 < previous30Days, 'growth_down', growth);
  say(isLarge && activeBps < SLEEPING_BPS, 'sleeping', { activeBps });
  say(isLarge && branchBps >= ONE_BRANCH_BPS, 'depends_on_one', { branchBps });
  say(isLarge && bringersBps < FEW_BRINGERS_BPS, 'handed_on_by_few', { bringersBps });
  say(isLarge && ordersBps < FEW_ORDERS_BPS, 'few_orders', { ordersBps });
  say(orders >= ENOUGH_ORDERS && refundedBps >= MANY_REFUNDS_BPS, 'many_refunds', { refundedBps: Number(refundedBps) });
  say(last30Days >= ENOUGH_NEWCOMERS && last30Days * 2 >= previous30Days * 3, 'growth_up', growth);
  say(isLarge && activeBps >= LIVELY_BPS, 'lively', { activeBps });
  return advice;
}
