/** A camera for screens that are looked at: a still of a film, small, so that sending it costs next to nothing. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const WIDTH = 360;
const CAMERA_FPS = 10;

/** Writes `videoFile` (Y4M) for Chromium's fake camera with the first frame of `film`; answers its path. */
export async function makeStillCamera(videoFile: string, film: string): Promise<string> {
  await promisify(execFile)(process.env.FFMPEG_BIN ?? 'ffmpeg', [
    ...['-hide_banner', '-nostdin', '-v', 'error', '-y', '-i', film, '-frames:v', '1'],
    ...['-vf', `scale=${WIDTH}:-2`, '-r', String(CAMERA_FPS), '-pix_fmt', 'yuv420p', '-f', 'yuv4mpegpipe', videoFile],
  ]);
  return videoFile;
}
