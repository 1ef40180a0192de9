/** What was said in a room, for somebody who comes in: without what was deleted, also not as a quote, and with what was answered. */
import type { ChatMessage, ChatMode } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';
import type { RoomLog } from '../../room-log/index.ts';
import { createChatRepository } from './chat.repository.ts';

const HISTORY = 50;
/** Read more than is shown, since some were deleted. */
const READ = 80;
const MARKS_READ = 200;

export interface Talk {
  readonly chat: ChatMessage[];
  readonly pinnedMessage: ChatMessage | null;
  readonly chatMode: ChatMode;
}

/** Ids of the messages that were deleted last. */
export async function deletedIn(roomLog: Pick<RoomLog, 'latest'>, roomId: string): Promise<ReadonlySet<string>> {
  const deletions = await roomLog.latest(roomId, ['chat:deleted'], MARKS_READ);
  return new Set(deletions.flatMap(({ event }) => (event.kind === 'chat:deleted' ? [event.messageId] : [])));
}

const withoutDeletedQuote = (message: ChatMessage, deleted: ReadonlySet<string>): ChatMessage =>
  message.replyTo && deleted.has(message.replyTo.messageId)
    ? { ...message, replyTo: { ...message.replyTo, text: '' } }
    : message;

export function createTalkReader(deps: { sql: Sql; roomLog: Pick<RoomLog, 'latest'> }) {
  const { roomLog } = deps;
  const repository = createChatRepository(deps.sql);
  /** Messages up to `seq`: later ones come with the frames and would stand there twice. */
  return async (roomId: string, upToSeq: number): Promise<Talk> => {
    const [sent, answers, deleted, { mode, pinned }] = await Promise.all([
      roomLog.latest(roomId, ['chat:sent'], READ),
      roomLog.latest(roomId, ['chat:answered'], MARKS_READ),
      deletedIn(roomLog, roomId),
      repository.settings(roomId),
    ]);
    const answered = new Map(
      answers.flatMap(({ event }) =>
        event.kind === 'chat:answered' ? [[event.messageId, event.answered] as const] : [],
      ),
    );
    const shown = (message: ChatMessage): ChatMessage => {
      const whole = withoutDeletedQuote(message, deleted);
      return answered.get(message.messageId) ? { ...whole, answered: true } : whole;
    };
    return {
      chat: sent
        .flatMap(({ seq, event }) => (seq <= upToSeq && event.kind === 'chat:sent' ? [event.message] : []))
        .filter(({ messageId }) => !deleted.has(messageId))
        .slice(-HISTORY)
        .map(shown),
      pinnedMessage: pinned && !deleted.has(pinned.messageId) ? shown(pinned) : null,
      chatMode: mode,
    };
  };
}
export type ReadTalk = ReturnType<typeof createTalkReader>;
