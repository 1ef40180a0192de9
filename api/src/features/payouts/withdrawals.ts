/**
 * What a person takes themselves: all that is settleable, as far as the day allows, as one bill. What they are shown before and
 * what they get are worked out by the same steps; between the two only the claim decides.
 */
import type { PayoutHindrance, PayoutSource } from '@walnut-live/contracts';
import { chinaDayOf, chinaDayStart } from '../../platform/china-day.policy.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Principal } from '../../platform/principal.ts';
import { type AccountOf, realNamesOf } from './accounts.ts';
import { type ClaimLine, lockPayee, monthsSoFar, NOTHING_YET } from './claiming.ts';
import { rewardsOf } from './sources.ts';
import { type Terms, termsAt } from './terms.ts';
import { withholdingFor } from './withholding.policy.ts';

export interface Offer {
  readonly source: PayoutSource;
  readonly balanceFen: bigint;
  readonly grossFen: bigint;
  readonly withheldFen: bigint;
  readonly netFen: bigint;
  readonly hindrance: PayoutHindrance | null;
  /** Entries that became settleable later are left. */
  readonly upTo: Date;
}

/** Withdrawn today and not come back. */
async function todayOf(sql: Sql, personId: string, now: Date): Promise<{ fen: bigint; transfers: bigint }> {
  const [row] = await sql<{ fen: bigint; transfers: bigint }>`
    SELECT coalesce(sum(gross_fen), 0)::bigint AS fen, count(*) AS transfers FROM payout_bills
    WHERE person_id = ${personId} AND run_id IS NULL AND created_at >= ${chinaDayStart(chinaDayOf(now))}
      AND state NOT IN ('failed', 'cancelled')`;
  return row ?? { fen: 0n, transfers: 0n };
}

/**
 * The most of what is settleable that stays within `mostFen`: the oldest entries first, with everything negative taken off. A
 * claim takes entries of one moment together.
 */
async function settleableWithin(sql: Sql, personId: string, now: Date, mostFen: bigint) {
  const [row] = await sql<{ balanceFen: bigint; grossFen: bigint; upTo: Date | null }>`
    WITH waiting AS MATERIALIZED (SELECT bonus_id FROM commission_bonuses_waiting(
      ARRAY(SELECT id FROM people WHERE id = ${personId} OR merged_into = ${personId}), ${now})),
    mine AS (
      SELECT amount_fen, settleable_at FROM commission_parts p LEFT JOIN orders_in_dispute d ON d.order_id = p.order_id
      WHERE beneficiary_id IN (SELECT id FROM people WHERE id = ${personId} OR merged_into = ${personId})
        AND state = 'settleable' AND (amount_fen < 0 OR settleable_at <= ${now})
        AND (is_against OR d.order_id IS NULL)
        AND (kind = 'entry' OR id NOT IN (SELECT bonus_id FROM waiting))),
    owed AS (SELECT coalesce(sum(amount_fen), 0) AS fen FROM mine WHERE amount_fen < 0),
    steps AS (
      SELECT settleable_at, (SELECT fen FROM owed) + sum(sum(amount_fen)) OVER (ORDER BY settleable_at) AS fen
      FROM mine WHERE amount_fen >= 0 GROUP BY settleable_at)
    SELECT (SELECT coalesce(sum(amount_fen), 0) FROM mine)::bigint AS "balanceFen",
      coalesce((SELECT max(fen) FROM steps WHERE fen <= ${mostFen}), 0)::bigint AS "grossFen",
      (SELECT max(settleable_at) FROM steps WHERE fen <= ${mostFen}) AS "upTo"`;
  return row ?? { balanceFen: 0n, grossFen: 0n, upTo: null };
}

