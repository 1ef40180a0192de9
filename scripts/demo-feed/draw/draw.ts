/**
 * Renders the layers of scene.ts into scripts/demo-feed/pictures with Chromium. Only for authors: run it after changing
 * the scene and commit the result; `./live start` needs neither Chromium nor fonts.
 *
 *   node scripts/demo-feed/draw/draw.ts
 */
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { fallingLeaves, foreground, HEIGHT, LANDSCAPE_WIDTH, landscape, WIDTH } from './scene.ts';

const OUT = join(import.meta.dirname, '../pictures');
const JPEG_QUALITY = 86;

const layers = [
  { file: 'landscape.jpg', width: LANDSCAPE_WIDTH, svg: landscape() },
  { file: 'foreground.png', width: WIDTH, svg: foreground() },
  { file: 'leaves-far.png', width: WIDTH, svg: fallingLeaves(3, 13, 20) },
  { file: 'leaves-near.png', width: WIDTH, svg: fallingLeaves(11, 6, 44) },
];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_BIN ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const page = await browser.newPage();
for (const { file, width, svg } of layers) {
  await page.setViewportSize({ width, height: HEIGHT });
  await page.setContent(`<style>html,body{margin:0;background:transparent}svg{display:block}</style>${svg}`);
  const jpeg = file.endsWith('.jpg');
  await page.screenshot({
    path: join(OUT, file),
    omitBackground: !jpeg,
    ...(jpeg ? { type: 'jpeg' as const, quality: JPEG_QUALITY } : { type: 'png' as const }),
  });
  console.log(file);
}
await browser.close();
