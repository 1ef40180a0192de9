/** The life of a request for an invoice (rule S7): pure. */
import type { InvoiceState } from '@walnut-live/contracts';

export const invoiceEvents = ['issue', 'refuse', 'withdraw', 'void'] as const;
export type InvoiceEvent = (typeof invoiceEvents)[number];
export const invoiceTransitions: Readonly<Record<InvoiceState, Readonly<Partial<Record<InvoiceEvent, InvoiceState>>>>> =
  {
    requested: { issue: 'issued', refuse: 'refused', withdraw: 'withdrawn' },
    issued: { void: 'voided' },
    refused: {},
    withdrawn: {},
    voided: {},
  };

/** `a***@example.com` (rule Z6). */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return `${email.slice(0, 1)}***${email.slice(at)}`;
}

/** `****0Y43`: who has the invoice in hand knows it again (rule Z6). */
export const maskTaxNo = (taxNo: string): string => `****${taxNo.slice(-4)}`;
