/** Reading what was earned: by staff of the scope and by whom it is. What is written: posting.ts, claims.ts, thaw.ts. */
import {
  type CommissionEntryView,
  fenToWire,
  type getCommissionEntry,
  type listCommissionBonuses,
  may,
  type myEarnings,
  type QueryOf,
  type ReplyOf,
} from '@walnut-live/contracts';
import type { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import { decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Principal, StaffPrincipal } from '../../platform/principal.ts';
import { nameFor } from '../bindings/index.ts';
import * as rows from './commissions.repository.ts';
import { myEntry } from './my-entry.ts';
import { waitsUntil } from './tiers.policy.ts';

export type EntryView = z.output<typeof CommissionEntryView>;
interface EntryQuery {
  beneficiaryId?: string | undefined;
  orderId?: string | undefined;
  state?: rows.EntryFilter['state'] | undefined;
  cursor?: string | undefined;
  limit: number;
}
const CSV_PAGE = 500;
/** Two years. */
const BONUSES_SHOWN = 24;

export interface CommissionsDeps {
  readonly db: Db;
  readonly clock: Clock;
}
export type CommissionsService = ReturnType<typeof createCommissionsService>;

export function createCommissionsService(deps: CommissionsDeps) {
  const { db, clock } = deps;

  const view = (row: rows.EntryRow, name: string): EntryView => ({
    id: row.id,
    orderId: row.orderId,
    orderNo: row.orderNo,
    orderItemId: row.orderItemId,
    itemTitle: row.itemTitle,
    beneficiary: { id: row.beneficiaryId, name },
    store: row.unit,
    level: row.level,
    event: row.event,
    basisFen: fenToWire(row.basisFen),
    bps: row.bps,
    fixedFen: row.fixedFen === null ? null : fenToWire(row.fixedFen),
    settleableAt: row.settleableAt?.toISOString() ?? null,
    amountFen: fenToWire(row.amountFen),
    ruleVersion: row.ruleVersion,
    state: row.state,
    at: row.at.toISOString(),
  });
  const staffView = (principal: StaffPrincipal) => (row: rows.EntryRow) =>
    view(
      row,
      nameFor(principal.staff, {
        id: row.beneficiaryId,
        name: row.beneficiaryName,
        kind: row.beneficiaryKind,
        ownerPath: row.beneficiaryPath,
      }).name,
    );
  const filterOf = (scope: string | null, query: Omit<EntryQuery, 'limit'>): rows.EntryFilter => ({
    scope,
    beneficiaryId: query.beneficiaryId ?? null,
    orderId: query.orderId ?? null,
    state: query.state ?? null,
  });
  async function pageOf(filter: rows.EntryFilter, cursor: string | undefined, limit: number) {
    const found = await rows.listEntries(db.sql, filter, decodeTimeCursor(cursor), limit + 1);
    const items = found.slice(0, limit);
    const last = found.length > limit ? items.at(-1) : undefined;
    return { items, nextCursor: last ? encodeTimeCursor(last) : null };
  }

  return {
    async list(principal: StaffPrincipal, query: EntryQuery) {
      const { items, nextCursor } = await pageOf(filterOf(principal.staff.orgPath, query), query.cursor, query.limit);
      return { items: items.map(staffView(principal)), nextCursor };
    },

    /** Every entry of the filter, page by page. */
    async *all(principal: StaffPrincipal, query: Omit<EntryQuery, 'cursor' | 'limit'>): AsyncGenerator<EntryView> {
      let cursor: string | undefined;
      do {
        const { items, nextCursor } = await pageOf(filterOf(principal.staff.orgPath, query), cursor, CSV_PAGE);
        yield* items.map(staffView(principal));
        cursor = nextCursor ?? undefined;
      } while (cursor);
    },

    /** What I earned, with what I earned while I was a guest. */
    async earnings(
      principal: Principal,
      query: { cursor?: string | undefined; limit: number },
    ): Promise<ReplyOf<typeof myEarnings>> {
      const filter = filterOf(null, { beneficiaryId: principal.personId });
      const { items, nextCursor } = await pageOf(filter, query.cursor, query.limit);
      const sums = await rows.sumsByState(db.sql, principal.personId, clock.now());
      const months = { scope: null, month: null, beneficiaryId: principal.personId, unitId: null, at: clock.now() };
      const bonuses = await rows.listBonuses(db.sql, months, undefined, BONUSES_SHOWN);
      return {
        bonuses: bonuses.map(({ month, store, amountFen, tier, state, at }) => ({
          ...{ month, store, tier, state, amountFen: fenToWire(amountFen), at: at.toISOString() },
        })),
        byState: sums.map(({ state, amountFen }) => ({ state, amountFen: fenToWire(amountFen) })),
        items: items.map((row) => view(row, row.beneficiaryName)),
        nextCursor,
      };
    },

    mine: (principal: Principal, id: string) => myEntry({ db, clock, view }, principal, id),

    /** @throws AppError not_found: nothing of the scope */
    async entry(principal: StaffPrincipal, id: string): Promise<ReplyOf<typeof getCommissionEntry>> {
      const filter = { ...filterOf(principal.staff.orgPath, {}), id };
      const [row] = await rows.listEntries(db.sql, filter, undefined, 1);
      const why = row && (await rows.whyOf(db.sql, id));
      if (!row || !why) throw new AppError('not_found');
      const steps = await rows.stepsOf(db.sql, id);
      const { trace, heldReason } = why;
      return {
        entry: staffView(principal)(row),
        // Which sign of fraud it is, is for who decides it.
        heldReason: may(principal.staff.role, 'commission:holds') ? heldReason : '',
        why: trace && {
          ...{ line: trace.line, lost: [...trace.lost], role: trace.context.inviterRole, tier: trace.context.tier },
          ...{
            memberLevel: trace.context.memberLevel,
            productRole: trace.context.productRole,
            storePath: trace.context.storePath,
          },
        },
        steps: steps.map(({ actorId, actorName, at, ...step }) => ({
          ...step,
          reason: step.event === 'hold' && !may(principal.staff.role, 'commission:holds') ? '' : step.reason,
          by: actorId === null ? null : { id: actorId, name: actorName ?? '' },
          at: at.toISOString(),
        })),
      };
    },

    async bonuses(
      principal: StaffPrincipal,
      query: QueryOf<typeof listCommissionBonuses>,
    ): Promise<ReplyOf<typeof listCommissionBonuses>> {
      const filter = {
        month: query.month ?? null,
        state: query.state ?? null,
        beneficiaryId: query.beneficiaryId ?? null,
        unitId: query.orgUnitId ?? null,
      };
      const scope = principal.staff.orgPath;
      const found = await rows.listBonuses(
        db.sql,
        { ...filter, scope, at: clock.now() },
        decodeTimeCursor(query.cursor),
        query.limit + 1,
      );
      const items = found.slice(0, query.limit);
      const last = found.length > query.limit ? items.at(-1) : undefined;
      return {
        items: items.map((row) => ({
          ...{
            id: row.id,
            store: row.store,
            month: row.month,
            tier: row.tier,
            bps: row.bps,
            part: row.part,
            ruleVersion: row.ruleVersion,
            state: row.state,
          },
          beneficiary: {
            id: row.beneficiaryId,
            name: nameFor(principal.staff, {
              ...{
                id: row.beneficiaryId,
                name: row.beneficiaryName,
                kind: row.beneficiaryKind,
                ownerPath: row.beneficiaryPath,
              },
            }).name,
          },
          netFen: fenToWire(row.netFen),
          beforeFen: fenToWire(row.beforeFen),
          amountFen: fenToWire(row.amountFen),
          waitsUntil: row.state === 'frozen' ? waitsUntil(row.month).toISOString() : null,
          settlement: row.runId === null ? null : { id: row.runId, title: row.runTitle ?? '' },
          at: row.at.toISOString(),
        })),
        nextCursor: last ? encodeTimeCursor(last) : null,
      };
    },
  };
}
