/** Alerts: what somebody should look at, found by a job, looked after by staff. */
import {
  type Alert,
  type AlertRule,
  type AlertState,
  acknowledgeAlert,
  closeAlert,
  isWithin,
  listAlertRules,
  listAlerts,
  setAlertRule,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Sql } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { allKinds, ruleFor } from './alerts.policy.ts';
import { createWatching, type PictureHealth, readRules } from './watching.ts';

export { ALERTS_JOB } from './watching.ts';

export interface AlertsDeps {
  readonly bind: Binder;
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly jobs: Jobs;
  readonly streamFigures: () => Promise<ReadonlyMap<string, PictureHealth>>;
}
type Unit = Alert['orgUnit'];
interface Row extends Omit<Alert, 'subject' | 'openedAt' | 'lastSeenAt' | 'acknowledgedAt' | 'closedAt'> {
  orgPath: string;
  subjectId: string;
  label: string;
  openedAt: Date;
  lastSeenAt: Date;
  acknowledgedAt: Date | null;
  closedAt: Date | null;
}
const view = ({ orgPath: _, subjectId, label, ...row }: Row): Alert => ({
  ...row,
  subject: { id: subjectId, label },
  ...{ openedAt: row.openedAt.toISOString(), lastSeenAt: row.lastSeenAt.toISOString() },
  ...{ acknowledgedAt: row.acknowledgedAt?.toISOString() ?? null, closedAt: row.closedAt?.toISOString() ?? null },
});
interface Filter {
  scope: string;
  id?: string;
  state?: AlertState | undefined;
  kind?: string | undefined;
  after?: { at: Date; id: string } | undefined;
  limit: number;
}
/** Without a state: those that stand. */
const find = (sql: Sql, { scope, id, state, kind, after, limit }: Filter) => sql<Row>`
  SELECT a.id, a.kind, a.state, a.org_path AS "orgPath", a.subject_id AS "subjectId", a.label, a.room_id AS "roomId", a.value, a.threshold, a.seen,
    a.opened_at AS "openedAt", a.last_seen_at AS "lastSeenAt", a.acknowledged_at AS "acknowledgedAt", a.closed_at AS "closedAt", a.close_reason AS "closeReason",
    json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit",
    CASE WHEN k.id IS NOT NULL THEN json_build_object('id', k.id, 'name', k.name) END AS "acknowledgedBy",
    CASE WHEN c.id IS NOT NULL THEN json_build_object('id', c.id, 'name', c.name) END AS "closedBy"
  FROM alerts a JOIN org_units u ON u.id = a.org_unit_id LEFT JOIN people k ON k.id = a.acknowledged_by LEFT JOIN people c ON c.id = a.closed_by
  WHERE (a.org_path = ${scope} OR a.org_path LIKE ${scope} || '.%') AND (${id ?? null}::uuid IS NULL OR a.id = ${id ?? null})
    AND (a.state = ${state ?? null} OR ${state ?? null}::text IS NULL AND (${id ?? null}::uuid IS NOT NULL OR a.state <> 'closed'))
    AND (${kind ?? null}::text IS NULL OR a.kind = ${kind ?? null})
    AND (${after?.id ?? null}::uuid IS NULL OR (a.opened_at, a.id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
  ORDER BY a.opened_at DESC, a.id DESC LIMIT ${limit}`;

