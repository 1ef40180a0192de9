/**
 * The demo programme as a file: a seamless loop of H.264 constrained baseline and Opus, rendered once per machine from
 * the committed pictures and kept in the cache. Sending it costs almost nothing, since nothing is encoded any more.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { contentKey } from '../setup/content-key.ts';
import { CACHE_DIR, ROOT } from '../setup/paths.ts';
import { runCommand } from '../setup/run-command.ts';
import { step } from '../setup/say.ts';
import { melodyWav } from './melody.ts';

/** A whole number of frames, of Opus packets (20 ms), of falls of both layers of leaves and of pans. */
export const LOOP_SECONDS = 20;
const FPS = 25;
const WIDTH = 720;
const HEIGHT = 1280;
const FAR_FALL_SECONDS = 20;
const NEAR_FALL_SECONDS = 10;

/** The file, rendered now when this machine does not have it yet. */
export async function ensureDemoProgramme(ffmpegBin: string): Promise<string> {
  const key = contentKey([
    'scripts/demo-feed/pictures',
    'scripts/demo-feed/programme.ts',
    'scripts/demo-feed/melody.ts',
  ]);
  const file = join(CACHE_DIR, 'demo-programme', `${key}.mkv`);
  if (existsSync(file)) return file;
  mkdirSync(dirname(file), { recursive: true });
  const work = mkdtempSync(join(dirname(file), 'render.'));
  try {
    await step('rendering the demo programme (once per machine)', async (progress) => {
      writeFileSync(join(work, 'melody.wav'), melodyWav(LOOP_SECONDS));
      await runCommand(ffmpegBin, renderArguments(work), {
        what: 'rendering the demo programme',
        onLine: (line) => {
          const frame = /^frame=(\d+)/.exec(line)?.[1];
          if (frame) progress.update(`${Math.round((Number(frame) / (LOOP_SECONDS * FPS)) * 100)} %`);
        },
      });
    });
    renameSync(join(work, 'programme.mkv'), file);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return file;
}

function renderArguments(work: string): string[] {
  const picture = (name: string) => ['-i', join(ROOT, 'scripts/demo-feed/pictures', name)];
  return [
    ...['-hide_banner', '-nostdin', '-v', 'error', '-progress', 'pipe:1', '-y'],
    ...picture('landscape.jpg'),
    ...picture('leaves-far.png'),
    ...picture('foreground.png'),
    ...picture('leaves-near.png'),
    ...['-i', join(work, 'melody.wav')],
    ...['-filter_complex', filterGraph(), '-map', '[out]', '-map', '4:a', '-t', String(LOOP_SECONDS)],
    ...['-c:v', 'libx264', '-profile:v', 'baseline', '-level:v', '3.1', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'],
    ...['-g', String(FPS), '-keyint_min', String(FPS), '-sc_threshold', '0', '-bf', '0'],
    // SPS and PPS in front of every keyframe: viewers who join later need them. A bit-stream filter in the sender would
    // add them too, but it ends with the first round of the loop.
    ...['-x264-params', 'repeat-headers=1'],
    ...['-b:v', '900k', '-maxrate', '1200k', '-bufsize', '600k'],
    ...['-c:a', 'libopus', '-b:a', '64k', '-ac', '2', '-frame_duration', '20', '-application', 'audio'],
    join(work, 'programme.mkv'),
  ];
}

/** A slow pan over the landscape, leaves far and near, a foreground that sways a little. All periods divide the loop. */
function filterGraph(): string {
  const turn = `2*PI*t/${LOOP_SECONDS}`;
  const fall = (seconds: number) => `mod(t\\,${seconds})/${seconds}*${HEIGHT}`;
  const drift = (pixels: number, times: number) => `${pixels}*sin(${turn}*${times})`;
  const leaves = (from: string, layer: string, to: string, seconds: number, times: number) =>
    `[${layer}]split[${layer}a][${layer}b];` +
    `[${from}][${layer}a]overlay=x='${drift(24, times)}':y='${fall(seconds)}'[${to}a];` +
    `[${to}a][${layer}b]overlay=x='${drift(24, times)}':y='${fall(seconds)}-${HEIGHT}'[${to}]`;
  // Decoded and converted once, not once a frame.
  const still = (input: number, format: string, name: string) =>
    `[${input}]format=${format},loop=loop=-1:size=1:start=0,setpts=N/${FPS}/TB,fps=${FPS}[${name}]`;
  return [
    still(0, 'yuv420p', 'wide'),
    still(1, 'yuva420p', 'leaves-far'),
    still(2, 'yuva420p', 'table'),
    still(3, 'yuva420p', 'leaves-near'),
    `[wide]crop=${WIDTH}:${HEIGHT}:x='(iw-ow)/2*(1-cos(${turn}))':y=0,setsar=1[landscape]`,
    leaves('landscape', 'leaves-far', 'far', FAR_FALL_SECONDS, 2),
    `[far][table]overlay=x=0:y='2+2*sin(${turn}*4)'[near0]`,
    leaves('near0', 'leaves-near', 'near', NEAR_FALL_SECONDS, 4),
    `[near]format=yuv420p[out]`,
  ].join(';');
}
