import { z } from 'zod';
import { CoinTopUpId, OrderId, PaymentId, RefundId } from '../ids.ts';
import { Fen } from '../money.ts';
import { Instant, PageQuery, PersonRef, text } from './common.ts';
import { PaymentState, RefundState } from './orders.ts';
import { PaymentChoice, PaymentProviderName, PaymentStart, PaymentWay } from './payment-ways.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ paymentId: PaymentId });

// ── for payers ──────────────────────────────────────────────────────────────────────────────────────────────────────

export const PaymentMethod = z
  .object({
    provider: PaymentProviderName,
    way: PaymentWay.nullable(),
    /** Null: it can be used at once. Otherwise where WeChat tells who the payer is; it leads back to the cashier. */
    askUrl: z.string().nullable(),
  })
  .meta({ id: 'PaymentMethod' });
export type PaymentMethod = z.infer<typeof PaymentMethod>;

export const listPaymentMethods = defineRoute({
  id: 'payments.methods',
  method: 'GET',
  path: '/payments/:paymentId/methods',
  tag: 'payments',
  access: 'consumer',
  summary: 'How this payment can be paid by the client that asks, the most fitting way first',
  params,
  reply: z.object({ items: z.array(PaymentMethod) }),
});
export const startPaymentBy = defineRoute({
  id: 'payments.start',
  method: 'POST',
  path: '/payments/:paymentId/start',
  tag: 'payments',
  access: 'consumer',
  idempotent: true,
  summary:
    'Pay in this way. When another way was begun before, that one is closed with its provider first, and the answer names a new payment',
  params,
  body: z.strictObject(PaymentChoice),
  reply: z.object({ paymentId: PaymentId, amountFen: Fen, expiresAt: Instant, ...PaymentStart }),
  errors: ['state_conflict', 'already_paid', 'provider_unavailable'],
});
/** Comes after WeChat told the cashier page a code (OAuth, scope snsapi_base). */
export const tellWechatCode = defineRoute({
  id: 'me.wechat',
  method: 'POST',
  path: '/me/wechat',
  tag: 'payments',
  access: 'consumer',
  summary: 'Who I am to WeChat, by the code it gave my browser; needed to pay inside WeChat',
  body: z.strictObject({ code: text(200), state: text(200) }),
  status: 204,
  errors: ['forbidden', 'provider_unavailable'],
});

/** `WECHATPAY2-SHA256-RSA2048` over the raw bytes, the rest sealed with AES-256-GCM; hence no schema of the body. */
export const notifyWechatPayment = defineRoute({
  id: 'payments.wechat.notify',
  method: 'POST',
  path: '/payments/wechat/notify',
  tag: 'payments',
  access: { secret: 'signature of WeChat Pay' },
  summary: 'Callback of WeChat Pay about a payment or a refund; verified over the raw bytes, idempotent, any order',
  consumes: ['application/json'],
  reply: z.object({ code: z.literal('SUCCESS'), message: z.string() }),
  errors: ['unauthenticated', 'not_found', 'conflict', 'invalid_request'],
});

// ── the sandbox, and what a cashier shows ───────────────────────────────────────────────────────────────────────────

/** Signed like a real provider's callback: `X-Sandbox-Timestamp`, `X-Sandbox-Nonce`, `X-Sandbox-Signature` over the raw body. */
export const SandboxNotification = z.strictObject({
  id: text(64),
  type: z.enum(['payment.captured', 'payment.failed', 'refund.succeeded', 'refund.failed']),
  paymentId: PaymentId,
  refundNo: text(64).nullable(),
  amountFen: Fen,
  occurredAt: Instant,
});
export const notifyPayment = defineRoute({
  id: 'payments.notify',
  method: 'POST',
  path: '/payments/:provider/notify',
  tag: 'payments',
  access: { secret: 'provider signature' },
  summary: 'Callback of a payment provider; verified over the raw bytes, idempotent, any order',
  params: z.strictObject({ provider: z.enum(['sandbox']) }),
  body: SandboxNotification,
  reply: z.object({ received: z.literal(true) }),
  errors: ['unauthenticated', 'not_found', 'conflict'],
});
/**
 * What becomes of the sandbox's callback: it comes at once, late, twice, its first attempt gets lost, or it never comes and
 * the payment is found by asking.
 */
