/** Transfers to people: what they withdraw, what settlement pays them, and how both are held against their providers. */
import { z } from 'zod';
import { PersonId } from '../ids.ts';
import { Fen, SignedFen } from '../money.ts';
import { Instant, PageQuery, PersonRef, page, text } from './common.ts';
import { PaymentProviderName } from './payment-ways.ts';
import { defineRoute } from './route.ts';

/** `commission`: settleable commission entries. `rewards`: what red packets brought. */
export const PayoutSource = z.enum(['commission', 'rewards']).meta({ id: 'PayoutSource' });
export type PayoutSource = z.infer<typeof PayoutSource>;
/**
 * `created`: written, its provider was never told. `moving`: told, nothing to do but to ask. `waiting`: the receiver has to
 * accept it. Of `failed` and `cancelled` nothing was transferred.
 */
export const PayoutBillState = z
  .enum(['created', 'moving', 'waiting', 'succeeded', 'failed', 'cancelled'])
  .meta({ id: 'PayoutBillState' });
export type PayoutBillState = z.infer<typeof PayoutBillState>;

/** How its receiver accepts a transfer: a button of the sandbox, or WeChat's bridge (`requestMerchantTransfer`). */
export const PayoutAcceptance = z.discriminatedUnion('provider', [
  z.object({ provider: z.literal('sandbox') }),
  z.object({ provider: z.literal('wechat'), mchId: z.string(), appId: z.string(), package: z.string() }),
]);

const billFields = {
  id: z.uuid(),
  /** What the provider knows it by. */
  billNo: z.string(),
  source: PayoutSource,
  kind: z.enum(['settlement', 'withdrawal']),
  provider: PaymentProviderName,
  grossFen: Fen,
  /** Income tax withheld. */
  withheldFen: Fen,
  netFen: Fen,
  state: PayoutBillState,
  failReason: z.string().nullable(),
  createdAt: Instant,
  endedAt: Instant.nullable(),
};
export const MyPayout = z
  .object({ ...billFields, entries: z.int(), acceptance: PayoutAcceptance.nullable() })
  .meta({ id: 'MyPayout' });
export type MyPayout = z.infer<typeof MyPayout>;
export const PayoutBill = z
  .object({
    ...billFields,
    person: PersonRef,
    runId: z.uuid().nullable(),
    lineId: z.uuid(),
    providerRef: z.string().nullable(),
    attempts: z.int(),
    lastError: z.string().nullable(),
    nextAskAt: Instant.nullable(),
    /** When its provider said the same of it after its end. */
    checkedAt: Instant.nullable(),
  })
  .meta({ id: 'PayoutBill' });
export type PayoutBill = z.infer<typeof PayoutBill>;

/** Why somebody cannot be paid now. */
export const PayoutHindrance = z
  .enum(['not_positive', 'below_minimum', 'no_account', 'real_name_needed', 'day_cap', 'day_transfers'])
  .meta({ id: 'PayoutHindrance' });
export type PayoutHindrance = z.infer<typeof PayoutHindrance>;
const Withdrawable = z.object({
  source: PayoutSource,
  /** All that is settleable; less than zero when more was refunded than earned since. */
  balanceFen: SignedFen,
  /** What a withdrawal now would take of it, and what would arrive. */
  grossFen: Fen,
  withheldFen: Fen,
  netFen: Fen,
  hindrance: PayoutHindrance.nullable(),
});

