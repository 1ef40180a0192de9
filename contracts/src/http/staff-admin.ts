/** The organisation's tree and its accounts: made, changed, closed; codes instead of passwords that others know. */
import { z } from 'zod';
import { OrgUnitId, PersonId } from '../ids.ts';
import { StaffRole } from '../staff.ts';
import { Instant, MAX_INT4, OrgUnitRef, PersonRef, text } from './common.ts';
import { defineRoute } from './route.ts';

const unit = z.strictObject({ id: OrgUnitId });
const account = z.strictObject({ id: PersonId });
const reason = text(200, 2);
/** Who it is: the consumer account of the same phone is the same person to whoever decides about money. */
const phone = z.string().regex(/^1[3-9]\d{9}$/);
/** One step of a path. */
const Slug = z.string().regex(/^[a-z0-9-]{1,30}$/);

export const unitBlocks = ['units', 'accounts', 'lives', 'orders'] as const;
/** Why a unit cannot be closed yet. */
export const UnitBlock = z.enum(unitBlocks).meta({ id: 'UnitBlock' });
export type UnitBlock = z.infer<typeof UnitBlock>;

export const OrgNode = z
  .object({
    unit: OrgUnitRef,
    legalName: z.string(),
    licenceNo: z.string(),
    address: z.string(),
    servicePhone: z.string(),
    /** Accounts that work, of this unit alone. */
    staff: z.int(),
    closedAt: Instant.nullable(),
  })
  .meta({ id: 'OrgNode' });
export type OrgNode = z.infer<typeof OrgNode>;
export const orgTree = defineRoute({
  id: 'org.tree',
  method: 'GET',
  path: '/org-tree',
  tag: 'staff',
  access: { staff: 'staff:read' },
  summary: 'Units of my scope, closed ones too, parents first',
  reply: z.object({ items: z.array(OrgNode) }),
});
const seller = {
  legalName: text(80, 0),
  licenceNo: z.string().regex(/^[0-9A-Z]{0,18}$/),
  address: text(120, 0),
  servicePhone: z.string().regex(/^[0-9+ -]{0,20}$/),
};
export const createOrgUnit = defineRoute({
  id: 'org.create',
  method: 'POST',
  path: '/org-units',
  tag: 'staff',
  access: { staff: 'org:write' },
  idempotent: true,
  summary: 'A channel under headquarters or a channel, a store under either',
  body: z.strictObject({
    parentId: OrgUnitId,
    kind: z.enum(['channel', 'store']),
    slug: Slug,
    name: text(40),
    ...seller,
  }),
  reply: OrgNode,
  status: 201,
  errors: ['not_found', 'conflict', 'state_conflict', 'invalid_request'],
});
export const changeOrgUnit = defineRoute({
  id: 'org.change',
  method: 'PATCH',
  path: '/org-units/:id',
  tag: 'staff',
  access: { staff: 'org:write' },
  summary: 'Rename a unit or say anew who sells there (rule Z2); its path stays',
  params: unit,
  body: z.strictObject({
    name: text(40).optional(),
    legalName: seller.legalName.optional(),
    licenceNo: seller.licenceNo.optional(),
    address: seller.address.optional(),
    servicePhone: seller.servicePhone.optional(),
    reason,
  }),
  reply: OrgNode,
  errors: ['not_found', 'state_conflict'],
});
export const closeOrgUnit = defineRoute({
  id: 'org.close',
  method: 'POST',
  path: '/org-units/:id/close',
  tag: 'staff',
  access: { staff: 'org:write' },
  summary:
    'Close a unit in which nothing is open any more (facts: blocks); what happened there stays. Again = the same answer',
  params: unit,
  body: z.strictObject({ reason }),
  reply: OrgNode,
  errors: ['not_found', 'state_conflict'],
});

