export { createMemoryRoomLog } from './memory-room-log.ts';
export { feedFromOutbox } from './outbox-to-log.ts';
export type { AppendOptions, RoomLog } from './room-log.ts';
