/** hls.js as it comes, with nothing of ours around it, plays what we publish, and goes over a packager that was killed. */
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { RtpIngest } from '@walnut-live/contracts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchChromium } from '../../e2e/kit/chromium.ts';
import type { HlsJsReport } from '../../e2e/kit/hlsjs-page-api.ts';
import { descendantsOf } from '../../e2e/kit/processes.ts';
import { serveTestPage, type TestPage } from '../../e2e/kit/test-page.ts';
import type { MediaServer } from '../src/media-server.ts';
import { type AvSource, startAvSource } from './av-source.ts';
import { control, mintToken, startServer, until } from './kit.ts';

const STREAM = 'judged';
const LOOK_MS = 8_000;
/** What a player minds when parts come late, and puts right by itself. Everything else is said about what we publish. */
const ABOUT_TIME = ['bufferStalledError', 'bufferAppendNoProgress', 'levelLoadTimeOut', 'fragLoadTimeOut'];
/** On a machine that does twice as much as it can, parts do come late. */
const isBusy = (): boolean => (loadavg()[0] ?? 0) > 2 * availableParallelism();

let server: MediaServer;
let source: AvSource;
let site: TestPage;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [server, site, browser] = await Promise.all([
    startServer({ WORKERS: '1' }),
    serveTestPage(fileURLToPath(new URL('../../e2e/kit/hlsjs-page.ts', import.meta.url))),
    launchChromium(),
  ]);
  const ingest = RtpIngest.parse(await (await control(server, 'POST', `/streams/${STREAM}/rtp-ingest`)).json());
  source = startAvSource(ingest);
  const stateOf = async () => (await (await control(server, 'GET', `/streams/${STREAM}`)).json()) as { state: string };
  await until('live', stateOf, ({ state }) => state === 'live', 20_000);
  page = await browser.newPage();
  await page.goto(site.url);
  await page.waitForFunction('Boolean(window.hlsJs)');
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await site?.close();
  source?.stop();
  await server?.close();
});

const report = (): Promise<HlsJsReport> => page.evaluate('window.hlsJs.report()');
async function play(lowLatency: boolean): Promise<void> {
  const url = `${server.url}/hls/${STREAM}/master.m3u8?token=${await mintToken({ streamId: STREAM })}`;
  await page.evaluate(`window.hlsJs.play('${url}', ${lowLatency})`);
}
const detailsOf = ({ errors }: HlsJsReport): string[] => errors.map(({ details }) => details);
const aboutUs = (seen: HlsJsReport): string[] => detailsOf(seen).filter((details) => !ABOUT_TIME.includes(details));
const encoders = (): number => descendantsOf(process.pid).filter(({ command }) => command.includes('ffmpeg')).length;

it('is played part by part, close to the live edge, and nothing is minded', async () => {
  await play(true);
  await until('a picture', report, ({ frames, playing }) => playing && frames > 10, 30_000);
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  const seen = await report();
  console.info(
    `hls.js: ${seen.parts.length} parts, ${seen.segments.length} segments, ${seen.reloads.length} blocking reloads, ` +
      `${seen.latency.toFixed(2)} s behind, aims at ${seen.targetLatency} s, stood ${seen.longestStandMs} ms, ` +
      `minded: ${detailsOf(seen).join(', ') || 'nothing'}`,
  );
  expect(aboutUs(seen)).toEqual([]);
  expect(seen.errors.filter(({ fatal }) => fatal)).toEqual([]);
  if (!isBusy()) expect(seen.errors).toEqual([]);
  expect(seen.playing).toBe(true);
  // Five parts a second; whole segments only for what is too old to have parts.
  expect(seen.parts.length).toBeGreaterThan((LOOK_MS / 1_000) * 3);
  expect(seen.segments.length).toBeLessThanOrEqual(2);
  // It asked for each part before it was there, and took what had been announced.
  expect(seen.reloads.length).toBeGreaterThan((LOOK_MS / 1_000) * 3);
  const taken = seen.hints.filter((hint) => seen.parts.includes(hint));
  expect(taken.length).toBeGreaterThan(seen.hints.length / 2);
  expect(seen.partHoldBack).toBe(0.8);
  // Each stall makes it longer.
  if (seen.errors.length === 0) expect(seen.targetLatency).toBe(0.8);
  expect(seen.latency).toBeLessThan((seen.targetLatency ?? 0) + 2);
}, 60_000);

it('goes over the break of a killed packager, and everything is as many as before', async () => {
  const before = { census: await server.census(), encoders: encoders() };
  const [broken] = (await report()).discontinuities.slice(-1);
  await page.evaluate('window.hlsJs.mark()');
  const [pid] = server.packagerPids();
  process.kill(pid ?? 0, 'SIGKILL');
  const killedAt = Date.now();
  await until('the next run', report, ({ discontinuities }) => (discontinuities.at(-1) ?? 0) > (broken ?? 0), 30_000);
  const resumed = (await report()).frames;
  const seen = await until('its picture', report, ({ frames }) => frames > resumed + 50, 30_000);
  console.info(
    `packager killed: the HLS picture stood ${seen.longestStandMs} ms; two seconds of the next run shown after ` +
      `${Date.now() - killedAt} ms; minded: ${detailsOf(seen).join(', ') || 'nothing'}`,
  );
  expect(aboutUs(seen)).toEqual([]);
  expect(seen.errors.filter(({ fatal }) => fatal)).toEqual([]);
  expect(seen.longestStandMs).toBeLessThan(8_000);
  expect(server.packagerPids()).not.toContain(pid);
  const after = async () => ({ census: await server.census(), encoders: encoders() });
  await until('as before', after, (now) => JSON.stringify(now) === JSON.stringify(before), 10_000);
}, 90_000);

it('keeps the longer distance of whole segments where low latency is not wanted', async () => {
  await play(false);
  const seen = await until('a distance', report, ({ targetLatency }) => targetLatency !== null, 20_000);
  expect([seen.holdBack, seen.targetLatency]).toEqual([6, 6]);
  expect(aboutUs(seen)).toEqual([]);
  expect(seen.errors.filter(({ fatal }) => fatal)).toEqual([]);
}, 30_000);
