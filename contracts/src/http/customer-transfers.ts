/** Customers who change hands by an act of staff: one by a ruling of headquarters, all of a guide's when the guide leaves. */
import { z } from 'zod';
import { OrgUnitId, PersonId } from '../ids.ts';
import { BindingView } from './attribution.ts';
import { Instant, OrgUnitRef, PageQuery, PersonRef, page, text } from './common.ts';
import { defineRoute } from './route.ts';

const customer = z.strictObject({ id: PersonId });

export const ruleBinding = defineRoute({
  id: 'bindings.rule',
  method: 'POST',
  path: '/customers/:id/binding/rulings',
  tag: 'attribution',
  access: { staff: 'attribution:rule' },
  summary: 'Headquarters says whose customer this is from now on; what was before stays in the history',
  params: customer,
  body: z.strictObject({
    /** The bond that was looked at; null: there was none. */
    seenBindingId: z.uuid().nullable(),
    orgUnitId: OrgUnitId,
    guideId: PersonId.nullable(),
    reason: text(200),
  }),
  reply: BindingView,
  status: 201,
  errors: ['not_found', 'state_conflict', 'invalid_request', 'conflict_of_interest'],
});
export const BindingStep = z
  .object({
    id: z.uuid(),
    store: OrgUnitRef,
    guide: PersonRef.nullable(),
    reason: z.string(),
    /** Who moved the customer and why; null and empty where a touch or an order did. */
    by: PersonRef.nullable(),
    why: z.string(),
    boundAt: Instant,
    protectedUntil: Instant.nullable(),
    validUntil: Instant.nullable(),
    endedAt: Instant.nullable(),
  })
  .meta({ id: 'BindingStep' });
export type BindingStep = z.infer<typeof BindingStep>;
export const bindingHistory = defineRoute({
  id: 'bindings.history',
  method: 'GET',
  path: '/customers/:id/binding/history',
  tag: 'attribution',
  access: { staff: 'customers:read' },
  summary: 'Whose customer this was and is, the newest bond first',
  params: customer,
  reply: z.object({ items: z.array(BindingStep) }),
});

export const CustomerTransferId = z.uuid().meta({ description: 'id of a transfer of customers (UUIDv7)' });
export const TransferPreview = z
  .object({
    guide: PersonRef,
    active: z.boolean(),
    store: OrgUnitRef,
    customers: z.int(),
    /** Of them; protection goes with the customer. */
    protected: z.int(),
    /** Who could take them: active guides and managers of the store. */
    receivers: z.array(z.object({ person: PersonRef, orgUnit: OrgUnitRef, customers: z.int() })),
  })
  .meta({ id: 'TransferPreview' });
export type TransferPreview = z.infer<typeof TransferPreview>;
export const previewTransfer = defineRoute({
  id: 'customer-transfers.preview',
  method: 'GET',
  path: '/customer-transfers/preview',
  tag: 'attribution',
  access: { staff: 'customers:transfer' },
  summary: 'How many customers of a store are a guide’s, how many of them protected, and who could take them',
  query: z.strictObject({ guideId: PersonId, orgUnitId: OrgUnitId }),
  reply: TransferPreview,
  errors: ['not_found'],
});
export const CustomerTransfer = z
  .object({
    id: CustomerTransferId,
    store: OrgUnitRef,
    from: PersonRef,
    to: z.array(PersonRef),
    reason: z.string(),
    /** `stopped`: nobody of the receivers is active any more; what is left waits for another transfer. */
    state: z.enum(['running', 'done', 'stopped']),
    total: z.int(),
    moved: z.int(),
    by: PersonRef,
    at: Instant,
    endedAt: Instant.nullable(),
  })
  .meta({ id: 'CustomerTransfer' });
export type CustomerTransfer = z.infer<typeof CustomerTransfer>;
export const startTransfer = defineRoute({
  id: 'customer-transfers.start',
  method: 'POST',
  path: '/customer-transfers',
  tag: 'attribution',
  access: { staff: 'customers:transfer' },
  idempotent: true,
  summary:
    'Hand all customers of a guide to one or several others, evenly; within the store, or anywhere by headquarters. Goes on after a restart',
  body: z.strictObject({
    guideId: PersonId,
    orgUnitId: OrgUnitId,
    to: z.array(PersonId).min(1).max(50),
    reason: text(200),
    /** As the preview told; more or fewer are refused instead of moved unseen. */
    expected: z.int().min(1).max(10_000_000),
  }),
  reply: CustomerTransfer,
  status: 202,
  errors: ['not_found', 'state_conflict', 'invalid_request', 'conflict_of_interest'],
});
export const listTransfers = defineRoute({
  id: 'customer-transfers.list',
  method: 'GET',
  path: '/customer-transfers',
  tag: 'attribution',
  access: { staff: 'customers:transfer' },
  summary: 'Transfers of my scope, the newest first',
  query: PageQuery,
  reply: page(CustomerTransfer),
});
export const getTransfer = defineRoute({
  id: 'customer-transfers.get',
  method: 'GET',
  path: '/customer-transfers/:id',
  tag: 'attribution',
  access: { staff: 'customers:transfer' },
  summary: 'How far a transfer is',
  params: z.strictObject({ id: CustomerTransferId }),
  reply: CustomerTransfer,
});
export const transferredCustomers = defineRoute({
  id: 'customer-transfers.customers',
  method: 'GET',
  path: '/customer-transfers/:id/customers',
  tag: 'attribution',
  access: { staff: 'customers:transfer' },
  summary: 'Who was moved to whom',
  params: z.strictObject({ id: CustomerTransferId }),
  query: PageQuery,
  reply: page(z.object({ customer: PersonRef, to: PersonRef, at: Instant, protectedUntil: Instant.nullable() })),
});
