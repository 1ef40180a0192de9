/**
 * One ffmpeg that encodes the composite and sends it to the ingest of its stream, paced by whoever writes.
 *
 * Both outputs are told the same beginning on the wall clock, so their sender reports, and with them picture and sound, agree
 * to the sample however long either encoder takes to give its first packet.
 */
import type { CompositeOrientation, RtpIngest } from '@walnut-live/contracts';
import { type FfmpegRun, runFfmpeg } from '../hls/ffmpeg.ts';
import type { Logger } from '../platform/logger.ts';
import { canvasOf } from './layout.ts';
import { FRAMES_PER_SECOND, SAMPLE_RATE } from './playout.ts';

const SOUND_BPS = 96_000;
const MICROSECONDS_PER_MS = 1_000;
/**
 * Nothing about the inputs is left to find out. It must not be tried: probing the sound waits for more of it than is written
 * while nobody takes pictures away.
 */
const UNPROBED = '-probesize 32 -analyzeduration 0';

export function encoderArguments(input: {
  orientation: CompositeOrientation;
  ingest: RtpIngest;
  videoKbps: number;
  /** Wall clock of the first frame and sample. */
  beginsAtMs: number;
}): string[] {
  const { ingest, videoKbps } = input;
  const { width, height } = canvasOf(input.orientation);
  const begins = `-start_time_realtime ${input.beginsAtMs * MICROSECONDS_PER_MS}`;
  const to = (track: RtpIngest['video']): string =>
    `${begins} -ssrc ${track.ssrc} -payload_type ${track.payloadType} -f rtp ` +
    `rtp://${ingest.ip}:${track.port}?rtcpport=${track.rtcpPort}&pkt_size=1200`;
  return [
    '-hide_banner -nostats -loglevel warning -protocol_whitelist pipe,udp,rtp',
    `${UNPROBED} -f rawvideo -pix_fmt yuv420p -video_size ${width}x${height} -framerate ${FRAMES_PER_SECOND} -i pipe:0`,
    `${UNPROBED} -f s16le -ar ${SAMPLE_RATE} -ac 2 -i pipe:3`,
    '-map 0:v -c:v libx264 -preset superfast -tune zerolatency -profile:v baseline -level 3.1 -bf 0',
    `-g ${FRAMES_PER_SECOND} -b:v ${videoKbps}k -maxrate ${Math.round(videoKbps * 1.2)}k -bufsize ${videoKbps}k`,
    to(ingest.video),
    `-map 1:a -c:a libopus -b:a ${SOUND_BPS} -application audio`,
    to(ingest.audio),
  ]
    .join(' ')
    .split(' ');
}

export function startEncoder(
  input: Parameters<typeof encoderArguments>[0] & { bin: string; log: Logger; onExit: (why: string) => void },
): FfmpegRun {
  return runFfmpeg({
    bin: input.bin,
    args: encoderArguments(input),
    log: input.log,
    // An SDP that nobody needs.
    onData: () => undefined,
    onExit: input.onExit,
  });
}
