/**
 * Who a room is for and who speaks in it, in browsers: a guide writes their page and card in the studio, headquarters vouches
 * for a training in the console; a viewer finds the page, follows, is led to the guide's card. The room becomes one for
 * members while they are inside: they are let out to a door that says how one gets in, and are in again when it opens. A
 * dealer conference lets in who opened the invitation first, and nobody else.
 */
import QRCode from 'qrcode';
import { expect, test } from 'vitest';
import { en as studioEn } from '../../broadcaster/src/i18n/en.ts';
import { zh as studioZh } from '../../broadcaster/src/i18n/zh.ts';
import { en as consoleEn } from '../../console/src/i18n/messages.en.ts';
import { zh as consoleZh } from '../../console/src/i18n/messages.zh.ts';
import { en as playerEn } from '../../player/src/i18n/en.ts';
import { zh as playerZh } from '../../player/src/i18n/zh.ts';
import { drillSet } from '../kit/drill-set.ts';
import { fillSignIn, goLive, signInToChat, signInToConsole, signInToStudio } from '../kit/people.ts';

const texts = {
  studio: { zh: studioZh, en: studioEn },
  console: { zh: consoleZh, en: consoleEn },
  player: { zh: playerZh, en: playerEn },
} as const;
const drill = drillSet({
  folder: 'who-it-is-for',
  texts,
  atDesk: ['console'],
});
const { person, people, findings } = drill;

const code = async (text: string) => ({
  name: 'code.png',
  mimeType: 'image/png',
  buffer: await QRCode.toBuffer(text, { width: 360 }),
});

