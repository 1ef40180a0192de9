/** Who a room is for, who is invited, and what staff vouch for about a customer (rule N4). */
import { z } from 'zod';
import { OrgPath, PersonId, RoomId } from '../ids.ts';
import { Empty, Instant, OrgUnitRef, PageQuery, PersonRef, page, text } from './common.ts';
import { defineRoute } from './route.ts';

/**
 * everyone · members: a customer who belongs to a store or guide and has bought, or whom staff marked · newcomers: nobody who
 * had bought before the room began · koc: whom staff marked as KOC · invited: who is on the room's list. The crew of the room,
 * staff of its unit and of the units above always enter. docs/13-rooms-for-whom.md
 */
export const roomAudiences = ['everyone', 'members', 'newcomers', 'koc', 'invited'] as const;
export const RoomAudience = z.enum(roomAudiences).meta({ id: 'RoomAudience' });
export type RoomAudience = z.infer<typeof RoomAudience>;

export const RoomKind = z.enum(['live', 'conference']).meta({ id: 'RoomKind' });
export type RoomKind = z.infer<typeof RoomKind>;

/** Why somebody may not enter. sign_in: a guest, of whom nothing is known; whoever they are may well be let in. */
export const EntryRefusalReason = z.enum(['sign_in', 'not_member', 'not_newcomer', 'not_koc', 'not_invited']);
export type EntryRefusalReason = z.infer<typeof EntryRefusalReason>;

/** What stands at a closed door: for whom the room is and whom to ask; nothing of what is inside. */
export const RoomEntry = z
  .object({
    mayEnter: z.boolean(),
    audience: RoomAudience,
    reason: EntryRefusalReason.nullable(),
    store: z.object({ id: z.uuid(), name: z.string() }),
  })
  .meta({ id: 'RoomEntry' });
export type RoomEntry = z.infer<typeof RoomEntry>;

const room = z.strictObject({ id: RoomId });

export const getRoomEntry = defineRoute({
  id: 'rooms.entry',
  method: 'GET',
  path: '/rooms/:id/entry',
  tag: 'rooms',
  access: 'public',
  summary: 'Whether I may enter, and if not, for whom the room is and how one gets in',
  params: room,
  reply: RoomEntry,
});
export const setAudience = defineRoute({
  id: 'rooms.audience',
  method: 'PUT',
  path: '/rooms/:id/audience',
  tag: 'rooms',
  access: { staff: 'rooms:write' },
  summary: 'For whom the room is; whoever is inside and may not be any longer is told and let out',
  params: room,
  body: z.strictObject({ audience: RoomAudience }),
  reply: z.object({ audience: RoomAudience }),
  errors: ['forbidden', 'not_found', 'state_conflict'],
});

// ── invitations ─────────────────────────────────────────────────────────────────────────────────────────────────────

export const MAX_INVITATIONS_AT_ONCE = 200;
export const MAX_INVITATIONS = 2_000;
/** Days until a link that nobody has used expires. */
export const INVITATION_DAYS = 14;

export const RoomInvitationState = z.enum(['open', 'redeemed', 'expired', 'revoked']);
/**
 * staff, person: by their id · phone: whoever signs in with that number · link: whoever opens the link first, and nobody
 * after them. `name` is who was meant.
 */
export const RoomInvitation = z
  .object({
    id: z.uuid(),
    kind: z.enum(['staff', 'person', 'phone', 'link']),
    name: z.string(),
    /** Masked but for the last four digits. */
    phone: z.string().nullable(),
    state: RoomInvitationState,
    /** Who it is bound to. */
    person: PersonRef.nullable(),
    invitedBy: PersonRef,
    createdAt: Instant,
    expiresAt: Instant.nullable(),
    redeemedAt: Instant.nullable(),
  })
  .meta({ id: 'RoomInvitation' });
export type RoomInvitation = z.infer<typeof RoomInvitation>;

export const Invitee = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('staff'), personId: PersonId }),
  z.strictObject({ kind: z.literal('person'), personId: PersonId }),
  z.strictObject({ kind: z.literal('phone'), phone: z.string().regex(/^1[3-9]\d{9}$/), name: text(40) }),
  z.strictObject({ kind: z.literal('link'), name: text(40) }),
]);
export type Invitee = z.infer<typeof Invitee>;

