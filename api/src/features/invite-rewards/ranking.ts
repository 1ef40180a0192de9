/**
 * Who brought most (rule K6): people who became customers, or sales net of refunds. Gifts are in no ranking.
 *
 * Model: worked out from the facts when asked for. New people are first invites of the period; a customer is one of them who
 * bought and kept something; sales are paid orders of the period credited to the person by a share link or by a ruling.
 */
import { fenToWire, getInviteRanking, rankingPeriods, reportInviteRanking } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { maskName } from '../../platform/masks.policy.ts';
import { requireScope } from '../../platform/principal.ts';
import { nameFor } from '../bindings/index.ts';
import { createContentRows } from '../contents/index.ts';
import { periodStart } from './rewards.policy.ts';

/** Places that everybody sees. */
const SHOWN = 20;
const REPORTED = 100;
const DEFAULT_DAYS = 30;
const DAY_MS = 86_400_000;

interface Row {
  personId: string;
  name: string;
  kind: string;
  ownerPath: string | null;
  place: bigint;
  invited: bigint;
  customers: bigint;
  orders: bigint;
  netFen: bigint;
}

export function createRanking(deps: { bind: Binder; db: Db; clock: Clock }): void {
  const { bind, db, clock } = deps;

  /** The first places, and that of `also` wherever it is. Whoever is level shares a place. */
  const rank = (of: {
    path: string;
    from: Date;
    to: Date;
    by: 'customers' | 'sales';
    limit: number;
    also: string | null;
  }) => db.sql<Row>`
    WITH brought AS (
      SELECT coalesce(i.merged_into, i.id) AS person_id, count(*) AS invited,
        count(*) FILTER (WHERE EXISTS (SELECT FROM orders o JOIN people b ON b.id = o.person_id
          WHERE coalesce(b.merged_into, b.id) = coalesce(p.merged_into, p.id) AND o.paid_at IS NOT NULL AND o.paid_fen > o.refunded_fen)) AS customers
      FROM invite_edges e JOIN touches t ON t.id = e.touch_id JOIN rooms r ON r.id = t.room_id
      JOIN people i ON i.id = e.inviter_id JOIN people p ON p.id = e.invitee_id
      WHERE e.at >= ${of.from} AND e.at < ${of.to} AND (r.org_path = ${of.path} OR r.org_path LIKE ${`${of.path}.%`})
      GROUP BY 1
    ),
    sold AS (
      SELECT coalesce(p.merged_into, p.id) AS person_id, count(*) AS orders, sum(o.paid_fen - o.refunded_fen)::bigint AS net
      FROM orders o JOIN order_credits c ON c.order_id = o.id AND c.reason IN ('share_link', 'hq_ruling') JOIN people p ON p.id = c.person_id
      WHERE o.paid_at >= ${of.from} AND o.paid_at < ${of.to} AND (o.org_path = ${of.path} OR o.org_path LIKE ${`${of.path}.%`})
      GROUP BY 1
    ),
    both_of AS (
      SELECT coalesce(b.person_id, s.person_id) AS person_id, coalesce(b.invited, 0) AS invited, coalesce(b.customers, 0) AS customers,
        coalesce(s.orders, 0) AS orders, coalesce(s.net, 0)::bigint AS net
      FROM brought b FULL JOIN sold s ON s.person_id = b.person_id
    ),
    ranked AS (
      SELECT *, rank() OVER (ORDER BY CASE WHEN ${of.by} = 'sales' THEN net ELSE customers END DESC,
        CASE WHEN ${of.by} = 'sales' THEN customers ELSE net END DESC) AS place FROM both_of
    )
    SELECT r.person_id AS "personId", p.name, p.kind, u.path AS "ownerPath", r.place, r.invited, r.customers, r.orders, r.net AS "netFen"
    FROM ranked r JOIN people p ON p.id = r.person_id
    LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL LEFT JOIN org_units u ON u.id = b.store_id
    WHERE r.place <= ${of.limit} OR r.person_id = ${of.also}::uuid
    ORDER BY r.place, r.person_id LIMIT ${of.limit + 1}`;

  async function unit(path: string | null) {
    const [row] = await db.sql<{ id: string; kind: 'hq' | 'channel' | 'store'; path: string; name: string }>`
      SELECT id, kind, path, name FROM org_units WHERE path = ${path}::text OR (${path}::text IS NULL AND kind = 'hq') LIMIT 1`;
    if (!row) throw new AppError('not_found');
    return row;
  }

  bind(getInviteRanking, async ({ principal, query }) => {
    const to = clock.now();
    const from = periodStart(rankingPeriods.find((known) => known === query.period) ?? 'month', to);
    const { personId, staff } = principal;
    const home = staff ? staff.orgPath : await createContentRows(db.sql).homeOf(personId, to);
    const orgUnit = await unit(query.scope === 'brand' ? null : home);
    const found = await rank({ path: orgUnit.path, from, to, by: query.by, limit: SHOWN, also: personId });
    const mine = found.find((row) => row.personId === personId);
    const sums = (row: Row) => ({
      place: Number(row.place),
      customers: Number(row.customers),
      netFen: fenToWire(row.netFen),
    });
    return {
      ...{ from: from.toISOString(), to: to.toISOString(), orgUnit },
      items: found
        .filter(({ place }) => Number(place) <= SHOWN)
        .map((row) => ({
          ...sums(row),
          name: row.personId === personId ? row.name : maskName(row.name),
          mine: row.personId === personId,
        })),
      mine: mine ? sums(mine) : null,
    };
  });

  bind(reportInviteRanking, async ({ principal, query }) => {
    const { staff } = principal;
    let path = staff.orgPath;
    if (query.orgUnitId !== undefined) {
      const [row] = await db.sql<{ path: string }>`SELECT path FROM org_units WHERE id = ${query.orgUnitId}`;
      if (!row) throw new AppError('not_found');
      requireScope(principal, 'reports:read', row.path);
      path = row.path;
    }
    const to = query.to === undefined ? clock.now() : new Date(query.to);
    const from = query.from === undefined ? new Date(to.getTime() - DEFAULT_DAYS * DAY_MS) : new Date(query.from);
    const found = await rank({ path, from, to, by: query.by, limit: REPORTED, also: null });
    return {
      ...{ from: from.toISOString(), to: to.toISOString() },
      items: found.map((row) => ({
        place: Number(row.place),
        inviter: nameFor(staff, { id: row.personId, name: row.name, kind: row.kind, ownerPath: row.ownerPath }),
        ...{ invited: Number(row.invited), customers: Number(row.customers), orders: Number(row.orders) },
        netFen: fenToWire(row.netFen),
      })),
    };
  });
}
