/**
 * A machine-readable time code in the picture, to prove "it is really this picture" and to measure latency.
 *
 * Two rows of 20 black or white blocks across the whole width: calibration blocks in the corners, 28 bits of value and a
 * CRC-8 over it. Blocks survive scaling to 320×180, H.264 and HLS. Runs in the browser; has no imports.
 */
const COLUMNS = 20;
const ROWS = 2;
const VALUE_BITS = 28;
const CRC_BITS = 8;
/** Pixels per block that a picture is scaled down to before it is read. */
const SAMPLE = 4;
/** Least difference between white and black. */
const MIN_CONTRAST = 60;

/** Values wrap here: milliseconds wrap after three days. */
export const PIXEL_CLOCK_MODULO = 2 ** VALUE_BITS;

export type PixelReading = { ok: true; value: number } | { ok: false; why: 'contrast' | 'crc' | 'no-picture' };

function crc8(value: number): number {
  let crc = 0xff;
  for (let shift = 21; shift >= 0; shift -= 7) {
    crc ^= (value >>> shift) & 0x7f;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : (crc << 1) & 0xff;
  }
  return crc;
}

function blocksOf(value: number): boolean[] {
  const wrapped = Math.trunc(value) % PIXEL_CLOCK_MODULO;
  const bits: boolean[] = [];
  for (let bit = VALUE_BITS - 1; bit >= 0; bit -= 1) bits.push(((wrapped >>> bit) & 1) === 1);
  const crc = crc8(wrapped);
  for (let bit = CRC_BITS - 1; bit >= 0; bit -= 1) bits.push(((crc >>> bit) & 1) === 1);
  return [true, false, ...bits, false, true];
}

type Pen = Pick<CanvasRenderingContext2D, 'fillRect'> & { fillStyle: string | CanvasGradient | CanvasPattern };

/** Draws the code along the top of a picture of this width; it takes a tenth of the width in height. */
export function drawPixelClock(pen: Pen, width: number, value: number): void {
  const size = width / COLUMNS;
  blocksOf(value).forEach((white, index) => {
    pen.fillStyle = white ? '#fff' : '#000';
    const column = index % COLUMNS;
    const row = Math.floor(index / COLUMNS);
    pen.fillRect(Math.floor(column * size), Math.floor(row * size), Math.ceil(size), Math.ceil(size));
  });
}

let scratch: OffscreenCanvasRenderingContext2D | null = null;

/** Reads the code from a playing video, an image or a canvas. */
export function readPixelClock(source: HTMLVideoElement | HTMLCanvasElement | VideoFrame | ImageBitmap): PixelReading {
  const width =
    'videoWidth' in source ? source.videoWidth : 'displayWidth' in source ? source.displayWidth : source.width;
  if (!width) return { ok: false, why: 'no-picture' };
  scratch ??= new OffscreenCanvas(COLUMNS * SAMPLE, ROWS * SAMPLE).getContext('2d', { willReadFrequently: true });
  if (!scratch) return { ok: false, why: 'no-picture' };
  scratch.imageSmoothingEnabled = true;
  const stripHeight = (width / COLUMNS) * ROWS;
  scratch.drawImage(source, 0, 0, width, stripHeight, 0, 0, COLUMNS * SAMPLE, ROWS * SAMPLE);
  return decodePixels(scratch.getImageData(0, 0, COLUMNS * SAMPLE, ROWS * SAMPLE).data);
}

/** Decodes the 80×8 RGBA pixels of a scaled-down strip. */
export function decodePixels(pixels: ArrayLike<number>): PixelReading {
  const levels: number[] = [];
  for (let row = 0; row < ROWS; row += 1) {
    for (let column = 0; column < COLUMNS; column += 1) {
      // The middle of a block only: its edges are blurred.
      let sum = 0;
      for (const dy of [1, 2]) {
        for (const dx of [1, 2]) {
          sum += pixels[4 * ((row * SAMPLE + dy) * COLUMNS * SAMPLE + column * SAMPLE + dx) + 1] ?? 0;
        }
      }
      levels.push(sum / 4);
    }
  }
  const last = levels.length - 1;
  const white = ((levels[0] ?? 0) + (levels[last] ?? 0)) / 2;
  const black = ((levels[1] ?? 0) + (levels[last - 1] ?? 0)) / 2;
  if (white - black < MIN_CONTRAST) return { ok: false, why: 'contrast' };
  const threshold = (white + black) / 2;
  const bits = levels.slice(2, 2 + VALUE_BITS + CRC_BITS).map((level) => (level > threshold ? 1 : 0));
  const number = (part: number[]): number => part.reduce((value, bit) => value * 2 + bit, 0);
  const value = number(bits.slice(0, VALUE_BITS));
  return crc8(value) === number(bits.slice(VALUE_BITS)) ? { ok: true, value } : { ok: false, why: 'crc' };
}

export interface PixelClockCanvas {
  canvas: HTMLCanvasElement;
  stream: MediaStream;
  stop(): void;
}

/**
 * A moving picture with the code of `Date.now()` (or of `value()`), as a MediaStream with video and, if wanted, a tone.
 * `Date.now()` of two pages on one machine is the same clock, so value differences are latencies.
 */
export function startPixelClock(
  options: { width?: number; height?: number; framesPerSecond?: number; tone?: boolean; value?: () => number } = {},
): PixelClockCanvas {
  const { width = 1280, height = 720, framesPerSecond = 30, tone = true, value = Date.now } = options;
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext('2d');
  if (!pen) throw new Error('no canvas');
  let frame = 0;
  const draw = (): void => {
    frame += 1;
    pen.fillStyle = `hsl(${frame % 360} 60% 45%)`;
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = '#fff';
    pen.fillRect((frame * 7) % width, height * 0.6, width / 12, height / 6);
    drawPixelClock(pen, width, value());
  };
  draw();
  const timer = setInterval(draw, 1000 / framesPerSecond);
  const stream = canvas.captureStream(framesPerSecond);
  let audio: AudioContext | null = null;
  if (tone) {
    audio = new AudioContext();
    const oscillator = audio.createOscillator();
    const gain = audio.createGain();
    gain.gain.value = 0.1;
    const output = audio.createMediaStreamDestination();
    oscillator.connect(gain).connect(output);
    oscillator.start();
    for (const track of output.stream.getAudioTracks()) stream.addTrack(track);
  }
  return {
    canvas,
    stream,
    stop() {
      clearInterval(timer);
      for (const track of stream.getTracks()) track.stop();
      void audio?.close();
    },
  };
}
