import { randomUUID } from 'node:crypto';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../../../scripts/testing/database.ts';
import { systemRandom } from '../../platform/clock.ts';
import { createDb, type Db } from '../../platform/db.ts';
import { createLogger } from '../../platform/logger.ts';
import type { Delivery, MessageChannel } from './message-channel.ts';
import { createMessagesService, type MessageDraft } from './messages.service.ts';

const ROOM = randomUUID();
const UNIT = { id: randomUUID(), path: 'hq.shop' };
const PER_DAY = 3; // as the migration sets it
let now: Date;
let db: Db;
let personId: string;
beforeEach(async () => {
  now = new Date('2031-03-04T12:00:00+08:00');
  const database = await createTestDatabase();
  db = createDb({ url: database.url, poolSize: 8, onError: () => {} });
  onTestFinished(async () => {
    await db.close();
    await database.drop();
  });
  personId = randomUUID();
  await db.sql`INSERT INTO people (id, kind, name, created_at) VALUES (${personId}, 'consumer', '安然', ${now})`;
  await db.transaction((tx) => node().giveConsent(tx, personId));
});
const node = (wechat?: MessageChannel) => {
  const service = createMessagesService({
    ...{ db, clock: { now: () => now }, random: systemRandom, wechat },
    log: createLogger('silent', 'test'),
  });
  const sendDue = async (): Promise<void> => {
    await service.releaseDue();
    await service.pushDue();
  };
  return { ...service, sendDue };
};
const draft = (key: string, change: Partial<MessageDraft> = {}): MessageDraft => ({
  key,
  personId,
  kind: 'room_reminder',
  why: 'booked',
  unit: UNIT,
  roomId: ROOM,
  content: { roomTitle: '直播', unitName: '店', coverUrl: '', scheduledAt: null, text: '' },
  expiresAt: new Date(now.getTime() + 30 * 60_000),
  ...change,
});
const enqueue = (...drafts: MessageDraft[]) => db.transaction((tx) => node().enqueue(tx, drafts));
const states = () => db.sql`SELECT key, state, reason, attempts FROM messages ORDER BY key`;
const allow = () => db.sql`INSERT INTO wechat_grants (person_id, room_id, openid, scene, granted_at)
  VALUES (${personId}, ${ROOM}, 'open', 1, ${now})`;
const later = (seconds: number): void => {
  now = new Date(now.getTime() + seconds * 1_000);
};

test('the same key is the same message, whoever finds it first', async () => {
  const made = await Promise.all([
    enqueue(draft('a'), draft('b')),
    enqueue(draft('a')),
    enqueue(draft('b'), draft('a')),
  ]);
  expect(made.reduce((sum, count) => sum + count)).toBe(2);
});

test('many nodes, many campaigns, one person: the day’s number holds', async () => {
  await enqueue(
    ...Array.from({ length: 20 }, (_, no) => draft(`c${no}`, { kind: 'campaign', why: 'customer', roomId: null })),
  );
  await Promise.all(Array.from({ length: 6 }, () => node().sendDue()));
  const rows = await states();
  expect(rows.filter(({ state }) => state === 'sent')).toHaveLength(PER_DAY);
  expect(rows.filter(({ reason }) => reason === 'too_many')).toHaveLength(20 - PER_DAY);
  // The next day it begins anew.
  later(86_400);
  await enqueue(draft('next', { kind: 'campaign', why: 'customer', roomId: null }));
  await node().sendDue();
  expect((await states()).find(({ key }) => key === 'next')?.state).toBe('sent');
});

test('a node that dies between sending and noting it: sent again after the claim, which WeChat counts as one', async () => {
  await allow();
  await enqueue(draft('a'));
  let delivered = 0;
  const dies: MessageChannel = {
    name: 'wechat',
    deliver: async () => {
      delivered++;
      throw new Error('the process is gone');
    },
  };
  await node(dies).sendDue();
  const refuses: MessageChannel = { name: 'wechat', deliver: async () => ({ done: 'refused', error: 'wechat 43101' }) };
  await node(refuses).sendDue(); // still claimed
  expect([delivered, await states()]).toEqual([1, [{ key: 'a', state: 'waiting', reason: null, attempts: 1 }]]);
  later(61);
  await node(refuses).sendDue();
  expect(await states()).toEqual([{ key: 'a', state: 'dead', reason: 'refused', attempts: 2 }]);
  const [row] =
    await db.sql`SELECT released_at IS NOT NULL AS readable, spent_as FROM messages m JOIN wechat_grants g USING (person_id)`;
  expect(row).toEqual({ readable: true, spent_as: 'refused' });
});

test('later is later: pauses grow, a limit is kept to, and it ends; other messages go on', async () => {
  await allow();
  await enqueue(
    draft('a', { expiresAt: new Date(now.getTime() + 86_400_000) }),
    draft('news', { kind: 'order_news', why: 'order', roomId: null }),
  );
  const answers: Delivery[] = [{ done: 'later', error: 'wechat 45009', afterSeconds: 1_800 }];
  let tries = 0;
  const busy: MessageChannel = {
    name: 'wechat',
    deliver: async () => {
      tries++;
      return answers.shift() ?? { done: 'later', error: 'wechat -1' };
    },
  };
  const service = node(busy);
  await service.sendDue();
  expect((await states()).find(({ key }) => key === 'news')?.state).toBe('sent');
  later(1_799);
  await service.sendDue();
  expect(tries).toBe(1);
  for (const seconds of [1, 30, 120, 600, 1_800, 86_000]) {
    later(seconds);
    await service.sendDue();
  }
  expect(tries).toBe(6);
  expect((await states()).find(({ key }) => key === 'a')).toEqual({
    key: 'a',
    state: 'dead',
    reason: 'gave_up',
    attempts: 6,
  });
});

test('bad data is dead at once and leaves the right to a message', async () => {
  await allow();
  await enqueue(draft('a'));
  await node({ name: 'wechat', deliver: async () => ({ done: 'bad_data', error: 'wechat 47003' }) }).sendDue();
  expect(await states()).toEqual([{ key: 'a', state: 'dead', reason: 'bad_data', attempts: 1 }]);
  expect(await db.sql`SELECT spent_at FROM wechat_grants`).toEqual([{ spent_at: null }]);
});

test('what waits when a topic is switched off is not sent', async () => {
  await enqueue(draft('a'), draft('b', { kind: 'campaign', why: 'customer' }));
  await node().setTopic(personId, 'campaigns', false);
  await node().sendDue();
  expect(await states()).toEqual([
    { key: 'a', state: 'sent', reason: null, attempts: 1 },
    { key: 'b', state: 'skipped', reason: 'opted_out', attempts: 0 },
  ]);
});
