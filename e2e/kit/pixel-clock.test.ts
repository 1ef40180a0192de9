import { describe, expect, it } from 'vitest';
import { decodePixels, drawPixelClock, PIXEL_CLOCK_MODULO } from './pixel-clock.ts';

/** Draws at 80×8, where one block is four pixels: exactly what `readPixelClock` scales a picture down to. */
function pixelsOf(value: number): Uint8ClampedArray {
  const pixels = new Uint8ClampedArray(80 * 8 * 4);
  const pen = {
    fillStyle: '' as string,
    fillRect(x: number, y: number, width: number, height: number) {
      for (let row = y; row < Math.min(8, y + height); row += 1) {
        for (let column = x; column < Math.min(80, x + width); column += 1) {
          pixels.fill(this.fillStyle === '#fff' ? 235 : 16, 4 * (row * 80 + column), 4 * (row * 80 + column) + 4);
        }
      }
    },
  };
  drawPixelClock(pen as never, 80, value);
  return pixels;
}

describe('pixel clock', () => {
  it('reads what it drew', () => {
    for (const value of [0, 1, 12_345_678, PIXEL_CLOCK_MODULO - 1]) {
      expect(decodePixels(pixelsOf(value))).toEqual({ ok: true, value });
    }
    expect(decodePixels(pixelsOf(PIXEL_CLOCK_MODULO + 7))).toEqual({ ok: true, value: 7 });
  });

  it('notices a wrong block and a picture that is none of ours', () => {
    const pixels = pixelsOf(12_345_678);
    for (let row = 0; row < 4; row += 1)
      for (let column = 20; column < 24; column += 1) {
        const at = 4 * (row * 80 + column) + 1;
        pixels[at] = 255 - (pixels[at] ?? 0);
      }
    expect(decodePixels(pixels)).toEqual({ ok: false, why: 'crc' });
    expect(decodePixels(new Uint8ClampedArray(80 * 8 * 4).fill(128))).toEqual({ ok: false, why: 'contrast' });
  });
});
