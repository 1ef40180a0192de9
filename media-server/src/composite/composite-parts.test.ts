import type { CompositeOrientation } from '@walnut-live/contracts';
import { describe, expect, it } from 'vitest';
import { BACKGROUND, draw, fill, frameBytes } from './canvas.ts';
import { decoderArguments } from './decoder.ts';
import { encoderArguments } from './encoder.ts';
import { canvasOf, layoutOf, type Rect } from './layout.ts';
import { createPlayout, FRAMES_PER_SECOND, SAMPLES_PER_FRAME } from './playout.ts';
import { createSoundMixer } from './sound-mixer.ts';

const text = ({ x, y, width, height }: Rect): string => `${width}x${height}+${x}+${y}`;

describe('layout', () => {
  it.each<[number, CompositeOrientation, string[]]>([
    [1, 'landscape', ['1280x720+0+0']],
    [2, 'landscape', ['638x720+0+0', '638x720+642+0']],
    [3, 'landscape', ['764x720+0+0', '512x358+768+0', '512x358+768+362']],
    [4, 'landscape', ['638x358+0+0', '638x358+642+0', '638x358+0+362', '638x358+642+362']],
    [2, 'portrait', ['720x638+0+0', '720x638+0+642']],
    [3, 'portrait', ['720x764+0+0', '358x512+0+768', '358x512+362+768']],
    [4, 'portrait', ['358x638+0+0', '358x638+0+642', '358x638+362+0', '358x638+362+642']],
  ])('of %i in %s', (count, orientation, expected) => {
    const rects = layoutOf(count, orientation);
    const { width, height } = canvasOf(orientation);
    expect(rects.map(text)).toEqual(expected);
    for (const rect of rects) {
      expect(Object.values(rect).every((value) => value % 2 === 0)).toBe(true);
      expect(rect.x + rect.width).toBeLessThanOrEqual(width);
      expect(rect.y + rect.height).toBeLessThanOrEqual(height);
    }
  });

  it('knows no more than four', () => {
    expect(() => layoutOf(5, 'landscape')).toThrow();
  });
});

describe('canvas', () => {
  const size = { width: 16, height: 8 };
  const lumaAt = (picture: Buffer, x: number, y: number): number => picture[y * size.width + x] ?? -1;
  const plain = (y: number, of = { width: 4, height: 4 }): Buffer => {
    const picture = Buffer.alloc(frameBytes(of));
    fill(picture, of, { x: 0, y: 0, ...of }, { y, u: y + 1, v: y + 2 });
    return picture;
  };

  it('puts pictures where they belong, in all three planes and nowhere else', () => {
    const canvas = plain(BACKGROUND.y, size);
    draw(canvas, size, { x: 2, y: 4, width: 4, height: 4 }, plain(100), { width: 4, height: 4 });
    expect([1, 2, 5, 6].map((x) => lumaAt(canvas, x, 4))).toEqual([24, 100, 100, 24]);
    expect([3, 4, 7].map((y) => lumaAt(canvas, 2, y))).toEqual([24, 100, 100]);
    const [u, v] = [canvas.subarray(128, 160), canvas.subarray(160, 192)];
    expect([...u].filter((value) => value === 101)).toHaveLength(4);
    expect([...v].filter((value) => value === 102)).toHaveLength(4);
    expect(u[2 * 8 + 1]).toBe(101);
  });

  it('cuts and scales a picture of another size to fill its tile', () => {
    const canvas = plain(0, size);
    draw(canvas, size, { x: 8, y: 0, width: 8, height: 8 }, plain(200), { width: 4, height: 4 });
    expect([7, 8, 15].map((x) => lumaAt(canvas, x, 7))).toEqual([0, 200, 200]);
    expect(canvas.filter((value) => value === 200)).toHaveLength(64);
  });
});

describe('sound mixer', () => {
  const block = (value: number): Int16Array => new Int16Array(200).fill(value);
  const run = (sounds: number[][]): number[][] => {
    const mixer = createSoundMixer(200);
    return sounds.map((values) => [...mixer.push(values.map(block))]);
  };

  it('adds, a block later', () => {
    const [first, second, third] = run([[1_000, 500], [], []]);
    expect(new Set(first)).toEqual(new Set([0]));
    expect(new Set(second)).toEqual(new Set([1_500]));
    expect(new Set(third)).toEqual(new Set([0]));
  });

  it('never clips, has no steps, and comes back to full loudness', () => {
    const loud = [30_000, 30_000, 30_000, 30_000];
    const blocks = run([[8_000], loud, loud, ...Array.from({ length: 80 }, () => [8_000])]);
    const all = blocks.flat();
    expect(Math.max(...all)).toBeLessThanOrEqual(32_000);
    expect(Math.max(...all)).toBeGreaterThan(31_900);
    // Within a block the gain is a line: no jump but where the sounds themselves jump.
    for (const each of blocks) {
      const steps = each.slice(1).map((value, at) => Math.abs(value - (each[at] ?? 0)));
      expect(Math.max(...steps)).toBeLessThan(500);
    }
    expect(blocks.at(-1)?.at(-1)).toBe(8_000);
  });
});

