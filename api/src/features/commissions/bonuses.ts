/**
 * Bonuses of a month (rule K6): what a person's sales of a month in China, net of refunds, add by the tier they reach.
 *
 * Model: whatever changes a month marks it. When the month is over and its freeze too, the marked month is computed from what is left
 * of its orders, and the difference to what was posted is posted as a part of its own, with its transfer; refunds and rulings after
 * that mark it again. A month keeps the version it was first computed by. Who was a guest is one person with one month: what was
 * posted for any of their selves counts, and a guest's marks are handed to whom they became.
 *
 * Locks: a month is computed by whoever holds its mark; who merges writes the person's marks, and so comes before or after.
 */
import type { Ledger } from '../../ledger/index.ts';
import { chinaDayStart } from '../../platform/china-day.policy.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { eachOnItsOwn, retryAt } from '../../platform/each.ts';
import { markMonths } from './entries.repository.ts';
import { inForce, type Rule } from './rates.policy.ts';
import { listRules, rulesInForce } from './rules.repository.ts';
import { type BonusDue, bonusOf, monthAfter } from './tiers.policy.ts';
import { netOfMonth } from './tiers.repository.ts';

const DAY_MS = 86_400_000;
const TURN = 500;

const totalOf = (dues: readonly BonusDue[]) => dues.reduce((sum, { dueFen }) => sum + dueFen, 0n);
interface PostedBonus {
  storeId: string;
  orgPath: string;
  version: number;
  sum: bigint;
  count: number;
}

async function settleMonth(
  tx: Tx,
  deps: { random: Random; ledger: Ledger },
  personId: string,
  month: string,
  at: Date,
): Promise<void> {
  const posted = await tx<PostedBonus>`
    SELECT store_id AS "storeId", org_path AS "orgPath", min(rule_version) AS version, sum(amount_fen)::bigint AS sum, count(*)::int AS count
    FROM commission_bonuses WHERE beneficiary_id IN (SELECT id FROM people WHERE id = ${personId} OR merged_into = ${personId})
      AND period = ${month} GROUP BY 1, 2`;
  const nets = await netOfMonth(tx, personId, month);
  const lastMoment = new Date(chinaDayStart(`${monthAfter(month)}-01`).getTime() - 1);
  const kept = posted.length === 0 ? undefined : Math.min(...posted.map(({ version }) => version));
  const rules: Rule[] =
    kept === undefined ? inForce(await rulesInForce(tx, lastMoment), lastMoment) : await listRules(tx, kept + 1, 1);
  let best: { rule: Rule; dues: BonusDue[] } | undefined;
  for (const rule of rules) {
    const dues = bonusOf(rule.tiers, nets);
    if (!best || totalOf(dues) >= totalOf(best.dues)) best = { rule, dues };
  }
  if (!best) return;
  const gone = posted
    .filter(({ storeId }) => !nets.some((net) => net.storeId === storeId))
    .map(({ storeId, orgPath }) => ({ storeId, orgPath, netFen: 0n, tier: 0, bps: 0, dueFen: 0n }));
  for (const due of [...best.dues, ...gone]) {
    const before = posted.find(({ storeId }) => storeId === due.storeId);
    const amountFen = due.dueFen - (before?.sum ?? 0n);
    if (amountFen === 0n) continue;
    const id = deps.random.id();
    await tx`INSERT INTO commission_bonuses (id, beneficiary_id, store_id, org_path, period, no, net_fen, tier, bps, amount_fen, rule_version, state, at)
      VALUES (${id}, ${personId}, ${due.storeId}, ${due.orgPath}, ${month}, ${(before?.count ?? 0) + 1}, ${due.netFen}, ${due.tier}, ${due.bps},
        ${amountFen}, ${best.rule.version}, 'settleable', ${at})`;
    await deps.ledger.postTransfer(tx, {
      ...{ kind: 'commission_bonus', ref: id, at },
      entries: [
        { account: { kind: 'commission_expense', owner: due.storeId }, amountFen },
        { account: { kind: 'commission_payable', owner: personId }, amountFen: -amountFen },
      ],
    });
  }
}

/** A guest became somebody: their months are the person's, to be computed (again). In the transaction of the merge. */
export async function handOverMonths(tx: Tx, guestId: string, personId: string, at: Date): Promise<void> {
  const months = await tx<{ period: string }>`
    SELECT period FROM commission_bonuses WHERE beneficiary_id = ${guestId}
    UNION SELECT period FROM commission_bonus_marks WHERE beneficiary_id = ${guestId}
    UNION SELECT to_char(o.paid_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') FROM commission_entries e JOIN orders o ON o.id = e.order_id
      WHERE e.beneficiary_id = ${guestId} AND e.level = 1 AND o.paid_at IS NOT NULL
    ORDER BY period`;
  for (const { period } of months) await markMonths(tx, [personId], period, at);
}

/** Answers how many months were computed. Several processes may run it: a month is computed by one. @throws AggregateError: some failed */
export async function settleMonths(deps: { db: Db; clock: Clock; random: Random; ledger: Ledger }): Promise<number> {
  const { db, clock } = deps;
  const at = clock.now();
  const [latest] = await listRules(db.sql, null, 1);
  const marks = await db.sql<{ personId: string; period: string; failures: number }>`
    SELECT beneficiary_id AS "personId", period, failures FROM commission_bonus_marks WHERE retry_at IS NULL OR retry_at <= ${at}
    ORDER BY period, marked_at LIMIT ${TURN}`;
  const isOver = (period: string) =>
    chinaDayStart(`${monthAfter(period)}-01`).getTime() + (latest?.freezeDays ?? 0) * DAY_MS <= at.getTime();
  let done = 0;
  const work = async ({ personId, period }: { personId: string; period: string }) => {
    done += await db.transaction(async (tx) => {
      const [mine] =
        await tx`SELECT 1 FROM commission_bonus_marks WHERE beneficiary_id = ${personId} AND period = ${period} FOR UPDATE SKIP LOCKED`;
      if (!mine) return 0;
      const [became] = await tx<{
        id: string;
      }>`SELECT merged_into AS id FROM people WHERE id = ${personId} AND merged_into IS NOT NULL`;
      if (became) await markMonths(tx, [became.id], period, at);
      else await settleMonth(tx, deps, personId, period, at);
      await tx`DELETE FROM commission_bonus_marks WHERE beneficiary_id = ${personId} AND period = ${period}`;
      return 1;
    });
  };
  await eachOnItsOwn(
    marks.filter(({ period }) => isOver(period)),
    work,
    async ({ personId, period, failures }, problem) => {
      await db.sql`UPDATE commission_bonus_marks SET failures = failures + 1, retry_at = ${retryAt(at, failures + 1)}, problem = ${problem}
        WHERE beneficiary_id = ${personId} AND period = ${period}`;
    },
  );
  return done;
}
