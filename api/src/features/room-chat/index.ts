/** What people say in a room, and the notice above it. */
import type { ChatMessage, RoomEvent } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { SharedLimits } from '../../platform/limits.ts';
import { writeRoomEvent } from '../../platform/outbox.ts';
import { type Principal, requireScope } from '../../platform/principal.ts';
import type { RoomLog } from '../../room-log/index.ts';
import { refusalOfChat } from './chat.policy.ts';

const MESSAGES_PER_WINDOW = 5;
const WINDOW_SECONDS = 10;
/** Hosts answer many people. */
const CREW_MESSAGES_PER_WINDOW = 20;

interface Speaker {
  readonly principal: Principal;
  readonly role: ChatMessage['role'];
  readonly roomState: 'scheduled' | 'live' | 'ended';
  readonly muted: boolean;
  readonly banned: boolean;
  readonly valid: boolean;
}

export function createRoomChat(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  roomLog: Pick<RoomLog, 'append' | 'find'>;
  /** The person as they stand in the room now. */
  standing: (roomId: string, personId: string) => Promise<Speaker | undefined>;
  findRoom: (roomId: string) => Promise<{ orgPath: string }>;
  limits: SharedLimits;
}) {
  const { db, clock, random, roomLog } = deps;
  const viewers = deps.limits('chat:viewer', { points: MESSAGES_PER_WINDOW, seconds: WINDOW_SECONDS });
  const crew = deps.limits('chat:crew', { points: CREW_MESSAGES_PER_WINDOW, seconds: WINDOW_SECONDS });

  async function refusal(speaker: Speaker | undefined): Promise<AppError | undefined> {
    const code = refusalOfChat(speaker && { ...speaker, kind: speaker.principal.kind });
    if (code || !speaker) return new AppError(code ?? 'session_expired');
    try {
      await (speaker.role === 'viewer' ? viewers : crew).take(speaker.principal.personId);
      return undefined;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return error;
    }
  }

  return {
    /**
     * Answers once the message is on disk. The same `clientMessageId` of the same person is the same message, so a client
     * that never saw the answer may ask again, even when they may not speak any more.
     * @throws AppError unauthenticated (guests), muted, banned, room_not_live, rate_limited, unavailable
     */
    async send(
      principal: Principal,
      roomId: string,
      body: { text: string; clientMessageId?: string | undefined },
    ): Promise<{ message: ChatMessage }> {
      const { personId } = principal;
      const messageId = `chat:${personId}:${body.clientMessageId ?? random.id()}`;
      const speaker = await deps.standing(roomId, personId);
      const refused = await refusal(speaker);
      if (refused || !speaker) {
        const known = body.clientMessageId === undefined ? undefined : await roomLog.find(roomId, messageId);
        if (known?.event.kind === 'chat:sent') return { message: known.event.message };
        throw refused ?? new AppError('session_expired');
      }
      const at = clock.now();
      const event: RoomEvent = {
        kind: 'chat:sent',
        message: {
          messageId,
          personId,
          name: speaker.principal.name,
          role: speaker.role,
          text: body.text,
          at: at.toISOString(),
        },
      };
      const appended = await roomLog.append(roomId, event, { eventId: messageId, at });
      if (appended.event.kind !== 'chat:sent') throw new AppError('conflict');
      return { message: appended.event.message };
    },

    async setNotice(principal: Principal, roomId: string, body: { text: string }): Promise<{ text: string }> {
      const room = await deps.findRoom(roomId);
      requireScope(principal, 'rooms:operate', room.orgPath);
      await db.transaction(async (tx) => {
        await tx`UPDATE rooms SET notice = ${body.text} WHERE id = ${roomId}`;
        await writeRoomEvent(tx, clock, roomId, { kind: 'notice:set', text: body.text });
      });
      return { text: body.text };
    },
  };
}
export type RoomChat = ReturnType<typeof createRoomChat>;
