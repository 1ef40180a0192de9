/** What is said and what is done about it, put together: word list, chat, moderation, reports, following. */
import { createClaimGuard } from './features/claim-guard/index.ts';
import { createFollows } from './features/follows/index.ts';
import { createRoomChat } from './features/room-chat/index.ts';
import { createRoomModeration } from './features/room-moderation/index.ts';
import { createChatHandlers } from './features/room-sockets/index.ts';
import type { RoomStage } from './features/room-stage/index.ts';
import type { Rooms } from './features/rooms/index.ts';
import type { MediaControl } from './media-control/index.ts';
import type { Clock, Random } from './platform/clock.ts';
import type { Db } from './platform/db.ts';
import type { Binder } from './platform/http.ts';
import type { SharedLimits } from './platform/limits.ts';
import type { RoomLog } from './room-log/index.ts';

export { createClaimGuard };

export function createTalk(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  limits: SharedLimits;
  roomLog: RoomLog;
  guard: ReturnType<typeof createClaimGuard>;
  rooms: Rooms;
  stage: RoomStage;
  mediaControl: MediaControl;
}) {
  const { bind, db, clock, random, limits, roomLog, guard, rooms, mediaControl } = deps;
  createFollows({ bind, db, clock });
  const moderation = createRoomModeration({
    ...{ bind, db, clock, random, limits, roomLog },
    revokeMedia: mediaControl.revoke,
    findRoom: rooms.get,
    streamsOf: deps.stage.streamsOf,
  });
  const chat = createRoomChat({
    ...{ db, clock, random, limits, roomLog, guard },
    standing: rooms.standings.of,
    findRoom: rooms.get,
    showToCrew: moderation.showToCrew,
  });
  const undo = [mediaControl.onConnect(moderation.repeatBans), rooms.onEnded(chat.forgetTurns)];
  return {
    handlers: createChatHandlers({ chat, moderation }),
    say: chat.send,
    close(): void {
      for (const stop of undo.splice(0)) stop();
    },
  };
}
