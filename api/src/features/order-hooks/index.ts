/**
 * Messages about one's own order: look at the address right after paying, a parcel left, is near, was signed for.
 *
 * Invariants: a trigger notes each cause in its transaction (migration 0240); a note goes in the transaction that makes its
 * message, and the message's key names the cause, so it is told once whoever takes the note; when it goes out, or whether, is
 * decided by the rules of messages. No address, name or phone is in a message (rule Z6).
 */
import type { Carrier } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { MessageDraft, Messages } from '../messages/index.ts';

export const ORDER_HOOKS_JOB = 'order hooks';
const EVERY_MS = 2_000;
const BATCH = 200;
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
  db: Db;
  clock: Clock;
  jobs: Jobs;
  messages: Pick<Messages, 'enqueue'>;
}): void {
  const { db, messages } = deps;

  /** Answers how many notes were taken. */
  function tellSome(): Promise<number> {
    return db.transaction(async (tx) => {
      const taken = await tx<HookRow>`
        WITH due AS (SELECT id FROM order_hooks ORDER BY id LIMIT ${BATCH} FOR UPDATE SKIP LOCKED),
          gone AS (DELETE FROM order_hooks h USING due WHERE h.id = due.id RETURNING h.*)
        SELECT g.kind, g.at, o.id AS "orderId", o.order_no AS "orderNo", o.person_id AS "personId", o.org_unit_id AS "orgUnitId",
          o.org_path AS "orgPath", u.name AS "unitName", g.parcel_id AS "parcelId", p.carrier, p.tracking_no AS "trackingNo",
          CASE g.kind WHEN 'paid' THEN o.state = 'paid' AND o.delivery = 'parcel' WHEN 'near' THEN p.state = 'near'
            ELSE true END AS tells
        FROM gone g JOIN orders o ON o.id = g.order_id JOIN org_units u ON u.id = o.org_unit_id LEFT JOIN parcels p ON p.id = g.parcel_id
        ORDER BY g.id`;
      await messages.enqueue(tx, taken.filter(({ tells }) => tells).map(toDraft));
      return taken.length;
    });
  }
  deps.jobs.every(ORDER_HOOKS_JOB, EVERY_MS, async () => {
    while ((await tellSome()) === BATCH);
  });
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
