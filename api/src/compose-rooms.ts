/** Around a room, put together: who it is for, who speaks in it, where it leads its viewers, what a conference has. */

import type { ClaimGuard } from './features/claim-guard/index.ts';
import { createConferences } from './features/conferences/index.ts';
import { createDrainCards } from './features/drain-cards/index.ts';
import { createFiles } from './features/files/index.ts';
import { createPersonas } from './features/personas/index.ts';
import { createRoomAccess, type Entries } from './features/room-access/index.ts';
import type { RoomStage } from './features/room-stage/index.ts';
import type { Rooms } from './features/rooms/index.ts';
import type { MediaControl } from './media-control/index.ts';
import type { Clock, Random } from './platform/clock.ts';
import type { Db } from './platform/db.ts';
import type { Binder } from './platform/http.ts';
import type { Jobs } from './platform/jobs.ts';

export function createAroundRooms(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  jobs: Jobs;
  guard: ClaimGuard;
  entries: Entries;
  rooms: Pick<Rooms, 'get'>;
  stage: Pick<RoomStage, 'streamsOf'>;
  mediaControl: Pick<MediaControl, 'revoke' | 'onConnect'>;
  viewersNow: (roomId: string) => number;
}) {
  const { bind, db, clock, random, guard, entries, mediaControl } = deps;
  const shared = { bind, db, clock, random, guard, entries, findRoom: deps.rooms.get };
  const access = createRoomAccess({ ...shared, revokeMedia: mediaControl.revoke, streamsOf: deps.stage.streamsOf });
  const files = createFiles({ ...shared, jobs: deps.jobs });
  createPersonas({ ...shared, files, viewersNow: deps.viewersNow });
  createConferences({ ...shared, files });
  const { shown } = createDrainCards({ ...shared, files });
  const { endPictures } = access;
  return { files, shownDrainCard: shown, endPictures, close: mediaControl.onConnect(access.repeatRefusals) };
}
export type AroundRooms = ReturnType<typeof createAroundRooms>;
