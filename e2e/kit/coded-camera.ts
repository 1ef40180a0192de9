/**
 * A film for Chromium's fake camera in which every frame carries a code (pixel-clock.ts): `first`, `first + 1`, … and then
 * again from the start. Who reads such a code in a viewer's picture has seen this publisher's picture and no other.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { drawPixelClock } from './pixel-clock.ts';

const WIDTH = 1280;
const HEIGHT = 720;
const FRAMES = 90;
const FRAMES_PER_SECOND = 30;

export interface CodedCamera {
  videoFile: string;
  /** True when a code read somewhere comes from this film. */
  owns(value: number): boolean;
}

/** Writes the film (by default 3 s, about 2 MB, a second or two of work). A longer one tells later from earlier for longer. */
export async function makeCodedCamera(videoFile: string, first: number, frames = FRAMES): Promise<CodedCamera> {
  const ffmpeg = spawn(
    process.env.FFMPEG_BIN ?? 'ffmpeg',
    [
      ...['-hide_banner', '-loglevel', 'error', '-y', '-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${WIDTH}x${HEIGHT}`],
      ...[
        '-r',
        String(FRAMES_PER_SECOND),
        '-i',
        'pipe:0',
        '-c:v',
        'mjpeg',
        '-q:v',
        '4',
        '-pix_fmt',
        'yuvj420p',
        videoFile,
      ],
    ],
    { stdio: ['pipe', 'ignore', 'inherit'] },
  );
  const ended = once(ffmpeg, 'close');
  for (let frame = 0; frame < frames; frame++) {
    if (!ffmpeg.stdin.write(drawFrame(first + frame, frame))) await once(ffmpeg.stdin, 'drain');
  }
  ffmpeg.stdin.end();
  const [code] = (await ended) as [number];
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
  return { videoFile, owns: (value) => value >= first && value < first + frames };
}

function drawFrame(code: number, frame: number): Buffer {
  const pixels = Buffer.alloc(WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; y++) pixels.fill(60 + ((y + frame * 4) % 120), y * WIDTH, (y + 1) * WIDTH);
  const pen = {
    fillStyle: '#000' as string | CanvasGradient | CanvasPattern,
    fillRect(x: number, y: number, width: number, height: number) {
      const shade = this.fillStyle === '#fff' ? 255 : 0;
      for (let row = y; row < Math.min(y + height, HEIGHT); row++) {
        pixels.fill(shade, row * WIDTH + x, row * WIDTH + Math.min(x + width, WIDTH));
      }
    },
  };
  drawPixelClock(pen, WIDTH, code);
  return pixels;
}
