/** Today for a wall (rule Z8: facts alone; what is of the demo programme is said to be). */
import { fenToWire, type ScreenReply } from '@walnut-live/contracts';
import { addDays, chinaDayOf, chinaDayStart } from '../../platform/china-day.policy.ts';
import type { Sql } from '../../platform/db.ts';
import { maskName } from '../../platform/masks.policy.ts';
import { periodOf } from './periods.policy.ts';
import type { ReportScope } from './reading.ts';
import type { UnitJson } from './reports.repository.ts';
import { NOBODY, namesOf, rankedInviters, unitFigures } from './rollups.repository.ts';

const BEST = 8;

export async function readScreen(
  sql: Sql,
  { scope, now, viewersNow }: { scope: ReportScope; now: Date; viewersNow: (roomId: string) => number },
): Promise<Omit<ScreenReply, 'at'>> {
  const day = chinaDayOf(now);
  const period = periodOf(day, addDays(day, 1));
  const [today, yesterday] = [chinaDayStart(day), chinaDayStart(addDays(day, -1))];
  const { path } = scope;
  const units = await unitFigures(sql, path, period);
  const whole = units.find(({ unit }) => unit.id === scope.id);
  const { page } = await rankedInviters(sql, { scopeId: scope.id, period, only: null }, 'gmv', null, BEST);
  const names = await namesOf(
    sql,
    page.map(({ id }) => id),
    path,
  );
  const hours = await sql<{ today: boolean; hour: number; orders: bigint; gmv: bigint }>`
    SELECT o.paid_at >= ${today} AS today, extract(hour FROM o.paid_at AT TIME ZONE 'UTC' + interval '8 hours')::int AS hour, count(*) AS orders, sum(o.paid_fen)::bigint AS gmv
    FROM orders o WHERE o.paid_at >= ${yesterday} AND o.paid_at <= ${now} AND (o.org_path = ${path} OR o.org_path LIKE ${path} || '.%') GROUP BY 1, 2`;
  const [people] = await sql<{ buyers: bigint; demo: boolean }>`
    SELECT count(DISTINCT COALESCE(p.merged_into, p.id)) AS buyers, COALESCE(bool_or(r.is_demo), false) AS demo
    FROM orders o JOIN people p ON p.id = o.person_id LEFT JOIN rooms r ON r.id = o.room_id
    WHERE o.paid_at >= ${today} AND (o.org_path = ${path} OR o.org_path LIKE ${path} || '.%')`;
  const live = await sql<{
    id: string;
    title: string;
    orgUnit: UnitJson;
    demo: boolean;
    startedAt: Date;
    orders: bigint;
    gmv: bigint;
  }>`
    SELECT r.id, r.title, json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit", r.is_demo AS demo, r.started_at AS "startedAt",
      COALESCE(s.orders, 0)::bigint AS orders, COALESCE(s.gmv, 0) AS gmv
    FROM rooms r JOIN org_units u ON u.id = r.org_unit_id
    LEFT JOIN LATERAL (SELECT sum(orders) AS orders, sum(gmv_fen)::bigint AS gmv FROM report_sums x WHERE x.scope_id = r.id AND x.grain = 'd' AND x.start = ${day}::date) s ON true
    WHERE r.state = 'live' AND r.started_at IS NOT NULL AND (r.org_path = ${path} OR r.org_path LIKE ${path} || '.%')`;
  const products = await sql<{ id: string; title: string; pieces: bigint; gmv: bigint }>`
    SELECT i.product_id AS id, COALESCE(max(p.title), max(i.title)) AS title, sum(i.quantity)::bigint AS pieces, sum(i.amount_fen)::bigint AS gmv
    FROM orders o JOIN order_items i ON i.order_id = o.id LEFT JOIN products p ON p.id = i.product_id
    WHERE o.paid_at >= ${today} AND (o.org_path = ${path} OR o.org_path LIKE ${path} || '.%') GROUP BY 1 ORDER BY gmv DESC, i.product_id LIMIT ${BEST}`;
  const byHour = (isToday: boolean) =>
    new Map(hours.filter((row) => row.today === isToday).map((row) => [row.hour, row]));
  const [hoursToday, hoursYesterday] = [byHour(true), byHour(false)];
  const before = hours.filter((row) => !row.today);
  const rooms = live
    .map(({ id, title, orgUnit, demo, startedAt, orders, gmv }) => ({
      ...{
        room: { id, title },
        orgUnit,
        demo,
        viewers: viewersNow(id),
        orders: Number(orders),
        gmvFen: fenToWire(gmv),
      },
      startedAt: startedAt.toISOString(),
    }))
    .sort((a, b) => b.viewers - a.viewers || b.gmvFen - a.gmvFen || (a.room.id < b.room.id ? -1 : 1));
  return {
    day,
    demo: (people?.demo ?? false) || rooms.some((room) => room.demo),
    ...{
      gmvFen: fenToWire(whole?.gmvFen ?? 0n),
      refundedFen: fenToWire(whole?.refundedFen ?? 0n),
      orders: Number(whole?.orders ?? 0n),
    },
    ...{
      buyers: Number(people?.buyers ?? 0n),
      newCustomers: Number(whole?.newCustomers ?? 0n),
      visitors: Number(whole?.visitors ?? 0n),
    },
    yesterdayGmvFen: fenToWire(before.reduce((sum, row) => sum + row.gmv, 0n)),
    yesterdayOrders: before.reduce((sum, row) => sum + Number(row.orders), 0),
    viewersNow: rooms.reduce((sum, room) => sum + room.viewers, 0),
    live: rooms,
    hours: Array.from({ length: 24 }, (_, hour) => ({
      ...{
        hour,
        gmvFen: fenToWire(hoursToday.get(hour)?.gmv ?? 0n),
        orders: Number(hoursToday.get(hour)?.orders ?? 0n),
      },
      yesterdayGmvFen: fenToWire(hoursYesterday.get(hour)?.gmv ?? 0n),
    })),
    stores: units
      .filter(({ unit, orders }) => unit.kind === 'store' && orders > 0n)
      .sort((a, b) => Number(b.gmvFen - a.gmvFen) || (a.unit.path < b.unit.path ? -1 : 1))
      .slice(0, BEST)
      .map(({ unit: { parentId: _, ...orgUnit }, orders, gmvFen }) => ({
        orgUnit,
        orders: Number(orders),
        gmvFen: fenToWire(gmvFen),
      })),
    inviters: page.flatMap((row) => {
      const named = names.get(row.id);
      if (!named || row.id === NOBODY) return [];
      const name = named.kind === 'staff' ? named.name : maskName(named.name);
      return [
        { id: row.id, name, visitors: Number(row.visitors), orders: Number(row.orders), gmvFen: fenToWire(row.gmvFen) },
      ];
    }),
    products: products.map(({ id, title, pieces, gmv }) => ({
      id,
      title,
      pieces: Number(pieces),
      gmvFen: fenToWire(gmv),
    })),
  };
}
