/**
 * Stores' accounts of their periods. One is issued for every store of a run when the run is approved, from where its last one
 * ended; so every order, refund and commission entry stands in one of them, and a correction in the next.
 */
import {
  fenToWire,
  getStoreStatement,
  isWithin,
  listSettlementModes,
  listStoreStatements,
  putSettlementMode,
  type SettlementModeRow,
  type StoreStatement,
  type StoreStatementRow,
  settleStoreStatement,
} from '@walnut-live/contracts';
import type { z } from 'zod';
import type { Ledger } from '../../ledger/index.ts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { type CsvColumn, sendCsv } from '../../platform/csv.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor, type TimeCursor } from '../../platform/cursor.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Binder, written } from '../../platform/http.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import { hqId } from '../payouts/index.ts';
import { statementLegs, statementOf } from './statement.policy.ts';
import * as rows from './statements.repository.ts';

/** Transactions that began before a moment have ended this much later: an account ends where nothing can be added any more. */
const LAG_MS = 120_000;
const CSV_PAGE = 500;

export interface StatementsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: Ledger;
}

/** Answers how many were issued. */
export async function issueStatements(
  tx: Tx,
  { clock, random, ledger }: Pick<StatementsDeps, 'clock' | 'random' | 'ledger'>,
  run: { runId: string; scope: string; upTo: Date },
): Promise<number> {
  const at = clock.now();
  const until = new Date(Math.min(run.upTo.getTime(), at.getTime() - LAG_MS));
  await rows.lockStatements(tx);
  const stores = await rows.openStores(tx, run.scope, until);
  for (const store of stores) {
    const id = random.id();
    const account = statementOf(store, store);
    await rows.insertStatement(tx, { ...store, ...account, id, runId: run.runId, until, at });
    const entries = statementLegs(store.storeId, store, account);
    if (entries.length > 0) await ledger.postTransfer(tx, { kind: 'store_statement', ref: id, at, entries });
  }
  return stores.length;
}

const view = (row: rows.StatementRow): StoreStatement => ({
  ...{ id: row.id, runId: row.runId, store: row.store, mode: row.mode, hqShareBps: row.hqShareBps },
  ...{ since: row.since.toISOString(), until: row.until.toISOString(), orders: row.orders, refunds: row.refunds },
  paidFen: fenToWire(row.paidFen),
  shippingFen: fenToWire(row.shippingFen),
  refundedFen: fenToWire(row.refundedFen),
  shippingRefundedFen: fenToWire(row.shippingRefundedFen),
  commissionFen: fenToWire(row.commissionFen),
  hqShareFen: fenToWire(row.hqShareFen),
  dueFen: fenToWire(row.dueFen),
  ...{ state: row.state, issuedAt: row.issuedAt.toISOString(), settledBy: row.settledBy, reference: row.reference },
  settledAt: row.settledAt?.toISOString() ?? null,
});
const columns: readonly CsvColumn<StoreStatement>[] = [
  { title: 'store', value: (s) => s.store.name },
  { title: 'since', value: (s) => s.since },
  { title: 'until', value: (s) => s.until },
  { title: 'mode', value: (s) => s.mode },
  { title: 'orders', value: (s) => s.orders },
  { title: 'paid_fen', value: (s) => s.paidFen },
  { title: 'shipping_fen', value: (s) => s.shippingFen },
  { title: 'refunds', value: (s) => s.refunds },
  { title: 'refunded_fen', value: (s) => s.refundedFen },
  { title: 'shipping_refunded_fen', value: (s) => s.shippingRefundedFen },
  { title: 'commission_fen', value: (s) => s.commissionFen },
  { title: 'hq_share_bps', value: (s) => s.hqShareBps },
  { title: 'hq_share_fen', value: (s) => s.hqShareFen },
  { title: 'due_fen', value: (s) => s.dueFen },
  { title: 'state', value: (s) => s.state },
  { title: 'reference', value: (s) => s.reference },
];
const movementColumns: readonly CsvColumn<StoreStatementRow>[] = [
  { title: 'at', value: (m) => m.at },
  { title: 'kind', value: (m) => m.kind },
  { title: 'order_no', value: (m) => m.orderNo },
  { title: 'amount_fen', value: (m) => m.amountFen },
  { title: 'shipping_fen', value: (m) => m.shippingFen },
];

