import {
  cancelPoll,
  closePoll,
  endRoom,
  getPoll,
  listPolls,
  myAnswer,
  openPoll,
  type Poll,
} from '@walnut-live/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { startTestRedis } from '../../../../scripts/testing/redis.ts';
import { createApi } from '../../compose.ts';
import { makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { connectRoom, enterRoom } from '../../testing/room-client.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { POLLS_JOB } from './index.ts';

const quiz = {
  kind: 'quiz' as const,
  question: '一罐核桃乳用几颗核桃？',
  options: ['一颗', '两颗', '三颗'],
  rightNo: 2,
  seconds: 20,
};
const survey = { kind: 'survey' as const, question: '下次想看什么？', options: ['工厂', '果园', '烘焙'] };

test('quiz: the key stays on the server until the end; then right answer, distribution and ranking without staff', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers } = await seedBrand(api);
  const { sql } = api.api.platform.db;
  const roomId = rooms.a.id;
  const as = staff.a.guide;
  await using anna = await enterRoom(api, roomId, consumers.anna);
  await using bella = await enterRoom(api, roomId, consumers.bella);
  // Staff under their private number: they may play, and are in no ranking.
  const phone = '13700000000';
  await sql`UPDATE people SET phone = ${phone} WHERE id = ANY(${[consumers.chris.personId, staff.a.manager.personId]}::uuid[])`;
  await using insider = await enterRoom(api, roomId, consumers.chris);

  for (const [body, code] of [
    [{ ...quiz, options: ['补脑', '好喝', '都是'] }, 'words_refused'],
    [{ ...quiz, question: '能不能降血压？' }, 'words_refused'],
    [{ ...quiz, options: ['一颗', '一 颗', '三颗'] }, 'invalid_request'],
    [{ ...quiz, rightNo: 4 }, 'invalid_request'],
  ] as const)
    expect((await api.call(openPoll, { body: { ...body, options: [...body.options], roomId }, as })).problem.code).toBe(
      code,
    );

  const seen: string[] = [];
  const keep = (value: unknown) => void seen.push(JSON.stringify(value));
  const poll = await api.ok(openPoll, { body: { ...quiz, roomId }, as });
  keep(poll);
  expect((await api.call(openPoll, { body: { ...quiz, roomId }, as })).problem.code).toBe('state_conflict');
  await anna.waitFor('the question', () => anna.events('poll:opened').length === 1);
  const answer = { pollId: poll.id, choices: [2] };
  api.clock.advanceSeconds(3);
  expect(await bella.ask('poll:answer', answer)).toEqual({ ok: true, data: { choices: [2] } });
  expect(await insider.ask('poll:answer', answer)).toMatchObject({ ok: true });
  api.clock.advanceSeconds(3);
  expect(await anna.ask('poll:answer', answer)).toMatchObject({ ok: true });
  // The first answer counts, and the reply says which that was.
  expect(await anna.ask('poll:answer', { ...answer, choices: [1] })).toEqual({ ok: true, data: { choices: [2] } });
  expect(await anna.ask('poll:answer', { ...answer, choices: [1, 2] })).toMatchObject({
    error: { code: 'invalid_request' },
  });
  expect(await anna.ask('poll:answer', { ...answer, choices: [4] })).toMatchObject({
    error: { code: 'invalid_request' },
  });
  await anna.waitFor('three answers', () => anna.events('poll:counted').at(-1)?.answers === 3);
  keep(await api.ok(getPoll, { params: { id: poll.id } }));
  keep((await api.ok(listPolls, { query: { roomId } })).items);
  keep(await api.ok(myAnswer, { params: { id: poll.id }, as: consumers.anna }));
  await using later = await enterRoom(api, roomId, consumers.anna, { lastSeq: null });
  await later.waitFor('a snapshot', () => later.snapshots.length > 0);
  keep(later.snapshots);
  keep(anna.frames);
  keep(await sql`SELECT payload FROM outbox`);
  keep(await sql`SELECT event FROM room_events`);
  keep(await sql`SELECT detail FROM audit_log`);
  for (const text of seen) {
    expect(text).not.toMatch(/"rightNo": ?[1-9]/);
    expect(text).not.toMatch(/right_no|"tally": ?\[/);
  }

  // Its time is over by the server's clock: late is late, whether or not anybody has closed it; what was answered stands.
  api.clock.advanceSeconds(15);
  const dora = await makeConsumer(api, '朵拉');
  await using late = await enterRoom(api, roomId, dora);
  expect(await late.ask('poll:answer', answer)).toMatchObject({ error: { code: 'too_late' } });
  expect(await anna.ask('poll:answer', answer)).toMatchObject({ ok: true });
  await api.api.platform.jobs.runNow(POLLS_JOB);
  await anna.waitFor('the result', () => anna.events('poll:closed').length === 1);
  const closed = anna.events('poll:closed')[0]?.poll;
  expect(closed).toMatchObject({ state: 'closed', rightNo: 2, tally: [0, 3, 0], answers: 3 });
  expect(closed?.leaders).toMatchObject([
    { rank: 1, personId: consumers.bella.personId, name: '贝*', right: 1 },
    { rank: 2, personId: consumers.anna.personId, right: 1 },
  ]);
  expect(closed?.leaders).toHaveLength(2);
  expect(await api.ok(closePoll, { params: { id: poll.id }, body: {}, as })).toEqual(closed);

  // The next question adds up; a cancelled one adds nothing.
  const second = await api.ok(openPoll, { body: { ...quiz, roomId, rightNo: 1 }, as });
  await anna.ask('poll:answer', { pollId: second.id, choices: [1] });
  const after = await api.ok(closePoll, { params: { id: second.id }, body: {}, as });
  expect(after.leaders.map(({ personId, right }) => [personId, right])).toEqual([
    [consumers.anna.personId, 2],
    [consumers.bella.personId, 1],
  ]);
  const third = await api.ok(openPoll, { body: { ...quiz, roomId, rightNo: 1 }, as });
  await bella.ask('poll:answer', { pollId: third.id, choices: [1] });
  const cancel = { params: { id: third.id }, body: { reason: '题目写错' }, as };
  for (const _ of ['first', 'again'])
    expect(await api.ok(cancelPoll, cancel)).toMatchObject({ state: 'cancelled', rightNo: null, tally: null });
  expect((await api.call(closePoll, { params: { id: third.id }, body: {}, as })).problem.code).toBe('state_conflict');
  const fourth = await api.ok(openPoll, { body: { ...quiz, roomId }, as });
  await api.ok(endRoom, { params: { id: roomId }, body: {}, as });
  const kept = await api.ok(getPoll, { params: { id: fourth.id } });
  expect(kept).toMatchObject({ state: 'closed', answers: 0 });
  expect(kept.leaders).toEqual(after.leaders);
  expect((await api.ok(listPolls, { query: { roomId } })).items.map(({ state }) => state)).toEqual([
    'closed',
    'cancelled',
    'closed',
    'closed',
  ]);
});

