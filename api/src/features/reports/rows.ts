/** The rows that figures are made of, newest first. Names as the asker may read them (rule Z6). */
import { fenToWire, type ReportRow, type RowFilter } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql } from '../../platform/db.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import { nameFor } from '../bindings/index.ts';
import { rangeOf } from './reading.ts';
import type { UnitJson } from './reports.repository.ts';

type Channel = NonNullable<ReportRow['channel']>;
interface NamedJson {
  id: string;
  name: string;
  kind: string;
  ownerPath: string | null;
}
interface Row {
  id: string;
  at: Date;
  person: NamedJson;
  inviter: NamedJson | null;
  orgUnit: UnitJson;
  room: ReportRow['room'];
  channel: Channel | null;
  order: { id: string; no: string; reason: string | null; paidFen: number; refundedFen: number } | null;
}
type Filter = Omit<RowFilter, 'orgUnitId'> & { scope: string };

/** Somebody and every guest who became them. */
const visits = (sql: Sql, f: Filter, after: TimeCursor | undefined, limit: number) => {
  const { from, to } = rangeOf(f);
  return sql<Row>`
    WITH picked AS MATERIALIZED (
      SELECT t.id, t.at, COALESCE(v.merged_into, v.id) AS person, COALESCE(s.merged_into, s.id) AS inviter, t.room_id, t.channel
      FROM touches t JOIN rooms r ON r.id = t.room_id JOIN people v ON v.id = t.visitor_id JOIN people s ON s.id = t.sharer_id
      WHERE (r.org_path = ${f.scope} OR r.org_path LIKE ${f.scope} || '.%') AND COALESCE(s.merged_into, s.id) <> COALESCE(v.merged_into, v.id)
        AND (${from}::timestamptz IS NULL OR t.at >= ${from}) AND (${to}::timestamptz IS NULL OR t.at < ${to})
        AND (${f.inviterId ?? null}::uuid IS NULL OR t.sharer_id IN (SELECT id FROM people WHERE id = ${f.inviterId ?? null} OR merged_into = ${f.inviterId ?? null}))
        AND (${f.roomId ?? null}::uuid IS NULL OR t.room_id = ${f.roomId ?? null}) AND (${f.channel ?? null}::text IS NULL OR t.channel = ${f.channel ?? null})
        AND (${f.productId ?? null}::uuid IS NULL OR t.product_id = ${f.productId ?? null})
        AND (${f.contentId ?? null}::uuid IS NULL OR t.link_id IN (SELECT id FROM share_links WHERE content_id = ${f.contentId ?? null}))
        AND (${after?.id ?? null}::uuid IS NULL OR (t.at, t.id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
      ORDER BY t.at DESC, t.id DESC LIMIT ${limit}
    )
    SELECT k.id, k.at, report_person(k.person) AS person, report_person(k.inviter) AS inviter, report_unit(r.org_unit_id) AS "orgUnit",
      json_build_object('id', r.id, 'title', r.title) AS room, k.channel, NULL AS "order"
    FROM picked k JOIN rooms r ON r.id = k.room_id ORDER BY k.at DESC, k.id DESC`;
};
const newcomers = (sql: Sql, f: Filter, after: TimeCursor | undefined, limit: number) => {
  const { from, to } = rangeOf(f);
  return sql<Row>`
    WITH picked AS MATERIALIZED (
      SELECT e.invitee_id AS id, e.at, COALESCE(s.merged_into, s.id) AS inviter, t.room_id, t.channel
      FROM invite_edges e JOIN touches t ON t.id = e.touch_id JOIN rooms r ON r.id = t.room_id JOIN people s ON s.id = e.inviter_id
      WHERE (r.org_path = ${f.scope} OR r.org_path LIKE ${f.scope} || '.%')
        AND (${from}::timestamptz IS NULL OR e.at >= ${from}) AND (${to}::timestamptz IS NULL OR e.at < ${to})
        AND (${f.inviterId ?? null}::uuid IS NULL OR COALESCE(s.merged_into, s.id) = ${f.inviterId ?? null})
        AND (${f.roomId ?? null}::uuid IS NULL OR t.room_id = ${f.roomId ?? null}) AND (${f.channel ?? null}::text IS NULL OR t.channel = ${f.channel ?? null})
        AND (${f.productId ?? null}::uuid IS NULL OR t.product_id = ${f.productId ?? null})
        AND (${f.contentId ?? null}::uuid IS NULL OR t.link_id IN (SELECT id FROM share_links WHERE content_id = ${f.contentId ?? null}))
        AND (${after?.id ?? null}::uuid IS NULL OR (e.at, e.invitee_id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
      ORDER BY e.at DESC, e.invitee_id DESC LIMIT ${limit}
    )
    SELECT k.id, k.at, report_person(k.id) AS person, report_person(k.inviter) AS inviter, report_unit(r.org_unit_id) AS "orgUnit",
      json_build_object('id', r.id, 'title', r.title) AS room, k.channel, NULL AS "order"
    FROM picked k JOIN rooms r ON r.id = k.room_id ORDER BY k.at DESC, k.id DESC`;
};
const sales = (sql: Sql, f: Filter, after: TimeCursor | undefined, limit: number) => {
  const { from, to } = rangeOf(f);
  return sql<Row>`
    WITH picked AS MATERIALIZED (
      SELECT o.id, o.paid_at AS at, o.person_id, o.order_no, o.paid_fen, o.refunded_fen, o.org_unit_id, o.room_id, c.person_id AS credited, c.reason, c.touch_id
      FROM orders o LEFT JOIN order_credits c ON c.order_id = o.id LEFT JOIN touches t ON t.id = c.touch_id
      WHERE o.paid_at IS NOT NULL AND (o.org_path = ${f.scope} OR o.org_path LIKE ${f.scope} || '.%')
        AND (${from}::timestamptz IS NULL OR o.paid_at >= ${from}) AND (${to}::timestamptz IS NULL OR o.paid_at < ${to})
        AND (${f.inviterId ?? null}::uuid IS NULL OR c.person_id IN (SELECT id FROM people WHERE id = ${f.inviterId ?? null} OR merged_into = ${f.inviterId ?? null}))
        AND (${f.roomId ?? null}::uuid IS NULL OR o.room_id = ${f.roomId ?? null}) AND (${f.channel ?? null}::text IS NULL OR t.channel = ${f.channel ?? null})
        AND (${f.productId ?? null}::uuid IS NULL OR EXISTS (SELECT FROM order_items i WHERE i.order_id = o.id AND i.product_id = ${f.productId ?? null}))
        AND (${f.contentId ?? null}::uuid IS NULL OR t.link_id IN (SELECT id FROM share_links WHERE content_id = ${f.contentId ?? null}))
        AND (${after?.id ?? null}::uuid IS NULL OR (o.paid_at, o.id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
      ORDER BY o.paid_at DESC, o.id DESC LIMIT ${limit}
    )
    SELECT k.id, k.at, report_person(k.person_id) AS person, report_person(k.credited) AS inviter, report_unit(k.org_unit_id) AS "orgUnit",
      CASE WHEN r.id IS NOT NULL THEN json_build_object('id', r.id, 'title', r.title) END AS room, t.channel,
      json_build_object('id', k.id, 'no', k.order_no, 'reason', k.reason, 'paidFen', k.paid_fen, 'refundedFen', k.refunded_fen) AS "order"
    FROM picked k LEFT JOIN rooms r ON r.id = k.room_id LEFT JOIN touches t ON t.id = k.touch_id ORDER BY k.at DESC, k.id DESC`;
};

/** @param limit one more than is shown says that there is more */
export const pickRows = (sql: Sql, f: Filter, after: TimeCursor | undefined, limit: number): Promise<Row[]> =>
  ({ visits, newcomers, sales })[f.kind](sql, f, after, limit);

export function rowView(principal: StaffPrincipal, row: Row): ReportRow {
  const { staff } = principal;
  return {
    at: row.at.toISOString(),
    // Who bought here is known here; who only came is read by whose customer they are.
    person: nameFor(staff, row.person, row.order ? [row.orgUnit.path] : []),
    inviter: row.inviter && nameFor(staff, row.inviter),
    ...{ orgUnit: row.orgUnit, room: row.room, channel: row.channel },
    order: row.order && {
      ...row.order,
      paidFen: fenToWire(BigInt(row.order.paidFen)),
      refundedFen: fenToWire(BigInt(row.order.refundedFen)),
    },
  };
}
