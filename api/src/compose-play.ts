/** What a room plays, put together: draws and red packets. */
import type { InteractionSnapshot } from '@walnut-live/contracts';
import type { Config } from './config.ts';
import type { ClaimGuard } from './features/claim-guard/index.ts';
import { createDraws, type DrawsDeps } from './features/draws/index.ts';
import { createRedPackets } from './features/red-packets/index.ts';
import type { Rooms } from './features/rooms/index.ts';
import type { Ledger } from './ledger/index.ts';
import type { Clock, Random } from './platform/clock.ts';
import type { Db } from './platform/db.ts';
import type { Binder } from './platform/http.ts';
import type { Jobs } from './platform/jobs.ts';
import type { Logger } from './platform/logger.ts';
import type { RoomLog } from './room-log/index.ts';

export function createPlay(deps: {
  bind: Binder;
  config: Config;
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  jobs: Jobs;
  ledger: Ledger;
  guard: Pick<ClaimGuard, 'judge' | 'record' | 'requireClean'>;
  roomLog: Pick<RoomLog, 'append'>;
  rooms: Rooms;
  say: DrawsDeps['say'];
}) {
  const { bind, config, db, clock, random, log, jobs, guard, rooms } = deps;
  const append: RoomLog['append'] = deps.roomLog.append;
  const shared = { bind, db, clock, random, log, jobs, guard, append, addressFactor: config.ADDRESS_RATE_FACTOR };
  const draws = createDraws({
    ...shared,
    secret: config.AUTH_SECRET,
    findRoom: rooms.get,
    standing: rooms.standings.of,
    say: deps.say,
  });
  const redPackets = createRedPackets({ ...shared, ledger: deps.ledger });
  const undo = [rooms.onEnded(draws.roomEnded), rooms.onEnded(redPackets.roomEnded)];
  return {
    draws,
    async current(roomId: string): Promise<InteractionSnapshot> {
      const [draw, redPacket] = await Promise.all([draws.current(roomId), redPackets.current(roomId)]);
      return { draw, redPacket };
    },
    async close(): Promise<void> {
      for (const stop of undo.splice(0)) stop();
      draws.stop();
      await redPackets.stop();
    },
  };
}
export type Play = ReturnType<typeof createPlay>;
