/** What a room plays, put together: draws, red packets and coupon drops. */
import type { InteractionSnapshot } from '@walnut-live/contracts';
import type { Config } from './config.ts';
import type { ClaimGuard } from './features/claim-guard/index.ts';
import { createCoupons } from './features/coupons/index.ts';
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
  const coupons = createCoupons(shared);
  const undo = [draws, redPackets, coupons].map(({ roomEnded }) => rooms.onEnded(roomEnded));
  return {
    draws,
    coupons,
    async current(roomId: string): Promise<InteractionSnapshot> {
      const [draw, redPacket, couponDrop] = await Promise.all([
        draws.current(roomId),
        redPackets.current(roomId),
        coupons.current(roomId),
      ]);
      return { draw, redPacket, couponDrop };
    },
    async close(): Promise<void> {
      for (const stop of undo.splice(0)) stop();
      draws.stop();
      await redPackets.stop();
      await coupons.stop();
    },
  };
}
export type Play = ReturnType<typeof createPlay>;
