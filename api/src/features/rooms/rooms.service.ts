import type {
  BodyOf,
  createRoom,
  JoinReply,
  listRooms,
  liveWall,
  MediaGrant,
  mediaGrant,
  patchRoom,
  QueryOf,
  ReplyOf,
  Room,
  RoomEvent,
  RoomSource,
} from '@walnut-live/contracts';
import { z } from 'zod';
import type { StreamView } from '../../media-control/index.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { writeRoomEvent, writeRoomEvents } from '../../platform/outbox.ts';
import { mayIn, type Principal, requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { Tokens } from '../../platform/tokens.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import { checkHost } from '../hosts/index.ts';
import type { Entries } from '../room-access/index.ts';
import type { GrantMedia, RoomStage } from '../room-stage/index.ts';
import type { MediaStreams } from '../room-stream/index.ts';
import { listEnterable } from './enterable.ts';
import type { PlannedRooms } from './planned-rooms.ts';
import { afterEnd, afterStart, mayHost, troubleOf, worstFirst } from './rooms.policy.ts';
import { createRoomsRepository, type ListPosition, type RoomFacts, toRoomView } from './rooms.repository.ts';
import type { ReadSnapshot } from './snapshot.ts';
import type { Standing, Standings } from './standing.ts';

/** Path of the api's Socket.IO, behind the gateway and without it. */
export const ROOM_SOCKET_PATH = '/socket.io';
const DEFAULT_COVER = '/pictures/room-walnut-grove.svg';

const Cursor = z.tuple([z.int().min(0).max(2), z.iso.datetime(), z.uuid()]);
const toCursor = ({ rank, at, id }: ListPosition): string =>
  Buffer.from(JSON.stringify([rank, at, id])).toString('base64url');
function fromCursor(cursor: string | undefined): ListPosition | undefined {
  if (cursor === undefined) return undefined;
  try {
    const [rank, at, id] = Cursor.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { rank, at, id };
  } catch {
    throw new AppError('invalid_request', { issues: [{ path: '/cursor', issue: 'not_a_cursor' }] });
  }
}

export function createRoomsService(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  tokens: Pick<Tokens, 'room'>;
  standings: Standings;
  entries: Entries;
  readSnapshot: ReadSnapshot;
  grantMedia: GrantMedia;
  guard: Pick<ClaimGuard, 'requireClean'>;
  planned: Pick<PlannedRooms, 'callOff'>;
  stage: RoomStage;
  viewersNow: (roomId: string) => number;
  streamState: (streamId: string) => StreamView;
  streamFigures: MediaStreams['figures'];
  closeStream: (streamId: string) => Promise<void>;
  fillBag: (tx: Tx, roomId: string, productIds: readonly string[]) => Promise<void>;
}) {
  const { db, clock, random, viewersNow, stage } = deps;
  const rooms = createRoomsRepository(db.sql);
  const endListeners = new Set<(roomId: string) => Promise<void>>();
  const sourceListeners = new Set<(room: RoomFacts, source: RoomSource) => Promise<void>>();
  const view = (room: RoomFacts): Room => toRoomView(room, viewersNow(room.id));

  async function get(roomId: string): Promise<RoomFacts> {
    const room = await rooms.find(roomId);
    if (!room) throw new AppError('not_found');
    return room;
  }

  /** The person as they stand in this room. @throws AppError not_found, session_expired, banned, not_in_audience */
  async function admitted(roomId: string, principal: Principal): Promise<Standing> {
    const standing = await deps.standings.of(roomId, principal.personId);
    if (!standing) {
      await get(roomId);
      throw new AppError('session_expired');
    }
    if (!standing.valid) throw new AppError('session_expired');
    if (standing.banned) throw new AppError('banned');
    return standing;
  }

  /** Rule Z3. */
  const requireCleanTitle = (
    { personId }: Principal,
    room: { id: string; orgPath: string },
    title: string | undefined,
  ) =>
    deps.guard.requireClean(
      { place: 'room', target: `room:${room.id}`, orgPath: room.orgPath, roomId: room.id, personId },
      [title],
    );

  return {
    get,

    /** Called by every end of a room, the repeated ones too. Returns its undo. */
    onEnded(listener: (roomId: string) => Promise<void>): () => void {
      endListeners.add(listener);
      return () => endListeners.delete(listener);
    },

    /** Called with every source that a room is given, the same again too. Returns its undo. */
    onSource(listener: (room: RoomFacts, source: RoomSource) => Promise<void>): () => void {
      sourceListeners.add(listener);
      return () => sourceListeners.delete(listener);
    },

    async list(principal: Principal | undefined, query: QueryOf<typeof listRooms>): Promise<ReplyOf<typeof listRooms>> {
      let scope: string | undefined;
      if (query.mine === 'true') {
        if (!principal) throw new AppError('unauthenticated');
        if (!principal.staff || !mayIn(principal, 'rooms:operate', principal.staff.orgPath))
          throw new AppError('forbidden');
        scope = principal.staff.orgPath;
      }
      const filter = { state: query.state, orgPath: query.orgPath, scope };
      const { found, next } = await listEnterable(
        { list: rooms.list, entries: deps.entries },
        // Staff enter every room of their scope.
        {
          filter,
          after: fromCursor(query.cursor),
          limit: query.limit,
          person: scope ? 'of the crew' : principal?.personId,
        },
      );
      return { items: found.map(view), nextCursor: next ? toCursor(next) : null };
    },

    async create(principal: StaffPrincipal, body: BodyOf<typeof createRoom>): Promise<Room> {
      const unit = await rooms.findUnit(body.orgUnitId ?? principal.staff.orgUnitId);
      if (!unit) throw new AppError('not_found');
      requireScope(principal, 'rooms:write', unit.path);
      const hostId = body.hostId ?? principal.personId;
      if (!mayHost(await rooms.findStaff(hostId), unit.path)) {
        throw new AppError('not_found', { detail: 'the host must be staff who may go live for this unit' });
      }
      const id = random.id();
      await requireCleanTitle(principal, { id, orgPath: unit.path }, body.title);
      await db.transaction(async (tx) => {
        await createRoomsRepository(tx).insert({
          id,
          orgUnitId: unit.id,
          orgPath: unit.path,
          hostId,
          title: body.title,
          coverUrl: body.coverUrl ?? DEFAULT_COVER,
          streamId: random.id(),
          source: body.source ?? 'camera',
          aiPicture: body.aiPicture,
          scheduledAt: body.scheduledAt === undefined ? null : new Date(body.scheduledAt),
          kind: body.kind ?? 'live',
          audience: body.kind === 'conference' ? 'invited' : (body.audience ?? 'everyone'),
          createdAt: clock.now(),
        });
        if (body.productIds) await deps.fillBag(tx, id, body.productIds);
        if (body.relayOf) await stage.relayFrom(tx, id, unit.path, body.relayOf);
      });
      return view(await get(id));
    },

    read: async (roomId: string): Promise<Room> => view(await get(roomId)),

    async patch(principal: StaffPrincipal, roomId: string, body: BodyOf<typeof patchRoom>): Promise<Room> {
      const room = await get(roomId);
      requireScope(principal, 'rooms:write', room.orgPath);
      const scheduledAt =
        body.scheduledAt === undefined || body.scheduledAt === null ? body.scheduledAt : new Date(body.scheduledAt);
      const { title, coverUrl, source, aiPicture } = body;
      await requireCleanTitle(principal, room, title);
      await db.transaction(async (tx) => {
        const changed = await createRoomsRepository(tx).patch(roomId, {
          title,
          coverUrl,
          source,
          aiPicture,
          scheduledAt,
        });
        if (!changed) throw new AppError('state_conflict', { facts: { state: room.state } });
        // Whoever watches is told at once, in the rooms that show it too.
        if (changed.pictureChanged) await stage.pictureChanged(tx, roomId);
      });
      // The row first: from then on no studio and no encoder is let in against it. Again = the same, should this be lost.
      if (source) for (const listener of sourceListeners) await listener(room, source);
      return view(await get(roomId));
    },

    /** scheduled → live once, and with a programme the rooms it was pushed into; on a live room the same answer with a fresh grant. */
    async start(principal: StaffPrincipal, roomId: string): Promise<{ room: Room; publish: MediaGrant }> {
      const room = await get(roomId);
      requireScope(principal, 'rooms:write', room.orgPath);
      await db.transaction(async (tx) => {
        const at = clock.now();
        if (!(await createRoomsRepository(tx).start(roomId, at))) return;
        await checkHost(tx, clock, { id: roomId, hostId: room.hostId });
        const pushed = await createRoomsRepository(tx).startPushed(roomId, at);
        const started: RoomEvent = { kind: 'room:started', at: at.toISOString() };
        await writeRoomEvents(
          tx,
          clock,
          [roomId, ...pushed].map((id) => ({ roomId: id, event: started })),
        );
        await stage.programmeChanged(tx, roomId);
      });
      const now = await get(roomId);
      if (!afterStart[now.state]) throw new AppError('state_conflict', { facts: { state: now.state } });
      return { room: view(now), publish: await deps.grantMedia(principal, now, 'publish') };
    },

    /**
     * live → ended once; on an ended room the same answer. Viewers are told through the log, then their sockets close. The
     * stream is closed every time: the process that ended the room may have died before it could say so.
     */
    async end(principal: StaffPrincipal, roomId: string): Promise<Room> {
      const room = await get(roomId);
      requireScope(principal, 'rooms:write', room.orgPath);
      await db.transaction(async (tx) => {
        const at = clock.now();
        if (!(await createRoomsRepository(tx).end(roomId, at))) return;
        await writeRoomEvent(tx, clock, roomId, { kind: 'room:ended', at: at.toISOString() });
        await stage.roomEnded(tx, roomId);
      });
      const now = await get(roomId);
      if (!afterEnd[now.state]) throw new AppError('state_conflict', { facts: { state: now.state } });
      void deps.closeStream(room.streamId);
      for (const listener of endListeners) await listener(roomId);
      return view(now);
    },

    /** Before the start. On a room that was called off the same answer. */
    async cancel(principal: StaffPrincipal, roomId: string, reason: string): Promise<Room> {
      const room = await get(roomId);
      requireScope(principal, 'rooms:write', room.orgPath);
      await db.transaction((tx) => deps.planned.callOff(tx, room, { actorId: principal.personId, reason }));
      const now = await get(roomId);
      if (!now.cancelledAt) throw new AppError('state_conflict', { facts: { state: now.state } });
      return view(now);
    },

    /** What ends with a room that never started. */
    async calledOff(roomId: string): Promise<void> {
      for (const listener of endListeners) await listener(roomId);
    },

    /** Closes those of the streams whose rooms have all ended. */
    async closeEndedStreams(streamIds: readonly string[]): Promise<void> {
      const ended = [...(await rooms.endedStreams(streamIds)), ...(await stage.endedStreams(streamIds))];
      for (const streamId of ended) await deps.closeStream(streamId);
    },

    async join(principal: Principal, roomId: string): Promise<JoinReply> {
      const standing = await admitted(roomId, principal);
      const [{ room, snapshot }, token] = await Promise.all([
        deps.readSnapshot(roomId),
        deps.tokens.room(standing.principal, roomId, standing.role),
      ]);
      return {
        roomToken: token.token,
        roomTokenExpiresAt: token.expiresAt.toISOString(),
        socketUrl: '',
        socketPath: ROOM_SOCKET_PATH,
        room: view(room),
        role: standing.role,
        muted: standing.muted,
        media:
          room.state === 'live'
            ? await deps.grantMedia(
                principal,
                { ...room, streamId: snapshot.stage?.streamId ?? room.streamId },
                'watch',
              )
            : null,
        snapshot,
        serverTime: clock.now().toISOString(),
      };
    },

    /** To watch: what is on the stage. To publish: the host's side the room's own stream, a co-host their seat's. */
    async mediaGrant(principal: Principal, roomId: string, body: BodyOf<typeof mediaGrant>): Promise<MediaGrant> {
      const { right } = body;
      const standing = await admitted(roomId, principal);
      const room = await get(roomId);
      const onStage = await stage.read(roomId);
      const streamId = body.streamId ?? (right === 'watch' ? onStage.streamId : room.streamId);
      const isSeat = streamId !== room.streamId && (await stage.ownsSeat(roomId, streamId, principal.personId));
      // By the database, not by the token: a colleague who left must not publish for the rest of their ten minutes.
      const isHostSide = mayIn(standing.principal, 'rooms:write', room.orgPath);
      if (right === 'publish' && !isSeat && (!isHostSide || streamId !== room.streamId))
        throw new AppError('forbidden');
      if (room.state !== 'live') throw new AppError('room_not_live', { facts: { state: room.state } });
      // A studio that has not heard of it yet would fight the encoder for the stream. A cut-in is asked for by itself.
      if (right === 'publish' && !isSeat && room.source === 'encoder' && !room.relay)
        throw new AppError('state_conflict', { facts: { source: room.source } });
      if (right === 'watch') {
        const shown = [onStage.streamId, ...onStage.cohosts.map((cohost) => cohost.streamId)];
        // The pointer has moved since the caller heard of it: the next event says where to.
        if (!shown.includes(streamId)) throw new AppError('state_conflict', { facts: { streamId: onStage.streamId } });
      }
      return deps.grantMedia(principal, { ...room, streamId }, right);
    },

    /** A stream of its own that no room shows; it is forgotten when its publisher leaves. */
    uplinkTest(principal: StaffPrincipal): Promise<MediaGrant> {
      const id = random.id();
      return deps.grantMedia(principal, { id, streamId: id, hostId: principal.personId }, 'publish');
    },

    async wall(principal: StaffPrincipal): Promise<ReplyOf<typeof liveWall>> {
      const at = clock.now();
      const live = await rooms.liveIn(principal.staff.orgPath);
      const ids = live.map(({ id }) => id);
      const [sales, stages, figures] = await Promise.all([rooms.sales(ids), stage.readMany(ids), deps.streamFigures()]);
      const items = live.map((room) => {
        const streamId = stages.get(room.id)?.streamId ?? room.streamId;
        const streamState = deps.streamState(streamId).state;
        const stream = figures.get(streamId) ?? null;
        const now = viewersNow(room.id);
        return {
          room: view(room),
          streamState,
          stream,
          viewersNow: now,
          orders: sales.get(room.id)?.orders ?? 0,
          gmvFen: sales.get(room.id)?.gmvFen ?? 0,
          liveSeconds: Math.max(0, Math.floor((at.getTime() - (room.startedAt ?? at).getTime()) / 1000)),
          trouble: troubleOf({ streamState, viewersNow: now, health: stream?.health ?? null }),
        };
      });
      return { at: at.toISOString(), items: worstFirst(items) };
    },
  };
}
export type RoomsService = ReturnType<typeof createRoomsService>;
