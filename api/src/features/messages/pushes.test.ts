/** Pushes by a channel that is slow, by several nodes: whose they are, and what does not wait for them. */
import { randomUUID } from 'node:crypto';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../../../scripts/testing/database.ts';
import { systemRandom } from '../../platform/clock.ts';
import { createDb, type Db } from '../../platform/db.ts';
import { createLogger } from '../../platform/logger.ts';
import type { Delivery, MessageChannel } from './message-channel.ts';
import { createMessagesService, type MessageDraft } from './messages.service.ts';

const UNIT = { id: randomUUID(), path: 'hq.shop' };
const ROOM = randomUUID();
let now: Date;
let db: Db;
beforeEach(async () => {
  now = new Date('2031-03-04T12:00:00+08:00');
  const database = await createTestDatabase();
  db = createDb({ url: database.url, poolSize: 12, onError: () => {} });
  onTestFinished(async () => {
    await db.close();
    await database.drop();
  });
});
const later = (seconds: number): void => {
  now = new Date(now.getTime() + seconds * 1_000);
};
const node = (deliver?: MessageChannel['deliver']) =>
  createMessagesService({
    ...{ db, clock: { now: () => now }, random: systemRandom },
    log: createLogger('silent', 'test'),
    wechat: deliver && { name: 'wechat', deliver },
  });

/** Somebody who said "yes" in WeChat about the room, and a reminder for them. */
async function waiting(key: string): Promise<string> {
  const personId = randomUUID();
  await db.sql`INSERT INTO people (id, kind, name, created_at) VALUES (${personId}, 'consumer', '安然', ${now})`;
  await db.sql`INSERT INTO wechat_grants (person_id, room_id, openid, scene, granted_at) VALUES (${personId}, ${ROOM}, ${key}, 1, ${now})`;
  await db.transaction(async (tx) => {
    await node().giveConsent(tx, personId);
    await node().enqueue(tx, [draft(key, personId)]);
  });
  return personId;
}
const draft = (key: string, personId: string, change: Partial<MessageDraft> = {}): MessageDraft => ({
  ...{ key, personId, kind: 'room_live', why: 'booked', unit: UNIT, roomId: ROOM },
  content: { roomTitle: '直播', unitName: '店', coverUrl: '', scheduledAt: null, text: '' },
  expiresAt: new Date(now.getTime() + 4 * 3_600_000),
  ...change,
});
/** A delivery that ends when the test says so. */
function held() {
  const waits: ((delivery: Delivery) => void)[] = [];
  const deliver: MessageChannel['deliver'] = () => new Promise((resolve) => waits.push(resolve));
  const arrived = async (count: number): Promise<void> => {
    await expect.poll(() => waits.length, { timeout: 20_000 }).toBe(count);
  };
  const end = (delivery: Delivery): void => {
    for (const wait of waits.splice(0)) wait(delivery);
  };
  return { deliver, arrived, end };
}

test('an inbox does not wait for a slow channel, nor does what is still to be pushed wait to be readable', async () => {
  const people: string[] = [];
  for (let no = 0; no < 20; no++) people.push(await waiting(`p${no}`));
  const slow = held();
  const service = node(slow.deliver);
  await service.releaseDue();
  const [readable] = await db.sql`SELECT count(*)::int AS people FROM messages WHERE released_at IS NOT NULL`;
  expect(readable).toEqual({ people: people.length });
  const pushing = service.pushDue();
  await slow.arrived(8);
  const [claimed] = await db.sql`SELECT count(*)::int AS rows FROM messages WHERE claimed_until IS NOT NULL`;
  expect(claimed).toEqual({ rows: 8 });
  const news = { kind: 'order_news', why: 'order', roomId: null } as const;
  await db.transaction((tx) => node().enqueue(tx, [draft('news', people[0] ?? '', news)]));
  await service.releaseDue();
  expect(await db.sql`SELECT state FROM messages WHERE key = 'news'`).toEqual([{ state: 'sent' }]);
  for (const count of [8, 8, 4]) {
    await slow.arrived(count);
    slow.end({ done: 'sent' });
  }
  expect(await pushing).toBe(20);
});

test('two nodes and a backlog that takes longer than a claim: each push happens once', async () => {
  const keys = Array.from({ length: 80 }, (_, no) => `p${no}`);
  await Promise.all(keys.map(waiting));
  const pushed: string[] = [];
  // Eight at once take eight seconds, all of them more than a minute.
  const slow: MessageChannel['deliver'] = async (_, { openid }) => {
    pushed.push(openid ?? '');
    later(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    return { done: 'sent' };
  };
  await node(slow).releaseDue();
  const isDone = async () => (await db.sql`SELECT 1 FROM messages WHERE state = 'waiting' LIMIT 1`).length === 0;
  const work = async (service: ReturnType<typeof node>) => {
    while (!(await isDone())) await service.pushDue();
  };
  await Promise.all([work(node(slow)), work(node(slow))]);
  expect(pushed.sort()).toEqual(keys.sort());
  expect(await db.sql`SELECT state, attempts, count(*)::int AS rows FROM messages GROUP BY state, attempts`).toEqual([
    { state: 'sent', attempts: 1, rows: keys.length },
  ]);
});

test('whoever comes back after the claim has lapsed notes nothing', async () => {
  await waiting('p');
  const frozen = held();
  const first = node(frozen.deliver);
  await first.releaseDue();
  const wakes = first.pushDue();
  await frozen.arrived(1);
  later(61);
  const second = node(async () => ({ done: 'later', error: 'wechat 45009', afterSeconds: 1_800 }));
  await second.pushDue();
  const read = () =>
    db.sql`SELECT m.state, m.error, m.attempts, g.spent_as FROM messages m JOIN wechat_grants g USING (person_id)`;
  const noted = [{ state: 'waiting', error: 'wechat 45009', attempts: 2, spent_as: null }];
  expect(await read()).toEqual(noted);
  frozen.end({ done: 'refused', error: 'wechat 43101' });
  await wakes;
  expect(await read()).toEqual(noted);
  // The same while the other one is still at it.
  later(1_801);
  const other = held();
  const third = node(other.deliver).pushDue();
  await other.arrived(1);
  later(61);
  const fourth = held();
  const last = node(fourth.deliver).pushDue();
  await fourth.arrived(1);
  other.end({ done: 'later', error: 'timeout' });
  await third;
  expect(await db.sql`SELECT claimed_until > ${now} AS claimed, error FROM messages`).toEqual([
    { claimed: true, error: 'wechat 45009' },
  ]);
  fourth.end({ done: 'sent' });
  await last;
  expect(await read()).toEqual([{ state: 'sent', error: null, attempts: 4, spent_as: 'sent' }]);
});
