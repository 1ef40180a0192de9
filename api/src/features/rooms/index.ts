/** Rooms: their life from scheduled to ended, who may enter, and what somebody who enters sees. */
import type { ActivitiesSnapshot, Bag, InteractionSnapshot, ShownDrainCard } from '@walnut-live/contracts';
import type { MediaControl } from '../../media-control/index.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Tokens } from '../../platform/tokens.ts';
import type { RoomLog } from '../../room-log/index.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import type { Entries } from '../room-access/index.ts';
import { createTalkReader } from '../room-chat/index.ts';
import type { GrantMedia, RoomStage } from '../room-stage/index.ts';
import type { MediaStreams } from '../room-stream/index.ts';
import { createPlannedRooms } from './planned-rooms.ts';
import { createProgrammes } from './programmes.ts';
import { createRoomsRepository } from './rooms.repository.ts';
import { bindRoomRoutes } from './rooms.routes.ts';
import { createRoomsService } from './rooms.service.ts';
import { createSnapshots } from './snapshot.ts';
import { createStandings } from './standing.ts';
import { writeStreamStates } from './stream-to-rooms.ts';

export function createRooms(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  tokens: Pick<Tokens, 'room'>;
  entries: Entries;
  grantMedia: GrantMedia;
  stage: RoomStage;
  roomLog: RoomLog;
  mediaControl: MediaControl;
  streamFigures: MediaStreams['figures'];
  viewersNow: (roomId: string) => number;
  readBag: (roomId: string) => Promise<Bag>;
  readInteraction: (roomId: string) => Promise<InteractionSnapshot>;
  readActivities: (roomId: string) => Promise<ActivitiesSnapshot>;
  readDrainCard: (roomId: string) => Promise<ShownDrainCard | null>;
  guard: Pick<ClaimGuard, 'requireClean'>;
  fillBag: (tx: Tx, roomId: string, productIds: readonly string[]) => Promise<void>;
}) {
  const { db, clock, random, log, tokens, roomLog, mediaControl, viewersNow, stage } = deps;
  const standings = createStandings({ sql: db.sql, clock, entries: deps.entries });
  const { find } = createRoomsRepository(db.sql);
  const streamState = mediaControl.stateOf;
  const readSnapshot = createSnapshots({
    roomLog,
    clock,
    findRoom: find,
    readBag: deps.readBag,
    readInteraction: deps.readInteraction,
    readActivities: deps.readActivities,
    readDrainCard: deps.readDrainCard,
    readTalk: createTalkReader({ sql: db.sql, roomLog }),
    readStage: stage.read,
    streamState,
    viewersNow,
  });
  const planned = createPlannedRooms({
    ...{ clock, random, fillBag: deps.fillBag },
    calledOff: (roomId) => service.calledOff(roomId),
  });
  const service = createRoomsService({
    planned,
    db,
    clock,
    random,
    tokens,
    standings,
    entries: deps.entries,
    readSnapshot,
    grantMedia: deps.grantMedia,
    guard: deps.guard,
    stage,
    viewersNow,
    streamState,
    streamFigures: deps.streamFigures,
    closeStream: mediaControl.closeStream,
    fillBag: deps.fillBag,
  });
  const programmes = createProgrammes({
    ...{ db, clock, random, stage, viewersNow },
    readBag: deps.readBag,
    fillBag: deps.fillBag,
  });
  bindRoomRoutes(deps.bind, service, programmes);
  const close = writeStreamStates({ sql: db.sql, log, roomLog, mediaControl, onMoved: stage.onMoved });
  return {
    /** @throws AppError not_found */
    get: service.get,
    standings,
    /** Those of the rooms that are not for this person. */
    async shutTo(personId: string, roomIds: readonly string[]): Promise<ReadonlySet<string>> {
      const refused = await deps.entries.refusals(roomIds.map((roomId) => ({ roomId, personId })));
      return new Set(roomIds.filter((roomId) => deps.entries.refusalIn(refused, roomId, personId)));
    },
    planned,
    /** live → ended, as `POST /rooms/:id/end`. */
    end: service.end,
    closeEndedStreams: service.closeEndedStreams,
    onEnded: service.onEnded,
    onSource: service.onSource,
    /** @throws AppError not_found */
    readSnapshot: async (roomId: string) => (await readSnapshot(roomId)).snapshot,
    close,
  };
}
export type Rooms = ReturnType<typeof createRooms>;
export { createMediaGrants } from './media-grants.ts';
export type { PlannedRooms } from './planned-rooms.ts';
export { mayHost, type RoomRole } from './rooms.policy.ts';
export { type RoomFacts, toRoomView } from './rooms.repository.ts';
export { ROOM_SOCKET_PATH } from './rooms.service.ts';
export { STANDING_NEWS, type Standing } from './standing.ts';
