import { createMemoryRoomLog } from './memory-room-log.ts';
import { createRedisRoomLog } from './redis-room-log.ts';
import type { RoomLog } from './room-log.ts';

export { feedFromOutbox } from './outbox-to-log.ts';
export type { AppendOptions, RoomLog } from './room-log.ts';

/** In Redis with an address, which several processes need; else in the memory of this one. */
export function createRoomLog({
  redisUrl,
  ...deps
}: Parameters<typeof createMemoryRoomLog>[0] &
  Omit<Parameters<typeof createRedisRoomLog>[0], 'redisUrl'> & {
    redisUrl: string | undefined;
  }): RoomLog {
  return redisUrl ? createRedisRoomLog({ ...deps, redisUrl }) : createMemoryRoomLog(deps);
}
