/** What points are exchanged for: coupon kinds, offered and withdrawn by headquarters. */
import {
  type BodyOf,
  type createPointsExchange,
  fenToWire,
  type PointsExchange,
  type stopPointsExchange,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';

/** What is shown at once; nobody reads more. */
const SHOWN = 50;

export function createExchanges(deps: { db: Db; clock: Clock; random: Random }) {
  const { db, clock, random } = deps;

  async function read(
    sql: Sql,
    by: { id?: string; personId?: string; activeOnly?: boolean },
  ): Promise<PointsExchange[]> {
    const rows = await sql<
      Omit<PointsExchange, 'offFen' | 'minSpendFen' | 'points'> & {
        offFen: bigint;
        minSpendFen: bigint;
        points: bigint;
      }
    >`
      SELECT x.id, x.kind_id AS "kindId", k.title, k.off_fen AS "offFen", k.min_spend_fen AS "minSpendFen", k.usage, u.name AS unit,
        k.valid_days AS "validDays", x.points, k.total - k.claimed - k.set_aside AS left, x.taken, x.active,
        x.active AND k.active AND k.claimed + k.set_aside < k.total AND (${by.personId ?? null}::uuid IS NULL OR (
          coalesce((SELECT h.quantity FROM coupon_holders h WHERE h.kind_id = k.id AND h.person_id = ${by.personId ?? null}::uuid), 0) < k.per_person
          AND NOT (k.newcomers_only AND (EXISTS (SELECT 1 FROM orders o WHERE o.person_id = ${by.personId ?? null}::uuid AND o.paid_at IS NOT NULL)
            OR (SELECT came_back FROM people WHERE id = ${by.personId ?? null}::uuid)))
        )) AS takeable
      FROM points_exchanges x JOIN coupon_kinds k ON k.id = x.kind_id JOIN org_units u ON u.id = k.org_unit_id
      WHERE (${by.id ?? null}::uuid IS NULL OR x.id = ${by.id ?? null}::uuid)
        AND (NOT ${by.activeOnly ?? false}::boolean OR (x.active AND k.active))
      ORDER BY x.active DESC, x.points, x.id LIMIT ${SHOWN}`;
    return rows.map((row) => ({
      ...row,
      offFen: fenToWire(row.offFen),
      minSpendFen: fenToWire(row.minSpendFen),
      points: Number(row.points),
    }));
  }
  async function one(sql: Sql, id: string): Promise<PointsExchange> {
    const [found] = await read(sql, { id });
    if (!found) throw new AppError('not_found');
    return found;
  }
  /** Points are the whole brand's: a store does not give them a price. */
  const requireHq = ({ staff }: StaffPrincipal): void => {
    if (staff.orgPath.includes('.')) throw new AppError('forbidden');
  };
  const audit = (tx: Tx, { personId, staff }: StaffPrincipal, row: PointsExchange, action: string, reason = '') =>
    writeAudit(tx, deps, {
      ...{ actorId: personId, action, target: `points-exchange:${row.id}`, orgPath: staff.orgPath, reason },
      detail: { kindId: row.kindId, title: row.title, points: row.points, taken: row.taken },
    });

  return {
    ofPerson: (personId: string) => read(db.sql, { personId, activeOnly: true }),
    all: () => read(db.sql, {}),
    /** In the transaction of its idempotency key. @throws AppError not_found, conflict: it is offered already */
    async create(tx: Tx, staff: StaffPrincipal, body: BodyOf<typeof createPointsExchange>): Promise<PointsExchange> {
      requireHq(staff);
      const [kind] = await tx<{ active: boolean }>`SELECT active FROM coupon_kinds WHERE id = ${body.kindId}`;
      if (!kind) throw new AppError('not_found');
      if (!kind.active) throw new AppError('coupon_not_usable', { facts: { reason: 'stopped' } });
      const id = random.id();
      const made = await tx`
        INSERT INTO points_exchanges (id, kind_id, points, created_by, created_at)
        VALUES (${id}, ${body.kindId}, ${body.points}, ${staff.personId}, ${clock.now()})
        ON CONFLICT (kind_id) WHERE active DO NOTHING RETURNING id`;
      if (made.length === 0) throw new AppError('conflict');
      const row = await one(tx, id);
      await audit(tx, staff, row, 'points-exchange:created');
      return row;
    },
    async stop(staff: StaffPrincipal, id: string, body: BodyOf<typeof stopPointsExchange>): Promise<PointsExchange> {
      requireHq(staff);
      const row = await one(db.sql, id);
      await db.transaction(async (tx) => {
        const stopped = await tx`
          UPDATE points_exchanges SET active = false, stopped_at = ${clock.now()} WHERE id = ${id} AND active RETURNING id`;
        if (stopped.length === 1) await audit(tx, staff, row, 'points-exchange:stopped', body.reason);
      });
      return one(db.sql, id);
    },
  };
}
