import { z } from 'zod';
import { CommissionEntryId, OrderId, OrgUnitId, PersonId } from '../ids.ts';
import { Bps, Fen, SignedFen } from '../money.ts';
import { CommissionEntryView, CommissionState } from './attribution.ts';
import { CommissionInviterRole, CommissionMonth } from './commission-rules.ts';
import { Instant, OrgUnitRef, PageQuery, PersonRef, page, text } from './common.ts';
import { defineRoute } from './route.ts';

/** Rule K7: what makes an order look as if its sharer had bought it for themselves, or had people come who are none. */
export const commissionSignals = [
  'same_phone', // the goods go to the sharer's phone
  'same_address', // the goods go where the sharer's goods go
  'same_device', // the buyer came from the network and with the browser of the sharer
  'same_payer', // the buyer's payment account is the sharer's
  'same_identity', // the buyer's checked identity is the sharer's
  'touch_burst', // the buyer came in a burst of visitors from one network
] as const;
export const CommissionSignal = z
  .object({
    kind: z.enum(commissionSignals),
    /** How often it was seen; no phones, no addresses (rule Z6). */
    count: z.int(),
    /** Orders or touches it was seen in. */
    refs: z.array(z.uuid()),
    firstAt: Instant.nullable(),
    lastAt: Instant.nullable(),
  })
  .meta({ id: 'CommissionSignal' });
export type CommissionSignal = z.infer<typeof CommissionSignal>;
export const CommissionHoldState = z.enum(['open', 'released', 'confirmed', 'moot']).meta({
  id: 'CommissionHoldState',
  description: 'moot: everything was refunded or ruled to somebody else meanwhile',
});
export const CommissionHold = z
  .object({
    id: z.uuid(),
    orderId: OrderId,
    orderNo: z.string(),
    buyer: PersonRef,
    beneficiary: PersonRef,
    store: OrgUnitRef,
    signals: z.array(CommissionSignal),
    /** Held now. */
    amountFen: SignedFen,
    state: CommissionHoldState,
    openedAt: Instant,
    decidedAt: Instant.nullable(),
    decidedBy: PersonRef.nullable(),
    reason: z.string(),
  })
  .meta({ id: 'CommissionHold' });
export type CommissionHold = z.infer<typeof CommissionHold>;

const params = z.strictObject({ id: z.uuid() });
export const listCommissionHolds = defineRoute({
  id: 'commission-holds.list',
  method: 'GET',
  path: '/commission-holds',
  tag: 'commission',
  access: { staff: 'commission:holds' },
  summary: 'Commission that is held because it looks like fraud, the oldest open first; those decided, newest first',
  query: PageQuery.extend({
    state: CommissionHoldState.default('open'),
    signal: z.enum(commissionSignals).optional(),
    beneficiaryId: PersonId.optional(),
  }),
  reply: page(CommissionHold),
  errors: ['forbidden'],
});
export const releaseCommissionHold = defineRoute({
  id: 'commission-holds.release',
  method: 'POST',
  path: '/commission-holds/:id/release',
  tag: 'commission',
  access: { staff: 'commission:holds' },
  idempotent: true,
  summary: 'It is no fraud: the entries go on where their order stands; audited',
  params,
  body: z.strictObject({ reason: text(200, 2) }),
  reply: CommissionHold,
  errors: ['not_found', 'state_conflict', 'forbidden', 'conflict_of_interest'],
});
export const confirmCommissionHold = defineRoute({
  id: 'commission-holds.confirm',
  method: 'POST',
  path: '/commission-holds/:id/confirm',
  tag: 'commission',
  access: { staff: 'commission:holds' },
  idempotent: true,
  summary: 'It is fraud: a negative entry stands against every held one, and both are reversed; audited',
  params,
  body: z.strictObject({ reason: text(200, 2) }),
  reply: CommissionHold,
  errors: ['not_found', 'state_conflict', 'forbidden', 'conflict_of_interest'],
});

export const getCommissionEntry = defineRoute({
  id: 'commissions.get',
  method: 'GET',
  path: '/commissions/:id',
  tag: 'commission',
  access: { staff: 'commission:read' },
  summary: 'One entry: why this rate, and every step of it',
  params: z.strictObject({ id: CommissionEntryId }),
  reply: z.object({
    entry: CommissionEntryView,
    heldReason: z.string(),
    why: z
      .object({
        /** Position of the line in its version; null = the rate for everything. */
        line: z.int().nullable(),
        lost: z.array(z.int()),
        role: CommissionInviterRole,
        tier: z.int(),
        memberLevel: z.int(),
        productRole: z.string(),
        storePath: z.string(),
      })
      .nullable(),
    steps: z.array(
      z.object({
        from: CommissionState.nullable(),
        to: CommissionState,
        event: z.string(),
        by: PersonRef.nullable(),
        reason: z.string(),
        at: Instant,
      }),
    ),
  }),
  errors: ['not_found'],
});
export const CommissionBonusView = z
  .object({
    id: z.uuid(),
    beneficiary: PersonRef,
    store: OrgUnitRef,
    month: CommissionMonth,
    /** Sales of the month at this store, net of refunds, when the part was made. */
    netFen: Fen,
    /** Reached by the sales of all stores together; 0: none. */
    tier: z.int(),
    bps: Bps,
    /** 1 for the first of its month and store; a later one adds or takes the difference to what parts before it gave. */
    part: z.int(),
    beforeFen: SignedFen,
    amountFen: SignedFen,
    ruleVersion: z.int(),
    /** frozen: a sale of the month at this store is not settled yet or in dispute. */
    state: CommissionState,
    /** When a frozen one waits no longer; null for others. */
    waitsUntil: Instant.nullable(),
    /** The run that took it up. */
    settlement: z.object({ id: z.uuid(), title: z.string() }).nullable(),
    at: Instant,
  })
  .meta({ id: 'CommissionBonus' });
export type CommissionBonus = z.infer<typeof CommissionBonusView>;
export const listCommissionBonuses = defineRoute({
  id: 'commission-bonuses.list',
  method: 'GET',
  path: '/commission-bonuses',
  tag: 'commission',
  access: { staff: 'commission:read' },
  summary: 'Bonuses of my scope by month and state, newest first; a later refund adds a negative part',
  query: PageQuery.extend({
    month: CommissionMonth.optional(),
    state: CommissionState.optional(),
    beneficiaryId: PersonId.optional(),
    orgUnitId: OrgUnitId.optional(),
  }),
  reply: page(CommissionBonusView),
});