export const requestPayout = defineRoute({
  id: 'payouts.request',
  method: 'POST',
  path: '/payouts',
  tag: 'commission',
  access: 'person',
  summary:
    'Withdraw what is settleable of mine: all of it, as far as the day allows. `expectedFen`: what arrives, as it was shown',
  body: z.strictObject({ source: PayoutSource.default('commission'), expectedFen: Fen.optional() }),
  reply: MyPayout,
  status: 201,
  idempotent: true,
  errors: ['state_conflict', 'rate_limited'],
});
export const myPayouts = defineRoute({
  id: 'payouts.mine',
  method: 'GET',
  path: '/me/payouts',
  tag: 'commission',
  access: 'person',
  summary: 'What I can withdraw, and transfers to me, the newest first',
  query: PageQuery,
  reply: z.object({
    withdrawable: z.array(Withdrawable),
    terms: z.object({ minimumFen: Fen, dayCapFen: Fen, dayTransfers: z.int(), realNameFromFen: Fen }),
    account: z.object({
      provider: PaymentProviderName.nullable(),
      /** First character only. */
      realName: z.string().nullable(),
    }),
    items: z.array(MyPayout),
    nextCursor: z.string().nullable(),
  }),
});
export const putPayoutAccount = defineRoute({
  id: 'payouts.account.put',
  method: 'PUT',
  path: '/me/payout-account',
  tag: 'commission',
  access: 'person',
  summary: 'My real name, which providers ask for with large transfers; empty: forget it',
  body: z.strictObject({ realName: text(40, 0) }),
  status: 204,
});
export const listPayouts = defineRoute({
  id: 'payouts.list',
  method: 'GET',
  path: '/payouts',
  tag: 'commission',
  access: { staff: 'payouts:read' },
  summary: 'Transfers to people, the newest first',
  produces: ['text/csv'],
  query: PageQuery.extend({
    state: PayoutBillState.optional(),
    kind: z.enum(['settlement', 'withdrawal']).optional(),
    runId: z.uuid().optional(),
    personId: PersonId.optional(),
    search: text(40, 0).optional(),
    format: z.enum(['json', 'csv']).optional(),
  }),
  reply: page(PayoutBill),
});
const params = z.strictObject({ id: z.uuid() });
export const cancelPayout = defineRoute({
  id: 'payouts.cancel',
  method: 'POST',
  path: '/payouts/:id/cancel',
  tag: 'commission',
  access: { staff: 'settlements:pay' },
  summary: 'Take back a transfer that its receiver has not accepted; answers what it is now',
  params,
  body: z.strictObject({ reason: text(200, 2) }),
  reply: PayoutBill,
  errors: ['not_found', 'state_conflict', 'provider_unavailable'],
});
export const settleSandboxPayout = defineRoute({
  id: 'payouts.sandbox.settle',
  method: 'POST',
  path: '/payouts/sandbox/:id/settle',
  tag: 'commission',
  access: 'person',
  summary: 'The sandbox: its receiver (or finance in their place) accepts a transfer, or it cannot be paid',
  params,
  body: z.strictObject({ outcome: z.enum(['succeeded', 'failed']) }),
  reply: MyPayout,
  errors: ['not_found', 'state_conflict'],
});
/** Signed over the raw bytes and sealed; hence no schema of the body. */
export const notifyWechatPayout = defineRoute({
  id: 'payouts.wechat.notify',
  method: 'POST',
  path: '/payouts/wechat/notify',
  tag: 'commission',
  access: { secret: 'signature of WeChat Pay' },
  summary: 'Callback of WeChat Pay about a transfer; verified over the raw bytes, idempotent, any order',
  consumes: ['application/json'],
  reply: z.object({ code: z.literal('SUCCESS'), message: z.string() }),
  errors: ['unauthenticated', 'not_found', 'invalid_request'],
});

export const PayoutDifference = z
  .object({
    id: z.uuid(),
    provider: PaymentProviderName,
    billNo: z.string(),
    billId: z.uuid().nullable(),
    kind: z.enum(['unknown_bill', 'amount_differs', 'state_differs', 'number_taken', 'stuck']),
    ours: z.object({ state: z.string(), amountFen: Fen }).nullable(),
    theirs: z.object({ state: z.string(), amountFen: Fen.nullable() }).nullable(),
    state: z.enum(['open', 'resolved']),
    reason: z.string().nullable(),
    /** Null when the system found it gone. */
    resolvedBy: PersonRef.nullable(),
    foundAt: Instant,
    resolvedAt: Instant.nullable(),
  })
  .meta({ id: 'PayoutDifference' });
export type PayoutDifference = z.infer<typeof PayoutDifference>;
export const listPayoutDifferences = defineRoute({
  id: 'payout-differences.list',
  method: 'GET',
  path: '/payout-differences',
  tag: 'commission',
  access: { staff: 'payouts:read' },
  summary: 'What providers say of transfers that our books do not',
  query: PageQuery.extend({ state: z.enum(['open', 'resolved']).optional() }),
  reply: page(PayoutDifference),
});
export const resolvePayoutDifference = defineRoute({
  id: 'payout-differences.resolve',
  method: 'POST',
  path: '/payout-differences/:id/resolve',
  tag: 'commission',
  access: { staff: 'payments:reconcile' },
  summary: 'End a difference by hand; audited',
  params,
  body: z.strictObject({ reason: text(200, 2) }),
  reply: PayoutDifference,
  errors: ['not_found', 'state_conflict'],
});
export const reconcilePayouts = defineRoute({
  id: 'payouts.reconcile',
  method: 'POST',
  path: '/payouts/reconcile',
  tag: 'commission',
  access: { staff: 'payments:reconcile' },
  summary: 'Ask now about every transfer that is under way, and again about those that ended; answers what was asked',
  body: z.strictObject({ runId: z.uuid().optional() }),
  reply: z.object({ asked: z.int(), ended: z.int(), unanswered: z.int(), openDifferences: z.int() }),
});
