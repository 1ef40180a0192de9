import {
  cancelPayout,
  fenToWire,
  listPayoutDifferences,
  listPayouts,
  type MyPayout,
  myPayouts,
  notifyWechatPayout,
  type PayoutBill,
  putPayoutAccount,
  reconcilePayouts,
  requestPayout,
  resolvePayoutDifference,
  settleSandboxPayout,
} from '@walnut-live/contracts';
import type { Request } from 'express';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { CsvColumn } from '../../platform/csv.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Binder, written } from '../../platform/http.ts';
import { maskName } from '../../platform/masks.policy.ts';
import { sendPersonalCsv } from '../../platform/personal-csv.ts';
import { mayIn, type StaffPrincipal } from '../../platform/principal.ts';
import { nameFor } from '../bindings/index.ts';
import { type AccountOf, keepRealName, realNamesOf } from './accounts.ts';
import { type BillFilter, listBills, type NamedBillRow } from './bills.repository.ts';
import type { Bills } from './bills.ts';
import { endByHand, listDifferences, shownDifference } from './differences.ts';
import type { PayoutProviders } from './provider.ts';
import type { SandboxPayouts } from './sandbox-payouts.ts';
import type { Withdrawals } from './withdrawals.ts';

const CSV_PAGE = 500;

export interface PayoutRoutesDeps {
  readonly bind: Binder;
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly bills: Bills;
  readonly withdrawals: Withdrawals;
  readonly accountOf: AccountOf;
  readonly providers: PayoutProviders;
  /** Undefined where it is switched off. */
  readonly sandbox: SandboxPayouts | undefined;
  /** For WeChat's bridge; undefined where it is not configured. */
  readonly wechat: { readonly mchId: string; readonly appId: string } | undefined;
  readonly reconcile: (
    runId: string | undefined,
  ) => Promise<{ asked: number; ended: number; unanswered: number; openDifferences: number }>;
  readonly kick: () => void;
}