export function createWithdrawals(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  accountOf: AccountOf;
  claimLine: ClaimLine;
}) {
  const { clock, random } = deps;

  async function offerOf(
    sql: Sql,
    person: { id: string; kind: string },
    source: PayoutSource,
    terms: Terms,
  ): Promise<Offer> {
    const now = clock.now();
    const today = await todayOf(sql, person.id, now);
    const allowedFen = terms.dayCapFen > today.fen ? terms.dayCapFen - today.fen : 0n;
    let plan: { balanceFen: bigint; grossFen: bigint; upTo: Date | null };
    if (source === 'commission') plan = await settleableWithin(sql, person.id, now, allowedFen);
    else {
      const balanceFen = await rewardsOf(sql, person.id);
      plan = { balanceFen, grossFen: balanceFen < allowedFen ? balanceFen : allowedFen, upTo: now };
    }
    const grossFen = plan.grossFen > 0n ? plan.grossFen : 0n;
    const month = (await monthsSoFar(sql, [person.id], now)).get(person.id) ?? NOTHING_YET;
    const withheldFen =
      source === 'commission' && grossFen > 0n ? withholdingFor(terms.withholding, person.kind, grossFen, month) : 0n;
    const netFen = grossFen - withheldFen;
    const isNamed = netFen < terms.realNameFromFen || (await realNamesOf(sql, [person.id])).has(person.id);
    const hindrance: PayoutHindrance | null =
      plan.balanceFen <= 0n
        ? 'not_positive'
        : plan.balanceFen < terms.minimumFen
          ? 'below_minimum'
          : !(await deps.accountOf(sql, person))
            ? 'no_account'
            : Number(today.transfers) >= terms.dayTransfers
              ? 'day_transfers'
              : grossFen < terms.minimumFen
                ? 'day_cap'
                : isNamed
                  ? null
                  : 'real_name_needed';
    return { source, balanceFen: plan.balanceFen, grossFen, withheldFen, netFen, hindrance, upTo: plan.upTo ?? now };
  }

  return {
    async offers(sql: Sql, { personId, kind }: Principal): Promise<{ terms: Terms; offers: Offer[] }> {
      const terms = await termsAt(sql, clock.now());
      const person = { id: personId, kind };
      const sources: readonly PayoutSource[] = kind === 'consumer' ? ['commission', 'rewards'] : ['commission'];
      const offers: Offer[] = [];
      for (const source of sources) offers.push(await offerOf(sql, person, source, terms));
      return { terms, offers };
    },

    /** @throws AppError state_conflict, with what hinders it, or with what would arrive now */
    async request(
      tx: Tx,
      { personId, kind }: Principal,
      wish: { source: PayoutSource; expectedFen?: number | undefined },
    ): Promise<string> {
      await lockPayee(tx, personId);
      const person = { id: personId, kind };
      const at = clock.now();
      const offer = await offerOf(tx, person, wish.source, await termsAt(tx, at));
      if (offer.hindrance) throw new AppError('state_conflict', { facts: { reason: offer.hindrance } });
      if (wish.expectedFen !== undefined && BigInt(wish.expectedFen) !== offer.netFen)
        throw new AppError('state_conflict', { facts: { reason: 'changed', netFen: Number(offer.netFen) } });
      const id = random.id();
      await tx`INSERT INTO settlement_lines (id, person_id, source, state, created_at) VALUES (${id}, ${personId}, ${wish.source}, 'due', ${at})`;
      const claimed = await deps.claimLine(tx, {
        ...{ id, runId: null, person, source: wish.source, scope: null, upTo: offer.upTo, mostFen: offer.grossFen },
        ...{ onlyIds: null, termsVersion: null, actorId: personId },
      });
      if ('carried' in claimed) {
        const reason = claimed.carried === 'more_than_approved' ? 'changed' : claimed.carried;
        throw new AppError('state_conflict', { facts: { reason } });
      }
      if (wish.expectedFen !== undefined && claimed.netFen !== offer.netFen)
        throw new AppError('state_conflict', { facts: { reason: 'changed', netFen: Number(claimed.netFen) } });
      return claimed.billId;
    },
  };
}
export type Withdrawals = ReturnType<typeof createWithdrawals>;
