/** Guides: what their links brought (from the roll-ups), what they hosted, whose owner they are. */
import { fenToWire, type GuideRow } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';
import type { Period } from './periods.policy.ts';
import type { ReportScope } from './reading.ts';
import type { Range, UnitJson } from './reports.repository.ts';
import { NOBODY, rankedInviters } from './rollups.repository.ts';

const BPS = 10_000;
const MOST = 10_000;

export async function readGuides(
  sql: Sql,
  { scope, period, range, now }: { scope: ReportScope; period: Period; range: Range; now: Date },
): Promise<GuideRow[]> {
  const { from, to } = range;
  const guides = await sql<{
    id: string;
    name: string;
    orgUnit: UnitJson;
    lives: bigint;
    liveSeconds: bigint;
    customers: bigint;
    roomOrders: bigint;
    roomGmvFen: bigint;
  }>`
    WITH guides AS MATERIALIZED (
      SELECT a.person_id, a.org_unit_id FROM staff_accounts a WHERE a.role = 'guide' AND (a.org_path = ${scope.path} OR a.org_path LIKE ${scope.path} || '.%')
    ), hosted AS MATERIALIZED (
      SELECT r.id, r.host_id, r.started_at, r.ended_at FROM rooms r JOIN guides g ON g.person_id = r.host_id
      WHERE r.started_at IS NOT NULL AND (r.org_path = ${scope.path} OR r.org_path LIKE ${scope.path} || '.%')
    ), lived AS (
      SELECT host_id, count(*) AS lives, sum(extract(epoch FROM least(COALESCE(ended_at, ${now}::timestamptz), COALESCE(${to}::timestamptz, 'infinity'))
        - greatest(started_at, COALESCE(${from}::timestamptz, '-infinity'))))::bigint AS seconds
      FROM hosted WHERE (${to}::timestamptz IS NULL OR started_at < ${to}) AND (${from}::timestamptz IS NULL OR COALESCE(ended_at, ${now}::timestamptz) >= ${from}) GROUP BY 1
    ), sold AS (
      SELECT h.host_id, sum(s.orders) AS orders, sum(s.gmv_fen)::bigint AS gmv FROM hosted h JOIN report_sums s ON s.scope_id = h.id
      WHERE s.grain = 'd' AND s.start >= ${period.from}::date AND s.start < ${period.to}::date GROUP BY 1
    ), owned AS (
      SELECT b.guide_id, count(*) AS customers FROM owner_bindings b JOIN guides g ON g.person_id = b.guide_id
      WHERE b.ended_at IS NULL AND (b.valid_until IS NULL OR b.valid_until > ${now}::timestamptz) GROUP BY 1
    )
    SELECT p.id, p.name, json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit", COALESCE(l.lives, 0) AS lives,
      COALESCE(l.seconds, 0) AS "liveSeconds", COALESCE(o.customers, 0) AS customers, COALESCE(s.orders, 0)::bigint AS "roomOrders", COALESCE(s.gmv, 0) AS "roomGmvFen"
    FROM guides g JOIN people p ON p.id = g.person_id JOIN org_units u ON u.id = g.org_unit_id
    LEFT JOIN lived l ON l.host_id = p.id LEFT JOIN sold s ON s.host_id = p.id LEFT JOIN owned o ON o.guide_id = p.id`;
  const only = guides.filter(({ id }) => id !== NOBODY).map(({ id }) => id);
  const { page } = await rankedInviters(sql, { scopeId: scope.id, period, only }, 'gmv', null, MOST);
  const figures = new Map(page.map((row) => [row.id, row]));
  return guides
    .map(({ id, name, orgUnit, lives, liveSeconds, customers, roomOrders, roomGmvFen }): GuideRow => {
      const own = figures.get(id);
      const [visitors, orders] = [Number(own?.visitors ?? 0n), Number(own?.orders ?? 0n)];
      return {
        ...{
          guide: { id, name },
          orgUnit,
          lives: Number(lives),
          liveSeconds: Number(liveSeconds),
          customers: Number(customers),
        },
        ...{ visitors, orders, newCustomers: Number(own?.newCustomers ?? 0n), gmvFen: fenToWire(own?.gmvFen ?? 0n) },
        ...{ refundedFen: fenToWire(own?.refundedFen ?? 0n), commissionFen: fenToWire(own?.commissionFen ?? 0n) },
        ...{ roomOrders: Number(roomOrders), roomGmvFen: fenToWire(roomGmvFen) },
        conversionBps: visitors === 0 ? null : Math.floor((orders * BPS) / visitors),
      };
    })
    .sort((a, b) => b.gmvFen - a.gmvFen || b.roomGmvFen - a.roomGmvFen || (a.guide.id < b.guide.id ? -1 : 1));
}
