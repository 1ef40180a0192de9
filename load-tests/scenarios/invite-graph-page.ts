/**
 * P8: the invite graph of 100,000 people in the console, in a real Chromium. Where there is no graphics card, WebGL is made by the
 * processor (SwiftShader), which the notes say; what the page itself costs is then seen in the time its scripts take per frame.
 */

import pg from 'pg';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { createGraphKeeping } from '../../api/src/features/invite-graph/index.ts';
import { systemClock } from '../../api/src/platform/clock.ts';
import { createDb } from '../../api/src/platform/db.ts';
import { launchChromium, SOFTWARE_WEBGL } from '../../e2e/kit/chromium.ts';
import { newPerson, type Person, signInToConsole } from '../../e2e/kit/people.ts';
import type { BareScenario, Figure } from '../../scripts/bench/scenario.ts';
import { type Product, startProduct } from '../../scripts/run/product.ts';
import { ensureApps } from '../../scripts/setup/apps.ts';
import { asker } from '../lib/forest-stores.ts';
import { plantForest, seedForest } from '../lib/product-forest.ts';
import { growForest } from '../lib/repost-forest.ts';

const SEED = 20_261_123;
const PLAN = { people: 100_000, loads: 5, moveMs: 6_000 };
const QUICK = { people: 1_000, loads: 1, moveMs: 1_000 };
type Plan = typeof PLAN;
const DESK = { width: 1_440, height: 900 };
const LOAD_MS = 120_000;
const PAINTED = 'network painted';

interface Frames {
  /** Frames with another picture, not frames that the browser would have had. */
  drawn: number;
  ms: number;
  gaps: number[];
}
type World = { frames: Frames & { last: number; isOn: boolean } };

/**
 * Runs in the page before anything of it: counts the frames in which the picture on the screen became another, be it drawn anew or
 * moved as a whole.
 */
function countFrames(): void {
  const world = globalThis as unknown as World;
  world.frames = { drawn: 0, ms: 0, gaps: [], last: 0, isOn: false };
  let counted: unknown = null;
  const count = (): void => {
    const frame = document.timeline.currentTime;
    if (!world.frames.isOn || frame === counted) return;
    counted = frame;
    const now = performance.now();
    world.frames.drawn++;
    if (world.frames.last > 0) world.frames.gaps.push(now - world.frames.last);
    world.frames.last = now;
  };
  const bind = WebGL2RenderingContext.prototype.bindFramebuffer;
  WebGL2RenderingContext.prototype.bindFramebuffer = function (target, frame) {
    if (frame === null) count();
    bind.call(this, target, frame);
  };
  new MutationObserver((changes) => {
    if (changes.some(({ target }) => target instanceof HTMLCanvasElement)) count();
  }).observe(document, { subtree: true, attributeFilter: ['style'] });
}

/** A hand moves with the screen, whether or not the page keeps up; awaited one by one, wheel turns alone would be no more than 30 a second. */
const HAND_MS = 1_000 / 60;
const MOST_UNDER_WAY = 6;

async function moveByHand(moves: (step: number) => Promise<void>, ms: number): Promise<number> {
  const underWay = new Set<Promise<void>>();
  const began = performance.now();
  for (let step = 0; performance.now() - began < ms; step++) {
    const move = moves(step).finally(() => underWay.delete(move));
    underWay.add(move);
    if (underWay.size >= MOST_UNDER_WAY) await Promise.race(underWay);
    const ahead = began + (step + 1) * HAND_MS - performance.now();
    if (ahead > 1) await new Promise((resolve) => setTimeout(resolve, ahead));
  }
  await Promise.all(underWay);
  return performance.now() - began;
}

async function measureMove(page: Page, cdp: CDPSession, moves: (step: number) => Promise<void>, ms: number) {
  const metric = async (name: string) =>
    (await cdp.send('Performance.getMetrics')).metrics.find((one) => one.name === name)?.value ?? 0;
  await page.evaluate(() => {
    Object.assign((globalThis as unknown as World).frames, { drawn: 0, gaps: [], last: 0, isOn: true });
  });
  const scriptBefore = await metric('ScriptDuration');
  const took = await moveByHand(moves, ms);
  const script = (await metric('ScriptDuration')) - scriptBefore;
  const { drawn, gaps } = await page.evaluate(() => {
    const { frames } = globalThis as unknown as World;
    frames.isOn = false;
    return { drawn: frames.drawn, gaps: frames.gaps };
  });
  const sorted = gaps.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { fps: (drawn / took) * 1_000, p50: at(0.5), p95: at(0.95), scriptMs: (script * 1_000) / Math.max(1, drawn) };
}

const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[all.length >> 1] ?? 0;
const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

async function seedPeople(product: Product, plan: Plan, say: (line: string) => void): Promise<void> {
  const forest = growForest(plan.people, SEED);
  const client = new pg.Client({ connectionString: product.databaseUrl });
  await client.connect();
  const db = createDb({ url: product.databaseUrl, poolSize: 2, onError: () => undefined });
  try {
    await plantForest(client, forest);
    await seedForest(asker(client).run);
    await createGraphKeeping({ db, clock: systemClock }).rebuild();
    await client.query('VACUUM ANALYZE invite_nodes, invite_rollups, people');
    say(`${plan.people} people, ${forest.depths.reduce((most, one) => Math.max(most, one), 0)} deep`);
  } finally {
    await db.close();
    await client.end();
  }
}

