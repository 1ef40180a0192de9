/** What a store is set up with, copied by headquarters to other stores. */
import { z } from 'zod';
import { OrgUnitId } from '../ids.ts';
import { OrgUnitRef, text } from './common.ts';
import { defineRoute } from './route.ts';

/** Schedules of lives, terms of coupons, rules of alerts, the store's own shipping rule. */
export const templateKinds = ['room_slots', 'coupon_kinds', 'alert_rules', 'shipping_rule'] as const;
export const TemplateKind = z.enum(templateKinds).meta({ id: 'TemplateKind' });
export type TemplateKind = z.infer<typeof TemplateKind>;

/**
 * make: the store has none of this name; replace: it has another one, which takes over these terms (a schedule, a rule) or is
 * stopped (a coupon: what people hold stays); skip: it has another one and keeps it; same: it has this one already; cannot: see `why`.
 */
export const templateActs = ['make', 'replace', 'skip', 'same', 'cannot'] as const;
export const TemplateAct = z.enum(templateActs).meta({ id: 'TemplateAct' });
export type TemplateAct = z.infer<typeof TemplateAct>;

export const TemplateLine = z
  .object({
    kind: TemplateKind,
    name: z.string(),
    act: TemplateAct,
    /** no_host: nobody there may go live. in_use: a task, an exchange or a level gives this coupon. Else null. */
    why: z.enum(['no_host', 'in_use']).nullable(),
  })
  .meta({ id: 'TemplateLine' });
export type TemplateLine = z.infer<typeof TemplateLine>;
export const TemplateCopy = z
  .object({
    source: OrgUnitRef,
    stores: z.array(z.object({ orgUnit: OrgUnitRef, lines: z.array(TemplateLine) })),
    /** Of all stores together. */
    sums: z.object({ make: z.int(), replace: z.int(), skip: z.int(), same: z.int(), cannot: z.int() }),
  })
  .meta({ id: 'TemplateCopy' });
export type TemplateCopy = z.infer<typeof TemplateCopy>;

const wish = {
  /** The store that is copied. */
  sourceId: OrgUnitId,
  kinds: z.array(TemplateKind).min(1).max(templateKinds.length),
  /** Stores, or every store that is open. */
  to: z.union([z.literal('all'), z.array(OrgUnitId).min(1).max(200)]),
  /** What becomes of another one of the same name. */
  existing: z.enum(['skip', 'replace']),
};
export const previewTemplates = defineRoute({
  id: 'templates.preview',
  method: 'POST',
  path: '/template-copies/preview',
  tag: 'staff',
  access: { staff: 'templates:copy' },
  summary: 'What a copy of a store’s schedules, coupons and rules would make, store by store; nothing is changed',
  body: z.strictObject(wish),
  reply: TemplateCopy,
  errors: ['not_found', 'invalid_request'],
});
export const copyTemplates = defineRoute({
  id: 'templates.copy',
  method: 'POST',
  path: '/template-copies',
  tag: 'staff',
  access: { staff: 'templates:copy' },
  idempotent: true,
  summary:
    'Copy a store’s schedules, coupons and rules to other stores, all or nothing; done again it finds all there and makes nothing',
  body: z.strictObject({ ...wish, reason: text(200) }),
  reply: TemplateCopy,
  status: 201,
  errors: ['not_found', 'invalid_request'],
});
