/**
 * What settlements take (rules K3, K4, K8): entries and bonuses of a person that are settleable, in the caller's transaction.
 *
 * A claim takes all that is there for its filter, negative parts too, or nothing: a sum that is not above zero is carried
 * forward. Of a run it takes no positive part that was not approved, and where the sum is limited the newest are left. Goods in dispute are left out, and bonuses of months with sales that are in dispute or frozen. A refund that runs meanwhile is waited for; what it posts is settleable and counted.
 */
import type { Tx } from '../../platform/db.ts';
import { inDispute } from './disputes.ts';
import { step } from './entries.repository.ts';

export interface ClaimFilter {
  readonly beneficiaryId: string;
  /** At this unit and everything under it; null = anywhere. */
  readonly storePath: string | null;
  /** What was settleable by then. */
  readonly upTo: Date;
  /** Whatever is negative is offset wherever and whenever it arose (rule K4): nobody is paid here what they owe there. */
  readonly withAllMinus?: boolean;
  /** Nothing positive but these: what was approved. Null: whatever there is. */
  readonly onlyIds?: readonly string[] | null;
  /** The sum is not more than this: positive parts that do not fit are left, the oldest come first. */
  readonly mostFen?: bigint | null;
}
export interface Claimed {
  readonly id: string;
  readonly kind: 'entry' | 'bonus';
  readonly storeId: string;
  readonly orgPath: string;
  readonly amountFen: bigint;
}
export interface Claim {
  /** Empty when nothing was claimed. */
  readonly entries: readonly Claimed[];
  readonly sumFen: bigint;
  /** Zero or less: what is carried forward, because it does not come to more than nothing. */
  readonly carriedFen: bigint;
  /** Something was left because the sum would have been more than `mostFen`. */
  readonly isCut: boolean;
}

const sumOf = (parts: readonly { amountFen: bigint }[]) => parts.reduce((sum, { amountFen }) => sum + amountFen, 0n);

type Part = Claimed & { moment: Date };
/** What fits under the limit, negative parts in any case. */
function within(parts: readonly Part[], mostFen: bigint | null): Part[] {
  if (mostFen === null) return [...parts];
  const taken = parts.filter(({ amountFen }) => amountFen < 0n);
  let sumFen = sumOf(taken);
  const oldestFirst = (a: Part, b: Part) => a.moment.getTime() - b.moment.getTime() || (a.id < b.id ? -1 : 1);
  for (const part of parts.filter(({ amountFen }) => amountFen >= 0n).toSorted(oldestFirst)) {
    if (sumFen + part.amountFen > mostFen) continue;
    sumFen += part.amountFen;
    taken.push(part);
  }
  return taken;
}

