import {
  cancelRoom,
  createRoom,
  endRoom,
  getRoom,
  joinRoom,
  listProgrammes,
  listRelays,
  listRooms,
  liveWall,
  mediaGrant,
  patchRoom,
  pushRelays,
  startRoom,
  uplinkTest,
} from '@walnut-live/contracts';
import type { Binder } from '../../platform/http.ts';
import type { Programmes } from './programmes.ts';
import type { RoomsService } from './rooms.service.ts';

export function bindRoomRoutes(bind: Binder, rooms: RoomsService, programmes: Programmes): void {
  bind(listRooms, ({ principal, query }) => rooms.list(principal, query));
  bind(createRoom, ({ principal, body }) => rooms.create(principal, body));
  bind(getRoom, ({ params }) => rooms.read(params.id));
  bind(patchRoom, ({ principal, params, body }) => rooms.patch(principal, params.id, body));
  bind(startRoom, ({ principal, params }) => rooms.start(principal, params.id));
  bind(endRoom, ({ principal, params }) => rooms.end(principal, params.id));
  bind(cancelRoom, ({ principal, params, body }) => rooms.cancel(principal, params.id, body.reason));
  bind(joinRoom, ({ principal, params }) => rooms.join(principal, params.id));
  bind(mediaGrant, ({ principal, params, body }) => rooms.mediaGrant(principal, params.id, body));
  bind(uplinkTest, ({ principal }) => rooms.uplinkTest(principal));
  bind(listProgrammes, ({ principal }) => programmes.list(principal));
  bind(pushRelays, ({ principal, params, body }) => programmes.push(principal, params.id, body.orgUnitIds));
  bind(listRelays, ({ principal, params }) => programmes.relays(principal, params.id));
  bind(liveWall, ({ principal }) => rooms.wall(principal));
}
