/** 优免占比 (rule N1): what was given away, of what was paid, per unit and period. */
import { type DiscountRow, fenToWire, type QueryOf, type ReplyOf, type reportDiscounts } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { CsvColumn } from '../../platform/csv.ts';
import type { Db } from '../../platform/db.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';

type Sums = Omit<DiscountRow, 'orgUnit' | 'ratioBps'>;
const BPS = 10_000;
const nothing: Sums = {
  ...{ orders: 0, shelfFen: 0, couponFen: 0, pointsFen: 0, offerFen: 0, counterFen: 0, paidFen: 0, refundedFen: 0 },
};

/** All that was given, of what was paid, in basis points, floored; null when nothing was paid. */
export const ratioOf = (sums: Pick<Sums, 'couponFen' | 'pointsFen' | 'offerFen' | 'counterFen' | 'paidFen'>) =>
  sums.paidFen === 0
    ? null
    : Math.floor(((sums.couponFen + sums.pointsFen + sums.offerFen + sums.counterFen) * BPS) / sums.paidFen);

/**
 * Orders count by the day of payment, in the unit that sold; what was taken at a counter by its day, in the unit that took it.
 * Orders that were given back whole are left out: nothing was sold, and nothing given. What is off without a coupon, as by the deposit
 * of a pre-sale, counts as an offer.
 */
export async function discountReport(
  { db, clock }: { db: Db; clock: Clock },
  principal: StaffPrincipal,
  query: QueryOf<typeof reportDiscounts>,
): Promise<ReplyOf<typeof reportDiscounts>> {
  const scope = query.orgPath ?? principal.staff.orgPath;
  requireScope(principal, 'reports:read', scope);
  const [from, to] = [query.from ?? null, query.to ?? null];
  const rows = await db.sql<{ orgUnit: DiscountRow['orgUnit'] } & Record<keyof Sums, bigint>>`
    WITH sold AS (
      SELECT o.id, o.org_unit_id AS unit, o.refunded_fen - o.shipping_refunded_fen AS refunded
      FROM orders o
      WHERE o.paid_at IS NOT NULL AND o.state <> 'refunded' AND (o.org_path = ${scope} OR o.org_path LIKE ${scope} || '.%')
        AND (${from}::timestamptz IS NULL OR o.paid_at >= ${from}::timestamptz) AND (${to}::timestamptz IS NULL OR o.paid_at < ${to}::timestamptz)
    ), items AS (
      SELECT s.unit, i.snapshot_hash, i.sku_id, i.quantity, i.unit_price_fen, i.discount_fen, i.amount_fen
      FROM sold s JOIN order_items i ON i.order_id = s.id
    ), prices AS (
      SELECT h.hash, (k ->> 'id')::uuid AS sku_id, (k ->> 'priceFen')::bigint AS price_fen
      FROM (SELECT DISTINCT snapshot_hash AS hash FROM items WHERE snapshot_hash IS NOT NULL) h JOIN product_snapshots p ON p.hash = h.hash,
        jsonb_array_elements(p.content -> 'skus') k
    ), given AS (
      SELECT i.unit, sum(greatest(coalesce(p.price_fen, i.unit_price_fen), i.unit_price_fen) * i.quantity)::bigint AS shelf,
        sum(greatest(coalesce(p.price_fen, i.unit_price_fen) - i.unit_price_fen, 0) * i.quantity)::bigint AS offer,
        sum(i.discount_fen)::bigint AS off, sum(i.amount_fen)::bigint AS paid
      FROM items i LEFT JOIN prices p ON p.hash = i.snapshot_hash AND p.sku_id = i.sku_id GROUP BY i.unit
    ), taken AS (
      SELECT s.unit, coalesce(sum(t.off_fen) FILTER (WHERE c.source <> 'points'), 0)::bigint AS coupon,
        coalesce(sum(t.off_fen) FILTER (WHERE c.source = 'points'), 0)::bigint AS points
      FROM sold s JOIN order_coupons t ON t.order_id = s.id JOIN coupons c ON c.id = t.coupon_id GROUP BY s.unit
    ), orders AS (
      SELECT unit, count(*) AS orders, sum(refunded)::bigint AS refunded FROM sold GROUP BY unit
    ), counters AS (
      SELECT c.redeemed_unit_id AS unit, sum(c.off_fen)::bigint AS counter FROM coupons c JOIN org_units u ON u.id = c.redeemed_unit_id
      WHERE c.state = 'redeemed' AND (u.path = ${scope} OR u.path LIKE ${scope} || '.%')
        AND (${from}::timestamptz IS NULL OR c.used_at >= ${from}::timestamptz) AND (${to}::timestamptz IS NULL OR c.used_at < ${to}::timestamptz)
      GROUP BY 1
    )
    SELECT json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit", coalesce(o.orders, 0) AS orders,
      coalesce(g.shelf, 0) AS "shelfFen", coalesce(t.coupon, 0) AS "couponFen", coalesce(t.points, 0) AS "pointsFen",
      (coalesce(g.offer + g.off, 0) - coalesce(t.coupon + t.points, 0))::bigint AS "offerFen", coalesce(c.counter, 0) AS "counterFen", coalesce(g.paid, 0) AS "paidFen",
      coalesce(o.refunded, 0) AS "refundedFen"
    FROM org_units u LEFT JOIN orders o ON o.unit = u.id LEFT JOIN given g ON g.unit = u.id LEFT JOIN taken t ON t.unit = u.id LEFT JOIN counters c ON c.unit = u.id
    WHERE (u.path = ${scope} OR u.path LIKE ${scope} || '.%') AND (o.unit IS NOT NULL OR c.unit IS NOT NULL) ORDER BY u.path`;
  const items = rows.map(({ orgUnit, ...sums }) => {
    const wire = { ...nothing };
    for (const key of Object.keys(nothing) as (keyof Sums)[]) wire[key] = fenToWire(sums[key]);
    return { orgUnit, ...wire, ratioBps: ratioOf(wire) };
  });
  const total = { ...nothing };
  for (const item of items) for (const key of Object.keys(total) as (keyof Sums)[]) total[key] += item[key];
  return { at: clock.now().toISOString(), total: { ...total, ratioBps: ratioOf(total) }, items };
}

export const discountColumns: readonly CsvColumn<DiscountRow>[] = [
  { title: 'org_path', value: (row) => row.orgUnit.path },
  { title: 'unit', value: (row) => row.orgUnit.name },
  { title: 'orders', value: (row) => row.orders },
  { title: 'shelf_fen', value: (row) => row.shelfFen },
  { title: 'coupon_fen', value: (row) => row.couponFen },
  { title: 'points_fen', value: (row) => row.pointsFen },
  { title: 'offer_fen', value: (row) => row.offerFen },
  { title: 'counter_fen', value: (row) => row.counterFen },
  { title: 'paid_fen', value: (row) => row.paidFen },
  { title: 'refunded_fen', value: (row) => row.refundedFen },
  { title: 'ratio_bps', value: (row) => row.ratioBps },
];
