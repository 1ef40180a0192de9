/** What somebody earns by, where their month stands, and why one entry of theirs is what it is. */
import { z } from 'zod';
import { CommissionEntryId, ProductId } from '../ids.ts';
import { Bps, Fen, SignedFen } from '../money.ts';
import { CommissionEntryView, CommissionState } from './attribution.ts';
import { productRoles } from './catalogue.ts';
import { CommissionInviterRole, CommissionMonth } from './commission-rules.ts';
import { Instant, OrgUnitRef } from './common.ts';
import { CreditReason } from './orders.ts';
import { defineRoute } from './route.ts';

/** What a rate is for; all null: everything else. */
const scope = {
  product: z.object({ id: ProductId, title: z.string() }).nullable(),
  productRole: z.enum(productRoles).nullable(),
  unit: OrgUnitRef.nullable(),
};
/** Level two: what people I brought bring (rule K2). */
const rate = { level: z.union([z.literal(1), z.literal(2)]), ...scope, bps: Bps, fixedFen: Fen.nullable() };

export const myCommissionTerms = defineRoute({
  id: 'commission-rules.mine',
  method: 'GET',
  path: '/me/commission-terms',
  tag: 'commission',
  access: 'person',
  summary: 'What I earn by now, where my month stands, the tiers, and cuts that are announced to me (rules K5, K6)',
  reply: z.object({
    role: CommissionInviterRole,
    /** What my sales of last month reached; 0 = none. */
    tier: z.int(),
    memberLevel: z.int(),
    /** From the receipt on. */
    freezeDays: z.int(),
    /** Level two only while it is on. */
    lines: z.array(
      z.object({
        ...rate,
        /** What it will be; null = nothing is announced. */
        announced: z.object({ from: Instant, bps: Bps, fixedFen: Fen.nullable() }).nullable(),
      }),
    ),
    /** This month in China, by the day orders were paid, net of refunds (rule K6). */
    month: z.object({
      month: CommissionMonth,
      netFen: Fen,
      /** Sold, and not counted before it is released. */
      heldFen: Fen,
      tier: z.int(),
      bonusBps: Bps,
      /** What the month would add if it ended now. */
      bonusFen: Fen,
      next: z.object({ tier: z.int(), minNetFen: Fen, missingFen: Fen, bonusBps: Bps }).nullable(),
    }),
    /** As this month counts, the lowest first. */
    tiers: z.array(
      z.object({
        tier: z.int(),
        minNetFen: Fen,
        bonusBps: Bps,
        /** What I earn by in the month after, where a rule asks for this tier. */
        lines: z.array(z.object(rate)),
      }),
    ),
  }),
});

export const myCommissionEntry = defineRoute({
  id: 'commissions.mine.get',
  method: 'GET',
  path: '/me/earnings/:id',
  tag: 'commission',
  access: 'person',
  summary: 'One entry of mine: what it is of, why this rate, every step of it, and what it waits for',
  params: z.strictObject({ id: CommissionEntryId }),
  reply: z.object({
    entry: CommissionEntryView,
    /** What was paid for the item, and my entries of it at this level, the first first: together what I have of it now. */
    item: z.object({
      paidFen: Fen,
      refundedFen: Fen,
      dueFen: SignedFen,
      entries: z.array(CommissionEntryView),
    }),
    /** Null: it was posted before this was kept. */
    why: z
      .object({
        /** Null: of level two, or the order is credited to somebody else now. */
        creditReason: CreditReason.nullable(),
        role: CommissionInviterRole,
        tier: z.int(),
        memberLevel: z.int(),
        /** The line of the rules that won; null = the rate for everything. */
        line: z
          .object({
            ...scope,
            inviterRole: CommissionInviterRole.nullable(),
            minTier: z.int().nullable(),
            minMemberLevel: z.int().nullable(),
          })
          .nullable(),
      })
      .nullable(),
    /**
     * `receipt` by the buyer, the `freeze` after it, `check` and `review` for fraud, a `dispute` about the order, the next
     * `settlement`, its `payment`; null: it is paid or reversed.
     */
    waitsFor: z.enum(['receipt', 'freeze', 'check', 'dispute', 'review', 'settlement', 'payment']).nullable(),
    steps: z.array(z.object({ from: CommissionState.nullable(), to: CommissionState, event: z.string(), at: Instant })),
  }),
  errors: ['not_found'],
});
