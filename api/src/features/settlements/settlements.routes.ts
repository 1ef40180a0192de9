import {
  approveSettlement,
  cancelSettlement,
  createSettlement,
  exportWithholding,
  fenToWire,
  getSettlement,
  listSettlementLines,
  listSettlements,
  may,
  paySettlement,
  previewSettlement,
  readSettlementPreview,
  retrySettlementLine,
  type SettlementLine,
  type SettlementPreviewLine,
  type SettlementRun,
} from '@walnut-live/contracts';
import { chinaMonthOf } from '../../platform/china-day.policy.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { CsvColumn } from '../../platform/csv.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Binder, written } from '../../platform/http.ts';
import { sendPersonalCsv } from '../../platform/personal-csv.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import { nameFor } from '../bindings/index.ts';
import { type PreviewRow, readPreview } from './preview.repository.ts';
import * as rows from './runs.repository.ts';
import type { SettlementsService } from './settlements.service.ts';
import { withheldIn, withholdingColumns } from './withholding-export.ts';

const CSV_PAGE = 500;

/** Largest first; for one sum by the person. */
const PreviewKey = /^(\d{1,18}):([0-9a-f-]{36})$/;
const encodePreviewCursor = (row: PreviewRow): string =>
  Buffer.from(`${row.netFen}:${row.personId}`).toString('base64url');
function decodePreviewCursor(cursor: string | undefined): { netFen: bigint; personId: string } | undefined {
  if (cursor === undefined) return undefined;
  const [, fen, personId] = PreviewKey.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? [];
  if (fen === undefined || personId === undefined)
    throw new AppError('invalid_request', { issues: [{ path: '/cursor', issue: 'unknown_cursor' }] });
  return { netFen: BigInt(fen), personId };
}

/** What a member of staff sees of runs: all of them, or what orders of their stores earned. */
const scopeOf = ({ staff }: StaffPrincipal): string | null =>
  may(staff.role, 'payouts:read') || !staff.orgPath.includes('.') ? null : staff.orgPath;

function runView(row: rows.RunRow, scope: string | null): SettlementRun {
  const preview =
    scope === null && row.previewId && row.previewHash && row.previewAt && row.previewBy && row.sums
      ? {
          ...{ id: row.previewId, no: row.previewNo ?? 1, hash: row.previewHash, at: row.previewAt.toISOString() },
          ...{ by: row.previewBy, sums: row.sums, taxMonth: chinaMonthOf(row.previewAt) },
        }
      : null;
  return {
    ...{ id: row.id, title: row.title, orgUnit: row.unit, upTo: row.upTo.toISOString(), state: row.state },
    ...{ createdBy: row.createdBy, createdAt: row.createdAt.toISOString(), preview, approvedBy: row.approvedBy },
    approvedAt: row.approvedAt?.toISOString() ?? null,
    terms:
      scope !== null || row.termsVersion === null ? null : { version: row.termsVersion, inForce: row.termsInForce },
    payStartedBy: row.payStartedBy,
    payStartedAt: row.payStartedAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
    progress: row.progress,
  };
}
const lineView =
  ({ staff }: StaffPrincipal, scope: string | null) =>
  (row: rows.LineRow): SettlementLine => {
    const isWhole = scope === null;
    return {
      id: row.id,
      person: nameFor(
        staff,
        { ...{ id: row.personId, name: row.personName, kind: row.personKind, ownerPath: row.ownerPath } },
        row.stores.map(({ store }) => store.path),
      ),
      state: row.state,
      approvedFen: isWhole ? fenToWire(row.approvedFen) : null,
      grossFen: isWhole ? fenToWire(row.grossFen) : null,
      withheldFen: isWhole ? fenToWire(row.withheldFen) : null,
      taxMonth: isWhole && row.claimedAt !== null ? chinaMonthOf(row.claimedAt) : null,
      netFen: isWhole ? fenToWire(row.netFen) : null,
      entries: isWhole ? row.entries : row.stores.reduce((sum, { entries }) => sum + entries, 0),
      ...{ reason: row.reason, stores: row.stores, endedAt: row.endedAt?.toISOString() ?? null },
    };
  };
