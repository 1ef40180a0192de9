/**
 * A room on the brand's own site: the ten lines of docs/34-embedding.md on another origin show the picture, the talk and the
 * product of a live room, and lead to the player with the share link's credit. A site that the brand has not named is refused
 * in words. Nobody gets a cookie before they come to the player.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { en as studioEn } from '../../broadcaster/src/i18n/en.ts';
import { zh as studioZh } from '../../broadcaster/src/i18n/zh.ts';
import { texts as embedTexts } from '../../live-client/src/embed/texts.ts';
import { en as playerEn } from '../../player/src/i18n/en.ts';
import { zh as playerZh } from '../../player/src/i18n/zh.ts';
import { type BrandSite, openBrandSite } from '../kit/brand-site.ts';
import { type CodedFilm, makeCodedCamera } from '../kit/coded-camera.ts';
import { drillSet } from '../kit/drill-set.ts';
import { goLive, pinProduct, say, signInToChat, signInToStudio } from '../kit/people.ts';
import { seesMovingPicture } from '../kit/picture.ts';

const folder = mkdtempSync(join(tmpdir(), 'walnut-live-embed-'));
const cameraFile = join(folder, 'camera.y4m');
let site: BrandSite;
let otherSite: BrandSite;
let film: CodedFilm;

const drill = drillSet({
  folder: 'embed',
  texts: {
    studio: { zh: studioZh, en: studioEn },
    player: { zh: playerZh, en: playerEn },
    embed: embedTexts,
  },
  chromium: { fakeVideoFile: cameraFile, autoplayWithSound: false },
  begin: async () => {
    [film, site, otherSite] = await Promise.all([
      makeCodedCamera(cameraFile, 1_000, { width: 640 }),
      openBrandSite(),
      openBrandSite(),
    ]);
    return { apiEnv: { EMBED_ORIGINS: site.origin } };
  },
  end: async () => {
    await Promise.all([site?.close(), otherSite?.close()]);
    rmSync(folder, { recursive: true, force: true });
  },
});
const { person, people, findings, good, buyerToken } = drill;

const ROOM = 'walnut-live-room';
const part = (name: string) => `${ROOM} [part~="${name}"]`;

test('ten lines on another site show a live room, and lead into it', { timeout: 420_000 }, async () => {
  const { origin, demoPassword } = drill.product;
  const guide = await person('zh-CN', 'studio');
  await signInToStudio(guide, origin, 'hangzhou-guide', demoPassword);
  const roomId = await goLive(guide, '核桃之夜');
  const bag = await good(null, 'GET', `/rooms/${roomId}/bag`);
  const product = bag.items[0].product as { id: string; title: string };
  const sharer = await buyerToken('13900000051', '阿桃');
  const link = await good(sharer, 'POST', '/share-links', { roomId, channel: 'copy' });
  for (const one of [site, otherSite])
    one.show({ product: origin, roomId, shareToken: (link.path as string).replace('/s/', '') });

  // The page of a site that is named: picture, people, talk, product.
  const visitor = await person('zh-CN', 'embed');
  const { page } = visitor;
  await page.goto(`${site.origin}/`);
  await page.locator(`${part('stage')}[data-status="playing"]`).waitFor();
  await seesMovingPicture(page, film.owns, { selector: ROOM });
  await page.locator(part('title')).filter({ hasText: '核桃之夜' }).waitFor();
  await page
    .locator(part('viewers'))
    .filter({ hasText: /[1-9]\d* 人在看/ })
    .waitFor();
  expect(await page.locator(part('card')).isVisible()).toBe(false);
  await visitor.look('embed-live', 'phone');
  await page.locator(part('sound')).click();
  await page.locator(part('sound')).filter({ hasText: '静音' }).waitFor();

  const anna = await person('zh-CN', 'player');
  await anna.page.goto(`${origin}/r/${roomId}`);
  await signInToChat(anna, '13900000052', '安然');
  const words = '<b>好吃吗</b> & 新鲜吗?';
  await say(anna, words);
  await page.locator(part('words')).filter({ hasText: words }).waitFor();
  expect(await page.locator(`${part('words')} b`).count()).toBe(0);
  await pinProduct(guide, product.title);
  await page.locator(part('card-title')).filter({ hasText: product.title }).waitFor();
  await page.locator(part('price')).filter({ hasText: /^¥\d/ }).waitFor();
  const picture = page.locator(part('card-picture'));
  await expect
    .poll(() => picture.evaluate((image) => (image as HTMLImageElement).naturalWidth), { timeout: 15_000 })
    .toBeGreaterThan(0);
  await visitor.look('embed-product');

  const english = await person('en', 'embed');
  await english.page.goto(`${site.origin}/?en`);
  await english.page.locator(`${part('stage')}[data-status="playing"]`).waitFor();
  await english.page.locator(part('buy')).filter({ hasText: 'Buy' }).waitFor();
  await english.look('embed-product');

  // A7: whoever reloads is the same visitor.
  const visitorsTotal = async () => (await good(null, 'GET', `/rooms/${roomId}`)).viewersTotal;
  await expect.poll(visitorsTotal, { timeout: 15_000 }).toBe(3); // here, in English, and Anna in the player
  for (let reload = 0; reload < 3; reload += 1) {
    await page.reload();
    await page.locator(`${part('stage')}[data-status="playing"]`).waitFor();
  }
  expect(await visitorsTotal()).toBe(3);
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([`walnut-live.guest:${origin}`]);

  // What else is of no use there: no cookie was set, and staff and money answer to nobody's page.
  expect(await visitor.context.cookies()).toEqual([]);
  const outcomes = await page.evaluate(async (api) => {
    const read = (path: string, init: RequestInit = {}) =>
      fetch(api + path, init).then(
        ({ status }) => status,
        () => 'kept from the page',
      );
    return {
      bag: await read('/healthz'),
      orders: await read('/api/v1/orders', { credentials: 'include' }),
      staff: await read('/api/v1/staff', { credentials: 'include' }),
      refresh: await read('/api/v1/auth/refresh', {
        method: 'POST',
        credentials: 'include',
        headers: { 'content-type': 'application/json', 'x-walnut-client': 'web' },
        body: '{"audience":"staff"}',
      }),
    };
  }, origin);
  expect(outcomes).toEqual({
    bag: 200,
    orders: 'kept from the page',
    staff: 'kept from the page',
    refresh: 'kept from the page',
  });

  // To the product in the player, credited to who shared.
  expect((await good(sharer, 'GET', '/me/shares')).visitors).toBe(0);
  const opened = visitor.context.waitForEvent('page');
  await page.locator(part('buy')).click();
  const player = await opened;
  await player.waitForURL(new RegExp(`^${origin}/r/${roomId}`));
  await player.getByTestId('product-buy').waitFor();
  await player.getByText(product.title).and(player.locator(':visible')).first().waitFor();
  expect(new URL(player.url()).search).toBe('');
  expect((await good(sharer, 'GET', '/me/shares')).visitors).toBe(1);
  await player.close();

  // A site that is not named says so, in both languages, and shows nothing of the room.
  const stranger = await person('en', 'embed');
  await stranger.page.goto(`${otherSite.origin}/?en`);
  await stranger.page.locator(`${part('stage')}[data-status="not-allowed"]`).waitFor();
  await stranger.page.locator(part('status')).filter({ hasText: otherSite.origin }).waitFor();
  expect(await stranger.page.locator(part('title')).textContent()).toBe('');
  await stranger.look('embed-refused');

  // The end reaches the page.
  await good(await drill.staffToken('hangzhou-guide'), 'POST', `/rooms/${roomId}/end`, {});
  await page.locator(`${part('stage')}[data-status="ended"]`).waitFor();
  await visitor.look('embed-ended', 'phone');

  // What a browser writes when it keeps an answer from a page is what this is about.
  const expected = /CORS policy|net::ERR_FAILED|status of 404 .*\/hls\//;
  const faults = people.flatMap((one) => one.faults).filter((fault) => !expected.test(fault));
  expect([...findings, ...faults]).toEqual([]);
});
