/**
 * Moderation of a room (R2): mute, ban, delete a message, and the way back; what viewers report. Every act is a row, an audit entry and an event,
 * in one transaction. A ban holds at join, handshake, media grant and order; the sockets of the person are closed by the
 * event, on whatever node they are, and their media by the media server.
 */
import { liftModeration, listModeration, listSanctions } from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { SharedLimits } from '../../platform/limits.ts';
import { writeRoomEvent } from '../../platform/outbox.ts';
import { type Principal, requireScope } from '../../platform/principal.ts';
import type { RoomLog } from '../../room-log/index.ts';
import { createChatRepository } from '../room-chat/index.ts';
import { refusalOfSanction } from './moderation.policy.ts';
import { createModerationRepository, type Sanction } from './moderation.repository.ts';
import { createReportsRepository } from './reports.repository.ts';
import { createReports } from './reports.ts';

interface ModeratedRoom {
  readonly id: string;
  readonly orgPath: string;
  readonly hostId: string;
  readonly streamId: string;
}

export function createRoomModeration(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  roomLog: Pick<RoomLog, 'find'>;
  limits: SharedLimits;
  findRoom: (roomId: string) => Promise<ModeratedRoom>;
  revokeMedia: (personId: string, streamId: string) => Promise<void>;
  /** Every stream that somebody in this room may be watching: its own, a programme's, co-hosts'. */
  streamsOf: (roomId: string) => Promise<readonly string[]>;
}) {
  const { bind, db, clock, random, roomLog } = deps;

  async function operable(principal: Principal, roomId: string): Promise<ModeratedRoom> {
    const room = await deps.findRoom(roomId);
    requireScope(principal, 'rooms:operate', room.orgPath);
    return room;
  }
  const audit = (
    tx: Tx,
    principal: Principal,
    room: ModeratedRoom,
    entry: { action: string; target: string; reason: string; detail: Record<string, unknown> },
  ) =>
    writeAudit(tx, deps, {
      ...entry,
      actorId: principal.personId,
      orgPath: room.orgPath,
      detail: { roomId: room.id, ...entry.detail },
    });

  async function sanction(
    principal: Principal,
    roomId: string,
    order: { personId: string; kind: Sanction; until: Date | null; reason: string },
  ): Promise<void> {
    const { personId, kind, until, reason } = order;
    const room = await operable(principal, roomId);
    const person = await createModerationRepository(db.sql).findPerson(personId);
    if (!person) throw new AppError('not_found');
    const refusal = refusalOfSanction(principal.personId, { personId, orgPath: person.orgPath }, room);
    if (refusal) throw new AppError(refusal);
    // Before the transaction: who holds a connection must never wait for another one of the pool.
    const streams = kind === 'ban' ? await deps.streamsOf(roomId) : [];
    await db.transaction(async (tx) => {
      const at = clock.now();
      await createModerationRepository(tx).impose({
        id: random.id(),
        roomId,
        personId,
        kind,
        reason,
        byId: principal.personId,
        at,
        until,
      });
      await audit(tx, principal, room, {
        action: kind === 'ban' ? 'viewer:banned' : 'viewer:muted',
        target: `person:${personId}`,
        reason,
        detail: { until: until?.toISOString() ?? null },
      });
      await writeRoomEvent(
        tx,
        clock,
        roomId,
        kind === 'ban'
          ? { kind: 'viewer:banned', personId }
          : { kind: 'viewer:muted', personId, until: until?.toISOString() ?? null },
      );
      if (kind !== 'ban') return;
      tx.afterCommit(async () => {
        for (const streamId of streams) await deps.revokeMedia(personId, streamId);
      });
    });
  }

  const service = {
    mute: (principal: Principal, roomId: string, body: { personId: string; minutes: number | null; reason: string }) =>
      sanction(principal, roomId, {
        personId: body.personId,
        kind: 'mute',
        until: body.minutes === null ? null : new Date(clock.now().getTime() + body.minutes * 60_000),
        reason: body.reason,
      }),

    ban: (principal: Principal, roomId: string, body: { personId: string; reason: string }) =>
      sanction(principal, roomId, { ...body, kind: 'ban', until: null }),

    /** Deleting twice is no error; viewers only hear the same thing again. @throws AppError not_found */
    async deleteChat(principal: Principal, roomId: string, body: { messageId: string; reason: string }): Promise<void> {
      const room = await operable(principal, roomId);
      const sent = await roomLog.find(roomId, body.messageId);
      if (sent?.event.kind !== 'chat:sent') throw new AppError('not_found');
      const { personId, text } = sent.event.message;
      await db.transaction(async (tx) => {
        await audit(tx, principal, room, {
          action: 'chat:deleted',
          target: body.messageId,
          reason: body.reason,
          detail: { personId, text },
        });
        const at = clock.now();
        await createReportsRepository(tx).closeOfMessage(roomId, body.messageId, principal.personId, at);
        if (await createChatRepository(tx).unpin(roomId, body.messageId, principal.personId, at))
          await writeRoomEvent(tx, clock, roomId, { kind: 'message:pinned', message: null });
        await writeRoomEvent(tx, clock, roomId, {
          kind: 'chat:deleted',
          messageId: body.messageId,
          by: principal.personId,
        });
      });
    },

    async lift(principal: Principal, roomId: string, personId: string): Promise<void> {
      const room = await operable(principal, roomId);
      await db.transaction(async (tx) => {
        const lifted = await createModerationRepository(tx).lift(roomId, personId, principal.personId, clock.now());
        if (lifted.length === 0) throw new AppError('not_found');
        await audit(tx, principal, room, {
          action: 'viewer:lifted',
          target: `person:${personId}`,
          reason: '',
          detail: { kinds: [...new Set(lifted.map(({ kind }) => kind))] },
        });
        const muted = lifted.filter(({ kind }) => kind === 'mute').map((entry) => entry.personId);
        for (const id of new Set(muted.length === 0 ? [] : [personId, ...muted])) {
          await writeRoomEvent(tx, clock, roomId, { kind: 'viewer:unmuted', personId: id });
        }
      });
    },

    async list(principal: Principal, roomId: string) {
      await operable(principal, roomId);
      return { items: await createModerationRepository(db.sql).current(roomId, clock.now()) };
    },

    /** Tells the media server again who is banned from rooms that are live, for every stream that is shown there. */
    async repeatBans(): Promise<void> {
      const bans = await createModerationRepository(db.sql).bansOfLiveRooms(clock.now());
      const streams = new Map<string, readonly string[]>();
      for (const { personId, roomId } of bans) {
        const shown = streams.get(roomId) ?? (await deps.streamsOf(roomId));
        streams.set(roomId, shown);
        for (const streamId of shown) await deps.revokeMedia(personId, streamId);
      }
    },
  };

  bind(listModeration, ({ principal, params }) => service.list(principal, params.id));
  bind(liftModeration, async ({ principal, params }) => {
    await service.lift(principal, params.id, params.personId);
    return undefined;
  });
  bind(listSanctions, async ({ principal, query }) => {
    const { limit, cursor, ...filter } = query;
    const rows = await createModerationRepository(db.sql).standing({
      ...filter,
      scope: principal.staff.orgPath,
      now: clock.now(),
      after: decodeTimeCursor(cursor),
      limit: limit + 1,
    });
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return {
      items: rows.slice(0, limit),
      nextCursor: last ? encodeTimeCursor({ at: new Date(last.at), id: last.id }) : null,
    };
  });
  return { ...service, ...createReports({ ...deps, deleteChat: service.deleteChat }) };
}
export type RoomModeration = ReturnType<typeof createRoomModeration>;
