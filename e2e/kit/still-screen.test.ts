/** The product's own styles in a real browser: what is kept of a screen stays the same, until a rule is broken. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchChromium } from './chromium.ts';
import { differences, type Pixels, toKeep } from './kept-pictures.ts';
import { still } from './still-screen.ts';

const CSS = join(import.meta.dirname, '../../ui/src/css');
const styles = ['tokens', 'base', 'controls', 'layers'].map((name) => readFileSync(join(CSS, `${name}.css`), 'utf8'));
const SCREEN = `<!doctype html><html lang="zh-CN"><style>${styles.join('\n')}</style><body>
  <p id="clock">12:31:07，3 分钟前，剩 8 件</p><canvas width="80" height="40"></canvas>
  <dialog class="wl-layer wl-sheet" open><div class="wl-sheet-panel"><div class="wl-sheet-head"><h2 class="wl-sheet-title">分享直播间</h2></div>
    <div class="wl-sheet-body"><p>好友扫码或打开链接进入，成交会记在你的名下</p><button class="wl-btn wl-btn-hot">复制链接</button></div></div></dialog>`;

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launchChromium();
  page = await browser.newPage({ viewport: { width: 768, height: 1024 }, reducedMotion: 'reduce' });
});
afterAll(() => browser?.close());

async function seen(change?: () => void): Promise<Pixels> {
  await page.setContent(SCREEN);
  if (change) await page.evaluate(change);
  const picture = sharp(await toKeep(await still(page))).removeAlpha();
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  return { ...info, data };
}
const addRule = (rule: string) =>
  `(() => { const s = document.createElement('style'); s.textContent = ${JSON.stringify(rule)}; document.head.append(s); })()`;

it('other figures, and a picture that moved on, are the same screen; and what was taken away is put back', async () => {
  const kept = await seen();
  const later = await seen(() => {
    const clock = document.querySelector('#clock');
    if (clock) clock.textContent = '23:59:58，刚刚，剩 7 件';
    document.querySelector('canvas')?.getContext('2d')?.fillRect(0, 0, 80, 40);
  });
  expect(differences(kept, later).windows).toBe(0);
  expect(await page.locator('#clock').textContent()).toBe('23:59:58，刚刚，剩 7 件');
  expect(await page.locator('canvas').isVisible()).toBe(true);
});

it.each([
  '.wl-sheet-panel { width: auto !important; align-self: stretch }',
  '.wl-sheet-panel { background: #f3e6d6 !important }',
  '.wl-sheet-body { padding: 0 !important }',
  '.wl-sheet-title { font-size: 14px !important }',
  '.wl-sheet-head::before { display: none !important }',
  '.wl-btn { border-radius: 0 !important }',
])('a broken rule is seen: %s', async (rule) => {
  const kept = await seen();
  await page.setContent(SCREEN);
  await page.evaluate(addRule(rule));
  const picture = sharp(await toKeep(await still(page))).removeAlpha();
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  expect(differences(kept, { ...info, data }).windows).toBeGreaterThan(0);
});