async function openGraph(
  browser: Browser,
  product: Product,
): Promise<{ page: Page; shot: Person['shot']; paintedMs: number; people: number }> {
  const person = await newPerson(browser, { folder: 'bench', viewport: DESK });
  const { page } = person;
  page.setDefaultTimeout(LOAD_MS);
  await page.addInitScript(countFrames);
  await signInToConsole(person, product.origin, 'hq-operations', product.demoPassword);
  await page.goto(`${product.origin}/console/invite-graph`);
  const picture = page.locator('[data-testid="network"][data-state="painted"]');
  await picture.waitFor();
  const paintedMs = await page.evaluate((name) => performance.getEntriesByName(name)[0]?.startTime ?? 0, PAINTED);
  return { page, shot: person.shot, paintedMs, people: Number(await picture.getAttribute('data-people')) };
}

async function measure(browser: Browser, product: Product, plan: Plan, say: (line: string) => void): Promise<Figure[]> {
  const painted: number[] = [];
  let opened = await openGraph(browser, product);
  const cold = opened.paintedMs;
  if (opened.people < plan.people * 0.9) throw new Error(`only ${opened.people} people in the picture`);
  for (let load = 0; load < plan.loads; load++) {
    await opened.page.context().close();
    opened = await openGraph(browser, product);
    painted.push(opened.paintedMs);
  }
  const { page } = opened;
  const renderer = await page.evaluate(() => {
    const gl = document.createElement('canvas').getContext('webgl2');
    const info = gl?.getExtension('WEBGL_debug_renderer_info');
    return info ? String(gl?.getParameter(info.UNMASKED_RENDERER_WEBGL)) : 'unknown';
  });
  say(
    `first paint ${painted.map((ms) => Math.round(ms)).join(', ')} ms (first of all ${Math.round(cold)}), ${renderer}`,
  );
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  const box = await page.locator('.ng-surface').boundingBox();
  if (!box) throw new Error('the picture has no place on the screen');
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const wheel = (by: number) => page.mouse.wheel(0, by);
  await page.mouse.move(middle.x, middle.y);
  for (let step = 0; step < 20; step++) await wheel(-60);
  await page.mouse.down();
  const circle = (step: number) => {
    const angle = step / 40;
    return page.mouse.move(middle.x + Math.cos(angle) * box.width * 0.3, middle.y + Math.sin(angle) * box.height * 0.3);
  };
  for (let step = 0; step < 60; step++) await circle(step); // it finds out how fast the machine draws
  const pan = await measureMove(page, cdp, (step) => circle(step + 60), plan.moveMs);
  await page.mouse.up();
  await page.mouse.move(middle.x, middle.y);
  const zoom = await measureMove(page, cdp, (step) => wheel(step % 160 < 80 ? -25 : 25), plan.moveMs);
  const kept = await page.locator('.ng-surface canvas:not([data-whole])').getAttribute('data-kept');
  await opened.shot('invite-graph-moved');
  await page.getByTestId('network-whole').click();
  await page.evaluate(() => new Promise((next) => setTimeout(next, 600))); // the way there takes less
  await page.locator('.ng-surface canvas[data-still="true"]').waitFor();
  await opened.shot('invite-graph-whole');
  const note = `${renderer.includes('SwiftShader') ? 'WebGL by the processor (SwiftShader), no graphics card; ' : ''}${DESK.width} × ${DESK.height}, ${opened.people} people${kept === 'true' ? ', picture kept and moved' : ''}`;
  const goal = { reach: 30, farGoal: 60 };
  const moving = (id: string, what: string, of: typeof pan): Figure[] => [
    { id: `P8.${id}`, what, value: round(of.fps), unit: 'pictures/s', betterIs: 'higher', ...goal, note },
    {
      id: `P8.${id}.gap`,
      what: `${what}: time between pictures, median`,
      value: round(of.p50),
      unit: 'ms',
      betterIs: 'lower',
      note: `p95 ${round(of.p95)} ms`,
    },
    {
      id: `P8.${id}.script`,
      what: `${what}: scripts of the page per picture`,
      value: round(of.scriptMs, 2),
      unit: 'ms',
      betterIs: 'lower',
    },
  ];
  return [
    {
      ...{
        id: 'P8',
        what: 'from the address to the first picture, new browser',
        value: round(median(painted) / 1_000, 2),
        unit: 's',
      },
      ...{
        betterIs: 'lower',
        reach: 3,
        farGoal: 1,
        min: round(Math.min(...painted) / 1_000, 2),
        max: round(Math.max(...painted) / 1_000, 2),
        note,
      },
    },
    {
      id: 'P8.first',
      what: 'the same for the first who asks: the api reads and places everybody',
      value: round(cold / 1_000, 2),
      unit: 's',
      betterIs: 'lower',
      reach: 3,
      farGoal: 1,
      note,
    },
    ...moving('pan', 'panning', pan),
    ...moving('zoom', 'zooming', zoom),
  ];
}

export const scenario: BareScenario = {
  name: 'invite-graph-page',
  title: 'the invite graph of 100,000 people in a real browser: first paint, pan, zoom (P8)',
  bare: true,
  async run({ quick, dataDir, prepared, say }) {
    const plan = quick ? QUICK : PLAN;
    await ensureApps();
    const product = await startProduct({
      dataDir,
      prepared,
      unusualPorts: true,
      env: { LOG_LEVEL: 'warn', AUTH_RATE_PER_MINUTE: '600' },
    });
    let browser: Browser | undefined;
    try {
      await seedPeople(product, plan, say);
      browser = await launchChromium({ extraArgs: SOFTWARE_WEBGL });
      return await measure(browser, product, plan, say);
    } finally {
      await browser?.close();
      await product.stop();
    }
  },
};
