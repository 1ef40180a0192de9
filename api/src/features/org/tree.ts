/**
 * The tree of units. A unit's path is its place for good: it is renamed and closed, never moved or deleted, because everything that
 * happened in it names the path. A closed unit takes no accounts and no units any more.
 */
import {
  changeOrgUnit,
  closeOrgUnit,
  createOrgUnit,
  type OrgNode,
  orgTree,
  type UnitBlock,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';

interface Row {
  id: string;
  kind: 'hq' | 'channel' | 'store';
  path: string;
  name: string;
  legalName: string;
  licenceNo: string;
  address: string;
  servicePhone: string;
  staff: number;
  closedAt: Date | null;
}
const view = ({ id, kind, path, name, closedAt, ...rest }: Row): OrgNode => ({
  ...rest,
  unit: { id, kind, path, name },
  closedAt: closedAt?.toISOString() ?? null,
});

const find = (sql: Sql, wanted: { scope?: string; id?: string }): Promise<Row[]> => sql<Row>`
  SELECT u.id, u.kind, u.path, u.name, u.legal_name AS "legalName", u.licence_no AS "licenceNo", u.address,
    u.service_phone AS "servicePhone", u.closed_at AS "closedAt",
    (SELECT count(*)::int FROM staff_accounts s WHERE s.org_unit_id = u.id AND s.active) AS staff
  FROM org_units u WHERE (${wanted.id ?? null}::uuid IS NULL OR u.id = ${wanted.id ?? null})
    AND (${wanted.scope ?? null}::text IS NULL OR u.path = ${wanted.scope ?? null} OR u.path LIKE ${`${wanted.scope ?? ''}.%`})
  ORDER BY u.path COLLATE "C"`;

export function bindTree(bind: Binder, deps: { db: Db; clock: Clock; random: Random }): void {
  const { db, clock, random } = deps;

  async function held(tx: Tx, principal: StaffPrincipal, id: string): Promise<Row> {
    await tx`SELECT 1 AS held FROM org_units WHERE id = ${id} FOR UPDATE`;
    const [row] = await find(tx, { id });
    if (!row) throw new AppError('not_found');
    requireScope(principal, 'org:write', row.path);
    return row;
  }
  async function one(tx: Tx, id: string): Promise<OrgNode> {
    const [row] = await find(tx, { id });
    if (!row) throw new AppError('not_found');
    return view(row);
  }
  async function blocksOf(tx: Tx, { id, path, staff }: Row): Promise<UnitBlock[]> {
    const [open] = await tx<{ units: number; lives: number; orders: number }>`SELECT
      (SELECT count(*)::int FROM org_units WHERE parent_id = ${id} AND closed_at IS NULL) AS units,
      (SELECT count(*)::int FROM rooms WHERE org_path = ${path} AND state IN ('scheduled', 'live')) AS lives,
      (SELECT count(*)::int FROM orders WHERE org_path = ${path}
        AND state IN ('pending_payment', 'deposit_paid', 'paid', 'shipped', 'refunding')) AS orders`;
    return [
      ...(open?.units ? (['units'] as const) : []),
      ...(staff > 0 ? (['accounts'] as const) : []),
      ...(open?.lives ? (['lives'] as const) : []),
      ...(open?.orders ? (['orders'] as const) : []),
    ];
  }

  bind(orgTree, async ({ principal }) => ({
    items: (await find(db.sql, { scope: principal.staff.orgPath })).map(view),
  }));

  bind(createOrgUnit, async ({ principal, body, tx }) => {
    const parent = await held(tx, principal, body.parentId);
    if (parent.closedAt) throw new AppError('state_conflict', { facts: { state: 'closed' } });
    if (parent.kind === 'store')
      throw new AppError('invalid_request', { issues: [{ path: '/parentId', issue: 'is_a_store' }] });
    const id = random.id();
    const path = `${parent.path}.${body.slug}`;
    const made = await tx`
      INSERT INTO org_units (id, parent_id, kind, path, name, legal_name, licence_no, address, service_phone, created_at)
      VALUES (${id}, ${parent.id}, ${body.kind}, ${path}, ${body.name}, ${body.legalName}, ${body.licenceNo}, ${body.address},
        ${body.servicePhone}, ${clock.now()}) ON CONFLICT (path) DO NOTHING RETURNING id`;
    if (made.length === 0) throw new AppError('conflict', { facts: { field: 'slug' } });
    await writeAudit(tx, deps, {
      ...{ actorId: principal.personId, action: 'org-unit:created', target: `org-unit:${id}`, orgPath: path },
      detail: { kind: body.kind, name: body.name },
    });
    return one(tx, id);
  });

  bind(changeOrgUnit, ({ principal, params, body: { reason, ...wanted } }) =>
    db.transaction(async (tx) => {
      const row = await held(tx, principal, params.id);
      if (row.closedAt) throw new AppError('state_conflict', { facts: { state: 'closed' } });
      const { name, legalName, licenceNo, address, servicePhone } = { ...row, ...wanted };
      await tx`UPDATE org_units SET name = ${name}, legal_name = ${legalName}, licence_no = ${licenceNo}, address = ${address},
        service_phone = ${servicePhone} WHERE id = ${row.id}`;
      await writeAudit(tx, deps, {
        ...{ actorId: principal.personId, action: 'org-unit:changed', target: `org-unit:${row.id}`, orgPath: row.path },
        ...{ reason, detail: { from: { name: row.name, legalName: row.legalName }, to: { name, legalName } } },
      });
      return one(tx, row.id);
    }),
  );

  bind(closeOrgUnit, ({ principal, params, body }) =>
    db.transaction(async (tx) => {
      const row = await held(tx, principal, params.id);
      if (row.closedAt) return view(row);
      if (row.kind === 'hq') throw new AppError('forbidden');
      const blocks = await blocksOf(tx, row);
      if (blocks.length > 0) throw new AppError('state_conflict', { facts: { blocks } });
      await tx`UPDATE org_units SET closed_at = ${clock.now()} WHERE id = ${row.id}`;
      await writeAudit(tx, deps, {
        ...{ actorId: principal.personId, action: 'org-unit:closed', target: `org-unit:${row.id}`, orgPath: row.path },
        reason: body.reason,
      });
      return one(tx, row.id);
    }),
  );
}