test('survey: several choices, live distribution, changed until it is closed; the banned, other rooms and staff stay out', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers, guest } = await seedBrand(api);
  const roomId = rooms.a.id;
  const as = staff.a.guide;
  await using anna = await enterRoom(api, roomId, consumers.anna);
  await using bella = await enterRoom(api, roomId, consumers.bella);
  await using crew = await enterRoom(api, roomId, staff.a.guide);
  const open = (more: object): Promise<Poll> => api.ok(openPoll, { body: { ...survey, ...more, roomId }, as });
  const ask = (who: typeof anna, poll: Poll, ...choices: number[]) =>
    who.ask('poll:answer', { pollId: poll.id, choices });

  const poll = await open({ multiple: true, changeable: true });
  expect(await ask(anna, poll, 3, 1)).toEqual({ ok: true, data: { choices: [1, 3] } });
  await bella.waitFor('a live distribution', () => bella.events('poll:counted').at(-1)?.tally?.join() === '1,0,1');
  expect(await ask(anna, poll, 2)).toMatchObject({ ok: true });
  await crew.ask('viewer:mute', { personId: consumers.bella.personId });
  expect(await ask(bella, poll, 2)).toMatchObject({ ok: true });
  await bella.waitFor('the change', () => bella.events('poll:counted').at(-1)?.tally?.join() === '0,2,0');
  const revisions = bella.events('poll:counted').map(({ revision }) => revision);
  expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
  expect(revisions.at(-1)).toBe(3);

  expect(await ask(crew, poll, 1)).toMatchObject({ error: { code: 'insiders_excluded' } });
  await using visitor = await enterRoom(api, roomId, guest);
  expect(await ask(visitor, poll, 1)).toMatchObject({ error: { code: 'unauthenticated' } });
  await using elsewhere = await enterRoom(api, rooms.b.id, consumers.chris);
  expect(await ask(elsewhere, poll, 1)).toMatchObject({ error: { code: 'not_found' } });
  await using chris = await enterRoom(api, roomId, consumers.chris);
  await api.api.platform.db.sql`INSERT INTO room_moderation (id, room_id, person_id, kind, reason, by_id, at)
    VALUES (gen_random_uuid(), ${roomId}, ${consumers.chris.personId}, 'ban', '', ${staff.a.guide.personId}, ${api.clock.now()})`;
  const banned = await ask(chris, poll, 1).catch(() => ({ error: { code: 'banned' } })); // or the socket is gone already
  expect(banned).toMatchObject({ error: { code: 'banned' } });
  const closed = await api.ok(closePoll, { params: { id: poll.id }, body: {}, as });
  expect(closed).toMatchObject({ tally: [0, 2, 0], answers: 2, rightNo: null, leaders: [] });
  expect(await ask(anna, poll, 3)).toMatchObject({ error: { code: 'too_late' } });

  // Told at the end alone, and the first answer counts.
  const quiet = await open({ liveResults: false });
  await ask(anna, quiet, 1);
  expect(await ask(anna, quiet, 2)).toEqual({ ok: true, data: { choices: [1] } });
  await bella.waitFor('one answer', () =>
    bella
      .events('poll:counted')
      .some(({ pollId, answers, tally }) => pollId === quiet.id && answers === 1 && tally === null),
  );
  expect((await api.ok(closePoll, { params: { id: quiet.id }, body: {}, as })).tally).toEqual([1, 0, 0]);
});

