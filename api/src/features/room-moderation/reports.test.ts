/** What viewers report: one row a message, one voice a person, judged once. */
import { ChatMessage, listModeration, listReports, listSanctions, resolveReport } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { enterRoom } from '../../testing/room-client.ts';
import { startTestApi } from '../../testing/test-api.ts';

test('R2 viewers report, guests too; the queue counts people and reasons; upheld deletes, dismissed leaves', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers, guest } = await seedBrand(api);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  await using bella = await enterRoom(api, rooms.a.id, consumers.bella);
  await using visitor = await enterRoom(api, rooms.a.id, guest);
  const say = async (text: string) => {
    const answer = await anna.ask('chat:send', { text });
    return ChatMessage.parse(answer.ok && answer.data.message).messageId;
  };
  const [bad, fine] = [await say('都来看我的小店'), await say('味道一般')];
  const report = { messageId: bad, reason: 'advert' };
  for (let twice = 0; twice < 2; twice++)
    expect(await bella.ask('chat:report', report)).toEqual({ ok: true, data: { messageId: bad } });
  expect(await visitor.ask('chat:report', { ...report, reason: 'fraud', note: '像骗子' })).toMatchObject({ ok: true });
  expect(await bella.ask('chat:report', { messageId: fine, reason: 'abuse' })).toMatchObject({ ok: true });
  expect(await anna.ask('chat:report', report)).toMatchObject({ error: { code: 'self_action' } });
  expect(await bella.ask('chat:report', { messageId: 'chat:none', reason: 'other' })).toMatchObject({
    error: { code: 'not_found' },
  });

  const query = { roomId: rooms.a.id };
  const queue = await api.ok(listReports, { query, as: staff.a.assistant });
  expect(queue.open).toBe(2);
  const worst = queue.items.find(({ messageId }) => messageId === bad);
  expect(worst).toMatchObject({ voices: 2, notes: ['像骗子'], term: null, state: 'open', text: '都来看我的小店' });
  expect(new Set(worst?.reasons.map(({ reason, count }) => `${reason} ${count}`))).toEqual(
    new Set(['advert 1', 'fraud 1']),
  );
  expect((await api.ok(listReports, { as: staff.b.guide })).items).toEqual([]);

  const params = { id: worst?.id ?? '' };
  const body = { outcome: 'upheld', reason: '广告' } as const;
  expect(await api.ok(resolveReport, { params, body, as: staff.a.assistant })).toMatchObject({
    state: 'upheld',
    closedBy: { name: staff.a.assistant.name },
  });
  await bella.waitFor('the deletion', () => bella.events('chat:deleted')[0]?.messageId === bad);
  expect((await api.ok(resolveReport, { params, body, as: staff.a.guide })).closedBy?.name).toBe(
    staff.a.assistant.name,
  );
  const other = await api.call(resolveReport, { params, body: { outcome: 'dismissed' }, as: staff.a.guide });
  expect(other.problem.code).toBe('state_conflict');
  const small = queue.items.find(({ messageId }) => messageId === fine);
  await api.ok(resolveReport, { params: { id: small?.id ?? '' }, body: { outcome: 'dismissed' }, as: staff.a.guide });
  // What was judged is not brought again.
  await using late = await enterRoom(api, rooms.a.id, await makeConsumer(api));
  await late.ask('chat:report', { messageId: fine, reason: 'abuse' });
  expect(await api.ok(listReports, { query, as: staff.a.guide })).toMatchObject({ open: 0, items: [] });
  const closed = await api.ok(listReports, { query: { ...query, state: 'closed' }, as: staff.a.guide });
  expect(new Set(closed.items.map(({ state, voices }) => `${state} ${voices}`))).toEqual(
    new Set(['upheld 2', 'dismissed 2']),
  );
});

test('R2 a message that a moderator deletes takes its report with it', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers } = await seedBrand(api);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  await using bella = await enterRoom(api, rooms.a.id, consumers.bella);
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  const answer = await anna.ask('chat:send', { text: '来我家' });
  const { messageId } = ChatMessage.parse(answer.ok && answer.data.message);
  await bella.ask('chat:report', { messageId, reason: 'other' });
  await guide.ask('chat:delete', { messageId, reason: '广告' });
  expect((await api.ok(listReports, { as: staff.a.guide })).open).toBe(0);
});

test('R2 standing sanctions of all rooms of a scope, with their reasons', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers } = await seedBrand(api);
  await using guideA = await enterRoom(api, rooms.a.id, staff.a.guide);
  await using guideB = await enterRoom(api, rooms.b.id, staff.b.guide);
  await guideA.ask('viewer:ban', { personId: consumers.anna.personId, reason: '骂人' });
  await guideB.ask('viewer:mute', { personId: consumers.bella.personId, minutes: 10, reason: '刷屏' });
  const all = await api.ok(listSanctions, { as: staff.admin });
  expect(all.items).toMatchObject([
    {
      kind: 'mute',
      reason: '刷屏',
      person: { name: '贝贝' },
      room: { title: rooms.b.title },
      by: { name: staff.b.guide.name },
    },
    { kind: 'ban', reason: '骂人', person: { name: '安然' }, room: { title: rooms.a.title }, until: null },
  ]);
  expect((await api.ok(listSanctions, { query: { kind: 'ban' }, as: staff.admin })).items).toHaveLength(1);
  expect((await api.ok(listSanctions, { query: { search: '骂' }, as: staff.admin })).items).toHaveLength(1);
  expect((await api.ok(listSanctions, { as: staff.a.manager })).items.map(({ kind }) => kind)).toEqual(['ban']);
  const page = await api.ok(listSanctions, { query: { limit: 1 }, as: staff.admin });
  const next = await api.ok(listSanctions, { query: { limit: 1, cursor: page.nextCursor ?? '' }, as: staff.admin });
  expect(next).toMatchObject({ items: [{ kind: 'ban' }], nextCursor: null });
  api.clock.advanceSeconds(601);
  expect((await api.ok(listSanctions, { as: staff.admin })).items).toHaveLength(1);
  const { items } = await api.ok(listModeration, { params: { id: rooms.a.id }, as: staff.a.guide });
  expect(items).toMatchObject([{ kind: 'ban', reason: '骂人' }]);
});
