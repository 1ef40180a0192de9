import {
  type AfterSaleView,
  decideAfterSale,
  escalateAfterSale,
  fenToWire,
  getAfterSale,
  getEvidence,
  inspectAfterSale,
  listAfterSales,
  may,
  orderAfterSales,
  type QueryOf,
  replaceAfterSale,
  requestAfterSale,
  sendBackAfterSale,
  uploadEvidence,
  withdrawAfterSale,
} from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { CsvColumn } from '../../platform/csv.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Sql } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Binder, written } from '../../platform/http.ts';
import { maskPhonesIn } from '../../platform/masks.policy.ts';
import { sendPersonalCsv } from '../../platform/personal-csv.ts';
import { mayIn, type Principal } from '../../platform/principal.ts';
import { nameTo } from '../bindings/index.ts';
import type { Files } from '../files/index.ts';
import { eyesOf, readOrders } from '../orders/index.ts';
import { askableUntil, deeds, kindsFor, noReasonUntil, waiting } from './after-sales.policy.ts';
import { askingCases, type CaseFilter, type CaseViewRow, findCaseIds, readCases } from './after-sales.repository.ts';
import { type AfterSalesService, factsOf, sideOf } from './after-sales.service.ts';
import { freeOf } from './asking.ts';

const CSV_PAGE = 500;
/** Cases of one order that are shown beside it. */
const OF_ORDER = 50;

export function bindAfterSales(
  bind: Binder,
  deps: { db: Db; clock: Clock; random: Random; cases: AfterSalesService; files: Files },
): void {
  const { db, clock, cases, files } = deps;

  /** The case as this person may see it. @throws AppError not_found */
  async function seen(sql: Sql, principal: Principal, caseId: string): Promise<AfterSaleView> {
    const [row] = await readCases(sql, [caseId]);
    if (!row || !maySee(principal, row)) throw new AppError('not_found');
    return toView(row, principal);
  }

  bind(requestAfterSale, async ({ tx, principal, params, body }) =>
    seen(tx, principal, await cases.request(tx, principal, params.id, body)),
  );
  bind(withdrawAfterSale, async ({ tx, principal, params, body }) => {
    await cases.withdraw(tx, principal, params.id, body.note);
    return seen(tx, principal, params.id);
  });
  bind(escalateAfterSale, async ({ tx, principal, params, body }) => {
    await cases.escalate(tx, principal, params.id, body.note);
    return seen(tx, principal, params.id);
  });
  bind(decideAfterSale, async ({ tx, principal, params, body }) => {
    await cases.decide(tx, principal, params.id, body);
    return seen(tx, principal, params.id);
  });
  bind(sendBackAfterSale, async ({ tx, principal, params, body }) => {
    await cases.sendBack(tx, principal, params.id, body);
    return seen(tx, principal, params.id);
  });
  bind(inspectAfterSale, async ({ tx, principal, params, body }) => {
    await cases.inspect(tx, principal, params.id, body);
    return seen(tx, principal, params.id);
  });
  bind(replaceAfterSale, async ({ tx, principal, params, body }) => {
    await cases.replace(tx, principal, params.id, body.trackingNo);
    return seen(tx, principal, params.id);
  });
  bind(getAfterSale, ({ principal, params }) => seen(db.sql, principal, params.id));

  bind(orderAfterSales, async ({ principal, params }) => {
    const [order] = await readOrders(db.sql, [params.id]);
    const eyes = order && eyesOf(principal, order);
    if (!order || !eyes) throw new AppError('not_found');
    const { state, receivedAt } = order.view(eyes);
    const facts = { state, receivedAt: receivedAt === null ? null : new Date(receivedAt) };
    const free = await freeOf(db.sql, order.id);
    const anySent = free.items.some(({ sent }) => sent > 0);
    const until = askableUntil(facts);
    const ids = await findCaseIds(
      db.sql,
      { orderId: order.id, newestFirst: true },
      { after: undefined, limit: OF_ORDER },
    );
    return {
      items: (await readCases(db.sql, ids.slice(0, OF_ORDER))).map((row) => toView(row, principal)),
      options: {
        kinds: until !== null && clock.now() > until ? [] : kindsFor(state, anySent),
        items: free.items.map((item) => ({
          itemId: item.id,
          title: item.title,
          skuName: item.skuName,
          pictureUrl: item.pictureUrl,
          quantity: item.quantity,
          amountFen: fenToWire(item.amountFen),
          refundedPieces: item.refundedPieces,
          pieces: item.pieces,
          leftFen: fenToWire(item.leftFen),
        })),
        shippingLeftFen: fenToWire(free.shippingFen),
        wholeFen: fenToWire(free.wholeFen),
        asking: (await askingCases(db.sql, order.id)).length,
        noReasonUntil: noReasonUntil(facts)?.toISOString() ?? null,
        until: until?.toISOString() ?? null,
      },
    };
  });

  bind(uploadEvidence, async ({ principal, params, query, req, res }) => {
    const [order] = await readOrders(db.sql, [params.id]);
    if (order?.personId !== principal.personId) throw new AppError('not_found');
    const { id, mediaType, bytes } = await files.take(
      { req, res },
      { purpose: 'evidence', name: query.name, orgPath: order.orgPath, personId: principal.personId },
    );
    if (mediaType === 'application/pdf') throw new AppError('unsupported_media_type');
    return { id, mediaType, bytes };
  });
  bind(getEvidence, async ({ principal, params, res }) => {
    const view = await seen(db.sql, principal, params.id);
    const picture = view.pictures.find(({ fileId }) => fileId === params.fileId);
    if (!picture) throw new AppError('not_found');
    await files.send(res, picture.fileId, ['evidence'], picture.name);
    return written;
  });

  bind(listAfterSales, async ({ principal, query, res }) => {
    const filter = filterOf(principal, query);
    if (query.format === 'csv') {
      const { state, waitsFor, kind, search } = query;
      await sendPersonalCsv(res, deps, {
        ...{ by: principal, target: 'after-sales', filter: { state, waitsFor, kind, search }, columns: csvColumns },
        fileName: `after-sales-${clock.now().toISOString().slice(0, 10)}.csv`,
        rows: everyCase(principal, filter),
      });
      return written;
    }
    return readPage(principal, filter, query.cursor, query.limit);
  });

  async function readPage(principal: Principal, filter: CaseFilter, cursor: string | undefined, limit: number) {
    const ids = await findCaseIds(db.sql, filter, { after: decodeTimeCursor(cursor), limit });
    const { rows, nextCursor } = cutPage(await readCases(db.sql, ids), limit, (last) =>
      encodeTimeCursor({ at: filter.newestFirst ? last.createdAt : last.waitingSince, id: last.id }),
    );
    return { items: rows.map((row) => toView(row, principal)), nextCursor };
  }

  async function* everyCase(principal: Principal, filter: CaseFilter): AsyncGenerator<AfterSaleView> {
    let cursor: string | undefined;
    do {
      const { items, nextCursor } = await readPage(principal, filter, cursor, CSV_PAGE);
      yield* items;
      cursor = nextCursor ?? undefined;
    } while (cursor !== undefined);
  }
}