test('who speaks, where one is led, and for whom the room is', { timeout: 480_000 }, async () => {
  const { origin, demoPassword } = drill.product;
  const guide = await person('zh-CN', 'studio');
  await signInToStudio(guide, origin, 'hangzhou-guide', demoPassword);

  // The guide's page and card; a claim of the word list is sent back.
  await guide.page.getByTestId('to-my-persona').click();
  await guide.page.getByTestId('persona-bio').fill('常吃核桃，补脑健脑');
  await guide.page.getByTestId('save-persona').click();
  await guide.page.getByTestId('persona-problem').filter({ hasText: /\S/ }).waitFor();
  await guide.page.getByTestId('persona-bio').fill('临安人，从小在山核桃林里长大，陪你挑好核桃。');
  await guide.page.getByLabel('擅长').fill('选核桃 食谱 送礼');
  await guide.page.getByTestId('photo-file').setInputFiles(await code('photo'));
  await guide.page.locator('.st-persona-photo').waitFor();
  await guide.page.getByTestId('save-persona').click();
  await guide.page.getByTestId('card-file').setInputFiles(await code('https://work.weixin.qq.com/u/lin'));
  await guide.page.locator('.st-own-picture').waitFor();
  await guide.page.getByText('已保存').first().waitFor({ state: 'detached' });
  await guide.page.getByTestId('save-card').click();
  await guide.page.getByText('已保存').first().waitFor();
  await guide.look('studio-persona');

  const desk = await person('zh-CN', 'console');
  await signInToConsole(desk, origin, 'hq-operations', demoPassword);
  await desk.page.goto(`${origin}/console/staff?q=${encodeURIComponent('林晓禾')}`);
  await desk.page.getByTestId('trainings').first().click();
  await desk.page.getByTestId('training-title').fill('山核桃加工与选购培训');
  await desk.page.getByPlaceholder('培训日期').click();
  await desk.page.locator('.ant-picker-cell-today').click();
  await desk.page.getByTestId('training-verify').click();
  await desk.page.getByTestId('training').filter({ hasText: '许佳宁' }).waitFor();
  await desk.look('console-trainings', 'phone', 'desk');

  // The viewer: page of the guide, follow, the card of the store.
  const roomId = await goLive(guide, '核桃会员夜');
  const anna = await person('en', 'player');
  await anna.page.goto(`${origin}/r/${roomId}`);
  await signInToChat(anna, '13900000021', '安然');
  await anna.page.getByTestId('seller').click();
  await anna.page.getByTestId('to-persona').click();
  await anna.page.getByTestId('persona').filter({ hasText: '山核桃加工与选购培训' }).waitFor();
  await anna.page.getByTestId('persona-follow').click();
  await anna.page.locator('[data-testid="persona-follow"][aria-pressed="true"]').waitFor();
  await anna.look('player-persona');
  await anna.page.getByTestId('persona-room').first().click();
  await anna.page.waitForURL(`${origin}/r/${roomId}`);
  await guide.page.getByTestId('bar-play').click();
  await guide.page.getByRole('tab', { name: '引流卡片' }).click();
  await guide.page.getByTestId('show-card-guide').click();
  await anna.page.locator('[data-testid="drain-card"][data-kind="guide"]').waitFor();
  await anna.look('player-drain-card');
  await anna.page.getByTestId('drain-card-open').click();
  await anna.page.getByTestId('card-picture').waitFor();
  await anna.look('player-drain-card-open');
  await anna.page.keyboard.press('Escape');
  await guide.look('studio-drain-cards', 'phone');
  await desk.page.goto(`${origin}/console/cards`);
  await desk.page.getByTestId('card-row').filter({ hasText: '1 / 1' }).waitFor();
  await desk.look('console-cards');

  // For members only, while she is inside: out, and in again when it is for everybody.
  const audience = async (name: string) => {
    await desk.page.getByTestId('audience').click();
    await desk.page.locator('.ant-select-item-option').filter({ hasText: name }).click();
  };
  await desk.page.goto(`${origin}/console/rooms/${roomId}`);
  await desk.page.getByRole('tab', { name: '谁可以看' }).click();
  await audience('会员');
  await anna.page.locator('[data-testid="door"][data-reason="not_member"]').waitFor();
  expect(await anna.page.getByText('核桃会员夜').count()).toBe(0);
  await anna.look('player-door-members');
  await desk.look('console-audience');
  const passerBy = await person('zh-CN', 'player');
  await passerBy.page.goto(`${origin}/r/${roomId}`);
  await passerBy.page.locator('[data-testid="door"][data-reason="sign_in"]').waitFor();
  await passerBy.look('player-door-guest');
  await audience('所有人');
  await anna.page.getByTestId('door-retry').click();
  await anna.page.getByTestId('chat-input').waitFor();

  // A conference: the first who opens the link is in, the second finds it taken.
  await desk.page.goto(`${origin}/console/rooms?new=1`);
  await desk.page.getByTestId('room-title').fill('华东经销商秋季会');
  await desk.page.getByTestId('room-conference').check();
  await desk.page.getByTestId('room-submit').click();
  await desk.page.waitForURL(/\/console\/rooms\/[\w-]{36}$/);
  const conferenceId = new URL(desk.page.url()).pathname.split('/').at(-1) ?? '';
  await desk.page.getByRole('tab', { name: '谁可以看' }).click();
  await desk.page.getByTestId('invite-name').fill('张总');
  await desk.page.getByTestId('invite-add').click();
  const link = await desk.page.getByTestId('invitation-link').inputValue();
  await passerBy.page.goto(link);
  await passerBy.look('player-invitation');
  await passerBy.page.getByTestId('invitation-accept').click();
  await fillSignIn(passerBy, '13900000022', '张建');
  await passerBy.page.waitForURL(`${origin}/r/${conferenceId}`);
  await passerBy.page.getByTestId('waiting').waitFor();
  await anna.page.goto(link);
  await anna.page.getByTestId('invitation-accept').click();
  await anna.page.getByText('Somebody has used this invitation already').waitFor();
  await anna.page.goto(`${origin}/r/${conferenceId}`);
  await anna.page.locator('[data-testid="door"][data-audience="invited"]').waitFor();
  await anna.look('player-door-invited');
  await desk.page.getByRole('tab', { name: '资料与签到' }).click();
  await desk.page.getByTestId('attendance-row').filter({ hasText: '张总' }).filter({ hasText: '已使用' }).waitFor();
  await desk.look('console-conference');
  await desk.page.goto(`${origin}/console/members`);
  await desk.page.getByRole('heading', { name: '会员与分享官' }).first().waitFor();
  await desk.look('console-members');
  // Refusals are what this is about; a busy machine falls back to HLS, whose oldest parts go.
  const expected = /status of (403|422)|status of 404 .*\/hls\//;
  const faults = people.flatMap((one) => one.faults).filter((fault) => !expected.test(fault));
  expect([...findings, ...faults]).toEqual([]);
});