const previewView =
  ({ staff }: StaffPrincipal) =>
  (row: PreviewRow): SettlementPreviewLine => ({
    person: nameFor(staff, {
      ...{ id: row.personId, name: row.personName, kind: row.personKind, ownerPath: row.ownerPath },
    }),
    ...{ kind: row.personKind, outcome: row.outcome, reason: row.reason, entries: row.entries },
    positiveFen: fenToWire(row.positiveFen),
    negativeFen: fenToWire(row.negativeFen),
    grossFen: fenToWire(row.grossFen),
    heldFen: fenToWire(row.heldFen),
    withheldFen: fenToWire(row.withheldFen),
    netFen: fenToWire(row.netFen),
    ...{ stores: row.stores, change: row.change },
    before:
      row.beforeOutcome === null
        ? null
        : {
            outcome: row.beforeOutcome,
            grossFen: fenToWire(row.beforeGrossFen ?? 0n),
            netFen: fenToWire(row.beforeNetFen ?? 0n),
          },
  });
const shares = (stores: SettlementLine['stores']): string =>
  stores.map(({ store, amountFen }) => `${store.name} ${amountFen}`).join('; ');
const previewColumns: readonly CsvColumn<SettlementPreviewLine>[] = [
  { title: 'person_id', value: (line) => line.person.id },
  { title: 'person', value: (line) => line.person.name },
  { title: 'outcome', value: (line) => line.outcome },
  { title: 'reason', value: (line) => line.reason },
  { title: 'entries', value: (line) => line.entries },
  { title: 'positive_fen', value: (line) => line.positiveFen },
  { title: 'negative_fen', value: (line) => line.negativeFen },
  { title: 'gross_fen', value: (line) => line.grossFen },
  { title: 'held_fen', value: (line) => line.heldFen },
  { title: 'withheld_fen', value: (line) => line.withheldFen },
  { title: 'net_fen', value: (line) => line.netFen },
  { title: 'stores_fen', value: (line) => shares(line.stores) },
  { title: 'change', value: (line) => line.change },
  { title: 'before_net_fen', value: (line) => line.before?.netFen },
];
const lineColumns: readonly CsvColumn<SettlementLine>[] = [
  { title: 'person_id', value: (line) => line.person.id },
  { title: 'person', value: (line) => line.person.name },
  { title: 'state', value: (line) => line.state },
  { title: 'entries', value: (line) => line.entries },
  { title: 'approved_fen', value: (line) => line.approvedFen },
  { title: 'gross_fen', value: (line) => line.grossFen },
  { title: 'withheld_fen', value: (line) => line.withheldFen },
  { title: 'net_fen', value: (line) => line.netFen },
  { title: 'tax_month', value: (line) => line.taxMonth },
  { title: 'stores_fen', value: (line) => shares(line.stores) },
  { title: 'reason', value: (line) => line.reason },
];

