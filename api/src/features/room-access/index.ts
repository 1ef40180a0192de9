/**
 * Who a room is for (members, newcomers, KOC, invited only), who is invited, and what staff vouch for.
 *
 * The rule is one pure function (room-access.policy.ts); it is asked at every HTTP door (doors.ts), at the handshake of a socket
 * and whenever the database says that the audience, the list or a mark has changed: then whoever may not stay is told, their
 * sockets are closed on every node, and the media servers end their picture. Each node ends the pictures of those whose sockets
 * it closes, at once; the node that made the change goes through everybody who was there, for those who only watch.
 * docs/13-rooms-for-whom.md
 */
import {
  endMark,
  getRoomEntry,
  invite,
  kocCandidates,
  listMarks,
  listRoomInvitations,
  markCustomer,
  redeemInvitation,
  revokeInvitation,
  setAudience,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { eachOf } from '../../platform/each-of.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { requireScope } from '../../platform/principal.ts';
import type { Entries } from './entries.ts';
import { createInvitations } from './invitations.ts';
import { createMarks } from './marks.ts';
import { createRoomAccessRepository } from './room-access.repository.ts';

export { KOC_RULE } from './marks.ts';
export { createRoomAccessRepository } from './room-access.repository.ts';

/** People whose right is read by one statement. */
const LOOKED_AT_TOGETHER = 500;
/** Orders to the media servers under way at a time; every one takes a moment of theirs. */
const ENDINGS_AT_ONCE = 16;

export function createRoomAccess(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  entries: Entries;
  findRoom: (roomId: string) => Promise<{ id: string; orgPath: string }>;
  revokeMedia: (personId: string, streamId: string) => Promise<void>;
  streamsOf: (roomId: string) => Promise<readonly string[]>;
}) {
  const { bind, db, entries } = deps;
  const rows = createRoomAccessRepository(db.sql);

  /** Ends what these people see of the room, whatever they may. */
  async function endPictures(roomId: string, personIds: readonly string[]): Promise<void> {
    if (personIds.length === 0) return;
    const streams = await deps.streamsOf(roomId);
    await eachOf(personIds, ENDINGS_AT_ONCE, async (personId) => {
      for (const streamId of streams) await deps.revokeMedia(personId, streamId);
    });
  }
  /** Ends the picture of those who may not be in the room now; their sockets hear it from the database. */
  async function letOut(roomId: string, personIds: readonly string[]): Promise<void> {
    for (let from = 0; from < personIds.length; from += LOOKED_AT_TOGETHER) {
      const some = personIds.slice(from, from + LOOKED_AT_TOGETHER);
      const refused = await entries.refusals(some.map((personId) => ({ roomId, personId })));
      const out = some.filter((personId) => entries.refusalIn(refused, roomId, personId));
      await endPictures(roomId, out);
    }
  }
  /** Through every room that shows this one too. Without people: everybody who was there. */
  async function letOutEverywhere(roomId: string, personIds?: readonly string[]): Promise<void> {
    for (const id of [roomId, ...(await rows.relaysOf(roomId))])
      await letOut(id, personIds ?? (await rows.visitors(id)));
  }

  const invitations = createInvitations({ ...deps, letOut: letOutEverywhere });
  const marks = createMarks({
    ...deps,
    async onEnded(personId) {
      for (const roomId of await rows.gatedLiveRooms(personId)) await letOut(roomId, [personId]);
    },
  });

  bind(getRoomEntry, async ({ principal, params }) => {
    const door = await rows.doorOf(params.id);
    if (!door) throw new AppError('not_found');
    const refused = await entries.refusals([{ roomId: params.id, personId: principal?.personId }]);
    const refusal = entries.refusalIn(refused, params.id, principal?.personId);
    const store = { id: door.storeId, name: door.storeName };
    return {
      mayEnter: !refusal,
      audience: refusal?.audience ?? door.audience,
      reason: refusal?.reason ?? null,
      store,
    };
  });
  bind(setAudience, async ({ principal, params, body }) => {
    const room = await deps.findRoom(params.id);
    requireScope(principal, 'rooms:write', room.orgPath);
    const door = await rows.doorOf(params.id);
    if (door?.kind === 'conference' && body.audience !== 'invited')
      throw new AppError('state_conflict', { facts: { kind: 'conference' } });
    await db.transaction(async (tx) => {
      if (!(await createRoomAccessRepository(tx).setAudience(params.id, body.audience))) return;
      await writeAudit(tx, deps, {
        ...{ actorId: principal.personId, action: 'room:audience-set', target: `room:${params.id}` },
        ...{ orgPath: room.orgPath, detail: { audience: body.audience, before: door?.audience } },
      });
      tx.afterCommit(() => letOutEverywhere(params.id));
    });
    return { audience: body.audience };
  });
  bind(listRoomInvitations, ({ principal, params, query }) => invitations.list(principal, params.id, query));
  bind(invite, ({ principal, params, body }) => invitations.invite(principal, params.id, body));
  bind(revokeInvitation, ({ principal, params }) => invitations.revoke(principal, params.id));
  bind(redeemInvitation, ({ principal, body }) => invitations.redeem(principal, body.token));
  bind(listMarks, ({ principal, query }) => marks.list(principal, query));
  bind(markCustomer, ({ principal, body }) => marks.mark(principal, body));
  bind(endMark, ({ principal, params, body }) => marks.end(principal, params.id, body.reason));
  bind(kocCandidates, ({ principal, query }) => marks.candidates(principal, query));

  return {
    /** Of people whose sockets are closed because the room is not for them. */
    endPictures,
    /** To a media server that was away: whose picture is to end, in every live room with a door. */
    async repeatRefusals(): Promise<void> {
      for (const roomId of await rows.gatedLiveRooms(null)) await letOut(roomId, await rows.visitors(roomId));
    },
  };
}
export { behindDoors, doorOf } from './doors.ts';
export { createEntries, type Entries, type EntryRefusal, refusalError } from './entries.ts';
