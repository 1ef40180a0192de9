import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { RoomEvent } from '@walnut-live/contracts';
import pg from 'pg';
import { systemClock, systemRandom } from '../../api/src/platform/clock.ts';
import { createDb, type Db } from '../../api/src/platform/db.ts';
import { createLogger } from '../../api/src/platform/logger.ts';
import { migrate } from '../../api/src/platform/migrate.ts';
import { openRedisLink } from '../../api/src/platform/redis-link.ts';
import { createRoomLog, type RoomLog } from '../../api/src/room-log/index.ts';
import type { BareScenario, Figure } from '../../scripts/bench/scenario.ts';
import { startPostgres } from '../../scripts/embedded-postgres.ts';
import { ROOT } from '../../scripts/setup/paths.ts';
import { startTestRedis } from '../../scripts/testing/redis.ts';

const PLAN = { alone: 300, events: 40_000 };
const QUICK = { alone: 20, events: 1_000 };
/** Appends under way at once, as of a crowd that talks. */
const AT_ONCE = 400;

const chat = (n: number): RoomEvent => ({
  kind: 'chat:sent',
  message: {
    messageId: `chat:${n}`,
    personId: '00000000-0000-7000-8000-000000000000',
    name: '安然',
    role: 'viewer',
    text: '这款核桃乳是新货吗，孩子能喝吗',
    at: '2026-01-01T00:00:00.000Z',
  },
});
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/** What one append costs this process and takes, and what each further node pays to hear it. */
export const scenario: BareScenario = {
  name: 'room-log',
  title: 'one append to a room log: memory and Redis, and what a node pays to hear it',
  bare: true,
  async run({ dataDir, quick, say }) {
    const plan = quick ? QUICK : PLAN;
    const postgres = await startPostgres({
      dataDir: join(dataDir, 'postgres'),
      password: randomBytes(24).toString('base64url'),
    });
    const redis = await startTestRedis();
    const admin = new pg.Client({ connectionString: postgres.url() });
    await admin.connect();
    const figures: Figure[] = [];
    try {
      for (const kind of ['memory', 'redis'] as const) {
        await admin.query(`CREATE DATABASE ${kind}`);
        await migrate(postgres.url(kind), join(ROOT, 'api/prisma/migrations'));
        const db = createDb({ url: postgres.url(kind), poolSize: 8, onError: () => {} });
        const open = () => openLog(db, kind === 'redis' ? redis.url : undefined);
        try {
          const log = await open();
          const alone = await appendAlone(log, plan.alone);
          const crowd = await appendMany(log, plan.events);
          figures.push(
            figure(`${kind}.alone`, `${kind}: one append by itself → acknowledged, median`, alone, 'ms', 'lower'),
            figure(`${kind}.cpu`, `${kind}: processor time of the api per append`, crowd.cpuMicros, 'µs', 'lower'),
            figure(`${kind}.rate`, `${kind}: appends to one room per second`, crowd.perSecond, '1/s', 'higher'),
          );
          if (kind === 'redis') {
            const other = await open();
            const heard = await appendMany(log, plan.events, other);
            const note = 'with a second node in the same process, less the figure without';
            const cost = Math.max(0, heard.cpuMicros - crowd.cpuMicros);
            figures.push({ ...figure('redis.heard', 'redis: a node hears one event', cost, 'µs', 'lower'), note });
            await other.close();
          }
          await log.close();
        } finally {
          await db.close();
        }
        say(`${kind}: done`);
      }
    } finally {
      await admin.end();
      await redis.kill();
      await postgres.stop();
    }
    return figures;
  },
};

const figure = (id: string, what: string, value: number, unit: string, betterIs: Figure['betterIs']): Figure => ({
  id: `room-log.${id}`,
  what,
  value,
  unit,
  betterIs,
});

async function openLog(db: Db, redisUrl: string | undefined): Promise<RoomLog> {
  const logger = createLogger('warn', 'bench');
  const redis = redisUrl === undefined ? undefined : openRedisLink({ url: redisUrl, log: logger });
  const log = createRoomLog({ db, redis, clock: systemClock, random: systemRandom, log: logger });
  await new Promise<void>((resolve) => {
    log.watch((isThere) => {
      if (isThere) resolve();
    });
  });
  return {
    ...log,
    async close() {
      await log.close();
      redis?.close();
    },
  };
}

async function appendAlone(log: RoomLog, count: number): Promise<number> {
  const room = randomUUID();
  const tookMs: number[] = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    await log.append(room, chat(i), { eventId: `alone ${i}` });
    tookMs.push(performance.now() - began);
  }
  return median(tookMs);
}

/** Everything that was acknowledged must have been heard, in order and once. */
async function appendMany(log: RoomLog, count: number, listener = log) {
  const room = randomUUID();
  let heard = 0;
  let last = 0;
  let wrong = 0;
  const stop = listener.tail(room, (events) => {
    for (const { seq } of events) {
      if (seq <= last) wrong += 1;
      last = seq;
      heard += 1;
    }
  });
  await listener.head(room);
  const began = performance.now();
  const cpu = process.cpuUsage();
  let next = 0;
  const worker = async () => {
    while (next < count) {
      next += 1;
      await log.append(room, chat(next), { eventId: `many ${next}` });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  await listener.head(room);
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  stop();
  if (heard !== count || wrong > 0) throw new Error(`heard ${heard} of ${count} events, ${wrong} out of order`);
  return { cpuMicros: (user + system) / count, perSecond: count / seconds };
}