export function createAlerts(deps: AlertsDeps): void {
  const { bind, db, clock } = deps;
  createWatching(deps);

  async function one(sql: Sql, principal: StaffPrincipal, id: string): Promise<Row> {
    const [row] = await find(sql, { scope: principal.staff.orgPath, id, limit: 1 });
    if (!row) throw new AppError('not_found');
    requireScope(principal, 'alerts:write', row.orgPath);
    return row;
  }
  async function rulesOf(sql: Sql, principal: StaffPrincipal, unitId: string): Promise<{ items: AlertRule[] }> {
    const units = await sql<Unit>`SELECT id, kind, path, name FROM org_units`;
    const unit = units.find(({ id }) => id === unitId);
    if (!unit || !isWithin(unit.path, principal.staff.orgPath)) throw new AppError('not_found');
    const rules = await readRules(sql);
    return {
      items: allKinds.map((kind) => {
        const { rule, setAt } = ruleFor(kind, unit.path, rules);
        const { enabled, threshold, coolDownMinutes } = rule;
        return { kind, enabled, threshold, coolDownMinutes, setAt: units.find(({ path }) => path === setAt) ?? null };
      }),
    };
  }

  bind(listAlerts, async ({ principal, query }) => {
    const scope = principal.staff.orgPath;
    const { state, kind, limit } = query;
    const found = await find(db.sql, { scope, state, kind, after: decodeTimeCursor(query.cursor), limit: limit + 1 });
    const { rows, nextCursor } = cutPage(found, limit, ({ openedAt, id }) => encodeTimeCursor({ at: openedAt, id }));
    const [count] = await db.sql<{ open: bigint }>`
      SELECT count(*) AS open FROM alerts WHERE state = 'open' AND (org_path = ${scope} OR org_path LIKE ${scope} || '.%')`;
    return { items: rows.map(view), nextCursor, open: Number(count?.open ?? 0n) };
  });
  bind(acknowledgeAlert, ({ principal, params }) =>
    db.transaction(async (tx) => {
      await one(tx, principal, params.id);
      const done =
        await tx`UPDATE alerts SET state = 'acknowledged', acknowledged_by = ${principal.personId}, acknowledged_at = ${clock.now()}
        WHERE id = ${params.id} AND state = 'open' RETURNING id`;
      if (done.length === 0) throw new AppError('state_conflict');
      return view(await one(tx, principal, params.id));
    }),
  );
  bind(closeAlert, ({ principal, params, body }) =>
    db.transaction(async (tx) => {
      const { orgPath } = await one(tx, principal, params.id);
      const done =
        await tx`UPDATE alerts SET state = 'closed', closed_by = ${principal.personId}, closed_at = ${clock.now()}, close_reason = ${body.reason}
        WHERE id = ${params.id} AND state <> 'closed' RETURNING id`;
      if (done.length === 0) throw new AppError('state_conflict');
      const { personId: actorId } = principal;
      await writeAudit(tx, deps, {
        actorId,
        action: 'alert:closed',
        target: `alert:${params.id}`,
        orgPath,
        reason: body.reason,
      });
      return view(await one(tx, principal, params.id));
    }),
  );
  bind(listAlertRules, ({ principal, query }) =>
    rulesOf(db.sql, principal, query.orgUnitId ?? principal.staff.orgUnitId),
  );
  bind(setAlertRule, ({ principal, body }) =>
    db.transaction(async (tx) => {
      const { kind, orgUnitId, reason, enabled, threshold, coolDownMinutes } = body;
      const [unit] = await tx<{ path: string }>`SELECT path FROM org_units WHERE id = ${orgUnitId}`;
      if (!unit) throw new AppError('not_found');
      requireScope(principal, 'alerts:write', unit.path);
      await tx`INSERT INTO alert_rules (org_unit_id, kind, enabled, threshold, cool_down_minutes, set_by, set_at)
        VALUES (${orgUnitId}, ${kind}, ${enabled}, ${threshold}, ${coolDownMinutes}, ${principal.personId}, ${clock.now()})
        ON CONFLICT (org_unit_id, kind) DO UPDATE SET enabled = EXCLUDED.enabled, threshold = EXCLUDED.threshold,
          cool_down_minutes = EXCLUDED.cool_down_minutes, set_by = EXCLUDED.set_by, set_at = EXCLUDED.set_at`;
      await writeAudit(tx, deps, {
        ...{
          actorId: principal.personId,
          action: 'alert-rule:set',
          target: `alert-rule:${kind}`,
          orgPath: unit.path,
          reason,
        },
        detail: { enabled, threshold, coolDownMinutes },
      });
      return rulesOf(tx, principal, orgUnitId);
    }),
  );
}
