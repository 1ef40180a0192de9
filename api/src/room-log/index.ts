import type { RedisLink } from '../platform/redis-link.ts';
import { createMemoryRoomLog } from './memory-room-log.ts';
import { createRedisRoomLog } from './redis-room-log.ts';
import type { RoomLog } from './room-log.ts';

export { feedFromOutbox } from './outbox-to-log.ts';
export type { AppendOptions, RoomLog } from './room-log.ts';

/** In Redis with a link to it, which several processes need; else in the memory of this one. */
export function createRoomLog({
  redis,
  ...deps
}: Parameters<typeof createMemoryRoomLog>[0] &
  Omit<Parameters<typeof createRedisRoomLog>[0], 'link'> & {
    redis: RedisLink | undefined;
  }): RoomLog {
  return redis ? createRedisRoomLog({ ...deps, link: redis }) : createMemoryRoomLog(deps);
}
