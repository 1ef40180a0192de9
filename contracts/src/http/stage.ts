/** What a room shows: programmes that may be relayed, relays, cut-ins and co-hosts (连麦). */
import { z } from 'zod';
import { OrgPath, OrgUnitId, PersonId, RoomId } from '../ids.ts';
import { Stage } from '../realtime/stage.ts';
import { Empty, Instant, OrgUnitRef, PersonRef, text } from './common.ts';
import { MediaGrant, Room, RoomState } from './rooms.ts';
import { defineRoute } from './route.ts';

const roomParams = z.strictObject({ id: RoomId });
const seatParams = z.strictObject({ id: z.uuid() });
/** Stores that one push reaches at most. */
export const MAX_PUSHED_STORES = 500;

// ── programmes and relays ───────────────────────────────────────────────────────────────────────────────────────────

/** A room whose picture rooms further down may show. */
export const Programme = z
  .object({
    room: Room,
    /** Org paths whose rooms may relay it; the programme's own path means everybody under it. */
    openTo: z.array(OrgPath),
    /** Rooms that relay it and have not ended. */
    relays: z.int(),
  })
  .meta({ id: 'Programme' });
export type Programme = z.infer<typeof Programme>;

export const listProgrammes = defineRoute({
  id: 'programmes.list',
  method: 'GET',
  path: '/programmes',
  tag: 'stage',
  access: { staff: 'rooms:read' },
  summary: 'Programmes that my unit may relay, and those of my own scope: live first, then scheduled; none that ended',
  reply: z.object({ items: z.array(Programme) }),
});
export const openProgramme = defineRoute({
  id: 'programmes.open',
  method: 'PUT',
  path: '/rooms/:id/programme',
  tag: 'stage',
  access: { staff: 'rooms:write' },
  summary: 'Say which units may relay this room; null = none from now on (relays that run go on)',
  params: roomParams,
  body: z.strictObject({ openTo: z.array(OrgPath).min(1).max(50).nullable() }),
  reply: z.object({ openTo: z.array(OrgPath).nullable() }),
  errors: ['forbidden', 'not_found', 'state_conflict'],
});
export const PushedRelay = z.object({
  orgUnit: OrgUnitRef,
  /** existing: the store has a room of this push already. no_host: nobody of the store may go live. not_open: see openTo. */
  outcome: z.enum(['created', 'existing', 'no_host', 'not_open']),
  roomId: RoomId.nullable(),
});
export const pushRelays = defineRoute({
  id: 'programmes.push',
  method: 'POST',
  path: '/rooms/:id/relays',
  tag: 'stage',
  access: { staff: 'rooms:write' },
  summary:
    'Put this programme on the air in many stores: one relay room per store with the programme’s bag; again = the same rooms. Live at once with a live programme, otherwise with its start',
  params: roomParams,
  body: z.strictObject({ orgUnitIds: z.array(OrgUnitId).min(1).max(MAX_PUSHED_STORES) }),
  reply: z.object({ items: z.array(PushedRelay) }),
  errors: ['forbidden', 'not_found', 'state_conflict'],
});
export const listRelays = defineRoute({
  id: 'programmes.relays',
  method: 'GET',
  path: '/rooms/:id/relays',
  tag: 'stage',
  access: { staff: 'rooms:read' },
  summary: 'Rooms that relay this programme: who, how many watch, and whether they show it now',
  params: roomParams,
  reply: z.object({
    items: z.array(
      z.object({
        roomId: RoomId,
        title: z.string(),
        state: RoomState,
        orgUnit: OrgUnitRef,
        host: PersonRef,
        shows: Stage.shape.shows,
        viewersNow: z.int(),
      }),
    ),
  }),
});
export const setRelay = defineRoute({
  id: 'stage.relay',
  method: 'PUT',
  path: '/rooms/:id/relay',
  tag: 'stage',
  access: { staff: 'rooms:write' },
  summary: 'Show a programme in this room; again with the same programme = the same answer',
  params: roomParams,
  body: z.strictObject({ programmeId: RoomId }),
  reply: z.object({ stage: Stage }),
  errors: ['forbidden', 'not_found', 'state_conflict'],
});
export const dropRelay = defineRoute({
  id: 'stage.relay.drop',
  method: 'DELETE',
  path: '/rooms/:id/relay',
  tag: 'stage',
  access: { staff: 'rooms:write' },
  summary: 'Go on alone: this room shows its own stream from now on',
  params: roomParams,
  reply: z.object({ stage: Stage }),
  status: 200,
  errors: ['forbidden', 'not_found', 'state_conflict'],
});