test('a hundred answers of one person on two nodes, in two tabs: one; a restart in the middle changes nothing', async () => {
  const redis = await startTestRedis();
  onTestFinished(() => redis.kill());
  await using api = await startTestApi({ REDIS_URL: redis.url });
  const { rooms, staff, consumers } = await seedBrand(api);
  const roomId = rooms.a.id;
  const poll = await api.ok(openPoll, { body: { ...quiz, seconds: 300, roomId }, as: staff.a.guide });
  const other = await createApi({ ...api.api.platform.config, PORT: 0 }, { clock: api.clock });
  try {
    const port = await other.listen();
    await using here = await enterRoom(api, roomId, consumers.anna);
    await using there = await connectRoom(`http://127.0.0.1:${port}`, { token: here.join.roomToken, roomId });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        (n % 2 ? here : there).ask('poll:answer', { pollId: poll.id, choices: [1 + (n % 3)] }),
      ),
    );
    const counted = new Set(answers.map((answer) => JSON.stringify(answer)));
    expect(counted.size).toBe(1);
    await there.waitFor('the count', () => there.events('poll:counted').at(-1)?.answers === 1);
  } finally {
    await other.close();
  }
  // Whoever is left closes it when its time is over.
  api.clock.advanceSeconds(301);
  await api.api.platform.jobs.runNow(POLLS_JOB);
  const closed = await api.ok(getPoll, { params: { id: poll.id } });
  expect(closed).toMatchObject({ state: 'closed', answers: 1 });
  expect(closed.tally?.reduce((sum, n) => sum + n)).toBe(1);
});
