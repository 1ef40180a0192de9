/**
 * Tells buyers that their balance window is open, and that it nearly ends: once each. A message is made in the transaction that
 * takes the reminder, and its key names the cause, so several processes, or one that dies, tell it once. Many are told in one
 * transaction; when that fails each is told in one of its own, and one that cannot be told waits and is in nobody's way.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import type { MessageDraft, Messages } from '../messages/index.ts';
import { type Reminder, reminderAt } from './pre-sales.policy.ts';

export const PRE_SALE_REMINDERS_JOB = 'pre-sale-reminders';
const EVERY_MS = 10_000;
const BATCH = 200;
/** How long one waits that could not be told. */
const AGAIN_MS = 5 * 60_000;

interface ReminderRow {
  readonly orderId: string;
  readonly orderNo: string;
  readonly personId: string;
  readonly orgUnitId: string;
  readonly orgPath: string;
  readonly unitName: string;
  readonly keepsDeposit: boolean;
  readonly balanceFrom: Date;
  readonly balanceUntil: Date;
}

/** Where no app of ours words it: in the outbox of the console. */
const words: Readonly<Record<Reminder, (row: ReminderRow) => string>> = {
  balance_open: ({ orderNo }) => `订单 ${orderNo} 的尾款现在可以支付。`,
  balance_ends: ({ orderNo, keepsDeposit }) =>
    `订单 ${orderNo} 的尾款支付即将截止，${keepsDeposit ? '逾期未付定金不退' : '逾期未付订单取消、定金退回'}。`,
};

export function createPreSaleReminders(deps: {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly jobs: Jobs;
  readonly messages: Pick<Messages, 'enqueue'>;
}): void {
  const { db, clock, log, messages } = deps;

  /** Tells who is due, or of these the one that is named; answers how many were taken. */
  async function remind(tx: Tx, now: Date, only: string | null): Promise<number> {
    const rows = await tx<ReminderRow>`
      SELECT o.id AS "orderId", o.order_no AS "orderNo", o.person_id AS "personId", o.org_unit_id AS "orgUnitId",
        o.org_path AS "orgPath", u.name AS "unitName", c.keeps_deposit AS "keepsDeposit", c.balance_from AS "balanceFrom",
        c.balance_until AS "balanceUntil"
      FROM pre_sale_orders d JOIN pre_sale_campaigns c ON c.id = d.campaign_id JOIN orders o ON o.id = d.order_id
      JOIN org_units u ON u.id = o.org_unit_id
      WHERE d.remind_at <= ${now} AND (${only}::uuid IS NULL OR d.order_id = ${only}::uuid)
      ORDER BY d.remind_at, d.order_id LIMIT ${BATCH} FOR UPDATE OF d SKIP LOCKED`;
    const said = rows.map((row) => ({ row, reminder: reminderAt(row, now) }));
    await tx`
      UPDATE pre_sale_orders d SET remind_at = r.next, told = d.told + 1
      FROM unnest(${said.map(({ row }) => row.orderId)}::uuid[], ${said.map(({ reminder }) => reminder?.next ?? null)}::timestamptz[])
        AS r (id, next) WHERE d.order_id = r.id`;
    await messages.enqueue(
      tx,
      said.flatMap(({ row, reminder }) => (reminder ? [toDraft(row, reminder.say)] : [])),
    );
    return rows.length;
  }

  async function remindOne(orderId: string, now: Date): Promise<number> {
    try {
      return await db.transaction((tx) => remind(tx, now, orderId));
    } catch (error) {
      log.error({ err: error, orderId }, 'pre-sale: a buyer could not be reminded, will be tried again');
      await db.sql`UPDATE pre_sale_orders SET remind_at = ${new Date(now.getTime() + AGAIN_MS)}
        WHERE order_id = ${orderId} AND remind_at <= ${now}`;
      return 1;
    }
  }

  /** Answers how many are no longer due. */
  async function remindSome(): Promise<number> {
    const now = clock.now();
    try {
      return await db.transaction((tx) => remind(tx, now, null));
    } catch (error) {
      log.warn({ err: error }, 'pre-sale: buyers could not be reminded together, each is reminded alone');
    }
    const due = await db.sql<{ id: string }>`
      SELECT order_id AS id FROM pre_sale_orders WHERE remind_at <= ${now} ORDER BY remind_at, order_id LIMIT ${BATCH}`;
    let done = 0;
    for (const { id } of due) done += await remindOne(id, now);
    return done;
  }

  deps.jobs.every(PRE_SALE_REMINDERS_JOB, EVERY_MS, async () => {
    while ((await remindSome()) === BATCH);
  });
}

function toDraft(row: ReminderRow, say: Reminder): MessageDraft {
  const { orderId, orderNo } = row;
  return {
    key: `order-${say}:${orderId}`,
    personId: row.personId,
    kind: 'order_news',
    why: 'order',
    unit: { id: row.orgUnitId, path: row.orgPath },
    roomId: null,
    content: {
      ...{ roomTitle: '', unitName: row.unitName, coverUrl: '', scheduledAt: null, text: words[say](row) },
      order: { id: orderId, orderNo, event: say },
    },
    expiresAt: row.balanceUntil,
  };
}
