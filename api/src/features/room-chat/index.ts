/**
 * What people say in a room: messages with their quotes, names and stickers; the notice and the pinned message above them;
 * how the room talks (slowly, to followers, to customers). All of it is decided here, by the database, for every node alike.
 */
import {
  type ChatMessage,
  type ChatMode,
  type ChatQuote,
  type RoomEvent,
  type roomMessages,
  stickerTexts,
} from '@walnut-live/contracts';
import type { z } from 'zod';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { SharedLimits } from '../../platform/limits.ts';
import { writeRoomEvent } from '../../platform/outbox.ts';
import { type Principal, requireScope } from '../../platform/principal.ts';
import type { RoomLog } from '../../room-log/index.ts';
import type { ClaimGuard, Written } from '../claim-guard/index.ts';
import { levelOf, quoted, refusalByAudience, refusalOfChat } from './chat.policy.ts';
import { createChatRepository, type TalkFacts } from './chat.repository.ts';
import { deletedIn } from './history.ts';

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
export type ChatBody = z.output<(typeof roomMessages)['chat:send']['payload']>;

export function createRoomChat(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  roomLog: Pick<RoomLog, 'append' | 'find' | 'latest'>;
  guard: Pick<ClaimGuard, 'judge' | 'record' | 'requireClean'>;
  /** The person as they stand in the room now. */
  standing: (roomId: string, personId: string) => Promise<Speaker | undefined>;
  findRoom: (roomId: string) => Promise<{ orgPath: string }>;
  /** The word list shows a message to the guide. */
  showToCrew: (flagged: {
    roomId: string;
    orgPath: string;
    messageId: string;
    authorId: string;
    text: string;
    term: string;
  }) => Promise<void>;
  limits: SharedLimits;
}) {
  const { db, clock, random, roomLog, guard } = deps;
  const talk = createChatRepository(db.sql);
  const viewers = deps.limits('chat:viewer', { points: MESSAGES_PER_WINDOW, seconds: WINDOW_SECONDS });
  const crew = deps.limits('chat:crew', { points: CREW_MESSAGES_PER_WINDOW, seconds: WINDOW_SECONDS });

  async function operable(principal: Principal, roomId: string): Promise<{ orgPath: string }> {
    const room = await deps.findRoom(roomId);
    requireScope(principal, 'rooms:operate', room.orgPath);
    return room;
  }

  /** @throws AppError why they may not speak now */
  async function admit(roomId: string, personId: string): Promise<{ speaker: Speaker; facts: TalkFacts }> {
    const speaker = await deps.standing(roomId, personId);
    const code = refusalOfChat(speaker && { ...speaker, kind: speaker.principal.kind });
    if (code || !speaker) throw new AppError(code ?? 'session_expired');
    await (speaker.role === 'viewer' ? viewers : crew).take(personId);
    const facts = await talk.facts(roomId, personId);
    if (!facts) throw new AppError('not_found');
    const unheard = refusalByAudience(facts.mode.audience, { ...facts, isCrew: speaker.role !== 'viewer' });
    if (unheard) throw new AppError(unheard);
    return { speaker, facts };
  }

  /** Last of all, so that nothing else that is refused costs a turn. @throws AppError slow_mode */
  async function waitYourTurn(roomId: string, personId: string, messageId: string, slowSeconds: number): Promise<void> {
    const at = clock.now();
    const next = await talk.takeTurn({ roomId, personId, messageId, slowSeconds, at });
    if (!next) return;
    const retryAfterMs = Math.max(1, next.getTime() - at.getTime());
    throw new AppError('slow_mode', {
      retryAfterSeconds: Math.ceil(retryAfterMs / 1_000),
      facts: { retryAfterMs, slowSeconds },
    });
  }

  /** A message that is gone cannot be quoted; what was to be said about it is said all the same. */
  async function quoteOf(roomId: string, messageId: string | undefined): Promise<ChatQuote | undefined> {
    if (messageId === undefined) return undefined;
    const [found, deleted] = await Promise.all([roomLog.find(roomId, messageId), deletedIn(roomLog, roomId)]);
    if (found?.event.kind !== 'chat:sent' || deleted.has(messageId)) return undefined;
    const { personId, name, text } = found.event.message;
    return { messageId, personId, name, text: quoted(text) };
  }

  async function findMessage(roomId: string, messageId: string): Promise<ChatMessage> {
    const [found, deleted] = await Promise.all([roomLog.find(roomId, messageId), deletedIn(roomLog, roomId)]);
    if (found?.event.kind !== 'chat:sent' || deleted.has(messageId)) throw new AppError('not_found');
    return found.event.message;
  }

  async function say(principal: Principal, roomId: string, messageId: string, body: ChatBody): Promise<ChatMessage> {
    const { personId } = principal;
    const { speaker, facts } = await admit(roomId, personId);
    const said = body.sticker ? stickerTexts[body.sticker] : body.text;
    const verdict = await guard.judge('chat', said);
    const written: Written = { place: 'chat', target: messageId, orgPath: facts.orgPath, roomId, personId };
    if (verdict.outcome === 'blocked') {
      await guard.record(written, said, verdict);
      // Whoever knows the term knows the way around it: viewers learn what kind it was, no more.
      throw new AppError('words_refused', { facts: { kind: verdict.hits[0]?.kind } });
    }
    const { slowSeconds } = facts.mode;
    if (slowSeconds > 0 && speaker.role === 'viewer') await waitYourTurn(roomId, personId, messageId, slowSeconds);
    const [replyTo, mentions] = await Promise.all([
      quoteOf(roomId, body.replyTo),
      talk.present(roomId, [...new Set(body.mentions ?? [])]),
    ]);
    await guard.record(written, said, verdict);
    const at = clock.now();
    const event: RoomEvent = {
      kind: 'chat:sent',
      message: {
        messageId,
        personId,
        name: speaker.principal.name,
        role: speaker.role,
        text: verdict.text,
        at: at.toISOString(),
        ...(body.sticker && { sticker: body.sticker }),
        ...(replyTo && { replyTo }),
        ...(mentions.length > 0 && { mentions }),
        ...(speaker.role === 'viewer' && speaker.principal.kind === 'consumer' && { level: levelOf(facts.orders) }),
      },
    };
    const appended = await roomLog.append(roomId, event, { eventId: messageId, at });
    if (appended.event.kind !== 'chat:sent') throw new AppError('conflict');
    const { message } = appended.event;
    if (verdict.outcome === 'shown' && speaker.role === 'viewer') {
      const term = verdict.hits[0]?.text ?? '';
      await deps.showToCrew({
        roomId,
        orgPath: facts.orgPath,
        messageId,
        authorId: personId,
        text: message.text,
        term,
      });
    }
    return message;
  }

  return {
    /**
     * Answers once the message is on disk. The same `clientMessageId` of the same person is the same message, so a client
     * that never saw the answer may ask again, even when they may not speak any more.
     * @throws AppError unauthenticated (guests), muted, banned, room_not_live, followers_only, customers_only, words_refused,
     *   slow_mode, rate_limited, unavailable
     */
    async send(principal: Principal, roomId: string, body: ChatBody): Promise<{ message: ChatMessage }> {
      const messageId = `chat:${principal.personId}:${body.clientMessageId ?? random.id()}`;
      try {
        return { message: await say(principal, roomId, messageId, body) };
      } catch (error) {
        if (!(error instanceof AppError) || body.clientMessageId === undefined) throw error;
        const known = await roomLog.find(roomId, messageId);
        if (known?.event.kind === 'chat:sent') return { message: known.event.message };
        throw error;
      }
    },

    async setNotice(principal: Principal, roomId: string, body: { text: string }): Promise<{ text: string }> {
      const { orgPath } = await operable(principal, roomId);
      const { personId } = principal;
      await guard.requireClean({ place: 'notice', target: `room:${roomId}`, orgPath, roomId, personId }, [body.text]);
      await db.transaction(async (tx) => {
        await tx`UPDATE rooms SET notice = ${body.text} WHERE id = ${roomId}`;
        await writeRoomEvent(tx, clock, roomId, { kind: 'notice:set', text: body.text });
      });
      return { text: body.text };
    },

    async setMode(principal: Principal, roomId: string, mode: ChatMode): Promise<ChatMode> {
      await operable(principal, roomId);
      await db.transaction(async (tx) => {
        await createChatRepository(tx).setMode(roomId, mode, principal.personId, clock.now());
        await writeRoomEvent(tx, clock, roomId, { kind: 'mode:set', mode });
      });
      return mode;
    },

    /** @throws AppError not_found (deleted too), words_refused: what hangs above the chat is said by the room */
    async pin(
      principal: Principal,
      roomId: string,
      messageId: string | null,
    ): Promise<{ message: ChatMessage | null }> {
      const { orgPath } = await operable(principal, roomId);
      const { personId } = principal;
      const message = messageId === null ? null : await findMessage(roomId, messageId);
      if (message) {
        const written: Written = { place: 'pinned', target: message.messageId, orgPath, roomId, personId };
        await guard.requireClean(written, [message.text]);
      }
      await db.transaction(async (tx) => {
        await createChatRepository(tx).setPinned(roomId, message, personId, clock.now());
        await writeRoomEvent(tx, clock, roomId, { kind: 'message:pinned', message });
      });
      return { message };
    },

    /** The host's mark; setting it twice says the same thing again. @throws AppError not_found */
    async answer(
      principal: Principal,
      roomId: string,
      { messageId, answered }: { messageId: string; answered: boolean },
    ): Promise<{ messageId: string; answered: boolean }> {
      await operable(principal, roomId);
      await findMessage(roomId, messageId);
      const by = principal.personId;
      await db.transaction((tx) =>
        writeRoomEvent(tx, clock, roomId, { kind: 'chat:answered', messageId, answered, by }),
      );
      return { messageId, answered };
    },

    /** A room that is over has no turns. */
    forgetTurns: talk.forgetTurns,
  };
}
export type RoomChat = ReturnType<typeof createRoomChat>;
export { createChatRepository } from './chat.repository.ts';
export { createTalkReader, type ReadTalk } from './history.ts';
