/** Payments for finance: the list, one with all its provider said, and asking the provider now. */
import { askPayment, fenToWire, getPaymentRecord, listPayments, type PaymentRecord } from '@walnut-live/contracts';
import { chinaDayEnd, chinaDayStart } from '../../platform/china-day.policy.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { Asking } from './asking.ts';
import { readPayment } from './payments.repository.ts';
import type { Providers } from './provider.ts';
import { type RecordRow, readNotificationsOf, readRecords, readRefundsOf } from './records.repository.ts';

export function bindRecords(bind: Binder, deps: { db: Db; providers: Providers; asking: Asking }): void {
  const { db, providers } = deps;

  const shown = (row: RecordRow): PaymentRecord => ({
    ...{ id: row.id, provider: row.provider, started: row.started, way: row.way, state: row.state },
    ...{ order: row.order, topUp: row.topUp, payer: row.payer, payee: row.payee },
    amountFen: fenToWire(row.amountFen),
    capturedFen: fenToWire(row.capturedFen),
    refundedFen: fenToWire(row.refundedFen),
    providerNo: providers[row.provider]?.numberOf(row.id) ?? row.id,
    createdAt: row.createdAt.toISOString(),
    capturedAt: row.capturedAt?.toISOString() ?? null,
    closedAt: row.closedAt?.toISOString() ?? null,
  });

  bind(listPayments, async ({ query }) => {
    const { from, to, cursor, limit, ...filter } = query;
    const found = await readRecords(
      db.sql,
      { ...filter, from: from ? chinaDayStart(from) : undefined, until: to ? chinaDayEnd(to) : undefined },
      { after: decodeTimeCursor(cursor), limit: limit + 1 },
    );
    const { rows, nextCursor } = cutPage(found, limit, ({ createdAt, id }) => encodeTimeCursor({ at: createdAt, id }));
    return { items: rows.map(shown), nextCursor };
  });

  bind(getPaymentRecord, async ({ params: { paymentId: id } }) => {
    const [row] = await readRecords(db.sql, { id }, { after: undefined, limit: 1 });
    if (!row) throw new AppError('not_found');
    const [refunds, notifications] = await Promise.all([readRefundsOf(db.sql, id), readNotificationsOf(db.sql, id)]);
    return {
      ...shown(row),
      ...{ providerRef: row.providerRef, providerState: row.providerState, queries: row.queries },
      nextQueryAt: row.nextQueryAt?.toISOString() ?? null,
      refunds: refunds.map((refund) => ({
        ...refund,
        amountFen: fenToWire(refund.amountFen),
        nextTryAt: refund.nextTryAt?.toISOString() ?? null,
        createdAt: refund.createdAt.toISOString(),
        finishedAt: refund.finishedAt?.toISOString() ?? null,
      })),
      notifications: notifications.map((one) => ({ ...one, receivedAt: one.receivedAt.toISOString() })),
    };
  });

  bind(askPayment, async ({ params: { paymentId } }) => {
    const providerState = await deps.asking.askNow(paymentId);
    const payment = await readPayment(db.sql, paymentId);
    if (!payment) throw new AppError('not_found');
    return { state: payment.state, providerState };
  });
}
