/**
 * One ffmpeg that turns what arrives of a stream into pictures of one size, 30 a second, and samples without gaps, both
 * counted from the same zero.
 */
import { type FfmpegRun, runFfmpeg } from '../hls/ffmpeg.ts';
import type { Logger } from '../platform/logger.ts';
import type { Size } from './layout.ts';
import { FRAMES_PER_SECOND, SAMPLE_RATE } from './playout.ts';

export interface Decoding {
  /** Of the tile; null: sound alone. */
  picture: Size | null;
  sound: boolean;
}

/**
 * The picture fills its tile as in the player: what is too long is cut off, below more than above, because that is where
 * faces are not. Of a portrait phone in a wide tile that is the middle.
 */
export function decoderArguments({ picture, sound }: Decoding): string[] {
  const input =
    '-hide_banner -nostats -loglevel warning -protocol_whitelist pipe,udp,rtp ' +
    '-analyzeduration 300000 -probesize 300000 -fpsprobesize 0 -max_delay 100000 -threads 1 -f sdp -i pipe:0';
  const args = input.split(' ');
  if (picture) {
    const { width, height } = picture;
    const filters = [
      `fps=fps=${FRAMES_PER_SECOND}:start_time=0`,
      `scale=${width}:${height}:force_original_aspect_ratio=increase:flags=bilinear`,
      `crop=${width}:${height}:(iw-ow)/2:(ih-oh)*0.3`,
      'setsar=1',
      'format=yuv420p',
    ];
    const output = '-fps_mode passthrough -c:v rawvideo -f rawvideo -flush_packets 1 pipe:1';
    args.push('-map', '0:v:0', '-vf', filters.join(','), ...output.split(' '));
  }
  if (sound) {
    // As in the packager: drift by stretching, more than 40 ms at once. Samples are counted from zero.
    const filter = 'aresample=async=1000:min_hard_comp=0.04:first_pts=0,asetpts=N/SR/TB';
    const output = `-ar ${SAMPLE_RATE} -ac 2 -c:a pcm_s16le -f s16le -flush_packets 1 pipe:3`;
    args.push('-map', '0:a:0', '-af', filter, ...output.split(' '));
  }
  return args;
}

export function startDecoder(input: {
  bin: string;
  decoding: Decoding;
  log: Logger;
  onPicture: (chunk: Buffer) => void;
  onSound: (chunk: Buffer) => void;
  onExit: (why: string) => void;
}): FfmpegRun {
  return runFfmpeg({
    bin: input.bin,
    args: decoderArguments(input.decoding),
    log: input.log,
    onData: (kind, chunk) => (kind === 'video' ? input.onPicture : input.onSound)(chunk),
    onExit: input.onExit,
  });
}