export const StaffAccount = z
  .object({
    id: PersonId,
    name: z.string(),
    username: z.string(),
    role: StaffRole,
    orgUnit: OrgUnitRef,
    active: z.boolean(),
    createdAt: Instant,
    /** Browsers that are signed in. */
    sessions: z.int(),
    /** Customers whose guide this is; who leaves hands them over. */
    customers: z.int(),
    /** A code that is still good. */
    codeUntil: Instant.nullable(),
    /** What I may do with this account. */
    manageable: z.boolean(),
    /** Middle digits hidden (rule Z6); null without one. */
    phoneMasked: z.string().nullable(),
  })
  .meta({ id: 'StaffAccount' });
export type StaffAccount = z.infer<typeof StaffAccount>;
const WithCode = z.object({ account: StaffAccount, code: z.string() });

export const getStaffAccount = defineRoute({
  id: 'staff.get',
  method: 'GET',
  path: '/staff/:id',
  tag: 'staff',
  access: { staff: 'staff:read' },
  summary: 'One account of my scope',
  params: account,
  reply: StaffAccount,
  errors: ['not_found'],
});
export const grantableRoles = defineRoute({
  id: 'staff.roles',
  method: 'GET',
  path: '/staff-roles',
  tag: 'staff',
  access: { staff: 'staff:read' },
  summary: 'Roles that I may give to others, and in which kinds of units',
  reply: z.object({
    items: z.array(z.object({ role: StaffRole, unitKinds: z.array(z.enum(['hq', 'channel', 'store'])) })),
  }),
});
export const createStaffAccount = defineRoute({
  id: 'staff.create',
  method: 'POST',
  path: '/staff',
  tag: 'staff',
  access: { staff: 'staff:write' },
  summary: 'An account below my own role in my scope. It has no password: the code, shown once, lets its owner set one',
  body: z.strictObject({
    name: text(24),
    username: z.string().regex(/^[a-z0-9][a-z0-9._-]{2,31}$/),
    role: StaffRole,
    orgUnitId: OrgUnitId,
    phone: phone.optional(),
  }),
  reply: WithCode,
  status: 201,
  errors: ['not_found', 'conflict', 'forbidden', 'state_conflict', 'invalid_request'],
});
export const changeStaffAccount = defineRoute({
  id: 'staff.change',
  method: 'PATCH',
  path: '/staff/:id',
  tag: 'staff',
  access: { staff: 'staff:write' },
  summary:
    'Another name, phone, role or unit; both the old and the new one must be mine to give. Another role or unit signs them out',
  params: account,
  body: z.strictObject({
    name: text(24).optional(),
    role: StaffRole.optional(),
    orgUnitId: OrgUnitId.optional(),
    /** null takes it away. */
    phone: phone.nullable().optional(),
    reason,
  }),
  reply: StaffAccount,
  errors: ['not_found', 'forbidden', 'self_action', 'state_conflict', 'invalid_request'],
});
export const setStaffActive = defineRoute({
  id: 'staff.activate',
  method: 'POST',
  path: '/staff/:id/active',
  tag: 'staff',
  access: { staff: 'staff:write' },
  summary: 'Switch an account off (signed out everywhere; their customers are handed over by a transfer) or on again',
  params: account,
  body: z.strictObject({ active: z.boolean(), reason }),
  reply: StaffAccount,
  errors: ['not_found', 'forbidden', 'self_action', 'state_conflict'],
});
export const makeStaffCode = defineRoute({
  id: 'staff.code',
  method: 'POST',
  path: '/staff/:id/code',
  tag: 'staff',
  access: { staff: 'staff:write' },
  summary: 'A code with which they set a new password, good once and for a day; the old password ends. Shown once',
  params: account,
  body: z.strictObject({ reason }),
  reply: WithCode,
  status: 201,
  errors: ['not_found', 'forbidden', 'self_action', 'state_conflict'],
});
export const signStaffOut = defineRoute({
  id: 'staff.sign-out',
  method: 'POST',
  path: '/staff/:id/sign-out',
  tag: 'staff',
  access: { staff: 'staff:write' },
  summary: 'Sign them out everywhere; what is open ends within minutes',
  params: account,
  body: z.strictObject({ reason }),
  reply: StaffAccount,
  errors: ['not_found', 'forbidden'],
});
export const useStaffCode = defineRoute({
  id: 'auth.staff-code',
  method: 'POST',
  path: '/auth/staff/code',
  tag: 'identity',
  access: 'public',
  summary: 'Set a password with a code; signs out everywhere. Wrong, used up and unknown are one answer',
  body: z.strictObject({ username: text(64), code: text(20), password: z.string().min(10).max(200) }),
  reply: z.strictObject({}),
  errors: ['wrong_credentials', 'rate_limited'],
});

