import { expect, test, vi } from 'vitest';
import { createTestDatabase } from '../../../scripts/testing/database.ts';
import { listenToDatabase } from './database-news.ts';
import { createDb } from './db.ts';
import { createLogger } from './logger.ts';

test('news comes on its channel; after a lost connection listeners hear that they may have missed something, and go on', async () => {
  const database = await createTestDatabase();
  const log = createLogger('silent', 'test');
  const db = createDb({ url: database.url, poolSize: 2, onError: () => {} });
  const news = listenToDatabase({ url: database.url, log });
  const heard: Record<string, (string | undefined)[]> = { first: [], later: [] };
  const tell = (channel: string, payload: string) => db.sql`SELECT pg_notify(${channel}, ${payload})`;
  try {
    const unlisten = news.listen('first', (payload) => heard.first?.push(payload));
    await vi.waitFor(() => expect(heard.first).toContain(undefined));
    news.listen('later', (payload) => heard.later?.push(payload));
    await vi.waitFor(() => expect(heard.later).toContain(undefined));
    heard.first = [];
    heard.later = [];
    await tell('first', 'one');
    await tell('later', 'two');
    await vi.waitFor(() => expect(heard).toEqual({ first: ['one'], later: ['two'] }));

    await db.sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND query ILIKE 'LISTEN%'`;
    await vi.waitFor(() => expect(heard).toEqual({ first: ['one', undefined], later: ['two', undefined] }), 10_000);
    unlisten();
    await tell('first', 'unheard');
    await tell('later', 'three');
    await vi.waitFor(() => expect(heard.later?.at(-1)).toBe('three'));
    expect(heard.first).toEqual(['one', undefined]);
  } finally {
    await news.close();
    await db.close();
    await database.drop();
  }
});
