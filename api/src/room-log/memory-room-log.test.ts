import { randomUUID } from 'node:crypto';
import type { SequencedEvent } from '@walnut-live/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../../scripts/testing/database.ts';
import { systemClock, systemRandom } from '../platform/clock.ts';
import { createDb, type Sql } from '../platform/db.ts';
import { createLogger } from '../platform/logger.ts';
import { createMemoryRoomLog } from './memory-room-log.ts';
import { chat, likes, roomLogContract, textOf } from './room-log.contract.ts';
import type { RoomLog } from './room-log.ts';

const log = createLogger('silent', 'test');

async function createStorage() {
  const database = await createTestDatabase();
  const db = createDb({ url: database.url, poolSize: 4, onError: () => {} });
  const open = (options: { historyLimit?: number; sql?: Sql } = {}): RoomLog =>
    createMemoryRoomLog({
      db: { sql: options.sql ?? db.sql },
      clock: systemClock,
      random: systemRandom,
      log,
      ...(options.historyLimit === undefined ? {} : { historyLimit: options.historyLimit }),
    });
  return {
    db,
    open,
    async close() {
      await db.close();
      await database.drop();
    },
  };
}

roomLogContract('memory with a journal', async () => {
  const storage = await createStorage();
  const logs: RoomLog[] = [];
  return {
    async open(options) {
      const opened = storage.open(options);
      logs.push(opened);
      return opened;
    },
    // What has no answer yet may or may not be written; nothing of it was promised. The child-process test kills for real.
    kill: async () => {},
    async close() {
      await Promise.all(logs.map((opened) => opened.close()));
      await storage.close();
    },
  };
});

test('a write whose outcome is unknown is shown to everybody once it turns out that it happened', async () => {
  const storage = await createStorage();
  onTestFinished(storage.close);
  let losesAnswers = false;
  const sql: Sql = async (strings, ...values) => {
    const rows = await storage.db.sql(strings, ...values);
    if (losesAnswers && strings[0]?.includes('INSERT INTO room_events'))
      throw new Error('connection lost after commit');
    return rows as never;
  };
  const roomLog = storage.open({ sql });
  const room = randomUUID();
  const seen: SequencedEvent[] = [];
  roomLog.tail(room, (events) => seen.push(...events));
  await roomLog.append(room, chat('before'));
  losesAnswers = true;
  await expect(roomLog.append(room, chat('unknown'), { eventId: 'u' })).rejects.toMatchObject({ code: 'unavailable' });
  losesAnswers = false;
  await roomLog.append(room, likes(1));
  expect(await roomLog.append(room, chat('again'), { eventId: 'u' })).toMatchObject({ seq: seen[1]?.seq });
  expect(seen.map(textOf)).toEqual(['before', 'unknown', 'likes:counted']);
  await roomLog.close();
});

test('while the database is away nothing is promised, and afterwards the log goes on', async () => {
  const storage = await createStorage();
  onTestFinished(storage.close);
  let away = false;
  const sql: Sql = (strings, ...values) =>
    away ? Promise.reject(new Error('no connection')) : storage.db.sql(strings, ...values);
  const roomLog = storage.open({ sql });
  const room = randomUUID();
  away = true;
  await expect(roomLog.append(room, chat('lost'))).rejects.toMatchObject({ code: 'unavailable' });
  away = false;
  await roomLog.append(room, chat('kept'));
  expect((await roomLog.range(room, 0, 10)).map(textOf)).toEqual(['kept']);
  await roomLog.close();
});

test('two processes on one journal, as during a rolling restart, never give a number twice', async () => {
  const storage = await createStorage();
  onTestFinished(storage.close);
  const [old, fresh] = [storage.open(), storage.open()];
  const room = randomUUID();
  const appended: SequencedEvent[] = [];
  for (let i = 0; i < 10; i++) {
    appended.push(await old.append(room, chat(`old ${i}`)), await fresh.append(room, chat(`new ${i}`)));
  }
  expect(new Set(appended.map(({ seq }) => seq)).size).toBe(20);
  expect(await storage.db.sql`SELECT seq FROM room_events WHERE room_id = ${room}`).toHaveLength(20);
  await Promise.all([old.close(), fresh.close()]);
});

test('likes and viewer counts are not journalled one by one', async () => {
  const storage = await createStorage();
  onTestFinished(storage.close);
  const roomLog = storage.open();
  const room = randomUUID();
  for (let i = 0; i < 1_000; i += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, n) => roomLog.append(room, likes(i + n))));
  }
  const [row] = await storage.db.sql<{ n: number }>`SELECT count(*)::int AS n FROM room_events WHERE room_id = ${room}`;
  expect(row?.n).toBeGreaterThan(0);
  expect(row?.n).toBeLessThan(10);
  await roomLog.close();
});
