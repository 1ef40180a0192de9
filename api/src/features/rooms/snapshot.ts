/**
 * The state of a room for somebody who comes in.
 *
 * The sequence number is read before the state: whatever happens in between is in the state already and comes once more in
 * a frame, where it does no harm. Callers who arrive while a snapshot is being made share the next one, so a rush of joins
 * costs one snapshot at a time, and nobody gets one that was begun before they asked.
 */
import type { Bag, ChatMessage, RoomSnapshot, Stage } from '@walnut-live/contracts';
import type { StreamView } from '../../media-control/index.ts';
import type { Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { RoomLog } from '../../room-log/index.ts';
import type { RoomFacts } from './rooms.repository.ts';

const CHAT_HISTORY = 50;
/** Read more than is shown, since some were deleted. */
const CHAT_READ = 80;
const DELETIONS_READ = 200;

export interface RoomPicture {
  readonly room: RoomFacts;
  readonly snapshot: RoomSnapshot;
}

export function createSnapshots(deps: {
  roomLog: Pick<RoomLog, 'head' | 'latest'>;
  clock: Clock;
  findRoom: (roomId: string) => Promise<RoomFacts | undefined>;
  readBag: (roomId: string) => Promise<Bag>;
  /** @throws AppError not_found */
  readStage: (roomId: string) => Promise<Stage>;
  streamState: (streamId: string) => StreamView;
  viewersNow: (roomId: string) => number;
}) {
  const { roomLog, clock } = deps;
  const running = new Map<string, Promise<RoomPicture>>();
  const next = new Map<string, Promise<RoomPicture>>();

  /** Messages up to `seq`: later ones come with the frames and would stand there twice. */
  async function chatHistory(roomId: string, upToSeq: number): Promise<ChatMessage[]> {
    const [sent, deletions] = await Promise.all([
      roomLog.latest(roomId, ['chat:sent'], CHAT_READ),
      roomLog.latest(roomId, ['chat:deleted'], DELETIONS_READ),
    ]);
    const deleted = new Set(deletions.flatMap(({ event }) => (event.kind === 'chat:deleted' ? [event.messageId] : [])));
    return sent
      .flatMap(({ seq, event }) => (seq <= upToSeq && event.kind === 'chat:sent' ? [event.message] : []))
      .filter(({ messageId }) => !deleted.has(messageId))
      .slice(-CHAT_HISTORY);
  }

  async function make(roomId: string): Promise<RoomPicture> {
    const seq = await roomLog.head(roomId);
    const [facts, bag, stage, chat] = await Promise.all([
      deps.findRoom(roomId),
      deps.readBag(roomId),
      deps.readStage(roomId),
      chatHistory(roomId, seq),
    ]);
    if (!facts) throw new AppError('not_found');
    const { state, hasVideo, hasAudio } = deps.streamState(stage.streamId);
    return {
      room: facts,
      snapshot: {
        seq,
        at: clock.now().toISOString(),
        state: facts.state,
        stream: { state, hasVideo, hasAudio },
        stage,
        bag,
        chat,
        notice: facts.notice,
        likes: facts.likes,
        viewersNow: deps.viewersNow(roomId),
        viewersTotal: facts.viewersTotal,
      },
    };
  }

  function start(roomId: string): Promise<RoomPicture> {
    const made = make(roomId).finally(() => {
      if (running.get(roomId) === made) running.delete(roomId);
    });
    running.set(roomId, made);
    return made;
  }

  /** @throws AppError not_found */
  return function read(roomId: string): Promise<RoomPicture> {
    const current = running.get(roomId);
    if (!current) return start(roomId);
    let following = next.get(roomId);
    if (!following) {
      following = current
        .catch(() => undefined)
        .then(() => {
          next.delete(roomId);
          return start(roomId);
        });
      next.set(roomId, following);
    }
    return following;
  };
}
export type ReadSnapshot = ReturnType<typeof createSnapshots>;
