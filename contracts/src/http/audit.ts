/** The audit log: who did what to what, where, and why. Written with the act itself and never changed. */
import { z } from 'zod';
import { OrgUnitId, PersonId } from '../ids.ts';
import { Instant, PageQuery, PersonRef, page } from './common.ts';
import { defineRoute } from './route.ts';

export const AuditRow = z
  .object({
    id: z.uuid(),
    at: Instant,
    /** Null: the system by itself. */
    actor: PersonRef.nullable(),
    /** Past tense: `order:remarked`. */
    action: z.string(),
    /** Kind and id, `order:0198…`; what it is called now, where that is known. */
    target: z.string(),
    targetName: z.string().nullable(),
    unit: z.object({ path: z.string(), name: z.string() }),
    reason: z.string(),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditRow' });
export type AuditRow = z.infer<typeof AuditRow>;

export const listAudit = defineRoute({
  id: 'audit.list',
  method: 'GET',
  path: '/audit',
  tag: 'audit',
  access: { staff: 'audit:read' },
  summary: 'What was done in my scope, the newest first: by actor, act, target, unit and time',
  query: PageQuery.extend({
    actorId: PersonId.optional(),
    /** A whole one, or its first word: `order`. */
    action: z
      .string()
      .regex(/^[a-z_-]{1,40}(:[a-z_-]{1,40})?$/)
      .optional(),
    /** A whole one, `order:0198…`, or the id alone. */
    target: z
      .string()
      .regex(/^[\w:-]{1,80}$/)
      .optional(),
    orgUnitId: OrgUnitId.optional(),
    from: Instant.optional(),
    to: Instant.optional(),
    format: z.enum(['json', 'csv']).optional(),
  }),
  reply: page(AuditRow),
  produces: ['text/csv'],
  errors: ['not_found'],
});
export const auditActors = defineRoute({
  id: 'audit.actors',
  method: 'GET',
  path: '/audit-actors',
  tag: 'audit',
  access: { staff: 'audit:read' },
  summary: 'Who acted, by the beginning of a name',
  query: z.strictObject({ q: z.string().trim().min(1).max(24) }),
  reply: z.object({ items: z.array(PersonRef) }),
});