// ── cut-in ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export const startCutIn = defineRoute({
  id: 'stage.cut-in',
  method: 'POST',
  path: '/rooms/:id/cut-in',
  tag: 'stage',
  access: { staff: 'rooms:write' },
  summary:
    'Ask for the picture (插播): publish to the room’s own stream with the grant; the room switches when media flows. One guide at a time',
  params: roomParams,
  body: Empty,
  reply: z.object({ stage: Stage, publish: MediaGrant }),
  errors: ['forbidden', 'not_found', 'room_not_live', 'state_conflict'],
});
export const endCutIn = defineRoute({
  id: 'stage.cut-in.end',
  method: 'DELETE',
  path: '/rooms/:id/cut-in',
  tag: 'stage',
  access: { staff: 'rooms:write' },
  summary: 'Back to the programme (返回总部), by anybody who may run the room; again = the same answer',
  params: roomParams,
  reply: z.object({ stage: Stage }),
  status: 200,
  errors: ['forbidden', 'not_found'],
});

// ── co-hosts ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** accepted: said yes, the picture is not there (yet or any more). on: the picture is there. */
export const SeatState = z.enum(['invited', 'accepted', 'on']);
export type SeatState = z.infer<typeof SeatState>;

export const Seat = z
  .object({
    id: z.uuid(),
    person: PersonRef,
    unitName: z.string(),
    state: SeatState,
    muted: z.boolean(),
    invitedAt: Instant,
  })
  .meta({ id: 'Seat' });
export type Seat = z.infer<typeof Seat>;

export const listSeats = defineRoute({
  id: 'cohosts.list',
  method: 'GET',
  path: '/rooms/:id/cohosts',
  tag: 'stage',
  access: { staff: 'rooms:operate' },
  summary: 'Co-hosts of this room and those who were asked',
  params: roomParams,
  reply: z.object({ items: z.array(Seat) }),
});
export const listCohostCandidates = defineRoute({
  id: 'cohosts.candidates',
  method: 'GET',
  path: '/rooms/:id/cohosts/candidates',
  tag: 'stage',
  access: { staff: 'rooms:write' },
  summary:
    'Guides who may be invited: of this store, of its channel and of headquarters; of every store by headquarters',
  params: roomParams,
  query: z.strictObject({ search: text(40, 0).optional() }),
  reply: z.object({ items: z.array(z.object({ person: PersonRef, unitName: z.string() })) }),
});
export const inviteCohost = defineRoute({
  id: 'cohosts.invite',
  method: 'POST',
  path: '/rooms/:id/cohosts',
  tag: 'stage',
  access: { staff: 'rooms:write' },
  summary: 'Invite a guide beside the host; again = the same invitation. Four guides at most',
  params: roomParams,
  body: z.strictObject({ personId: PersonId }),
  reply: z.object({ seat: Seat }),
  errors: ['forbidden', 'not_found', 'room_not_live', 'limit_exceeded', 'self_action', 'state_conflict'],
});
export const Invitation = z
  .object({
    seatId: z.uuid(),
    state: SeatState,
    room: z.object({ id: RoomId, title: z.string(), coverUrl: z.string(), unitName: z.string(), host: PersonRef }),
    invitedBy: PersonRef,
    invitedAt: Instant,
    muted: z.boolean(),
  })
  .meta({ id: 'Invitation' });
export type Invitation = z.infer<typeof Invitation>;

export const listInvitations = defineRoute({
  id: 'cohosts.invitations',
  method: 'GET',
  path: '/cohost-invitations',
  tag: 'stage',
  access: { staff: 'rooms:write' },
  summary: 'Rooms that are live and have asked me, or in which I am a co-host',
  reply: z.object({ items: z.array(Invitation) }),
});
export const answerInvitation = defineRoute({
  id: 'cohosts.answer',
  method: 'POST',
  path: '/cohosts/:id/answer',
  tag: 'stage',
  access: { staff: 'rooms:write' },
  summary: 'Accept (with the right to publish) or decline an invitation of mine',
  params: seatParams,
  body: z.strictObject({ accept: z.boolean() }),
  reply: z.object({ invitation: Invitation.nullable(), publish: MediaGrant.nullable() }),
  errors: ['not_found', 'gone', 'room_not_live'],
});
export const muteCohost = defineRoute({
  id: 'cohosts.mute',
  method: 'PATCH',
  path: '/cohosts/:id',
  tag: 'stage',
  access: { staff: 'rooms:write' },
  summary: 'Mute a co-host for everybody, or take it back',
  params: seatParams,
  body: z.strictObject({ muted: z.boolean() }),
  reply: z.object({ seat: Seat }),
  errors: ['not_found', 'gone'],
});
export const endCohost = defineRoute({
  id: 'cohosts.end',
  method: 'DELETE',
  path: '/cohosts/:id',
  tag: 'stage',
  access: { staff: 'rooms:write' },
  summary: 'A co-host leaves, or the host takes them out or takes the invitation back; their stream is closed',
  params: seatParams,
  status: 204,
  errors: ['not_found'],
});