export function bindPayouts(deps: PayoutRoutesDeps): void {
  const { bind, db, clock, bills, withdrawals } = deps;

  const shared = (row: NamedBillRow) => ({
    ...{ id: row.id, billNo: row.billNo, source: row.source, provider: row.provider, state: row.state },
    kind: row.runId === null ? ('withdrawal' as const) : ('settlement' as const),
    grossFen: fenToWire(row.grossFen),
    withheldFen: fenToWire(row.withheldFen),
    netFen: fenToWire(row.netFen),
    failReason: row.failReason,
    createdAt: row.createdAt.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
  });
  function acceptanceOf(row: NamedBillRow): MyPayout['acceptance'] {
    if (row.state !== 'waiting' || row.acceptance === null) return null;
    if (row.provider === 'sandbox') return deps.sandbox ? { provider: 'sandbox' } : null;
    return deps.wechat ? { provider: 'wechat', ...deps.wechat, package: row.acceptance } : null;
  }
  const mine = (row: NamedBillRow): MyPayout => ({
    ...shared(row),
    entries: row.entries,
    acceptance: acceptanceOf(row),
  });
  const staffView = (principal: StaffPrincipal, row: NamedBillRow): PayoutBill => ({
    ...shared(row),
    person: nameFor(principal.staff, {
      ...{ id: row.personId, name: row.personName, kind: row.personKind, ownerPath: row.ownerPath },
    }),
    ...{ runId: row.runId, lineId: row.lineId, providerRef: row.providerRef, attempts: row.attempts },
    ...{ lastError: row.lastError, nextAskAt: row.nextAskAt?.toISOString() ?? null },
    checkedAt: row.checkedAt?.toISOString() ?? null,
  });
  async function pageOf(filter: BillFilter, cursor: string | undefined, limit: number) {
    const found = await listBills(db.sql, filter, decodeTimeCursor(cursor), limit + 1);
    return cutPage(found, limit, (last) => encodeTimeCursor({ at: last.createdAt, id: last.id }));
  }
  async function oneOf(id: string): Promise<NamedBillRow> {
    const [row] = await listBills(db.sql, { id }, undefined, 1);
    if (!row) throw new AppError('not_found');
    return row;
  }

  bind(requestPayout, async ({ tx, principal, body }) => {
    const id = await withdrawals.request(tx, principal, body);
    tx.afterCommit(deps.kick);
    const [row] = await listBills(tx, { id }, undefined, 1);
    if (!row) throw new AppError('internal');
    return mine(row);
  });
  bind(myPayouts, async ({ principal, query }) => {
    const { terms, offers } = await withdrawals.offers(db.sql, principal);
    const { rows, nextCursor } = await pageOf({ personId: principal.personId }, query.cursor, query.limit);
    const account = await deps.accountOf(db.sql, { id: principal.personId, kind: principal.kind });
    const name = (await realNamesOf(db.sql, [principal.personId])).get(principal.personId);
    return {
      withdrawable: offers.map(({ upTo: _upTo, balanceFen, grossFen, withheldFen, netFen, ...offer }) => ({
        ...offer,
        balanceFen: fenToWire(balanceFen),
        ...{ grossFen: fenToWire(grossFen), withheldFen: fenToWire(withheldFen), netFen: fenToWire(netFen) },
      })),
      terms: {
        minimumFen: fenToWire(terms.minimumFen),
        dayCapFen: fenToWire(terms.dayCapFen),
        ...{ dayTransfers: terms.dayTransfers, realNameFromFen: fenToWire(terms.realNameFromFen) },
      },
      account: { provider: account?.provider ?? null, realName: name === undefined ? null : maskName(name) },
      items: rows.map(mine),
      nextCursor,
    };
  });
  bind(putPayoutAccount, async ({ principal, body }) => {
    await keepRealName(db.sql, clock, principal.personId, body.realName);
    return undefined;
  });

  // Before what takes an id there: both are two words below `payouts`.
  bind(notifyWechatPayout, async ({ req }) => {
    const provider = deps.providers.wechat;
    if (!provider) throw new AppError('not_found');
    const { rawBody } = req as Request & { rawBody?: Buffer };
    if (!rawBody) throw new AppError('unauthenticated', { detail: 'no body' });
    const news = await provider.verifyNotification((name) => req.get(name), rawBody);
    if (news) await bills.receive('wechat', news);
    return { code: 'SUCCESS' as const, message: '' };
  });
  bind(settleSandboxPayout, async ({ principal, params, body }) => {
    if (!deps.sandbox) throw new AppError('not_found');
    const row = await oneOf(params.id);
    const isMine = row.personId === principal.personId;
    if (!isMine && !mayIn(principal, 'settlements:pay', principal.staff?.orgPath ?? ''))
      throw new AppError('not_found');
    if (row.provider !== 'sandbox' || row.state !== 'waiting')
      throw new AppError('state_conflict', { facts: { state: row.state } });
    await deps.sandbox.settle(row.billNo, body.outcome);
    await bills.askNow(row.id);
    return mine(await oneOf(row.id));
  });

  const columns = (): readonly CsvColumn<PayoutBill>[] => [
    { title: 'created_at', value: (bill) => bill.createdAt },
    { title: 'bill_no', value: (bill) => bill.billNo },
    { title: 'person_id', value: (bill) => bill.person.id },
    { title: 'person', value: (bill) => bill.person.name },
    { title: 'kind', value: (bill) => bill.kind },
    { title: 'source', value: (bill) => bill.source },
    { title: 'gross_fen', value: (bill) => bill.grossFen },
    { title: 'withheld_fen', value: (bill) => bill.withheldFen },
    { title: 'net_fen', value: (bill) => bill.netFen },
    { title: 'state', value: (bill) => bill.state },
    { title: 'provider', value: (bill) => bill.provider },
    { title: 'provider_ref', value: (bill) => bill.providerRef },
    { title: 'ended_at', value: (bill) => bill.endedAt },
    { title: 'fail_reason', value: (bill) => bill.failReason },
  ];
  async function* all(principal: StaffPrincipal, filter: BillFilter): AsyncGenerator<PayoutBill> {
    let cursor: string | undefined;
    do {
      const page = await pageOf(filter, cursor, CSV_PAGE);
      for (const row of page.rows) yield staffView(principal, row);
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
  }
  bind(listPayouts, async ({ principal, query, res }) => {
    const { cursor, limit, format, ...filter } = query;
    if (format === 'csv') {
      await sendPersonalCsv(res, deps, {
        ...{ by: principal, target: 'payouts', filter, fileName: 'payouts.csv', columns: columns() },
        rows: all(principal, filter),
      });
      return written;
    }
    const { rows, nextCursor } = await pageOf(filter, cursor, limit);
    return { items: rows.map((row) => staffView(principal, row)), nextCursor };
  });
  bind(cancelPayout, async ({ principal, params, body }) => {
    const before = await oneOf(params.id);
    await bills.cancel(before.id, principal.personId, body.reason);
    await writeAudit(db.sql, deps, {
      ...{ actorId: principal.personId, action: 'payout:cancelled', target: `payout:${before.id}` },
      ...{ orgPath: principal.staff.orgPath, reason: body.reason },
      detail: { billNo: before.billNo, netFen: fenToWire(before.netFen) },
    });
    return staffView(principal, await oneOf(before.id));
  });

  bind(reconcilePayouts, async ({ body }) => deps.reconcile(body.runId));
  bind(listPayoutDifferences, async ({ query: { cursor, limit, state } }) => {
    const found = await listDifferences(db.sql, { state }, decodeTimeCursor(cursor), limit + 1);
    const { rows, nextCursor } = cutPage(found, limit, (last) => encodeTimeCursor({ at: last.foundAt, id: last.id }));
    return { items: rows.map(shownDifference), nextCursor };
  });
  bind(resolvePayoutDifference, ({ principal, params: { id }, body }) =>
    db.transaction(async (tx) => {
      const read = async () => (await listDifferences(tx, { id }, undefined, 1))[0];
      const known = await read();
      if (!known) throw new AppError('not_found');
      if (!(await endByHand(tx, id, principal.personId, body.reason, clock.now())))
        throw new AppError('state_conflict', { facts: { state: 'resolved' } });
      await writeAudit(tx, deps, {
        ...{ actorId: principal.personId, action: 'payout-difference:resolved', target: `payout-difference:${id}` },
        ...{ orgPath: principal.staff.orgPath, reason: body.reason },
        detail: { billNo: known.billNo, kind: known.kind },
      });
      return shownDifference((await read()) ?? known);
    }),
  );
}
