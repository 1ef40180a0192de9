/**
 * Parcels that have left (who sends them, and what is left to send, is the order's: orders/fulfilment.ts).
 *
 * Model: in_transit → near → delivered | returned, by staff or by the carrier's answer (carrier-tracking.ts).
 * Invariants: a parcel's state moves under its row's lock and with a row of its history; what is said twice is told once; a bulk
 * line is a transaction of its own, and one that was applied before finds its parcel and changes nothing.
 */
import type { BulkShipLine, Carrier, Parcel, ParcelState } from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { mayIn, requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { lockOrder, type OrdersService } from '../orders/index.ts';
import { nextParcelState, type ParcelEvent, type ReadLine, readBulk, stateAfter } from './parcels.policy.ts';

export interface ParcelsDeps {
  db: Db;
  clock: Clock;
  random: Random;
  orders: Pick<OrdersService, 'sendParcel'>;
}
interface ParcelRow {
  readonly id: string;
  readonly orderId: string;
  readonly orgPath: string;
  readonly carrier: Carrier;
  readonly trackingNo: string;
  readonly state: ParcelState;
}

export type ParcelsService = ReturnType<typeof createParcelsService>;

export function createParcelsService(deps: ParcelsDeps) {
  const { db, clock, random, orders } = deps;

  async function lock(tx: Tx, id: string): Promise<ParcelRow> {
    const [parcel] =
      await tx<ParcelRow>`SELECT id, order_id AS "orderId", org_path AS "orgPath", carrier, tracking_no AS "trackingNo", state
      FROM parcels WHERE id = ${id} FOR UPDATE`;
    if (!parcel) throw new AppError('not_found');
    return parcel;
  }

  async function move(
    tx: Tx,
    parcel: ParcelRow,
    event: ParcelEvent,
    by: { actorId: string | null; note: string; at: Date },
  ): Promise<void> {
    const to = nextParcelState(parcel.state, event);
    if (to === undefined) throw new AppError('state_conflict', { facts: { state: parcel.state } });
    await tx`
      WITH moved AS (
        UPDATE parcels SET state = ${to},
          near_at = CASE WHEN ${event} = 'near' THEN ${by.at} ELSE near_at END,
          delivered_at = CASE WHEN ${to} = 'delivered' THEN ${by.at} ELSE delivered_at END
        WHERE id = ${parcel.id} AND state = ${parcel.state} RETURNING id)
      INSERT INTO parcel_events (parcel_id, from_state, to_state, event, actor_id, note, at)
      SELECT id, ${parcel.state}::text, ${to}::text, ${event}::text, ${by.actorId}::uuid, ${by.note}::text, ${by.at}::timestamptz FROM moved`;
  }

  /** True when it is news. */
  async function note(
    tx: Tx,
    id: string,
    event: keyof typeof stateAfter,
    by: { actorId: string | null; note: string },
  ): Promise<boolean> {
    const parcel = await lock(tx, id);
    if (parcel.state === stateAfter[event]) return false;
    await move(tx, parcel, event, { ...by, at: clock.now() });
    return true;
  }

  /** One line as it would be, or is, carried out. */
  async function shipLine(
    tx: Tx,
    staff: StaffPrincipal,
    line: Extract<ReadLine, { ok: true }>,
  ): Promise<BulkShipLine['result']> {
    const [found] = await tx<{ id: string }>`SELECT id FROM orders WHERE order_no = ${line.orderNo}`;
    const order = found && (await lockOrder(tx, found.id));
    if (!order || !mayIn(staff, 'orders:ship', order.orgPath)) return 'no_such_order';
    const known =
      await tx`SELECT 1 AS known FROM parcels WHERE order_id = ${order.id} AND tracking_no = ${line.trackingNo}`;
    if (known.length > 0) return 'already';
    await orders.sendParcel(tx, staff, order, { carrier: line.as, trackingNo: line.trackingNo });
    return 'sent';
  }

  async function bulkLine(staff: StaffPrincipal, line: ReadLine, apply: boolean): Promise<BulkShipLine> {
    const { line: no, orderNo, carrier, trackingNo } = line;
    const told = { line: no, orderNo, carrier, trackingNo };
    if (!line.ok) return { ...told, result: line.result };
    let outcome: BulkShipLine['result'] | undefined;
    const asked = new Error('only asked');
    try {
      await db.transaction(async (tx) => {
        const came = await shipLine(tx, staff, line);
        outcome = came === 'sent' && !apply ? 'ready' : came;
        // The same decisions as in earnest, and nothing of them is kept.
        if (!apply) throw asked;
      });
    } catch (error) {
      if (error !== asked) {
        // Its state, an incomplete group, pick-up: refusals of this one order, not of the others.
        if (!(error instanceof AppError) || error.code === 'internal') throw error;
        outcome = 'not_to_ship';
      }
    }
    return { ...told, result: outcome ?? 'not_to_ship' };
  }

  return {
    note,

    async noteByHand(
      tx: Tx,
      staff: StaffPrincipal,
      id: string,
      said: { event: keyof typeof stateAfter; note: string },
    ): Promise<Parcel> {
      const parcel = await lock(tx, id);
      requireScope(staff, 'orders:ship', parcel.orgPath);
      await note(tx, id, said.event, { actorId: staff.personId, note: said.note });
      return readParcel(tx, id);
    },

    async correct(
      tx: Tx,
      staff: StaffPrincipal,
      id: string,
      to: { carrier: Carrier; trackingNo: string },
    ): Promise<Parcel> {
      const parcel = await lock(tx, id);
      requireScope(staff, 'orders:ship', parcel.orgPath);
      if (parcel.carrier !== to.carrier || parcel.trackingNo !== to.trackingNo) {
        const at = clock.now();
        const was = `${parcel.carrier} ${parcel.trackingNo}`;
        await move(tx, parcel, 'correct', { actorId: staff.personId, note: was, at });
        await tx`UPDATE parcels SET carrier = ${to.carrier}, tracking_no = ${to.trackingNo}, next_query_at = ${at} WHERE id = ${id}`;
        await tx`UPDATE orders SET tracking_no = ${to.trackingNo} WHERE id = ${parcel.orderId} AND tracking_no = ${parcel.trackingNo}`;
      }
      return readParcel(tx, id);
    },

    /** Lines one after the other, so that the connections of a busy shop are left to its buyers. */
    async bulk(staff: StaffPrincipal, text: string, apply: boolean, most: number): Promise<BulkShipLine[]> {
      const lines = readBulk(text);
      if (lines.length > most)
        throw new AppError('invalid_request', {
          issues: [{ path: '/text', issue: 'too_many_lines' }],
          facts: { most },
        });
      const told: BulkShipLine[] = [];
      for (const line of lines) told.push(await bulkLine(staff, line, apply));
      return told;
    },

    async remark(tx: Tx, staff: StaffPrincipal, orderId: string, remark: string): Promise<void> {
      const order = await lockOrder(tx, orderId);
      if (!order) throw new AppError('not_found');
      requireScope(staff, 'orders:ship', order.orgPath);
      const changed =
        await tx`UPDATE orders SET merchant_remark = ${remark} WHERE id = ${orderId} AND merchant_remark <> ${remark} RETURNING id`;
      if (changed.length === 0) return;
      await writeAudit(
        tx,
        { clock, random },
        {
          ...{ actorId: staff.personId, action: 'order:remarked', target: `order:${orderId}`, orgPath: order.orgPath },
        },
      );
    },
  };
}

async function readParcel(sql: Sql, id: string): Promise<Parcel> {
  type Row = Omit<Parcel, 'shippedAt' | 'deliveredAt'> & { shippedAt: Date; deliveredAt: Date | null };
  const [row] = await sql<Row>`
    SELECT p.id, p.carrier, p.tracking_no AS "trackingNo", p.state, p.shipped_at AS "shippedAt", p.delivered_at AS "deliveredAt",
      (SELECT coalesce(json_agg(json_build_object('orderItemId', i.order_item_id, 'quantity', i.quantity)), '[]')
        FROM parcel_items i WHERE i.parcel_id = p.id) AS items,
      (SELECT json_agg(json_build_object('event', e.event, 'to', e.to_state, 'note', e.note, 'at', e.at) ORDER BY e.id)
        FROM parcel_events e WHERE e.parcel_id = p.id) AS events
    FROM parcels p WHERE p.id = ${id}`;
  if (!row) throw new AppError('not_found');
  return {
    ...row,
    shippedAt: row.shippedAt.toISOString(),
    deliveredAt: row.deliveredAt?.toISOString() ?? null,
    events: row.events.map((event) => ({ ...event, at: new Date(event.at).toISOString() })),
  };
}
