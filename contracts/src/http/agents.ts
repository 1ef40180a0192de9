/** From a warm contact to an agent, and what staff and agents are to bring and did. Nobody pays to become one (rule K2). */
import { z } from 'zod';
import { OrgUnitId, PersonId } from '../ids.ts';
import { SignedFen } from '../money.ts';
import { Empty, Instant, OrgUnitRef, PageQuery, PersonRef, page, text } from './common.ts';
import { RoutedDrainCard } from './drain-cards.ts';
import { defineRoute } from './route.ts';

export const AgentState = z
  .enum(['applied', 'approved', 'declined', 'active', 'ended'])
  .meta({ id: 'AgentState', description: 'approved: waits for who applied to accept the agreement' });
export type AgentState = z.infer<typeof AgentState>;
export const AgentAgreement = z
  .object({ version: z.int(), text: z.string(), createdAt: Instant })
  .meta({ id: 'AgentAgreement' });
export const MyAgent = z
  .object({
    id: z.uuid(),
    state: AgentState,
    store: OrgUnitRef,
    appliedAt: Instant,
    /** Why it was declined or ended. */
    reason: z.string(),
    agreementVersion: z.int().nullable(),
  })
  .meta({ id: 'MyAgent' });
export const getMyContacts = defineRoute({
  id: 'contacts.mine',
  method: 'GET',
  path: '/me/contacts',
  tag: 'agents',
  access: 'person',
  summary:
    'What I can do from here: my store’s offers to hand on, my guide and their card, and where I stand as an agent',
  reply: z.object({
    /** Where I belong as a customer, or the brand. */
    store: OrgUnitRef,
    guide: PersonRef.nullable(),
    card: RoutedDrainCard.nullable(),
    /** Offers of the content library that I may share. */
    offers: z.int(),
    agent: MyAgent.nullable(),
    /** Null: the brand takes no agents. */
    agreement: AgentAgreement.nullable(),
  }),
});
export const applyAsAgent = defineRoute({
  id: 'agents.apply',
  method: 'POST',
  path: '/agents',
  tag: 'agents',
  access: 'consumer',
  summary: 'Apply to become an agent of my store, or of the one named. One application at a time; again = the same one',
  body: z.strictObject({ orgUnitId: OrgUnitId.optional(), note: text(200, 0).default('') }),
  reply: MyAgent,
  status: 201,
  errors: ['not_found', 'insiders_excluded', 'state_conflict'],
});
export const agreeAsAgent = defineRoute({
  id: 'agents.agree',
  method: 'POST',
  path: '/me/agent/agreement',
  tag: 'agents',
  access: 'consumer',
  summary: 'Accept the agreement as it is now; who was approved becomes an agent by it',
  body: z.strictObject({ version: z.int().min(1).max(1_000_000) }),
  reply: MyAgent,
  errors: ['not_found', 'state_conflict'],
});
export const leaveAsAgent = defineRoute({
  id: 'agents.leave',
  method: 'POST',
  path: '/me/agent/leave',
  tag: 'agents',
  access: 'consumer',
  summary: 'Withdraw my application, or stop being an agent; what I earned stays mine',
  body: Empty,
  reply: MyAgent,
  errors: ['not_found'],
});
export const getAgentAgreement = defineRoute({
  id: 'agent-agreements.current',
  method: 'GET',
  path: '/agent-agreements/current',
  tag: 'agents',
  access: 'public',
  summary: 'What agents agree to now',
  reply: z.object({ agreement: AgentAgreement.nullable() }),
});
export const writeAgentAgreement = defineRoute({
  id: 'agent-agreements.write',
  method: 'POST',
  path: '/agent-agreements',
  tag: 'agents',
  access: { staff: 'agents:write' },
  summary: 'A new version of the agreement, by headquarters; older ones stay as they were accepted. Audited',
  body: z.strictObject({ text: text(5_000, 20), reason: text(100) }),
  reply: AgentAgreement,
  status: 201,
  errors: ['forbidden', 'words_refused'],
});

