import { fenToWire, getPayment, notifyPayment, settleSandbox } from '@walnut-live/contracts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { readCashierSlip } from './payments.repository.ts';
import type { PaymentListeners, Payments } from './payments.service.ts';
import type { SandboxProvider } from './sandbox-provider.ts';

export function bindPayments(
  bind: Binder,
  deps: {
    db: Db;
    payments: Payments;
    /** Undefined where it is switched off. */
    sandbox: SandboxProvider | undefined;
    listeners: PaymentListeners;
  },
): void {
  const { db, payments, sandbox, listeners } = deps;

  /** Payments of others do not exist for whoever asks. */
  async function slipOf(paymentId: string, personId: string) {
    const slip = await readCashierSlip(db.sql, paymentId);
    if (slip?.personId !== personId) throw new AppError('not_found');
    return slip;
  }

  bind(notifyPayment, async ({ params, req }) => {
    if (!sandbox) throw new AppError('not_found'); // the only provider there is
    const rawBody = (req as typeof req & { rawBody?: Buffer }).rawBody;
    if (!rawBody) throw new AppError('unauthenticated', { detail: 'no body' });
    await payments.receive(params.provider, (name) => req.get(name), rawBody, listeners);
    return { received: true as const };
  });

  bind(settleSandbox, async ({ params, body, principal }) => {
    if (!sandbox) throw new AppError('not_found');
    const slip = await slipOf(params.paymentId, principal.personId);
    const state = await sandbox.settle(slip.id, body.outcome);
    if (state !== body.outcome) throw new AppError('state_conflict', { facts: { state } });
    return { paymentId: slip.id, state };
  });

  bind(getPayment, async ({ params, principal }) => {
    const { personId: _payer, amountFen, expiresAt, ...slip } = await slipOf(params.paymentId, principal.personId);
    return { ...slip, amountFen: fenToWire(amountFen), expiresAt: expiresAt.toISOString() };
  });
}