/** Rule Z2: who may go live. */
export const hostDocuments = ['id_card', 'passport', 'permit'] as const;
export const HostDocument = z.enum(hostDocuments).meta({ id: 'HostDocument' });
export const HostRecord = z
  .object({
    /** Null: nobody has seen a document. */
    identity: z
      .object({ id: z.uuid(), document: HostDocument, ofAge: z.boolean(), verifiedBy: PersonRef, verifiedAt: Instant })
      .nullable(),
    trainings: z.int(),
    /** What keeps them from going live by the rules of now. */
    missing: z.array(z.enum(['identity', 'training', 'age'])),
    /** Checks of their last lives. */
    checks: z.array(
      z.object({ roomId: z.uuid(), title: z.string(), identity: z.enum(['verified', 'missing']), at: Instant }),
    ),
  })
  .meta({ id: 'HostRecord' });
export type HostRecord = z.infer<typeof HostRecord>;
export const getHostRecord = defineRoute({
  id: 'hosts.get',
  method: 'GET',
  path: '/staff/:id/host',
  tag: 'staff',
  access: { staff: 'staff:read' },
  summary: 'Whether a host’s identity is known, and what was found when they went live (rule Z2)',
  params: account,
  reply: HostRecord,
  errors: ['not_found'],
});
export const verifyHost = defineRoute({
  id: 'hosts.verify',
  method: 'POST',
  path: '/staff/:id/host',
  tag: 'staff',
  access: { staff: 'staff:verify' },
  summary:
    'I have seen their document; nobody vouches for themselves. The birthday is not kept, the day they turn 16 is',
  params: account,
  body: z.strictObject({ document: HostDocument, bornOn: z.iso.date() }),
  reply: HostRecord,
  errors: ['not_found', 'self_action', 'state_conflict', 'invalid_request'],
});
export const revokeHost = defineRoute({
  id: 'hosts.revoke',
  method: 'POST',
  path: '/staff/:id/host/revoke',
  tag: 'staff',
  access: { staff: 'staff:verify' },
  summary: 'Take a verified identity back, with a reason; again = the same answer',
  params: account,
  body: z.strictObject({ reason }),
  reply: HostRecord,
  errors: ['not_found', 'self_action'],
});
export const HostRules = z
  .object({ version: z.int(), identityNeeded: z.boolean(), trainingNeeded: z.boolean() })
  .meta({ id: 'HostRules' });
export const getHostRules = defineRoute({
  id: 'host-rules.get',
  method: 'GET',
  path: '/host-rules',
  tag: 'staff',
  access: { staff: 'staff:read' },
  summary: 'What a host needs before a live; nobody known to be under 16 hosts, whatever it says',
  reply: HostRules,
});
export const setHostRules = defineRoute({
  id: 'host-rules.set',
  method: 'PUT',
  path: '/host-rules',
  tag: 'staff',
  access: { staff: 'org:write' },
  summary: 'Say what a host needs before a live, with a reason',
  body: z.strictObject({
    identityNeeded: z.boolean(),
    trainingNeeded: z.boolean(),
    reason,
    seenVersion: z.int().min(0).max(MAX_INT4),
  }),
  reply: HostRules,
  errors: ['state_conflict'],
});
