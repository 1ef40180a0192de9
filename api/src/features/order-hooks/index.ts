/**
 * Messages about one's own order: look at the address right after paying, a parcel left, is near, was signed for.
 *
 * Invariants: a trigger notes each cause in its transaction (migration 0240); a note goes in the transaction that makes its
 * message, and the message's key names the cause, so it is told once whoever takes the note; a note that cannot be told keeps no
 * other from it: it is tried alone, later and later, and set aside in the end (set-aside.ts); when a message goes out, or whether, is
 * decided by the rules of messages. No address, name or phone is in a message (rule Z6).
 */
import type { Carrier } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Tracing } from '../../platform/tracing.ts';
import type { MessageDraft, Messages } from '../messages/index.ts';
import { readTracesOfOrders } from '../payments/index.ts';
import { bindSetAside } from './set-aside.ts';

export const ORDER_HOOKS_JOB = 'order hooks';
const EVERY_MS = 2_000;
const BATCH = 200;
/** Of one note alone; the pause grows fourfold with each: 10 s, 40 s, 160 s, 11 min. */
const MOST_TRIES = 5;
const FIRST_PAUSE_SECONDS = 10;
const ERROR_CHARS = 300;
const DAY_MS = 86_400_000;
/** Later than that it is of no use. */
const OF_USE_MS = { paid: DAY_MS, shipped: 7 * DAY_MS, near: DAY_MS, signed: 7 * DAY_MS } as const;

type Kind = keyof typeof OF_USE_MS;
interface HookRow {
  readonly kind: Kind;
  readonly at: Date;
  readonly orderId: string;
  readonly orderNo: string;
  readonly personId: string;
  readonly orgUnitId: string;
  readonly orgPath: string;
  readonly unitName: string;
  readonly parcelId: string | null;
  readonly carrier: Carrier | null;
  readonly trackingNo: string | null;
  readonly tells: boolean;
}

/** Where no app of ours words it: in the outbox of the console. */
const words: Readonly<Record<Kind, (hook: HookRow) => string>> = {
  paid: ({ orderNo }) => `订单 ${orderNo} 已付款，请核对收货地址，发货前可修改一次。`,
  shipped: ({ orderNo, trackingNo }) => `订单 ${orderNo} 已发货，单号 ${trackingNo}。`,
  near: ({ orderNo }) => `订单 ${orderNo} 的包裹已到同城，请留意收件。`,
  signed: ({ orderNo }) => `订单 ${orderNo} 的包裹已签收，有问题可申请售后。`,
};