describe('playout', () => {
  const PICTURE_BYTES = 6;
  const frame = (index: number): Buffer => Buffer.alloc(PICTURE_BYTES, index % 256);
  /** Samples of one frame's time, each with the frame's number. */
  const samples = (index: number): Buffer => Buffer.from(new Int16Array(SAMPLES_PER_FRAME).fill(index + 1).buffer);

  /** Pushes each frame `delay(index)` seconds after its time and asks at every frame's time. */
  function play(count: number, delay: (index: number) => number) {
    const playout = createPlayout({ pictureBytes: PICTURE_BYTES, hasSound: true });
    const seen: Array<{ picture: number | null; sound: number | null }> = [];
    let pushed = 0;
    for (let tick = 0; tick < count; tick += 1) {
      const nowSeconds = 100 + tick / FRAMES_PER_SECOND;
      for (; 100 + pushed / FRAMES_PER_SECOND + delay(pushed) <= nowSeconds; pushed += 1) {
        // In pieces that split frames and samples.
        for (const piece of [frame(pushed).subarray(0, 4), frame(pushed).subarray(4)]) {
          playout.pushPicture(piece, nowSeconds);
        }
        for (const piece of [samples(pushed).subarray(0, 7), samples(pushed).subarray(7)]) {
          playout.pushSound(piece, nowSeconds);
        }
      }
      const { picture, sound } = playout.at(nowSeconds);
      seen.push({ picture: picture?.[0] ?? null, sound: sound ? (sound[SAMPLES_PER_FRAME / 2] ?? 0) - 1 : null });
    }
    return seen;
  }

  it('gives a frame and its sound at the same moment, one after the other', () => {
    const seen = play(90, () => 0.03).filter(({ picture }) => picture !== null);
    expect(seen.length).toBeGreaterThan(80);
    for (const { picture, sound } of seen) expect(Math.abs((sound ?? -9) - (picture ?? 0))).toBeLessThanOrEqual(1);
    const sounds = seen.map(({ sound }) => sound ?? -1);
    expect(sounds.every((value, at) => at === 0 || value === (sounds[at - 1] ?? 0) + 1)).toBe(true);
  });

  it('stays in step when everything becomes later, and comes near again', () => {
    const lag = (seen: ReturnType<typeof play>, tick: number): number => tick - (seen[tick]?.sound ?? 0);
    const seen = play(250, (index) => (index < 60 || index > 120 ? 0.02 : 0.4));
    expect(lag(seen, 50)).toBeLessThan(6);
    expect(lag(seen, 110)).toBeGreaterThan(10);
    const both = seen.slice(75, 240).filter(({ sound }) => sound !== null);
    expect(both.length).toBeGreaterThan(140);
    for (const { picture, sound } of both) expect(Math.abs((sound ?? -9) - (picture ?? 0))).toBeLessThanOrEqual(1);
    const later = play(400, (index) => (index < 60 ? 0.4 : 0));
    expect(lag(later, 399)).toBeLessThan(8);
  });

  it('repeats the last frame and has no sound when nothing comes', () => {
    const seen = play(60, (index) => (index < 20 ? 0 : 1e6));
    expect(seen.at(-1)).toEqual({ picture: 19, sound: null });
  });
});

describe('ffmpeg', () => {
  it('decodes into the size of the tile, what there is', () => {
    const both = decoderArguments({ picture: { width: 638, height: 720 }, sound: true }).join(' ');
    expect(both).toContain('scale=638:720:force_original_aspect_ratio=increase');
    expect(both).toContain('crop=638:720:');
    expect(both).toMatch(/pipe:1 .*pipe:3$/);
    expect(decoderArguments({ picture: null, sound: true }).join(' ')).not.toContain('0:v');
    expect(decoderArguments({ picture: { width: 2, height: 2 }, sound: false }).join(' ')).not.toContain('0:a');
  });

  it('encodes what browsers and the ingest take, both outputs with one beginning', () => {
    const track = (port: number) => ({ port, rtcpPort: port + 1, payloadType: 100 + port, ssrc: port * 7 });
    const line = encoderArguments({
      orientation: 'portrait',
      ingest: { ip: '127.0.0.1', video: track(10), audio: track(12) },
      videoKbps: 1_000,
      beginsAtMs: 5_000,
    }).join(' ');
    expect(line).toContain('-video_size 720x1280');
    expect(line).toContain('-profile:v baseline');
    expect(line).toContain('-ssrc 70 -payload_type 110 -f rtp rtp://127.0.0.1:10?rtcpport=11&pkt_size=1200');
    expect(line).toContain('-ssrc 84 -payload_type 112 -f rtp rtp://127.0.0.1:12?rtcpport=13&pkt_size=1200');
    expect(line.match(/-start_time_realtime 5000000 /g)).toHaveLength(2);
  });
});