export const listRoomInvitations = defineRoute({
  id: 'invitations.list',
  method: 'GET',
  path: '/rooms/:id/invitations',
  tag: 'rooms',
  access: { staff: 'rooms:operate' },
  summary: 'Who is invited to the room; newest first',
  params: room,
  query: PageQuery,
  reply: page(RoomInvitation),
});
export const invite = defineRoute({
  id: 'invitations.create',
  method: 'POST',
  path: '/rooms/:id/invitations',
  tag: 'rooms',
  access: { staff: 'rooms:write' },
  summary:
    'Invite people. Who is invited already stays so; a link is told in this answer only, and lets in whoever opens it first',
  params: room,
  body: z.strictObject({ items: z.array(Invitee).min(1).max(MAX_INVITATIONS_AT_ONCE) }),
  reply: z.object({
    items: z.array(
      z.object({
        invitation: RoomInvitation,
        /** Path in the player, of a link. */
        path: z.string().nullable(),
      }),
    ),
  }),
  status: 201,
  errors: ['forbidden', 'not_found', 'state_conflict', 'limit_exceeded'],
});
export const revokeInvitation = defineRoute({
  id: 'invitations.revoke',
  method: 'DELETE',
  path: '/invitations/:id',
  tag: 'rooms',
  access: { staff: 'rooms:write' },
  summary: 'Take an invitation back; who came by it is let out. Again = the same answer',
  params: z.strictObject({ id: z.uuid() }),
  status: 204,
});
export const redeemInvitation = defineRoute({
  id: 'invitations.redeem',
  method: 'POST',
  path: '/invitations/redeem',
  tag: 'rooms',
  access: 'consumer',
  summary: 'Use a link: it is mine from then on, and nobody else’s. Again = the same answer',
  body: z.strictObject({ token: z.string().regex(/^[\w-]{20,64}$/) }),
  reply: z.object({ roomId: RoomId }),
  errors: ['not_found', 'gone', 'state_conflict', 'rate_limited'],
});

// ── marks ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export const MarkKind = z.enum(['member', 'koc']).meta({ id: 'MarkKind' });
export type MarkKind = z.infer<typeof MarkKind>;
/** Made by a person of the staff, with a reason; it counts for the rooms of their unit, of those below it and those above. */
export const CustomerMark = z
  .object({
    id: z.uuid(),
    kind: MarkKind,
    person: PersonRef,
    orgUnit: OrgUnitRef,
    reason: z.string(),
    by: PersonRef,
    at: Instant,
  })
  .meta({ id: 'CustomerMark' });
export type CustomerMark = z.infer<typeof CustomerMark>;

export const listMarks = defineRoute({
  id: 'marks.list',
  method: 'GET',
  path: '/customer-marks',
  tag: 'members',
  access: { staff: 'customers:read' },
  summary: 'Members and KOCs that staff of my scope have marked; newest first',
  query: PageQuery.extend({ kind: MarkKind.optional() }),
  reply: page(CustomerMark),
});
export const markCustomer = defineRoute({
  id: 'marks.create',
  method: 'POST',
  path: '/customer-marks',
  tag: 'members',
  access: { staff: 'customers:mark' },
  summary: 'Mark a customer of my scope as a member or KOC, with a reason; again = the same mark',
  body: z.strictObject({ personId: PersonId, kind: MarkKind, reason: text(200) }),
  reply: CustomerMark,
  errors: ['forbidden', 'not_found'],
});
export const endMark = defineRoute({
  id: 'marks.end',
  method: 'POST',
  path: '/customer-marks/:id/end',
  tag: 'members',
  access: { staff: 'customers:mark' },
  summary: 'Take a mark away, with a reason; again = the same answer',
  params: z.strictObject({ id: z.uuid() }),
  body: z.strictObject({ reason: text(200) }),
  reply: Empty,
  errors: ['forbidden', 'not_found'],
});
/** Rule N4: proposed with the reasons in figures, never promoted by itself. */
export const KocCandidate = z.object({
  person: PersonRef,
  store: z.string().nullable(),
  paidOrders: z.int(),
  /** People whom they were the first to bring. */
  broughtPeople: z.int(),
  /** Of those, who has bought. */
  broughtBuyers: z.int(),
});
export type KocCandidate = z.infer<typeof KocCandidate>;
export const kocCandidates = defineRoute({
  id: 'marks.koc-candidates',
  method: 'GET',
  path: '/koc-candidates',
  tag: 'members',
  access: { staff: 'customers:read' },
  summary: 'Customers of my scope who bought often or brought buyers and are not marked as KOC',
  query: z.strictObject({ orgPath: OrgPath.optional() }),
  reply: z.object({
    rule: z.object({ paidOrders: z.int(), broughtBuyers: z.int() }),
    items: z.array(KocCandidate),
  }),
});