export function createOrderHooks(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  jobs: Jobs;
  tracing: Tracing;
  messages: Pick<Messages, 'enqueue'>;
}): void {
  const { db, clock, log, messages, tracing } = deps;

  /** Takes these notes and makes their messages, all or none; answers how many were still there and nobody else's. */
  async function tell(tx: Tx, ids: readonly bigint[]): Promise<number> {
    const taken = await tx<HookRow>`
      WITH due AS (SELECT id FROM order_hooks WHERE id = ANY(${ids.map(String)}::bigint[]) AND set_aside_at IS NULL
          ORDER BY id FOR UPDATE SKIP LOCKED),
        gone AS (DELETE FROM order_hooks h USING due WHERE h.id = due.id RETURNING h.*)
      SELECT g.kind, g.at, o.id AS "orderId", o.order_no AS "orderNo", o.person_id AS "personId", o.org_unit_id AS "orgUnitId",
        o.org_path AS "orgPath", u.name AS "unitName", g.parcel_id AS "parcelId", p.carrier, p.tracking_no AS "trackingNo",
        CASE g.kind WHEN 'paid' THEN o.state = 'paid' AND o.delivery = 'parcel' WHEN 'near' THEN p.state = 'near'
          ELSE true END AS tells
      FROM gone g JOIN orders o ON o.id = g.order_id JOIN org_units u ON u.id = o.org_unit_id LEFT JOIN parcels p ON p.id = g.parcel_id
      ORDER BY g.id`;
    const told = taken.filter(({ tells }) => tells);
    const orders = told.map(({ orderId }) => orderId);
    const traces = tracing.on ? await readTracesOfOrders(tx, orders, clock.now()) : undefined;
    await tracing.each(
      'order-hooks.tell',
      orders.map((id) => traces?.get(id)),
      () => messages.enqueue(tx, told.map(toDraft)),
      { kind: 'consumer', facts: { 'walnut.together': told.length } },
    );
    return taken.length;
  }

  /** One note in a transaction of its own. */
  async function tellAlone(id: bigint): Promise<void> {
    try {
      await db.transaction((tx) => tell(tx, [id]));
    } catch (error) {
      const now = clock.now();
      const [failed] = await db.sql<{ attempts: number; orderId: string; setAsideAt: Date | null }>`
        UPDATE order_hooks SET attempts = attempts + 1,
          next_try_at = CASE WHEN attempts + 1 < ${MOST_TRIES}
            THEN ${now}::timestamptz + make_interval(secs => ${FIRST_PAUSE_SECONDS}::int * (4 ^ attempts)::int) END,
          set_aside_at = CASE WHEN attempts + 1 >= ${MOST_TRIES} THEN ${now}::timestamptz END,
          error = ${error instanceof Error ? error.message.slice(0, ERROR_CHARS) : 'unknown'}
        WHERE id = ${String(id)}::bigint AND set_aside_at IS NULL RETURNING attempts, order_id AS "orderId", set_aside_at AS "setAsideAt"`;
      if (failed?.setAsideAt)
        log.error({ err: error, note: String(id), ...failed }, 'news of an order was set aside: somebody must look');
      else
        log.warn(
          { err: error, note: String(id), ...failed },
          'news of an order could not be told, will be tried again',
        );
    }
  }

  const due = async (tried: boolean): Promise<bigint[]> =>
    (
      await db.sql<{ id: bigint }>`SELECT id FROM order_hooks WHERE set_aside_at IS NULL
        AND CASE WHEN ${tried} THEN next_try_at <= ${clock.now()} ELSE attempts = 0 END ORDER BY id LIMIT ${BATCH}`
    ).map(({ id }) => id);

  /** New notes, as many as there are. One that fails is tried alone, and so are those that were with it. */
  async function tellNew(): Promise<void> {
    for (;;) {
      const ids = await due(false);
      if (ids.length === 0) return;
      let taken = 0;
      try {
        taken = await db.transaction((tx) => tell(tx, ids));
      } catch (error) {
        log.warn({ err: error, notes: ids.length }, 'news of orders could not be told together, each is tried alone');
        for (const id of ids) await tellAlone(id);
      }
      // Fewer than there are: another process is at the others, or the turn is over after a failure.
      if (taken < BATCH) return;
    }
  }

  deps.jobs.every(ORDER_HOOKS_JOB, EVERY_MS, async () => {
    await tellNew();
    for (const id of await due(true)) await tellAlone(id);
  });
  bindSetAside(deps.bind, deps);
}

function toDraft(hook: HookRow): MessageDraft {
  const { kind, orderId, orderNo, parcelId, carrier, trackingNo } = hook;
  return {
    key: `order-${kind}:${parcelId ?? orderId}`,
    personId: hook.personId,
    kind: 'order_news',
    why: 'order',
    unit: { id: hook.orgUnitId, path: hook.orgPath },
    roomId: null,
    content: {
      ...{ roomTitle: '', unitName: hook.unitName, coverUrl: '', scheduledAt: null, text: words[kind](hook) },
      order: { id: orderId, orderNo, event: kind, ...(carrier && trackingNo ? { carrier, trackingNo } : {}) },
    },
    expiresAt: new Date(hook.at.getTime() + OF_USE_MS[kind]),
  };
}
