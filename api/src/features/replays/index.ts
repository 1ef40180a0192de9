/** Replays: what is recorded of a room, and what people see, cut and download of it afterwards. */
import type { Config } from '../../config.ts';
import type { MediaControl } from '../../media-control/index.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import type { OutboxPublisher } from '../../platform/outbox.ts';
import type { Tokens } from '../../platform/tokens.ts';
import type { RoomStage } from '../room-stage/index.ts';
import { type Rooms, toRoomView } from '../rooms/index.ts';
import { createMediaRecordings } from './media-recordings.ts';
import { followRecordings } from './recording-orders.ts';
import { createReplaysRepository } from './replays.repository.ts';
import { bindReplayRoutes } from './replays.routes.ts';
import { createReplaysService } from './replays.service.ts';

export { positionOf } from './replays.policy.ts';

export function createReplays(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  jobs: Jobs;
  tokens: Pick<Tokens, 'replay'>;
  outbox: Pick<OutboxPublisher, 'subscribe'>;
  mediaControl: MediaControl;
  rooms: Pick<Rooms, 'get' | 'standings' | 'shutTo'>;
  stage: Pick<RoomStage, 'read'>;
  config: Pick<
    Config,
    'MEDIA_CONTROL_URL' | 'CONTROL_TOKEN' | 'MEDIA_SOCKET_URL' | 'RECORDING_KEEP_DAYS' | 'RECORDING_DELETE_AFTER_DAYS'
  >;
}): { close(): void } {
  const { db, clock, random, log, jobs, config, rooms } = deps;
  const rows = createReplaysRepository(db.sql);
  const media = createMediaRecordings({
    urls: config.MEDIA_CONTROL_URL.split(',').map((url) => url.trim()),
    token: config.CONTROL_TOKEN,
    originOf: deps.mediaControl.originOf,
    homes: { read: rows.home, set: rows.setHome },
  });
  const keepDays = config.RECORDING_KEEP_DAYS;
  const service = createReplaysService({
    ...{ db, clock, random, media, keepDays, tokens: deps.tokens, mediaOrigin: config.MEDIA_SOCKET_URL },
    async room(roomId) {
      const room = await rooms.get(roomId);
      return { view: toRoomView(room, 0), orgPath: room.orgPath };
    },
    shutRooms: ({ personId }, roomIds) => rooms.shutTo(personId, roomIds),
    async admit(principal, roomId) {
      const standing = await rooms.standings.of(roomId, principal.personId);
      if (!standing?.valid) throw new AppError('session_expired');
      if (standing.banned) throw new AppError('banned');
    },
  });
  bindReplayRoutes(deps.bind, service);
  const close = followRecordings({
    ...{ db, clock, random, log, jobs, media, keepDays, outbox: deps.outbox, mediaControl: deps.mediaControl },
    shownStream: async (roomId) => (await deps.stage.read(roomId)).streamId,
    deleteAfterDays: config.RECORDING_DELETE_AFTER_DAYS,
  });
  return { close };
}
export { RECORDING_RETENTION_JOB, RECORDINGS_JOB } from './recording-orders.ts';
