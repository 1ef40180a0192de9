import {
  fenToWire,
  getPayment,
  listPaymentMethods,
  notifyPayment,
  notifyWechatPayment,
  type PaymentMethod,
  payOrder,
  settleSandbox,
  startPaymentBy,
  tellWechatCode,
} from '@walnut-live/contracts';
import type { Request } from 'express';
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { createKeysApart } from '../../platform/idempotency.ts';
import { plainAddress, wechatWays } from './methods.policy.ts';
import { readCashierSlip } from './payments.repository.ts';
import type { PaymentListeners, Payments } from './payments.service.ts';
import type { Payer } from './provider.ts';
import type { SandboxProvider } from './sandbox-provider.ts';
import type { Choice, Starting, Subject } from './starting.ts';
import type { WechatAccounts } from './wechat/wechat-accounts.ts';

export function bindPayments(
  bind: Binder,
  deps: {
    db: Db;
    clock: Clock;
    payments: Payments;
    starting: Starting;
    /** Undefined where it is switched off. */
    sandbox: SandboxProvider | undefined;
    /** Undefined where WeChat Pay is not configured. */
    wechat: WechatAccounts | undefined;
    listeners: PaymentListeners;
  },
): void {
  const { db, payments, starting, sandbox, wechat, listeners } = deps;
  const keysApart = createKeysApart(deps);

  /** Payments of others do not exist for whoever asks. */
  async function slipOf(paymentId: string, personId: string) {
    const slip = await readCashierSlip(db.sql, paymentId);
    if (slip?.personId !== personId) throw new AppError('not_found');
    return slip;
  }

  const rawBodyOf = (req: Request): Buffer => {
    const { rawBody } = req as Request & { rawBody?: Buffer };
    if (!rawBody) throw new AppError('unauthenticated', { detail: 'no body' });
    return rawBody;
  };

  // Before the sandbox's, whose path would take it for another provider's name.
  bind(notifyWechatPayment, async ({ req }) => {
    if (!wechat) throw new AppError('not_found');
    await payments.receive('wechat', (name) => req.get(name), rawBodyOf(req), listeners);
    return { code: 'SUCCESS' as const, message: '' };
  });
  bind(notifyPayment, async ({ params, req }) => {
    if (!sandbox) throw new AppError('not_found');
    await payments.receive(params.provider, (name) => req.get(name), rawBodyOf(req), listeners);
    return { received: true as const };
  });

  bind(settleSandbox, async ({ params, body, principal }) => {
    if (!sandbox) throw new AppError('not_found');
    const slip = await slipOf(params.paymentId, principal.personId);
    const state = await sandbox.settle(slip.id, body.outcome, body.callback);
    if (state !== body.outcome) throw new AppError('state_conflict', { facts: { state } });
    return { paymentId: slip.id, state };
  });

  bind(getPayment, async ({ params, principal }) => {
    const { personId: _payer, amountFen, expiresAt, ...slip } = await slipOf(params.paymentId, principal.personId);
    return { ...slip, amountFen: fenToWire(amountFen), expiresAt: expiresAt.toISOString() };
  });

  bind(listPaymentMethods, async ({ params, principal: { personId }, userAgent }) => {
    const slip = await slipOf(params.paymentId, personId);
    const items: PaymentMethod[] = [];
    for (const way of wechat ? wechatWays(userAgent) : []) {
      const isKnown = way !== 'jsapi' || (await wechat?.openIdOf(db.sql, personId)) !== undefined;
      const askUrl = isKnown ? null : (wechat?.askUrl(personId, slip.id) ?? null);
      if (isKnown || askUrl !== null) items.push({ provider: 'wechat', way, askUrl });
    }
    if (sandbox) items.push({ provider: 'sandbox', way: null, askUrl: null });
    return { items };
  });

  /** Who pays, as far as the way has to know. @throws AppError state_conflict when WeChat has to be asked first */
  async function payerOf({ provider, way }: Choice, personId: string, ip: string): Promise<Payer | undefined> {
    if (provider === 'sandbox') {
      if (!sandbox) throw new AppError('not_found');
      return undefined;
    }
    if (!wechat) throw new AppError('not_found');
    if (way === 'h5') return { way, address: plainAddress(ip) };
    if (way !== 'jsapi') return { way: 'native' };
    const openId = await wechat.openIdOf(db.sql, personId);
    if (openId === undefined) throw new AppError('state_conflict', { facts: { needs: 'wechat_account' } });
    return { way, openId };
  }

  async function start(
    personId: string,
    ip: string,
    subject: Subject,
    wish: { provider: Choice['provider']; way?: Choice['way'] | undefined },
  ) {
    const choice: Choice = {
      provider: wish.provider,
      way: wish.provider === 'sandbox' ? null : (wish.way ?? 'native'),
    };
    const payer = await payerOf(choice, personId, ip);
    const { payment, expiresAt, cashier } = await starting.start(personId, subject, choice, payer);
    return {
      paymentId: payment.id,
      amountFen: fenToWire(payment.amountFen),
      expiresAt: expiresAt.toISOString(),
      ...{ provider: choice.provider, way: choice.way, cashierUrl: cashier.cashierUrl },
      bridge: cashier.bridge ? { ...cashier.bridge } : null,
      codeUrl: cashier.codeUrl ?? null,
    };
  }

  bind(
    payOrder,
    ({ principal: { personId }, params, body, ip, req }) =>
      keysApart({ key: req.get('idempotency-key'), personId, route: payOrder.id, request: { params, body } }, () =>
        start(personId, ip, { orderId: params.id }, body),
      ),
    undefined,
    'keeps its keys',
  );
  bind(
    startPaymentBy,
    ({ principal: { personId }, params, body, ip, req }) =>
      keysApart(
        { key: req.get('idempotency-key'), personId, route: startPaymentBy.id, request: { params, body } },
        async () => {
          const { orderId, topUp } = await slipOf(params.paymentId, personId);
          if (orderId !== null) return start(personId, ip, { orderId }, body);
          if (topUp !== null) return start(personId, ip, { topUpId: topUp.id }, body);
          throw new AppError('not_found');
        },
      ),
    undefined,
    'keeps its keys',
  );

  bind(tellWechatCode, async ({ principal, body }) => {
    if (!wechat) throw new AppError('not_found');
    await wechat.learn(principal.personId, body);
    return undefined;
  });
}
