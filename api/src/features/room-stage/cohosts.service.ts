/** Co-hosts: invited by the host's side, accepted by themselves, on the stage while their picture is there. */
import {
  type Invitation,
  MAX_GUIDES_ON_STAGE,
  type MediaGrant,
  type Seat,
  type SeatState,
} from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { mayIn, requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { createCohostsRepository, type SeatRow } from './cohosts.repository.ts';
import type { FollowMedia } from './follow-media.ts';
import { mayBeInvited } from './stage.policy.ts';
import { announce, createStageRepository } from './stage.repository.ts';
import type { GrantMedia } from './stage.service.ts';

const present: readonly SeatState[] = ['invited', 'accepted', 'on'];
const isPresent = (state: SeatRow['state']): state is SeatState => (present as readonly string[]).includes(state);

function toSeat(row: SeatRow): Seat {
  if (!isPresent(row.state)) throw new AppError('gone');
  return {
    id: row.id,
    person: { id: row.personId, name: row.name },
    unitName: row.unitName,
    state: row.state,
    muted: row.muted,
    invitedAt: row.invitedAt.toISOString(),
  };
}

export function createCohostsService(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  grantMedia: GrantMedia;
  closeStream: (streamId: string) => Promise<void>;
  follow: FollowMedia;
}) {
  const { db, clock, random } = deps;
  const seats = createCohostsRepository(db.sql);

  async function roomOf(roomId: string) {
    const room = await createStageRepository(db.sql).room(roomId);
    if (!room) throw new AppError('not_found');
    return room;
  }
  async function myRoom(principal: StaffPrincipal, roomId: string, permission: 'rooms:write' | 'rooms:operate') {
    const room = await roomOf(roomId);
    requireScope(principal, permission, room.orgPath);
    return room;
  }

  /** Locks the room (and those that show it), changes seats, and tells everybody when something changed. */
  async function change<T>(roomId: string, work: (tx: Tx) => Promise<{ changed: boolean; value: T }>): Promise<T> {
    return db.transaction(async (tx) => {
      const rooms = await createStageRepository(tx).touchWithRelays(roomId);
      const { changed, value } = await work(tx);
      if (changed) await announce(tx, clock, rooms);
      return value;
    });
  }

  /** A seat of this person; anybody else's does not exist for them. */
  async function mySeat(principal: StaffPrincipal, seatId: string): Promise<SeatRow> {
    const seat = await seats.find(seatId);
    if (!seat || seat.personId !== principal.personId) throw new AppError('not_found');
    return seat;
  }

  async function invitationsOf(personId: string): Promise<Invitation[]> {
    return (await seats.invitationsOf(personId)).flatMap((row) =>
      isPresent(row.state)
        ? [
            {
              seatId: row.id,
              state: row.state,
              room: {
                id: row.roomId,
                title: row.title,
                coverUrl: row.coverUrl,
                unitName: row.roomUnit,
                host: { id: row.hostId, name: row.hostName },
              },
              invitedBy: { id: row.invitedById, name: row.invitedByName },
              invitedAt: row.invitedAt.toISOString(),
              muted: row.muted,
            },
          ]
        : [],
    );
  }

  return {
    async list(principal: StaffPrincipal, roomId: string): Promise<{ items: Seat[] }> {
      await myRoom(principal, roomId, 'rooms:operate');
      return { items: (await seats.present(roomId)).map(toSeat) };
    },

    async candidates(principal: StaffPrincipal, roomId: string, search: string) {
      const { orgPath, hostId } = await myRoom(principal, roomId, 'rooms:write');
      const here = new Set((await seats.present(roomId)).map(({ personId }) => personId));
      // A store's reach is its channel and what lies above; of the brand's root it is everybody.
      const scope = orgPath.split('.').slice(0, 2).join('.');
      const people = await seats.people(search, scope);
      return {
        items: people
          .filter((person) => person.id !== hostId && !here.has(person.id) && mayBeInvited(orgPath, person))
          .map(({ id, name, unitName }) => ({ person: { id, name }, unitName })),
      };
    },

    async invite(principal: StaffPrincipal, roomId: string, personId: string): Promise<{ seat: Seat }> {
      const room = await myRoom(principal, roomId, 'rooms:write');
      if (personId === room.hostId) throw new AppError('self_action');
      if (!mayBeInvited(room.orgPath, await seats.staff(personId))) throw new AppError('not_found');
      const seat = await change(roomId, async (tx) => {
        const own = createCohostsRepository(tx);
        // Read under the lock of the room.
        const now = await createStageRepository(tx).room(roomId);
        if (now?.state !== 'live') throw new AppError('room_not_live', { facts: { state: now?.state } });
        // The programme's guides stand on a relay's stage.
        if (now.relayOf !== null) throw new AppError('state_conflict', { facts: { isRelay: true } });
        const there = await own.present(roomId);
        const known = there.find((other) => other.personId === personId);
        if (known) return { changed: false, value: known };
        if (there.length >= MAX_GUIDES_ON_STAGE - 1)
          throw new AppError('limit_exceeded', { facts: { guides: MAX_GUIDES_ON_STAGE } });
        const id = random.id();
        await own.insert({
          id,
          roomId,
          personId,
          streamId: random.id(),
          invitedBy: principal.personId,
          at: clock.now(),
        });
        const made = await own.find(id);
        if (!made) throw new AppError('internal');
        return { changed: true, value: made };
      });
      return { seat: toSeat(seat) };
    },

    invitations: async (principal: StaffPrincipal) => ({ items: await invitationsOf(principal.personId) }),

    async answer(
      principal: StaffPrincipal,
      seatId: string,
      accept: boolean,
    ): Promise<{ invitation: Invitation | null; publish: MediaGrant | null }> {
      const seat = await mySeat(principal, seatId);
      const room = await roomOf(seat.roomId);
      await change(seat.roomId, async (tx) => {
        const own = createCohostsRepository(tx);
        const changed = accept
          ? await own.move(seatId, ['invited'], 'accepted')
          : await own.end(seatId, seat.state === 'invited' ? 'declined' : 'left', clock.now());
        return { changed, value: undefined };
      });
      if (!accept) {
        void deps.closeStream(seat.streamId);
        return { invitation: null, publish: null };
      }
      const now = await mySeat(principal, seatId);
      if (!isPresent(now.state)) throw new AppError('gone');
      if (room.state !== 'live') throw new AppError('room_not_live', { facts: { state: room.state } });
      await deps.follow.check([seat.streamId]);
      const invitation = (await invitationsOf(principal.personId)).find((mine) => mine.seatId === seatId) ?? null;
      const publish = await deps.grantMedia(principal, { ...room, streamId: seat.streamId }, 'publish');
      return { invitation, publish };
    },

    async mute(principal: StaffPrincipal, seatId: string, muted: boolean): Promise<{ seat: Seat }> {
      const seat = await seats.find(seatId);
      if (!seat) throw new AppError('not_found');
      await myRoom(principal, seat.roomId, 'rooms:write');
      const now = await change(seat.roomId, async (tx) => {
        const own = createCohostsRepository(tx);
        const changed = await own.setMuted(seatId, muted);
        return { changed, value: await own.find(seatId) };
      });
      if (!now) throw new AppError('not_found');
      return { seat: toSeat(now) };
    },

    /** Again on a seat that is empty: the same answer. */
    async end(principal: StaffPrincipal, seatId: string): Promise<void> {
      const seat = await seats.find(seatId);
      if (!seat) throw new AppError('not_found');
      const isOwn = seat.personId === principal.personId;
      const { orgPath } = await roomOf(seat.roomId);
      if (!isOwn && !mayIn(principal, 'rooms:write', orgPath)) throw new AppError('not_found');
      await change(seat.roomId, async (tx) => ({
        changed: await createCohostsRepository(tx).end(seatId, isOwn ? 'left' : 'removed', clock.now()),
        value: undefined,
      }));
      void deps.closeStream(seat.streamId);
    },
  };
}
export type CohostsService = ReturnType<typeof createCohostsService>;
