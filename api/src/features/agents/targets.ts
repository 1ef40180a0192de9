/** Targets of guides and agents, and what staff and agents brought in a month. Worked out from the facts when asked for. */
import {
  type BroughtRow,
  fenToWire,
  isWithin,
  myTargets,
  reportBrought,
  setTarget,
  type TargetProgress,
} from '@walnut-live/contracts';
import type { z } from 'zod';
import { writeAudit } from '../../platform/audit.ts';
import { chinaMonthOf } from '../../platform/china-day.policy.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { requireScope } from '../../platform/principal.ts';
import { nameFor } from '../bindings/index.ts';
import { monthSpan, progressBps } from './agents.policy.ts';
import { type Brought, createAgentRows } from './agents.repository.ts';
import { decodeBroughtCursor, encodeBroughtCursor } from './brought-cursor.policy.ts';

const ONE = { after: undefined, limit: 1 };

type Progress = z.infer<typeof TargetProgress>;

export function createTargets(deps: { bind: Binder; db: Db; clock: Clock; random: Random }): void {
  const { bind, db, clock } = deps;
  const rows = createAgentRows(db.sql);

  const progress = (target: { kind: Progress['kind']; amount: bigint }, row: Brought): Progress => {
    const done = target.kind === 'gmv' ? fenToWire(row.netFen) : Number(row.newCustomers);
    const wanted = Number(target.amount);
    return { kind: target.kind, target: wanted, done, bps: progressBps(done, wanted) };
  };
  async function withTargets(month: string, found: readonly Brought[]): Promise<Map<string, Progress[]>> {
    const targets = await rows.targets(
      month,
      found.map(({ personId }) => personId),
    );
    return new Map(
      found.map((row) => [
        row.personId,
        targets.filter(({ personId }) => personId === row.personId).map((target) => progress(target, row)),
      ]),
    );
  }

  bind(setTarget, async ({ principal, body }) => {
    const span = monthSpan(body.month);
    const [row] = (await rows.brought({ path: null, personId: body.personId, ...span, ...ONE })).page;
    if (!row) throw new AppError('not_found');
    requireScope(principal, 'agents:write', row.orgPath);
    await db.transaction(async (tx) => {
      const { personId, month, kind, amount } = body;
      await createAgentRows(tx).setTarget({
        ...{ personId, month, kind, amount, unit: { id: row.unitId, path: row.orgPath } },
        ...{ by: principal.personId, at: clock.now() },
      });
      await writeAudit(tx, deps, {
        ...{ actorId: principal.personId, action: 'target:set', target: `person:${personId}`, orgPath: row.orgPath },
        ...{ reason: body.reason, detail: { month, kind, amount } },
      });
    });
    return progress({ kind: body.kind, amount: BigInt(body.amount) }, row);
  });
  bind(myTargets, async ({ principal }) => {
    const month = chinaMonthOf(clock.now());
    const { page } = await rows.brought({ path: null, personId: principal.personId, ...monthSpan(month), ...ONE });
    return { month, items: (await withTargets(month, page)).get(principal.personId) ?? [] };
  });
  bind(reportBrought, async ({ principal, query }) => {
    const { staff } = principal;
    const unit = query.orgUnitId === undefined ? undefined : await rows.unit({ id: query.orgUnitId });
    if (query.orgUnitId !== undefined && !(unit && isWithin(unit.path, staff.orgPath))) throw new AppError('not_found');
    const month = query.month ?? chinaMonthOf(clock.now());
    const wanted = { path: unit?.path ?? staff.orgPath, personId: null, ...monthSpan(month) };
    const { page: all, totals } = await rows.brought({
      ...{ ...wanted, after: decodeBroughtCursor(query.cursor), limit: query.limit + 1 },
    });
    const { allCustomers, allOrders, allNetFen } = totals;
    const found = all.slice(0, query.limit);
    const last = all.length > query.limit ? found.at(-1) : undefined;
    const targets = await withTargets(month, found);
    const items = found.map(
      (row): BroughtRow => ({
        person: nameFor(staff, { id: row.personId, name: row.name, kind: row.kind, ownerPath: null }, [row.orgPath]),
        role: row.role,
        orgUnit: { id: row.unitId, kind: row.unitKind, path: row.orgPath, name: row.unitName },
        ...{ visitors: Number(row.visitors), newCustomers: Number(row.newCustomers), orders: Number(row.orders) },
        netFen: fenToWire(row.netFen),
        targets: targets.get(row.personId) ?? [],
      }),
    );
    return {
      month,
      items,
      totals: { newCustomers: Number(allCustomers), orders: Number(allOrders), netFen: fenToWire(allNetFen) },
      nextCursor: last ? encodeBroughtCursor(last) : null,
    };
  });
}