export const Agent = MyAgent.extend({
  person: PersonRef,
  phoneMasked: z.string().nullable(),
  note: z.string(),
  decidedAt: Instant.nullable(),
  agreedAt: Instant.nullable(),
}).meta({ id: 'Agent' });
export type Agent = z.infer<typeof Agent>;
const params = z.strictObject({ id: z.uuid() });
export const listAgents = defineRoute({
  id: 'agents.list',
  method: 'GET',
  path: '/agents',
  tag: 'agents',
  access: { staff: 'customers:read' },
  summary: 'Applications and agents of my scope, the newest first',
  query: PageQuery.extend({ state: AgentState.optional() }),
  reply: page(Agent),
});
export const decideAgent = defineRoute({
  id: 'agents.decide',
  method: 'POST',
  path: '/agents/:id/decide',
  tag: 'agents',
  access: { staff: 'agents:write' },
  summary: 'Take on who applied, or decline; audited',
  params,
  body: z.strictObject({ approve: z.boolean(), reason: text(100) }),
  reply: Agent,
  errors: ['not_found', 'state_conflict'],
});
export const endAgent = defineRoute({
  id: 'agents.end',
  method: 'POST',
  path: '/agents/:id/end',
  tag: 'agents',
  access: { staff: 'agents:write' },
  summary: 'End it: from now on their sales earn what a customer’s do; what was earned stays theirs. Audited',
  params,
  body: z.strictObject({ reason: text(100) }),
  reply: Agent,
  errors: ['not_found', 'state_conflict'],
});

// ── targets, and what was brought ───────────────────────────────────────────────────────────────────────────────────

export const Month = z
  .string()
  .regex(/^20\d{2}-(0[1-9]|1[0-2])$/)
  .meta({ description: 'a month of the brand’s calendar, for example 2026-11' });
export /** Twenty million yuan, or so many people. */
const TARGET_MAX = 2_000_000_000;
const TargetKind = z.enum(['gmv', 'new_customers']).meta({ id: 'TargetKind' });
export const TargetProgress = z
  .object({
    kind: TargetKind,
    /** Fen, or people. */
    target: z.int(),
    done: z.int(),
    /** Of the target in basis points, floored; never below zero. */
    bps: z.int(),
  })
  .meta({ id: 'TargetProgress' });
export const setTarget = defineRoute({
  id: 'sales-targets.set',
  method: 'PUT',
  path: '/sales-targets',
  tag: 'agents',
  access: { staff: 'agents:write' },
  summary: 'What a guide or agent of my scope is to bring in a month; the last word counts; audited',
  body: z.strictObject({
    personId: PersonId,
    month: Month,
    kind: TargetKind,
    amount: z.int().min(1).max(TARGET_MAX),
    reason: text(100),
  }),
  reply: TargetProgress,
  errors: ['not_found'],
});
export const myTargets = defineRoute({
  id: 'sales-targets.mine',
  method: 'GET',
  path: '/me/targets',
  tag: 'agents',
  access: 'person',
  summary: 'My targets of this month and how far I am',
  reply: z.object({ month: Month, items: z.array(TargetProgress) }),
});
export const BroughtRow = z
  .object({
    person: PersonRef,
    role: z.enum(['guide', 'staff', 'agent']),
    orgUnit: OrgUnitRef,
    /** People, each once (rule A7). */
    visitors: z.int(),
    newCustomers: z.int(),
    orders: z.int(),
    /** Paid in the month, less what was refunded of it. */
    netFen: SignedFen,
    targets: z.array(TargetProgress),
  })
  .meta({ id: 'BroughtRow' });
export type BroughtRow = z.infer<typeof BroughtRow>;
export const reportBrought = defineRoute({
  id: 'reports.brought',
  method: 'GET',
  path: '/reports/brought',
  tag: 'agents',
  access: { staff: 'reports:read' },
  summary: 'What staff and agents of my scope brought in a month, with their targets; who sold most first',
  query: PageQuery.extend({ orgUnitId: OrgUnitId.optional(), month: Month.optional() }),
  reply: z.object({
    month: Month,
    items: z.array(BroughtRow),
    /** Of everybody of the scope, whatever the page. */
    totals: z.object({ newCustomers: z.int(), orders: z.int(), netFen: SignedFen }),
    nextCursor: z.string().nullable(),
  }),
  errors: ['not_found'],
});
