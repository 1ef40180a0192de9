/**
 * What every server is given to carry: 720p at 30 pictures and 600 kbit/s in H.264 constrained baseline, and Opus at
 * 64 kbit/s, as raw files that load-tests/swarm sends in real time. Rendered once per machine.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { contentKey } from '../../scripts/setup/content-key.ts';
import { CACHE_DIR } from '../../scripts/setup/paths.ts';
import { runCommand } from '../../scripts/setup/run-command.ts';
import { step } from '../../scripts/setup/say.ts';

export const PICTURES_PER_SECOND = 30;
const SECONDS = 10;
const VIDEO_BITRATE = '600k';

export interface Programme {
  /** A key picture a second, whatever is asked. */
  steadyFile: string;
  /** One key picture in ten seconds; with `keysFile` the sender answers requests, as a browser does. */
  sparseFile: string;
  /** Every picture of it as a key picture. */
  keysFile: string;
  soundFile: string;
}

export async function ensureProgramme(ffmpegBin: string): Promise<Programme> {
  const home = join(CACHE_DIR, 'load-programme', contentKey(['load-tests/lib/programme.ts']));
  const files = {
    steadyFile: join(home, 'steady.h264'),
    sparseFile: join(home, 'sparse.h264'),
    keysFile: join(home, 'keys.h264'),
    soundFile: join(home, 'sound.ogg'),
  };
  if (existsSync(home)) return files;
  mkdirSync(dirname(home), { recursive: true });
  const work = mkdtempSync(join(dirname(home), 'render.'));
  try {
    await step('rendering the programme that is measured with (once per machine)', async () => {
      const render = (args: string[]) =>
        runCommand(ffmpegBin, ['-hide_banner', '-v', 'error', '-nostdin', '-y', ...args], { what: 'rendering' });
      await render([...PICTURE, ...h264(PICTURES_PER_SECOND, VIDEO_BITRATE), join(work, 'steady.h264')]);
      await render([...PICTURE, ...h264(PICTURES_PER_SECOND * SECONDS, VIDEO_BITRATE), join(work, 'sparse.h264')]);
      await render([...PICTURE, ...h264(1, '6M'), join(work, 'keys.h264')]);
      await render([
        ...['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-t', String(SECONDS)],
        // One Opus packet per Ogg page: the sender takes pages.
        ...[
          '-c:a',
          'libopus',
          '-b:a',
          '64k',
          '-vbr',
          'off',
          '-ac',
          '2',
          '-frame_duration',
          '20',
          '-page_duration',
          '20000',
        ],
        ...['-f', 'ogg', join(work, 'sound.ogg')],
      ]);
    });
    renameSync(work, home);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return files;
}

/** A moving test picture with noise, so that the bit rate is used up. */
const PICTURE = [
  ...['-f', 'lavfi', '-i', `testsrc2=size=1280x720:rate=${PICTURES_PER_SECOND},noise=alls=6:allf=t`],
  ...['-t', String(SECONDS)],
];

function h264(keyEvery: number, bitrate: string): string[] {
  return [
    ...['-threads', '1', '-c:v', 'libx264', '-profile:v', 'baseline', '-level', '3.1', '-preset', 'veryfast'],
    ...[
      '-pix_fmt',
      'yuv420p',
      '-g',
      String(keyEvery),
      '-keyint_min',
      String(keyEvery),
      '-sc_threshold',
      '0',
      '-bf',
      '0',
    ],
    // Delimiters tell the sender where pictures begin.
    ...['-x264-params', 'aud=1:repeat-headers=1:sliced-threads=0'],
    ...['-b:v', bitrate, '-maxrate', bitrate, '-bufsize', keyEvery === 1 ? bitrate : '300k', '-f', 'h264'],
  ];
}
