import type { MessageContent } from '@walnut-live/contracts';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { startWechatStandIn } from '../../testing/wechat-stand-in.ts';
import type { OutgoingMessage } from './message-channel.ts';
import { createWechatChannel, outcomeOf } from './wechat-channel.ts';

const ROOM = '0198a0a0-0000-7000-8000-000000000001';
const SCENE = 77;
let nowMs = 0;
const clock = { now: () => new Date(nowMs) };
const content: MessageContent = {
  roomTitle: '工厂直播',
  unitName: '杭州湖滨店',
  coverUrl: '',
  scheduledAt: '2026-03-03T12:00:00.000Z',
  text: '',
};
const reminder: OutgoingMessage = { id: 'm1', kind: 'room_reminder', roomId: ROOM, content };
const to = (openid: string) => ({ personId: 'p', openid, scene: SCENE });

let wechat: Awaited<ReturnType<typeof startWechatStandIn>>;
let channel: ReturnType<typeof createWechatChannel>;
beforeEach(async () => {
  nowMs = Date.parse('2026-03-03T11:30:00Z');
  wechat = await startWechatStandIn(clock);
  onTestFinished(() => wechat.close());
  channel = createWechatChannel({ config: { ...wechat, publicUrl: 'https://live.example.com' }, clock });
});
const tokensAsked = () => wechat.calls.filter((path) => path.endsWith('stable_token')).length;

test('one "yes" is one message: what it says, why, and where it leads', async () => {
  wechat.allow('anna', SCENE);
  expect(await channel.deliver(reminder, to('anna'))).toEqual({ done: 'sent' });
  expect(wechat.sent).toEqual([
    {
      openid: 'anna',
      scene: SCENE,
      title: '直播即将开始',
      content: expect.stringMatching(/「工厂直播」.*3月3日.*20:00开播.*你在杭州湖滨店预约了这场直播/),
      url: `https://live.example.com/r/${ROOM}`,
    },
  ]);
  expect(await channel.deliver(reminder, to('anna'))).toEqual({ done: 'refused', error: 'wechat 43101' });
  expect(tokensAsked()).toBe(1);
});

test('the token is asked for once by many at a time, kept, and renewed before it ends', async () => {
  const people = Array.from({ length: 12 }, (_, no) => `person-${no}`);
  for (const person of people) wechat.allow(person, SCENE);
  expect(await Promise.all(people.map((person) => channel.deliver(reminder, to(person))))).toEqual(
    people.map(() => ({ done: 'sent' })),
  );
  expect(tokensAsked()).toBe(1);
  nowMs += 7_200_000 - 299_000; // within its last five minutes
  wechat.allow('late', SCENE);
  expect(await channel.deliver(reminder, to('late'))).toEqual({ done: 'sent' });
  expect(tokensAsked()).toBe(2);
});

test.each([
  ['expires while it is used', (): void => wechat.answer(42_001)],
  ['is put out of force by somebody else', (): void => wechat.forceElsewhere()],
])('a token that %s is replaced, and the message goes out once', async (_, breakIt) => {
  wechat.allow('anna', SCENE);
  wechat.allow('ben', SCENE);
  await channel.deliver(reminder, to('anna'));
  breakIt();
  expect(await channel.deliver(reminder, to('ben'))).toEqual({ done: 'sent' });
  expect(wechat.sent.map(({ openid }) => openid)).toEqual(['anna', 'ben']);
});

test('a crowd with a dead token replaces it once', async () => {
  wechat.allow('anna', SCENE);
  await channel.deliver(reminder, to('anna'));
  wechat.forceElsewhere();
  const people = Array.from({ length: 10 }, (_, no) => `person-${no}`);
  for (const person of people) wechat.allow(person, SCENE);
  await Promise.all(people.map((person) => channel.deliver(reminder, to(person))));
  expect(wechat.sent).toHaveLength(11);
  expect(tokensAsked()).toBe(2);
});

test('a token that stays invalid is forced at most every 30 seconds, then the message waits', async () => {
  wechat.allow('anna', SCENE);
  wechat.answer(40_001, 40_001, 40_001);
  expect(await channel.deliver(reminder, to('anna'))).toMatchObject({ done: 'later', error: 'wechat 40001' });
  const before = tokensAsked();
  expect(await channel.deliver(reminder, to('anna'))).toMatchObject({ done: 'later' });
  expect(tokensAsked()).toBe(before + 1);
  nowMs += 31_000;
  expect(await channel.deliver(reminder, to('anna'))).toEqual({ done: 'sent' });
});

test('a broken connection and a silent limit are for later', async () => {
  wechat.allow('anna', SCENE);
  wechat.answer('drop', 45_009);
  expect(await channel.deliver(reminder, to('anna'))).toEqual({ done: 'later', error: 'unreachable' });
  expect(await channel.deliver(reminder, to('anna'))).toEqual({
    done: 'later',
    error: 'wechat 45009',
    afterSeconds: 1_800,
  });
  expect(await channel.deliver(reminder, to('anna'))).toEqual({ done: 'sent' });
});

test('a long title and text are cut to what WeChat takes', async () => {
  wechat.allow('anna', SCENE);
  const long: OutgoingMessage = {
    ...reminder,
    content: { ...content, roomTitle: '核桃'.repeat(120), unitName: '店'.repeat(60) },
  };
  expect(await channel.deliver(long, to('anna'))).toEqual({ done: 'sent' });
  expect([...(wechat.sent[0]?.content ?? '')]).toHaveLength(200);
});

test.each([
  [0, { done: 'sent' }],
  [43_101, { done: 'refused', error: 'wechat 43101' }],
  [47_003, { done: 'bad_data', error: 'wechat 47003' }],
  [40_037, { done: 'bad_data', error: 'wechat 40037' }],
  [-1, { done: 'later', error: 'wechat -1' }],
  [45_011, { done: 'later', error: 'wechat 45011', afterSeconds: 60 }],
])('%i means', (code, outcome) => {
  expect(outcomeOf(code)).toEqual(outcome);
});

test('neither secret nor token is in what is told about a failure', async () => {
  const broken = createWechatChannel({
    config: { ...wechat, apiUrl: 'http://127.0.0.1:9', publicUrl: 'https://live.example.com' },
    clock,
  });
  const told = JSON.stringify(await broken.deliver(reminder, to('anna')));
  expect(told).toBe('{"done":"later","error":"unreachable"}');
  const wrong = createWechatChannel({
    config: { ...wechat, appSecret: 'another', publicUrl: 'https://live.example.com' },
    clock,
  });
  expect(JSON.stringify(await wrong.deliver(reminder, to('anna')))).not.toMatch(/another|token-/);
});