export function bindSettlements(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  service: SettlementsService;
  /** Lines that can be claimed now need not wait for the next turn. */
  kick: () => void;
}): void {
  const { bind, db, service } = deps;

  /** A run of which the asker may see nothing does not exist. */
  async function oneRun(sql: Sql, principal: StaffPrincipal, id: string): Promise<rows.RunRow> {
    const [row] = await rows.listRuns(sql, { id, scope: scopeOf(principal) }, undefined, 1);
    if (!row) throw new AppError('not_found');
    return row;
  }
  const shown = async (sql: Sql, principal: StaffPrincipal, id: string) =>
    runView(await oneRun(sql, principal, id), scopeOf(principal));

  bind(createSettlement, async ({ tx, principal, body }) =>
    shown(tx, principal, await service.create(tx, principal, body)),
  );
  bind(listSettlements, async ({ principal, query: { cursor, limit, state } }) => {
    const scope = scopeOf(principal);
    const found = await rows.listRuns(db.sql, { state, scope }, decodeTimeCursor(cursor), limit + 1);
    const page = cutPage(found, limit, (last) => encodeTimeCursor({ at: last.createdAt, id: last.id }));
    return { items: page.rows.map((row) => runView(row, scope)), nextCursor: page.nextCursor };
  });
  bind(getSettlement, async ({ principal, params }) => {
    const run = await shown(db.sql, principal, params.id);
    const events = await rows.eventsOf(db.sql, params.id);
    return { ...run, events: events.map(({ at, ...event }) => ({ ...event, at: at.toISOString() })) };
  });
  bind(previewSettlement, async ({ principal, params }) => {
    await service.preview(principal, params.id);
    return shown(db.sql, principal, params.id);
  });
  const acting = (act: (tx: Tx) => Promise<void>, tx: Tx, principal: StaffPrincipal, id: string) =>
    act(tx).then(() => shown(tx, principal, id));
  bind(approveSettlement, ({ tx, principal, params: { id }, body }) =>
    acting((inTx) => service.approve(inTx, principal, id, body), tx, principal, id),
  );
  bind(paySettlement, ({ tx, principal, params: { id }, body }) => {
    tx.afterCommit(deps.kick);
    return acting((inTx) => service.pay(inTx, principal, id, body.reason), tx, principal, id);
  });
  bind(cancelSettlement, ({ tx, principal, params: { id }, body }) =>
    acting((inTx) => service.cancel(inTx, principal, id, body.reason), tx, principal, id),
  );

  bind(readSettlementPreview, async ({ principal, params, query, res }) => {
    const after = decodePreviewCursor(query.cursor);
    await oneRun(db.sql, principal, params.id);
    const filter = { outcome: query.outcome ?? null, change: query.change ?? null };
    const pageOf = async (from: ReturnType<typeof decodePreviewCursor>, limit: number) =>
      cutPage(await readPreview(db.sql, params.id, filter, from, limit + 1), limit, encodePreviewCursor);
    const view = previewView(principal);
    if (query.format === 'csv') {
      const all = async function* () {
        let cursor: string | undefined;
        do {
          const page = await pageOf(decodePreviewCursor(cursor), CSV_PAGE);
          yield* page.rows.map(view);
          cursor = page.nextCursor ?? undefined;
        } while (cursor);
      };
      await sendPersonalCsv(res, deps, {
        ...{ by: principal, target: `settlement:${params.id}`, filter, fileName: 'settlement-preview.csv' },
        ...{ columns: previewColumns, rows: all() },
      });
      return written;
    }
    const page = await pageOf(after, query.limit);
    return { items: page.rows.map(view), nextCursor: page.nextCursor };
  });

  bind(listSettlementLines, async ({ principal, params, query, res }) => {
    const after = decodeTimeCursor(query.cursor)?.id;
    await oneRun(db.sql, principal, params.id);
    const scope = scopeOf(principal);
    const view = lineView(principal, scope);
    const filter = { runId: params.id, state: query.state, scope };
    const pageOf = async (from: string | undefined, limit: number) =>
      cutPage(await rows.listLines(db.sql, filter, from, limit + 1), limit, (last) =>
        encodeTimeCursor({ at: last.createdAt, id: last.id }),
      );
    if (query.format === 'csv') {
      const all = async function* () {
        let cursor: string | undefined;
        do {
          const page = await pageOf(decodeTimeCursor(cursor)?.id, CSV_PAGE);
          yield* page.rows.map(view);
          cursor = page.nextCursor ?? undefined;
        } while (cursor);
      };
      await sendPersonalCsv(res, deps, {
        ...{ by: principal, target: `settlement:${params.id}`, filter: { state: query.state } },
        ...{ fileName: 'settlement-lines.csv', columns: lineColumns, rows: all() },
      });
      return written;
    }
    const page = await pageOf(after, query.limit);
    return { items: page.rows.map(view), nextCursor: page.nextCursor };
  });
  bind(retrySettlementLine, async ({ tx, principal, params: { id, lineId }, body }) => {
    await service.retry(tx, principal, id, lineId, body.reason);
    tx.afterCommit(deps.kick);
    const [row] = await rows.listLines(tx, { runId: id, id: lineId, scope: null }, undefined, 1);
    if (!row) throw new AppError('not_found');
    return lineView(principal, scopeOf(principal))(row);
  });

  bind(exportWithholding, async ({ principal, query, res }) => {
    await sendPersonalCsv(res, deps, {
      ...{ by: principal, target: 'withholding', filter: query, fileName: `withholding-${query.month}.csv` },
      ...{ columns: withholdingColumns, rows: await withheldIn(db.sql, query.month) },
    });
    return written;
  });
}
