/** Reading the audit log (platform/audit.ts writes it): by actor, act, target, unit and time, within the reader's units. */
import { type AuditRow, auditActors, listAudit } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor, type TimeCursor } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Binder, written } from '../../platform/http.ts';
import { sendPersonalCsv } from '../../platform/personal-csv.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import { namesOf } from './target-names.ts';

const CSV_PAGE = 500;
const ACTORS_SHOWN = 20;

interface Found extends Omit<AuditRow, 'at' | 'actor' | 'unit' | 'targetName'> {
  at: Date;
  actorId: string | null;
  orgPath: string;
  unitName: string | null;
}
interface Row extends Found {
  actorName: string;
  targetName: string | null;
}
interface Wanted {
  readonly reader: StaffPrincipal['staff'];
  readonly scope: string;
  readonly actorId: string | undefined;
  readonly action: string | undefined;
  readonly target: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

export function createAuditLog(deps: { bind: Binder; db: Db; clock: Clock; random: Random }): void {
  const { bind, db } = deps;

  /** The newest first, with what people and things are called now, as far as this reader may see it. */
  const find = async (wanted: Wanted, after: TimeCursor | undefined, limit: number): Promise<Row[]> => {
    const { scope, actorId = null, action = null, target = null, from = null, to = null } = wanted;
    const isWhole = action?.includes(':') ?? false;
    const found = await db.sql<Found>`
      SELECT a.id, a.at, a.actor_id AS "actorId", a.action, a.target, a.org_path AS "orgPath", u.name AS "unitName", a.reason, a.detail
      FROM audit_log a LEFT JOIN org_units u ON u.path = a.org_path
      WHERE (a.org_path = ${scope} OR a.org_path LIKE ${`${scope}.%`} OR (a.org_path = '' AND ${!scope.includes('.')}))
        AND (${actorId}::uuid IS NULL OR a.actor_id = ${actorId})
        AND (${action}::text IS NULL OR (${isWhole} AND a.action = ${action}) OR (NOT ${isWhole} AND a.action LIKE ${`${action ?? ''}:%`}))
        AND (${target}::text IS NULL OR a.target = ${target} OR split_part(a.target, ':', 2) = ${target})
        AND (${from}::timestamptz IS NULL OR a.at >= ${from}) AND (${to}::timestamptz IS NULL OR a.at < ${to})
        AND (${after?.at ?? null}::timestamptz IS NULL OR (a.at, a.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
      ORDER BY a.at DESC, a.id DESC LIMIT ${limit}`;
    const names = await namesOf(db.sql, wanted.reader, found);
    return found.map((row) => ({
      ...row,
      actorName: row.actorId === null ? '' : (names.person(row.actorId) ?? ''),
      targetName: names.target(row.target),
    }));
  };
  const view = ({ actorId, actorName, orgPath, unitName, at, ...row }: Row): AuditRow => ({
    ...row,
    at: at.toISOString(),
    actor: actorId === null ? null : { id: actorId, name: actorName },
    unit: { path: orgPath, name: unitName ?? '' },
  });
  async function* all(wanted: Wanted): AsyncGenerator<Row> {
    for (let after: TimeCursor | undefined; ; ) {
      const rows = await find(wanted, after, CSV_PAGE);
      yield* rows;
      after = rows.at(-1);
      if (rows.length < CSV_PAGE) return;
    }
  }

  bind(listAudit, async ({ principal, query, res }) => {
    const { cursor, limit, format, orgUnitId, ...filter } = query;
    let scope = principal.staff.orgPath;
    if (orgUnitId !== undefined) {
      const [unit] = await db.sql<{ path: string }>`SELECT path FROM org_units WHERE id = ${orgUnitId}`;
      if (!unit || (unit.path !== scope && !unit.path.startsWith(`${scope}.`))) throw new AppError('not_found');
      scope = unit.path;
    }
    const { actorId, action, target, from, to } = filter;
    const wanted: Wanted = { reader: principal.staff, scope, actorId, action, target, from, to };
    if (format === 'csv') {
      await sendPersonalCsv(res, deps, {
        ...{ by: principal, target: 'audit', filter: { ...filter, orgUnitId }, fileName: 'audit' },
        columns: [
          { title: 'at', value: (row: Row) => row.at },
          { title: 'actor', value: (row: Row) => row.actorName },
          { title: 'action', value: (row: Row) => row.action },
          { title: 'target', value: (row: Row) => row.target },
          { title: 'target_name', value: (row: Row) => row.targetName ?? '' },
          { title: 'unit', value: (row: Row) => row.orgPath },
          { title: 'reason', value: (row: Row) => row.reason },
          { title: 'detail', value: (row: Row) => JSON.stringify(row.detail) },
        ],
        rows: all(wanted),
      });
      return written;
    }
    const found = await find(wanted, decodeTimeCursor(cursor), limit + 1);
    const cut = cutPage(found, limit, encodeTimeCursor);
    return { items: cut.rows.map(view), nextCursor: cut.nextCursor };
  });

  bind(auditActors, async ({ principal, query }) => {
    const scope = principal.staff.orgPath;
    const items = await db.sql<{ id: string; name: string }>`
      SELECT p.id, p.name FROM staff_accounts s JOIN people p ON p.id = s.person_id
      WHERE (s.org_path = ${scope} OR s.org_path LIKE ${`${scope}.%`})
        AND (strpos(p.name, ${query.q}) > 0 OR strpos(s.username, ${query.q.toLowerCase()}) > 0)
      ORDER BY p.name LIMIT ${ACTORS_SHOWN}`;
    return { items };
  });
}
