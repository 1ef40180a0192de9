/**
 * Looks at paid orders for signs of fraud (rule K7) and holds their commission until staff decide. Signs never delete anything.
 *
 * Every order whose commission was posted waits here to be looked at; nothing of it is settleable before. A hold is about the person
 * the order is credited to and stops all that is open of the order, level two with it; never what takes back what was paid.
 */
import { chinaMonthOf } from '../../platform/china-day.policy.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { eachOnItsOwn, retryAt } from '../../platform/each.ts';
import { isHandedOut } from './commission-states.policy.ts';
import { isClawBack } from './commissions.policy.ts';
import { lockEntries, lockOrderFacts, markMonths, step } from './entries.repository.ts';
import { signalsOf } from './signals.repository.ts';

/** Orders looked at in one turn; what is left waits a minute. */
const TURN = 500;

async function lookAt(tx: Tx, { random }: { random: Random }, orderId: string, at: Date): Promise<boolean> {
  const order = await lockOrderFacts(tx, orderId);
  const all = await lockEntries(tx, orderId);
  const groups = Map.groupBy(all, ({ itemId, level, beneficiaryId }) => `${itemId} ${level} ${beneficiaryId}`);
  const clawBacks = new Set([...groups.values()].flatMap((group) => group.filter((one) => isClawBack(one, group))));
  const entries = all.filter((one) => one.state !== 'reversed' && !isHandedOut(one.state) && !clawBacks.has(one));
  // Of one item there is one present beneficiary of level one; it is the same for all items of an order.
  const first = entries.findLast(({ level, amountFen }) => level === 1 && amountFen >= 0n);
  const [placed] = await tx<{ at: Date }>`SELECT placed_at AS at FROM orders WHERE id = ${orderId}`;
  await tx`UPDATE commission_checks SET checked_at = ${at}, failures = 0, retry_at = NULL, problem = '' WHERE order_id = ${orderId}`;
  if (!order || !first || !placed) return false;
  const { buyerId } = order;
  const { beneficiaryId } = first;
  const released = await tx<{ kind: string }>`
    SELECT s->>'kind' AS kind FROM commission_holds h, jsonb_array_elements(h.signals) s
    WHERE h.order_id = ${orderId} AND h.beneficiary_id = ${beneficiaryId} AND h.state = 'released'`;
  const signals = await signalsOf(tx, { orderId, buyerId, beneficiaryId, placedAt: placed.at });
  // What staff saw and let go is no news.
  if (signals.every(({ kind }) => released.some((known) => known.kind === kind))) return false;
  const made = await tx`INSERT INTO commission_holds (id, order_id, beneficiary_id, org_path, signals, state, opened_at)
    VALUES (${random.id()}, ${orderId}, ${beneficiaryId}, ${order.orgPath}, ${JSON.stringify(signals)}::jsonb, 'open', ${at})
    ON CONFLICT DO NOTHING RETURNING id`;
  if (made.length === 0) return false;
  const heldReason = signals.map(({ kind }) => kind).join(' ');
  const ids = entries.map(({ id }) => id);
  await step(tx, ids, { event: 'hold', heldReason, reason: heldReason, at });
  await markMonths(tx, [first.personId], chinaMonthOf(order.paidAt ?? at), at);
  return true;
}

/** Answers how many orders are held now. Several processes may run it: an order is looked at by one. */
export async function checkDue({ db, clock, random }: { db: Db; clock: Clock; random: Random }): Promise<number> {
  let held = 0;
  const at = clock.now();
  const due = await db.sql<{ id: string; failures: number }>`
    SELECT order_id AS id, failures FROM commission_checks
    WHERE checked_at IS NULL AND due_at <= ${at} AND (retry_at IS NULL OR retry_at <= ${at}) ORDER BY due_at, order_id LIMIT ${TURN}`;
  const work = async ({ id }: { id: string }) => {
    const isHeld = await db.transaction(async (tx) => {
      const [mine] = await tx`SELECT 1 FROM orders WHERE id = ${id} FOR UPDATE SKIP LOCKED`;
      const [open] = await tx`SELECT 1 FROM commission_checks WHERE order_id = ${id} AND checked_at IS NULL`;
      return mine && open ? lookAt(tx, { random }, id, clock.now()) : false;
    });
    if (isHeld) held += 1;
  };
  await eachOnItsOwn(due, work, async ({ id, failures }, problem) => {
    await db.sql`UPDATE commission_checks SET failures = failures + 1, retry_at = ${retryAt(at, failures + 1)}, problem = ${problem}
      WHERE order_id = ${id}`;
  });
  return held;
}
