/** A room on any page: `mountRoom`, and `<walnut-live-room>` around it. */
export { type DefineOptions, defineWalnutLiveRoom, ELEMENT_NAME } from './element.ts';
export { roomLink } from './links.ts';
export { type EmbedEvent, type EmbedState, type MountedRoom, type MountRoomOptions, mountRoom } from './mount-room.ts';
export type { EmbedStatus } from './view.ts';
