/**
 * Films in which every frame carries a code (pixel-clock.ts): `first`, `first + 1`, … and then again from the start. Who reads
 * such a code in a viewer's picture has seen this publisher's picture and no other.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { drawPixelClock } from './pixel-clock.ts';

export interface FilmOptions {
  /** Length; a longer film tells later from earlier for longer. Default 90. */
  frames?: number;
  /** Pixels, 16:9. A small picture costs publisher and viewers less. */
  width?: number;
}
const FRAMES = 90;
const WIDTH = 1280;
/** Enough to tell moving from standing; a whole machine of encoders, decoders and painters has half the work of 30. */
const CAMERA_FPS = 15;
/** As the demo programme is sent: as it is in the file, one keyframe a second. */
const PROGRAMME_FPS = 25;

export interface CodedFilm {
  videoFile: string;
  /** True when a code read somewhere comes from this film. */
  owns(code: number): boolean;
  /** How many frames `code` comes after `earlier`, negative for before; the film is a loop, so the shorter way counts. */
  framesAfter(code: number, earlier: number): number;
}
export type CodedCamera = CodedFilm;

/** A film for Chromium's fake camera (Y4M: a browser need not decode it; 14 kB a frame for each 100 × 100 pixels). */
export function makeCodedCamera(videoFile: string, first: number, options: FilmOptions = {}): Promise<CodedFilm> {
  return makeFilm(videoFile, first, options, CAMERA_FPS, [], ['-pix_fmt', 'yuv420p', '-f', 'yuv4mpegpipe']);
}

/** A film in the place of the demo programme (scripts/demo-feed/programme.ts): H.264 constrained baseline and Opus. */
export function makeCodedProgramme(videoFile: string, first: number, options: FilmOptions = {}): Promise<CodedFilm> {
  const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'];
  return makeFilm(videoFile, first, options, PROGRAMME_FPS, tone, [
    ...['-shortest', '-c:v', 'libx264', '-profile:v', 'baseline', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'],
    ...['-g', String(PROGRAMME_FPS), '-keyint_min', String(PROGRAMME_FPS), '-sc_threshold', '0', '-bf', '0'],
    // Viewers join in the middle: SPS and PPS in front of every keyframe, as the demo programme has them.
    ...['-level:v', '3.1', '-x264-params', 'repeat-headers=1'],
    ...['-b:v', '900k', '-maxrate', '1200k', '-bufsize', '600k', '-c:a', 'libopus', '-ac', '2', '-b:a', '64k'],
  ]);
}

async function makeFilm(
  videoFile: string,
  first: number,
  { frames = FRAMES, width = WIDTH }: FilmOptions,
  framesPerSecond: number,
  moreInputs: readonly string[],
  encoder: readonly string[],
): Promise<CodedFilm> {
  const height = (width * 9) / 16;
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${width}x${height}`, '-r', String(framesPerSecond)];
  const ffmpeg = spawn(
    process.env.FFMPEG_BIN ?? 'ffmpeg',
    ['-hide_banner', '-loglevel', 'error', '-y', ...raw, '-i', 'pipe:0', ...moreInputs, ...encoder, videoFile],
    { stdio: ['pipe', 'ignore', 'inherit'] },
  );
  const ended = once(ffmpeg, 'close');
  for (let frame = 0; frame < frames; frame++) {
    if (!ffmpeg.stdin.write(drawFrame(width, height, first + frame, frame))) await once(ffmpeg.stdin, 'drain');
  }
  ffmpeg.stdin.end();
  const [code] = (await ended) as [number];
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
  return {
    videoFile,
    owns: (value) => value >= first && value < first + frames,
    framesAfter: (value, earlier) => {
      const ahead = (value - earlier + frames) % frames;
      return ahead <= frames / 2 ? ahead : ahead - frames;
    },
  };
}

function drawFrame(width: number, height: number, code: number, frame: number): Buffer {
  const pixels = Buffer.alloc(width * height);
  for (let y = 0; y < height; y++) pixels.fill(60 + ((y + frame * 4) % 120), y * width, (y + 1) * width);
  const pen = {
    fillStyle: '#000' as string | CanvasGradient | CanvasPattern,
    fillRect(x: number, y: number, blockWidth: number, blockHeight: number) {
      const shade = this.fillStyle === '#fff' ? 255 : 0;
      for (let row = y; row < Math.min(y + blockHeight, height); row++) {
        pixels.fill(shade, row * width + x, row * width + Math.min(x + blockWidth, width));
      }
    },
  };
  drawPixelClock(pen, width, code);
  return pixels;
}
