/** Brings a shop to rest after a schedule of faults, and holds everybody's books against one another. */

import { SANDBOX_DELIVERY_JOB } from '../../api/src/compose-payments.ts';
import { AFTER_SALES_JOB, auditAfterSales } from '../../api/src/features/after-sales/index.ts';
import { auditCommissions } from '../../api/src/features/commissions/index.ts';
import { auditCoupons } from '../../api/src/features/coupons/index.ts';
import { GROUP_BUYS_JOB } from '../../api/src/features/group-buys/index.ts';
import { EXPIRY_JOB } from '../../api/src/features/orders/index.ts';
import { ASKING_JOB } from '../../api/src/features/payments/index.ts';
import { REFUND_JOB } from '../../api/src/features/refunds/index.ts';
import { auditBooks } from './audit.ts';
import type { Life } from './fault-life.ts';
import type { FaultWorld } from './fault-world.ts';

/** Longer than any reservation, and than a group is open. */
const STEPS_SECONDS = [1_000, 4_000, 1_000, 30_000, 30_000, 100_000, 100_000, 100_000, 1_000, 4_000];
const bare = (id: string): string => id.replaceAll('-', '');

/** What is still on its way, in words; empty: nothing is. */
async function underWay({ api }: FaultWorld): Promise<string[]> {
  const rows = await api.platform.db.sql<{ what: string }>`
    SELECT 'order ' || order_no AS what FROM orders WHERE state IN ('pending_payment', 'refunding')
    UNION ALL SELECT concat('refund ', refund_no, ' (', state, ' by ', attempts, ' attempts of ', created_at, ', next ', next_try_at, ', ',
      provider_state, ' ', last_error, ')') FROM refunds WHERE state IN ('requested', 'processing')
    UNION ALL SELECT 'case ' || case_no FROM after_sales WHERE state = 'refunding'
    UNION ALL SELECT 'group ' || id FROM group_buys WHERE state = 'open'`;
  return rows.map(({ what }) => what);
}

/** Time passes and jobs run until nothing is under way any more; answers what never ended. */
export async function comeToRest(world: FaultWorld): Promise<string[]> {
  for (const seconds of STEPS_SECONDS) {
    const { refunds } = world.wechat;
    for (const refund of refunds.values()) if (refund.status === 'PROCESSING') refund.status = 'SUCCESS';
    await world.run(SANDBOX_DELIVERY_JOB, ASKING_JOB, EXPIRY_JOB, GROUP_BUYS_JOB, REFUND_JOB, AFTER_SALES_JOB);
    if ((await underWay(world)).length === 0) return [];
    world.jump(seconds);
  }
  return (await underWay(world)).map((what) => `${what} never ends`);
}

/** What is wrong with a shop that lived alone in its world, in words. */
export const differences = async (world: FaultWorld, life: Life): Promise<string[]> => [
  ...(await differencesOfWorld(world)),
  ...(await differencesOfLife(world, life)),
];

export async function differencesOfWorld(world: FaultWorld): Promise<string[]> {
  const { db } = world.api.platform;
  return [
    ...(await auditBooks(world.databaseUrl)),
    ...(await auditAfterSales(db)),
    ...(await auditCoupons(db)),
    ...(await auditCommissions(db)),
    ...(await sandboxDisagrees(world)),
    ...(await wechatDisagrees(world)),
  ];
}

export const differencesOfLife = async (world: FaultWorld, life: Life): Promise<string[]> => [
  ...(await brokenPromises(world, life)),
  ...(await lostPieces(world, life)),
];

/** Whoever was told "placed" has that order, and nobody has one that they were not told of. */
async function brokenPromises({ api }: FaultWorld, { roomId, promised }: Life): Promise<string[]> {
  const rows = await api.platform.db.sql<{ id: string; person: string }>`
    SELECT id, person_id AS person FROM orders WHERE room_id = ${roomId}`;
  const buyerOf = new Map(rows.map(({ id, person }) => [id, person]));
  const ids = new Set(promised.map(({ orderId }) => orderId));
  return [
    ...promised
      .filter(({ orderId, person }) => buyerOf.get(orderId) !== person.personId)
      .map(({ orderId }) => `order ${orderId} was promised and is not there`),
    ...rows.filter(({ id }) => !ids.has(id)).map(({ id }) => `order ${id} is there and was promised to nobody`),
    ...(ids.size === promised.length ? [] : ['one order was promised twice']),
  ];
}

/** Pieces on hand and those that left make what there was. */
async function lostPieces({ api }: FaultWorld, { pieces, storeId }: Life): Promise<string[]> {
  const rows = await api.platform.db.sql<{ sku: string; there: number; held: number; moved: bigint }>`
    SELECT s.sku_id AS sku, s.on_hand AS there, s.reserved AS held, coalesce((SELECT sum(m.delta) FROM stock_movements m
      WHERE m.sku_id = s.sku_id AND m.org_unit_id = s.org_unit_id), 0)::bigint AS moved
    FROM stocks s WHERE s.org_unit_id = ${storeId} AND s.sku_id = ANY(${[...pieces.keys()]}::uuid[])`;
  return rows
    .filter(({ sku, there, held, moved }) => there - Number(moved) !== pieces.get(sku) || held !== 0)
    .map(
      ({ sku, there, held, moved }) =>
        `sku ${sku}: ${pieces.get(sku)} at first, ${there} there, ${moved} moved, ${held} held`,
    );
}

/** Ours says the same of every charge as its provider does. */
async function sandboxDisagrees({ api }: FaultWorld): Promise<string[]> {
  const rows = await api.platform.db.sql<{ id: string }>`
    SELECT p.id FROM payments p LEFT JOIN sandbox_charges c ON c.payment_id = p.id
    WHERE p.provider = 'sandbox' AND (
      (p.state = 'captured') <> (coalesce(c.state, 'none') = 'captured')
      OR (p.state = 'captured' AND (p.captured_fen <> c.amount_fen OR p.refunded_fen <> c.refunded_fen)))`;
  return rows.map(({ id }) => `payment ${id}: the sandbox has it otherwise`);
}
async function wechatDisagrees({ api, wechat }: FaultWorld): Promise<string[]> {
  const rows = await api.platform.db.sql<{ id: string; state: string; captured: bigint | null; refunded: bigint }>`
    SELECT id, state, captured_fen AS captured, refunded_fen AS refunded FROM payments WHERE provider = 'wechat'`;
  const ours = new Map(rows.map((row) => [bare(row.id), row]));
  return [...wechat.trades].flatMap(([no, { state, total, refunded }]) => {
    const payment = ours.get(no);
    const isPaid = state === 'SUCCESS' || state === 'REFUND';
    const agrees = isPaid
      ? payment?.state === 'captured' && Number(payment.captured) === total && Number(payment.refunded) === refunded
      : payment?.state !== 'captured';
    return agrees
      ? []
      : [
          `trade ${no} is ${state} ${total} -${refunded}, ours ${payment?.state} ${payment?.captured} -${payment?.refunded}`,
        ];
  });
}