export const SandboxCallback = z.enum(['prompt', 'delayed', 'twice', 'lost', 'never']).meta({ id: 'SandboxCallback' });
export type SandboxCallback = z.infer<typeof SandboxCallback>;
export const settleSandbox = defineRoute({
  id: 'payments.sandbox.settle',
  method: 'POST',
  path: '/payments/sandbox/:paymentId/settle',
  tag: 'payments',
  access: 'consumer',
  summary: 'The sandbox cashier: the payer approves or declines; the sandbox then sends its signed callback',
  params: z.strictObject({ paymentId: PaymentId }),
  body: z.strictObject({ outcome: z.enum(['captured', 'failed']), callback: SandboxCallback.default('prompt') }),
  reply: z.object({ paymentId: PaymentId, state: PaymentState }),
  errors: ['state_conflict'],
});
export const getPayment = defineRoute({
  id: 'payments.get',
  method: 'GET',
  path: '/payments/:paymentId',
  tag: 'payments',
  access: 'consumer',
  summary: 'A payment of mine (cashier page)',
  params: z.strictObject({ paymentId: PaymentId }),
  reply: z.object({
    id: PaymentId,
    /** Null for a payment that buys coins. */
    orderId: OrderId.nullable(),
    /** Number of the order or of the top-up. */
    orderNo: z.string(),
    /** What is bought when it is no order. */
    topUp: z.object({ id: CoinTopUpId, coins: z.int() }).nullable(),
    amountFen: Fen,
    /** What of its order it pays: a pre-sale has a deposit and a balance. */
    part: z.enum(['whole', 'deposit', 'balance']).optional(),
    state: PaymentState,
    payee: z.string(),
    /** How it was begun to be paid; null: in no way yet. */
    provider: PaymentProviderName.nullable(),
    way: PaymentWay.nullable(),
    /** The payment that took its place when another way was chosen, here or on another device. */
    followedBy: PaymentId.nullable(),
    expiresAt: Instant,
  }),
});

// ── for finance ─────────────────────────────────────────────────────────────────────────────────────────────────────

export const PaymentRecord = z
  .object({
    id: PaymentId,
    provider: PaymentProviderName,
    /** False: no provider was ever told of it. */
    started: z.boolean(),
    way: PaymentWay.nullable(),
    state: PaymentState,
    amountFen: Fen,
    capturedFen: Fen,
    refundedFen: Fen,
    order: z.object({ id: OrderId, no: z.string(), state: z.string() }).nullable(),
    topUp: z.object({ id: CoinTopUpId, no: z.string(), state: z.string() }).nullable(),
    payer: PersonRef,
    payee: z.string(),
    /** The number that the provider knows it by. */
    providerNo: z.string(),
    createdAt: Instant,
    capturedAt: Instant.nullable(),
    closedAt: Instant.nullable(),
  })
  .meta({ id: 'PaymentRecord' });
export type PaymentRecord = z.infer<typeof PaymentRecord>;

export const listPayments = defineRoute({
  id: 'payments.list',
  method: 'GET',
  path: '/payments',
  tag: 'payments',
  access: { staff: 'payments:read' },
  summary: 'Payments of the whole brand, newest first; by the number of an order, a top-up, a refund or the provider',
  query: PageQuery.extend({
    state: PaymentState.optional(),
    provider: PaymentProviderName.optional(),
    /**
     * Captured although it was closed; given back in part or whole; with money left of which a refund was refused for good;
     * with a refund that does not end.
     */
    trouble: z.enum(['late', 'refunded', 'refund_failed', 'refund_stuck']).optional(),
    search: text(64).optional(),
    from: z.iso.date().optional(),
    to: z.iso.date().optional(),
  }),
  reply: z.object({ items: z.array(PaymentRecord), nextCursor: z.string().nullable() }),
});
export const getPaymentRecord = defineRoute({
  id: 'payments.record',
  method: 'GET',
  path: '/payments/:paymentId/record',
  tag: 'payments',
  access: { staff: 'payments:read' },
  summary: 'A payment with its refunds, what its provider said, and what became of it',
  params,
  reply: PaymentRecord.extend({
    providerRef: z.string().nullable(),
    /** What the provider said when it was asked last. */
    providerState: z.string().nullable(),
    queries: z.int(),
    nextQueryAt: Instant.nullable(),
    refunds: z.array(
      z.object({
        id: RefundId,
        no: z.string(),
        amountFen: Fen,
        state: RefundState,
        reason: z.string(),
        attempts: z.int(),
        /** In the provider's words. */
        providerState: z.string().nullable(),
        /** Why the last attempt did not end it. */
        lastError: z.string().nullable(),
        nextTryAt: Instant.nullable(),
        createdAt: Instant,
        finishedAt: Instant.nullable(),
      }),
    ),
    notifications: z.array(z.object({ id: z.string(), kind: z.string(), receivedAt: Instant, body: z.unknown() })),
  }),
  errors: ['not_found'],
});
export const askPayment = defineRoute({
  id: 'payments.ask',
  method: 'POST',
  path: '/payments/:paymentId/ask',
  tag: 'payments',
  access: { staff: 'payments:reconcile' },
  summary: 'Ask the provider now what became of a payment, and book it',
  params,
  body: z.strictObject({}),
  reply: z.object({ state: PaymentState, providerState: z.string() }),
  errors: ['not_found', 'provider_unavailable'],
});
/** Of an order as the refused refund was planned; of money that came too late all that is left. */
export const refundAgain = defineRoute({
  id: 'payments.refund_again',
  method: 'POST',
  path: '/payments/:paymentId/refund-again',
  tag: 'payments',
  access: { staff: 'payments:reconcile' },
  idempotent: true,
  summary: 'Ask the provider once more, under a new number, for a refund that it refused for good; audited',
  params,
  body: z.strictObject({ reason: text(200, 2) }),
  reply: z.object({ refundId: RefundId, no: z.string(), amountFen: Fen }),
  errors: ['not_found', 'state_conflict', 'limit_exceeded'],
});