async function claimable(tx: Tx, filter: ClaimFilter & { at: Date }): Promise<Part[]> {
  const onlyIds = filter.onlyIds ?? null;
  const found = await tx<Part & { orderId: string; isAgainst: boolean }>`
    SELECT e.id, 'entry' AS kind, e.store_id AS "storeId", e.org_path AS "orgPath", e.amount_fen AS "amountFen",
      coalesce(e.settleable_at, e.at) AS moment, e.order_id AS "orderId", CASE WHEN e.amount_fen < 0 THEN commission_is_uncovered(e.order_item_id, e.level, e.beneficiary_id, e.state) ELSE false END AS "isAgainst"
    FROM commission_entries e
    WHERE e.beneficiary_id IN (SELECT id FROM people WHERE id = ${filter.beneficiaryId} OR merged_into = ${filter.beneficiaryId})
      AND e.state = 'settleable' AND ((e.amount_fen < 0 AND ${filter.withAllMinus ?? false}) OR (coalesce(e.settleable_at, e.at) <= ${filter.upTo}
        AND (e.amount_fen < 0 OR ${onlyIds}::uuid[] IS NULL OR e.id = ANY(${onlyIds}::uuid[]))
        AND (${filter.storePath}::text IS NULL OR e.org_path = ${filter.storePath} OR e.org_path LIKE ${filter.storePath} || '.%')))
    ORDER BY e.order_id, e.id FOR UPDATE OF e`;
  const disputed = await inDispute(tx, [...new Set(found.map(({ orderId }) => orderId))]);
  const bonuses = await tx<Part>`
    SELECT id, 'bonus' AS kind, store_id AS "storeId", org_path AS "orgPath", amount_fen AS "amountFen", at AS moment FROM commission_bonuses
    WHERE beneficiary_id IN (SELECT id FROM people WHERE id = ${filter.beneficiaryId} OR merged_into = ${filter.beneficiaryId})
      AND state = 'settleable' AND id NOT IN (SELECT bonus_id FROM commission_bonuses_waiting(
        ARRAY(SELECT id FROM people WHERE id = ${filter.beneficiaryId} OR merged_into = ${filter.beneficiaryId}), ${filter.at}))
      AND ((amount_fen < 0 AND ${filter.withAllMinus ?? false}) OR (at <= ${filter.upTo} AND (amount_fen < 0 OR ${onlyIds}::uuid[] IS NULL OR id = ANY(${onlyIds}::uuid[]))
        AND (${filter.storePath}::text IS NULL OR org_path = ${filter.storePath} OR org_path LIKE ${filter.storePath} || '.%')))
    ORDER BY id FOR UPDATE`;
  return [
    ...found
      .filter(({ orderId, isAgainst }) => isAgainst || !disputed.has(orderId))
      .map(({ id, kind, storeId, orgPath, amountFen, moment }) => ({ id, kind, storeId, orgPath, amountFen, moment })),
    ...bonuses,
  ];
}

/** Settleable → claimed. The same line twice claims what is settleable then: give every line its own id. */
export async function claim(tx: Tx, asked: ClaimFilter & { lineId: string; at: Date }): Promise<Claim> {
  // Twice: the first look waits for rivals, the second sees what they posted.
  await claimable(tx, asked);
  const all = await claimable(tx, asked);
  const parts = within(all, asked.mostFen ?? null);
  const isCut = parts.length < all.length;
  const sumFen = sumOf(parts);
  if (sumFen <= 0n) return { entries: [], sumFen: 0n, carriedFen: sumFen, isCut };
  const ids = (kind: Claimed['kind']) => parts.filter((part) => part.kind === kind).map(({ id }) => id);
  const moved = await step(tx, ids('entry'), { event: 'claim', at: asked.at, lineId: asked.lineId });
  if (moved.size !== ids('entry').length) throw new Error('locked entries were taken by somebody else');
  await tx`UPDATE commission_bonuses SET state = 'claimed', settlement_line_id = ${asked.lineId}
    WHERE id = ANY(${ids('bonus')}::uuid[]) AND state = 'settleable'`;
  return { entries: parts, sumFen, carriedFen: 0n, isCut };
}

const entriesOf = async (tx: Tx, lineId: string): Promise<string[]> =>
  (await tx<{ id: string }>`SELECT id FROM commission_entries WHERE settlement_line_id = ${lineId}`).map(
    ({ id }) => id,
  );

/** Claimed → settleable: the line came to nothing. What is paid stays paid. Answers how many parts went back. */
export async function unclaim(tx: Tx, line: { lineId: string; at: Date; reason?: string }): Promise<number> {
  const { lineId, at, reason = '' } = line;
  const back = await step(tx, await entriesOf(tx, lineId), { event: 'unclaim', at, reason });
  const bonuses = await tx`UPDATE commission_bonuses SET state = 'settleable', settlement_line_id = NULL
    WHERE settlement_line_id = ${lineId} AND state = 'claimed' RETURNING id`;
  return back.size + bonuses.length;
}
/** Claimed → paid. Told again it changes nothing. Answers how many parts were paid now. */
export async function markPaid(tx: Tx, line: { lineId: string; at: Date }): Promise<number> {
  const { lineId, at } = line;
  const paid = await step(tx, await entriesOf(tx, lineId), { event: 'pay', at });
  const bonuses = await tx`UPDATE commission_bonuses SET state = 'paid'
    WHERE settlement_line_id = ${lineId} AND state = 'claimed' RETURNING id`;
  return paid.size + bonuses.length;
}