export function bindStatements(deps: StatementsDeps & { bind: Binder }): void {
  const { bind, db, clock, random, ledger } = deps;

  async function scopeOf(principal: StaffPrincipal, orgUnitId: string | undefined): Promise<string> {
    if (orgUnitId === undefined) return principal.staff.orgPath;
    const [unit] = await db.sql<{ path: string }>`SELECT path FROM org_units WHERE id = ${orgUnitId}`;
    if (!unit || !isWithin(unit.path, principal.staff.orgPath)) throw new AppError('not_found');
    return unit.path;
  }
  type Filter = Parameters<typeof rows.listStatements>[1];
  async function pageOf(filter: Filter, after: TimeCursor | undefined, limit: number) {
    const found = await rows.listStatements(db.sql, filter, after, limit + 1);
    return cutPage(found, limit, (last) => encodeTimeCursor({ at: last.until, id: last.id }));
  }
  async function one(sql: Sql, principal: StaffPrincipal, id: string): Promise<rows.StatementRow> {
    const [row] = await rows.listStatements(sql, { id, scope: principal.staff.orgPath }, undefined, 1);
    if (!row) throw new AppError('not_found');
    return row;
  }

  bind(listStoreStatements, async ({ principal, query, res }) => {
    const after = decodeTimeCursor(query.cursor);
    const scope = await scopeOf(principal, query.orgUnitId);
    const filter = { scope, runId: query.runId, state: query.state };
    if (query.format === 'csv') {
      await sendCsv(res, 'store-statements.csv', columns, all(filter));
      return written;
    }
    const page = await pageOf(filter, after, query.limit);
    return { items: page.rows.map(view), nextCursor: page.nextCursor };
  });
  async function* all(filter: Filter): AsyncGenerator<StoreStatement> {
    let cursor: string | undefined;
    do {
      const page = await pageOf(filter, decodeTimeCursor(cursor), CSV_PAGE);
      yield* page.rows.map(view);
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
  }

  async function movements(row: rows.StatementRow, after: TimeCursor | undefined, limit: number) {
    const period = { storeId: row.store.id, since: row.since, until: row.until };
    const found = await rows.movementsOf(db.sql, period, after, limit + 1);
    return cutPage(found, limit, encodeTimeCursor);
  }
  const movementView = ({
    kind,
    orderNo,
    at,
    amountFen,
    shippingFen,
  }: Awaited<ReturnType<typeof rows.movementsOf>>[number]) => ({
    ...{ kind, orderNo, at: at.toISOString(), amountFen: fenToWire(amountFen), shippingFen: fenToWire(shippingFen) },
  });
  async function* allMovements(row: rows.StatementRow): AsyncGenerator<StoreStatementRow> {
    let cursor: string | undefined;
    do {
      const page = await movements(row, decodeTimeCursor(cursor), CSV_PAGE);
      yield* page.rows.map(movementView);
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
  }
  bind(getStoreStatement, async ({ principal, params, query, res }) => {
    const after = decodeTimeCursor(query.cursor);
    const row = await one(db.sql, principal, params.id);
    if (query.format === 'csv') {
      await sendCsv(res, `statement-${row.id}.csv`, movementColumns, allMovements(row));
      return written;
    }
    const page = await movements(row, after, query.limit);
    return { statement: view(row), items: page.rows.map(movementView), nextCursor: page.nextCursor };
  });

  bind(settleStoreStatement, async ({ tx, principal, params, body }) => {
    const row = await one(tx, principal, params.id);
    const at = clock.now();
    const done = await rows.settle(tx, row.id, { personId: principal.personId, reference: body.reference, at });
    if (!done) throw new AppError('state_conflict', { facts: { reason: 'state', state: row.state } });
    const { storeId, dueFen } = done;
    if (dueFen !== 0n)
      await ledger.postTransfer(tx, {
        ...{ kind: 'store_statement_settled', ref: row.id, at },
        entries: [
          { account: { kind: 'store_settlement', owner: storeId }, amountFen: dueFen },
          { account: { kind: 'bank_clearing', owner: await hqId(tx) }, amountFen: -dueFen },
        ],
      });
    await writeAudit(tx, deps, {
      ...{ actorId: principal.personId, action: 'store-statement:settled', target: `store-statement:${row.id}` },
      ...{
        orgPath: row.orgPath,
        reason: body.reason,
        detail: { reference: body.reference, dueFen: fenToWire(dueFen) },
      },
    });
    return view(await one(tx, principal, row.id));
  });

  const modeView = ({ store, mode, hqShareBps, since }: rows.ModeRow): z.output<typeof SettlementModeRow> => ({
    ...{ store, mode, hqShareBps, since: since?.toISOString() ?? null },
  });
  bind(listSettlementModes, async ({ principal }) => ({
    items: (await rows.listModes(db.sql, principal.staff.orgPath, null)).map(modeView),
  }));
  bind(putSettlementMode, ({ principal, params, body }) =>
    db.transaction(async (tx) => {
      const read = async () => (await rows.listModes(tx, principal.staff.orgPath, params.id))[0];
      const known = await read();
      if (!known) throw new AppError('not_found');
      const { reason, ...terms } = body;
      await rows.insertMode(tx, {
        ...{ id: random.id(), unitId: params.id, ...terms, by: principal.personId, reason, at: clock.now() },
      });
      await writeAudit(tx, deps, {
        ...{ actorId: principal.personId, action: 'settlement-mode:set', target: `org-unit:${params.id}` },
        ...{
          orgPath: known.store.path,
          reason,
          detail: { ...terms, before: { mode: known.mode, hqShareBps: known.hqShareBps } },
        },
      });
      return modeView((await read()) ?? known);
    }),
  );
}
