/** Invoices: what buyers ask for and what staff issued. The tax system itself is an outside one. */
import { z } from 'zod';
import { OrderId } from '../ids.ts';
import { Fen } from '../money.ts';
import { Instant, OrgUnitRef, PageQuery, page, text } from './common.ts';
import { defineRoute } from './route.ts';

export const InvoiceId = z.uuid().meta({ description: 'id of an invoice (UUIDv7)' });
/** Rule S7: requested → issued | refused | withdrawn; issued → voided. */
export const InvoiceState = z
  .enum(['requested', 'issued', 'refused', 'withdrawn', 'voided'])
  .meta({ id: 'InvoiceState' });
export type InvoiceState = z.infer<typeof InvoiceState>;

const CODE_CHARS = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
/** Unified social credit code: 18 characters, the last one checks the others (GB 32100-2015). */
export function isTaxNo(code: string): boolean {
  if (code.length !== 18) return false;
  const values = [...code].map((char) => CODE_CHARS.indexOf(char));
  if (values.includes(-1)) return false;
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * (values[at] ?? 0), 0);
  return (31 - (sum % 31)) % 31 === values[17];
}
export const InvoiceTitle = z
  .strictObject({
    kind: z.enum(['personal', 'company']),
    title: text(60),
    /** Of a company. */
    taxNo: text(18).optional(),
    email: z.email().max(100),
  })
  .refine(({ kind, taxNo = '' }) => kind === 'personal' || isTaxNo(taxNo.toUpperCase()), {
    path: ['taxNo'],
    message: 'bad_tax_no',
  })
  .meta({ id: 'InvoiceTitle' });

export const Invoice = z
  .object({
    id: InvoiceId,
    orderId: OrderId,
    orderNo: z.string(),
    store: OrgUnitRef,
    kind: z.enum(['personal', 'company']),
    title: z.string(),
    taxNo: z.string().nullable(),
    /** Masked, like title and number, for staff whose role does not refund (rule Z6). */
    email: z.string(),
    state: InvoiceState,
    /** What was issued; until then what the order is worth now, less its refunds. */
    amountFen: Fen,
    number: z.string().nullable(),
    url: z.string().nullable(),
    reason: z.string(),
    requestedAt: Instant,
    endedAt: Instant.nullable(),
    /** Every step, the first one first (rule Z1). */
    history: z.array(
      z.object({ from: InvoiceState.nullable(), to: InvoiceState, event: z.string(), reason: z.string(), at: Instant }),
    ),
  })
  .meta({ id: 'Invoice' });
export type Invoice = z.infer<typeof Invoice>;

const orderParams = z.strictObject({ id: OrderId });
const params = z.strictObject({ id: InvoiceId });
export const getOrderInvoice = defineRoute({
  id: 'invoices.of-order',
  method: 'GET',
  path: '/orders/:id/invoice',
  tag: 'orders',
  access: 'consumer',
  summary: 'The invoice of my order: the latest one asked for, or none',
  params: orderParams,
  reply: z.object({ invoice: Invoice.nullable() }),
  errors: ['not_found'],
});
export const requestInvoice = defineRoute({
  id: 'invoices.request',
  method: 'POST',
  path: '/orders/:id/invoice',
  tag: 'orders',
  access: 'consumer',
  idempotent: true,
  summary:
    'Ask for an invoice of a paid order; one at a time, another one after a refusal, a withdrawal, or when it was voided',
  params: orderParams,
  body: InvoiceTitle,
  reply: Invoice,
  status: 201,
  errors: ['not_found', 'state_conflict'],
});
export const withdrawInvoice = defineRoute({
  id: 'invoices.withdraw',
  method: 'DELETE',
  path: '/orders/:id/invoice',
  tag: 'orders',
  access: 'consumer',
  summary: 'Take a request back that is not answered yet',
  params: orderParams,
  status: 204,
  errors: ['not_found', 'state_conflict'],
});
export const listInvoices = defineRoute({
  id: 'invoices.list',
  method: 'GET',
  path: '/invoices',
  tag: 'orders',
  access: { staff: 'orders:read' },
  summary: 'Invoices of my scope, the latest first',
  produces: ['text/csv'],
  query: PageQuery.extend({ state: InvoiceState.optional(), format: z.enum(['json', 'csv']).optional() }),
  reply: page(Invoice),
});
export const issueInvoice = defineRoute({
  id: 'invoices.issue',
  method: 'POST',
  path: '/invoices/:id/issue',
  tag: 'orders',
  access: { staff: 'orders:refund' },
  idempotent: true,
  summary: 'It was issued: by this number, to be had there, over what the order is worth now. Audited',
  params,
  body: z.strictObject({
    number: text(40),
    url: z
      .url({ protocol: /^https$/ })
      .max(500)
      .optional(),
  }),
  reply: Invoice,
  errors: ['not_found', 'state_conflict'],
});
export const refuseInvoice = defineRoute({
  id: 'invoices.refuse',
  method: 'POST',
  path: '/invoices/:id/refuse',
  tag: 'orders',
  access: { staff: 'orders:refund' },
  summary: 'It cannot be issued like this; the buyer reads why. Audited',
  params,
  body: z.strictObject({ reason: text(100) }),
  reply: Invoice,
  errors: ['not_found', 'state_conflict'],
});
export const voidInvoice = defineRoute({
  id: 'invoices.void',
  method: 'POST',
  path: '/invoices/:id/void',
  tag: 'orders',
  access: { staff: 'orders:refund' },
  idempotent: true,
  summary:
    'What was issued does not hold any more: voided at the tax system, the buyer reads why. With `again` the same is asked for once more, to be issued anew; answers that request then, else the voided one. Audited',
  params,
  body: z.strictObject({ reason: text(100), again: z.boolean().default(false) }),
  reply: Invoice,
  errors: ['not_found', 'state_conflict'],
});
