/** What a room shows: its own stream or a programme, a guide's cut-in, and the co-hosts beside the host. */
import type { Stage } from '@walnut-live/contracts';
import type { MediaControl } from '../../media-control/index.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import type { OutboxPublisher } from '../../platform/outbox.ts';
import { createCohostsRepository } from './cohosts.repository.ts';
import { createCohostsService } from './cohosts.service.ts';
import { declareComposites } from './composites.ts';
import { followMedia } from './follow-media.ts';
import { announce, createStageRepository, readStages } from './stage.repository.ts';
import { bindStageRoutes } from './stage.routes.ts';
import { createStageService, type GrantMedia } from './stage.service.ts';

export function createRoomStage(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  jobs: Jobs;
  outbox: Pick<OutboxPublisher, 'subscribe'>;
  mediaControl: MediaControl;
  grantMedia: GrantMedia;
}) {
  const { db, clock, random, log, jobs, mediaControl, grantMedia } = deps;
  const listeners = new Set<(roomIds: readonly string[]) => void>();
  const moved = (roomIds: readonly string[]): void => {
    if (roomIds.length > 0) for (const listener of listeners) listener(roomIds);
  };
  const follow = followMedia({ db, clock, log, jobs, mediaControl, moved });
  const composites = declareComposites({ db, log, outbox: deps.outbox, mediaControl });
  const service = createStageService({ db, clock, grantMedia, follow, moved });
  const { closeStream } = mediaControl;
  bindStageRoutes(deps.bind, service, createCohostsService({ db, clock, random, grantMedia, closeStream, follow }));
  const seats = createCohostsRepository(db.sql);

  return {
    /** @throws AppError not_found */
    read: service.read,
    readMany: (roomIds: readonly string[]): Promise<Map<string, Stage>> => readStages(db.sql, roomIds),
    relayFrom: service.relayFrom,
    lockProgramme: service.lockProgramme,
    /** Called after the pointers of rooms have moved. Returns its undo. */
    onMoved(listener: (roomIds: readonly string[]) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    /** Every stream that somebody in this room may be watching or publishing. */
    async streamsOf(roomId: string): Promise<string[]> {
      const [stage, room] = await Promise.all([service.read(roomId), createStageRepository(db.sql).room(roomId)]);
      return [
        ...new Set([
          stage.streamId,
          ...stage.cohosts.map(({ streamId }) => streamId),
          ...(room ? [room.streamId] : []),
        ]),
      ];
    },
    /** The person's own seat in this room with this stream, while they are a co-host. */
    async ownsSeat(roomId: string, streamId: string, personId: string): Promise<boolean> {
      return (await seats.bySeatStream(roomId, streamId))?.personId === personId;
    },
    /** A room starts or ends: those that show it are told. */
    async programmeChanged(tx: Tx, roomId: string): Promise<void> {
      await announce(tx, clock, await createStageRepository(tx).touchRelays(roomId));
    },
    /** What its picture is was said anew: the room and those that show it are told. */
    async pictureChanged(tx: Tx, roomId: string): Promise<void> {
      const stages = createStageRepository(tx);
      await announce(tx, clock, await stages.touchWithRelays(roomId));
      await stages.markShown(roomId);
    },
    /** Empties the seats and ends a cut-in; their streams are closed after the commit. */
    async roomEnded(tx: Tx, roomId: string): Promise<void> {
      const streams = await createCohostsRepository(tx).endAll(roomId, clock.now());
      await createStageRepository(tx).cutInEnds(roomId, clock.now());
      tx.afterCommit(() => {
        for (const streamId of streams) void closeStream(streamId);
      });
      await announce(tx, clock, await createStageRepository(tx).touchRelays(roomId));
    },
    endedStreams: (streamIds: readonly string[]) => seats.endedStreams(streamIds),
    close() {
      composites.close();
      follow.close();
    },
  };
}
export type RoomStage = ReturnType<typeof createRoomStage>;
export type { GrantMedia } from './stage.service.ts';
