import {
  createRoom,
  endRoom,
  getRoom,
  joinRoom,
  listRooms,
  liveWall,
  mediaGrant,
  patchRoom,
  startRoom,
} from '@walnut-live/contracts';
import type { Binder } from '../../platform/http.ts';
import type { RoomsService } from './rooms.service.ts';

export function bindRoomRoutes(bind: Binder, rooms: RoomsService): void {
  bind(listRooms, ({ principal, query }) => rooms.list(principal, query));
  bind(createRoom, ({ principal, body }) => rooms.create(principal, body));
  bind(getRoom, ({ params }) => rooms.read(params.id));
  bind(patchRoom, ({ principal, params, body }) => rooms.patch(principal, params.id, body));
  bind(startRoom, ({ principal, params }) => rooms.start(principal, params.id));
  bind(endRoom, ({ principal, params }) => rooms.end(principal, params.id));
  bind(joinRoom, ({ principal, params }) => rooms.join(principal, params.id));
  bind(mediaGrant, ({ principal, params, body }) => rooms.mediaGrant(principal, params.id, body.right));
  bind(liveWall, ({ principal }) => rooms.wall(principal));
}
