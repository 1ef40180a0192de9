import { z } from 'zod';
import { OrgUnitId } from '../ids.ts';
import { Empty, Instant, OrgUnitRef, PageQuery, PersonRef, page, text } from './common.ts';
import { defineRoute } from './route.ts';

/** What somebody should look at: found by a job, one row per trouble however often it is seen. */
export const alertKinds = ['host_lost', 'poor_picture', 'stock_low', 'fraud_burst'] as const;
export const AlertKind = z.enum(alertKinds).meta({ id: 'AlertKind' });
export type AlertKind = z.infer<typeof AlertKind>;
export const AlertState = z.enum(['open', 'acknowledged', 'closed']).meta({ id: 'AlertState' });
export type AlertState = z.infer<typeof AlertState>;

export const Alert = z
  .object({
    id: z.uuid(),
    kind: AlertKind,
    state: AlertState,
    orgUnit: OrgUnitRef,
    /** What it is about: a room, an SKU, a sharer. */
    subject: z.object({ id: z.string(), label: z.string() }),
    roomId: z.uuid().nullable(),
    /** Figures of the last look, against the threshold. */
    value: z.int(),
    threshold: z.int(),
    seen: z.int(),
    openedAt: Instant,
    lastSeenAt: Instant,
    acknowledgedBy: PersonRef.nullable(),
    acknowledgedAt: Instant.nullable(),
    closedAt: Instant.nullable(),
    /** By whom and why; nobody when the trouble was over by itself. */
    closedBy: PersonRef.nullable(),
    closeReason: z.string(),
  })
  .meta({ id: 'Alert' });
export type Alert = z.infer<typeof Alert>;

const tag = 'alerts';
const read = { staff: 'reports:read' } as const;
export const listAlerts = defineRoute({
  id: 'alerts.list',
  method: 'GET',
  path: '/alerts',
  tag,
  access: read,
  summary: 'Alerts of my scope, newest first; open and acknowledged ones without a state',
  query: PageQuery.extend({ state: AlertState.optional(), kind: AlertKind.optional() }),
  reply: page(Alert).extend({ open: z.int() }),
});
export const acknowledgeAlert = defineRoute({
  id: 'alerts.acknowledge',
  method: 'POST',
  path: '/alerts/:id/acknowledge',
  tag,
  access: { staff: 'alerts:write' },
  summary: 'I look after it',
  params: z.strictObject({ id: z.uuid() }),
  body: Empty,
  reply: Alert,
  errors: ['not_found', 'state_conflict'],
});
export const closeAlert = defineRoute({
  id: 'alerts.close',
  method: 'POST',
  path: '/alerts/:id/close',
  tag,
  access: { staff: 'alerts:write' },
  summary: 'It is settled, with a reason; the same trouble opens no new one for a while',
  params: z.strictObject({ id: z.uuid() }),
  body: z.strictObject({ reason: text(200) }),
  reply: Alert,
  errors: ['not_found', 'state_conflict'],
});

export const AlertRule = z
  .object({
    kind: AlertKind,
    enabled: z.boolean(),
    /** Seconds without a host or with a poor picture; pieces left; visits from one network within ten minutes. */
    threshold: z.int().min(1).max(1_000_000),
    coolDownMinutes: z.int().min(1).max(10_080),
    /** Whose rule it is: the unit's own, one above it, or nobody's (the start). */
    setAt: OrgUnitRef.nullable(),
  })
  .meta({ id: 'AlertRule' });
export type AlertRule = z.infer<typeof AlertRule>;
export const listAlertRules = defineRoute({
  id: 'alert-rules.list',
  method: 'GET',
  path: '/alert-rules',
  tag,
  access: read,
  summary: 'What opens an alert in a unit; my own without one',
  query: z.strictObject({ orgUnitId: OrgUnitId.optional() }),
  reply: z.object({ items: z.array(AlertRule) }),
  errors: ['not_found'],
});
export const setAlertRule = defineRoute({
  id: 'alert-rules.set',
  method: 'PUT',
  path: '/alert-rules',
  tag,
  access: { staff: 'alerts:write' },
  summary: 'The rule of a unit and those under it that have none of their own; audited',
  body: AlertRule.omit({ setAt: true })
    .extend({ orgUnitId: OrgUnitId, reason: text(200) })
    .strict(),
  reply: z.object({ items: z.array(AlertRule) }),
  errors: ['not_found'],
});
