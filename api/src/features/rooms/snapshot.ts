/**
 * The state of a room for somebody who comes in.
 *
 * The sequence number is read before the state: whatever happens in between is in the state already and comes once more in
 * a frame, where it does no harm. Callers who arrive while a snapshot is being made share the next one, so a rush of joins
 * costs one snapshot at a time, and nobody gets one that was begun before they asked.
 */
import type {
  ActivitiesSnapshot,
  Bag,
  InteractionSnapshot,
  RoomSnapshot,
  ShownDrainCard,
  Stage,
} from '@walnut-live/contracts';
import type { StreamView } from '../../media-control/index.ts';
import type { Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { RoomLog } from '../../room-log/index.ts';
import type { ReadTalk } from '../room-chat/index.ts';
import type { RoomFacts } from './rooms.repository.ts';

export interface RoomPicture {
  readonly room: RoomFacts;
  readonly snapshot: RoomSnapshot;
}

export function createSnapshots(deps: {
  roomLog: Pick<RoomLog, 'head'>;
  clock: Clock;
  findRoom: (roomId: string) => Promise<RoomFacts | undefined>;
  readBag: (roomId: string) => Promise<Bag>;
  readInteraction: (roomId: string) => Promise<InteractionSnapshot>;
  readActivities: (roomId: string) => Promise<ActivitiesSnapshot>;
  readDrainCard: (roomId: string) => Promise<ShownDrainCard | null>;
  /** Messages up to a number, and what stands above them. */
  readTalk: ReadTalk;
  /** @throws AppError not_found */
  readStage: (roomId: string) => Promise<Stage>;
  streamState: (streamId: string) => StreamView;
  viewersNow: (roomId: string) => number;
}) {
  const { roomLog, clock } = deps;
  const running = new Map<string, Promise<RoomPicture>>();
  const next = new Map<string, Promise<RoomPicture>>();

  async function make(roomId: string): Promise<RoomPicture> {
    const seq = await roomLog.head(roomId);
    const [facts, bag, stage, talk, interaction, activities, drainCard] = await Promise.all([
      deps.findRoom(roomId),
      deps.readBag(roomId),
      deps.readStage(roomId),
      deps.readTalk(roomId, seq),
      deps.readInteraction(roomId),
      deps.readActivities(roomId),
      deps.readDrainCard(roomId),
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
        ...talk,
        notice: facts.notice,
        interaction,
        activities,
        drainCard,
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
