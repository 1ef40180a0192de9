import { expect, test, vi } from 'vitest';
import { createTestDatabase } from '../../../scripts/testing/database.ts';
import { createTestClock } from '../testing/test-api.ts';
import { listenToDatabase } from './database-news.ts';
import { createDb } from './db.ts';
import { createLogger } from './logger.ts';
import { createOutboxPublisher, writeRoomEvent } from './outbox.ts';

test('with nobody left to hear it an event stays for the next process', async () => {
  const database = await createTestDatabase();
  const log = createLogger('silent', 'test');
  const clock = createTestClock();
  const db = createDb({ url: database.url, poolSize: 4, onError: () => {} });
  const news = listenToDatabase({ url: database.url, log });
  try {
    await db.transaction((tx) =>
      writeRoomEvent(tx, clock, '0198a000-0000-7000-8000-000000000001', { kind: 'notice:set', text: '欢迎' }),
    );
    const leaving = createOutboxPublisher({ db, clock, log, news });
    leaving.subscribe(async () => {})(); // publishing has begun when the only subscriber leaves
    await leaving.drain();
    await leaving.close();
    expect(await db.sql`SELECT id FROM outbox WHERE published_at IS NULL`).toHaveLength(1);

    const next = createOutboxPublisher({ db, clock, log, news });
    const heard: string[] = [];
    next.subscribe(async (messages) => void heard.push(...messages.map(({ event }) => event.kind)));
    await vi.waitFor(() => expect(heard).toEqual(['notice:set']));
    await next.drain();
    await next.close();
    expect(await db.sql`SELECT id FROM outbox WHERE published_at IS NULL`).toHaveLength(0);
  } finally {
    await news.close();
    await db.close();
    await database.drop();
  }
});