function filterOf(principal: Principal, query: QueryOf<typeof listAfterSales>): CaseFilter {
  return {
    ...(principal.staff ? { orgPath: principal.staff.orgPath } : { personId: principal.personId }),
    states: query.state ? [query.state] : query.waitsFor && waiting[query.waitsFor],
    kind: query.kind,
    search: query.search,
    newestFirst: !principal.staff || query.waitsFor === 'over',
  };
}

const maySee = (principal: Principal, row: CaseViewRow): boolean =>
  row.personId === principal.personId || mayIn(principal, 'orders:read', row.orgPath);

const instant = (at: Date | string): string => new Date(at).toISOString();
const maybeInstant = (at: Date | null): string | null => (at === null ? null : instant(at));

function toView(row: CaseViewRow, principal: Principal): AfterSaleView {
  const { personId, orgPath, buyerName, buyerKind, buyerGuideId, ...rest } = row;
  const side = sideOf(principal);
  const open = personId === principal.personId || (principal.staff && may(principal.staff.role, 'orders:ship'));
  return {
    ...rest,
    buyer: nameTo(
      principal,
      { id: personId, name: buyerName, kind: buyerKind, ownerPath: null, guideId: buyerGuideId },
      orgPath,
    ),
    note: open ? row.note : maskPhonesIn(row.note),
    shippingFen: fenToWire(row.shippingFen),
    amountFen: fenToWire(row.amountFen),
    pictures: row.pictures ?? [],
    deadlineAt: maybeInstant(row.deadlineAt),
    waitingSince: instant(row.waitingSince),
    createdAt: instant(row.createdAt),
    closedAt: maybeInstant(row.closedAt),
    history: row.history.map((step) => ({
      ...step,
      note: open ? step.note : maskPhonesIn(step.note),
      at: instant(step.at),
    })),
    may: side === 'buyer' || mayIn(principal, 'orders:refund', orgPath) ? deeds(side, factsOf(row)) : [],
  };
}

/** Amounts stay integers of fen: a spreadsheet must be able to sum them. */
const csvColumns: readonly CsvColumn<AfterSaleView>[] = [
  { title: 'caseNo', value: (a) => a.caseNo },
  { title: 'orderNo', value: (a) => a.orderNo },
  { title: 'storePath', value: (a) => a.store.path },
  { title: 'store', value: (a) => a.store.name },
  { title: 'buyer', value: (a) => a.buyer.name },
  { title: 'kind', value: (a) => a.kind },
  { title: 'state', value: (a) => a.state },
  { title: 'reason', value: (a) => a.reason },
  { title: 'note', value: (a) => a.note },
  { title: 'items', value: (a) => a.items.map((i) => `${i.title} ${i.skuName} × ${i.quantity}`).join('; ') },
  { title: 'shippingFen', value: (a) => a.shippingFen },
  { title: 'amountFen', value: (a) => a.amountFen },
  { title: 'returnTrackingNo', value: (a) => a.returnTrackingNo },
  { title: 'replacementTrackingNo', value: (a) => a.replacementTrackingNo },
  { title: 'createdAt', value: (a) => a.createdAt },
  { title: 'deadlineAt', value: (a) => a.deadlineAt },
  { title: 'closedAt', value: (a) => a.closedAt },
];
