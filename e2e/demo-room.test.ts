/** What a newcomer sees after `./live start`: the demo room's picture moves and its sound is there, in a real browser. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureDemoProgramme } from '../scripts/demo-feed/programme.ts';
import { ROOT } from '../scripts/setup/paths.ts';
import { launchChromium } from './kit/chromium.ts';
import { startTestProduct, type TestProduct } from './kit/product.ts';

let product: TestProduct;
let browser: Browser;
const FPS = 25;
const AUDIBLE = 0.01;
const artifacts = join(ROOT, 'e2e/artifacts/demo-room');

beforeAll(async () => {
  mkdirSync(artifacts, { recursive: true });
  product = await startTestProduct({ demoProgramme: await ensureDemoProgramme(process.env.FFMPEG_BIN ?? 'ffmpeg') });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await product?.[Symbol.asyncDispose]();
});

interface Measured {
  /** Shown so far. */
  frames: number;
  /** Over WebRTC: 0 to 1, the highest of half a second. */
  loudness: number;
  /** By HLS: sound decoded so far. */
  audioBytes: number;
}

async function measure(page: Page): Promise<Measured> {
  return page.evaluate(async () => {
    const video = document.querySelector('video') as
      | (HTMLVideoElement & { webkitAudioDecodedByteCount: number })
      | null;
    const stream = video?.srcObject;
    let loudness = 0;
    if (stream instanceof MediaStream && stream.getAudioTracks().length > 0) {
      const context = new AudioContext();
      const analyser = context.createAnalyser();
      context.createMediaStreamSource(stream).connect(analyser);
      const samples = new Float32Array(analyser.fftSize);
      const until = performance.now() + 500;
      while (performance.now() < until) {
        analyser.getFloatTimeDomainData(samples);
        for (const sample of samples) loudness = Math.max(loudness, Math.abs(sample));
        await new Promise((next) => requestAnimationFrame(next));
      }
      await context.close();
    }
    return {
      frames: video?.getVideoPlaybackQuality().totalVideoFrames ?? 0,
      loudness,
      audioBytes: video?.webkitAudioDecodedByteCount ?? 0,
    };
  });
}

/** Waits until a second of picture has been shown from now on, with sound; over WebRTC or, after a bad start, by HLS. */
async function plays(page: Page): Promise<void> {
  let reference = await measure(page);
  await expect
    .poll(
      async () => {
        const now = await measure(page);
        if (now.frames < reference.frames) reference = now; // a new picture element begins at zero
        const sounds = now.loudness > AUDIBLE || now.audioBytes > reference.audioBytes;
        return { shown: now.frames - reference.frames > FPS, sounds };
      },
      { timeout: 120_000, interval: 200 },
    )
    .toEqual({ shown: true, sounds: true });
}

test('plays picture and sound, also after the programme and the media server were killed', {
  timeout: 500_000,
}, async () => {
  const link = product.seed.consumerLinks[0];
  if (!link) throw new Error('the seed made no consumer link');
  const page = await browser.newPage({ viewport: { width: 390, height: 844 }, locale: 'zh-CN' });
  await page.goto(product.origin + link.path);
  await plays(page);
  await page.screenshot({ path: join(artifacts, 'room-390-zh.png') });

  process.kill(product.child('demo-feed').pid ?? 0, 'SIGKILL');
  await plays(page);
  process.kill(product.child('media-server').pid ?? 0, 'SIGKILL');
  await expect.poll(() => product.child('media-server').restarts, { timeout: 30_000 }).toBeGreaterThan(0);
  await plays(page);
  await page.close();
});
