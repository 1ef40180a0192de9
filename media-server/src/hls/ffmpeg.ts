/**
 * One ffmpeg that turns plain RTP into fragmented MP4, a frame a fragment: the picture on its standard output, the sound on
 * the pipe after standard error.
 *
 * It is ended with SIGKILL: it has nothing to finish, and after SIGINT it would hold its ports for as long as no packet
 * comes. Where `setpriv` exists (Linux) the kernel ends it together with this process, even after kill -9.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { MediaKind } from '@walnut-live/contracts';
import type { Logger } from '../platform/logger.ts';

const SETPRIV = '/usr/bin/setpriv';
const LISTENING_TIMEOUT_MS = 3_000;
const LISTENING_POLL_MS = 20;
const SOUND_PIPE = 3;
const MAX_LOG_LINE = 500;

type FfmpegProcess = Omit<ChildProcessByStdio<Writable, Readable, Readable>, 'stdio'> & {
  stdio: [Writable, Readable, Readable, Duplex];
};

export interface FfmpegRun {
  readonly pid: number | undefined;
  /** It waits for this: what arrives where. Call once. */
  describe(sdp: string): void;
  /** Resolves when it listens on all of these ports (or after a moment where that cannot be seen). */
  listening(ports: number[]): Promise<void>;
  /** Its standard input and the pipe after standard error, for one that is fed frames and samples. */
  readonly pipes: { video: Writable; audio: Writable };
  kill(): void;
}

interface FfmpegEvents {
  bin: string;
  log: Logger;
  onData: (kind: MediaKind, chunk: Buffer) => void;
  onExit: (why: string) => void;
}

export function startFfmpeg(input: FfmpegEvents & { video: 'copy' | 'transcode' | 'none'; audio: boolean }): FfmpegRun {
  return runFfmpeg({ ...input, args: ffmpegArguments(input) });
}

/** Any other ffmpeg with the same pipes: 0 and 3 may also be written to. */
export function runFfmpeg(input: FfmpegEvents & { args: string[] }): FfmpegRun {
  const { args } = input;
  const [command, commandArgs] = existsSync(SETPRIV)
    ? [SETPRIV, ['--pdeathsig', 'KILL', input.bin, ...args]]
    : [input.bin, args];
  const child = spawn(command, commandArgs, { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] }) as unknown as FfmpegProcess;
  let exited = false;
  const exit = (why: string): void => {
    if (exited) return;
    exited = true;
    input.onExit(why);
  };
  child.on('error', (error) => exit(error.message));
  child.on('exit', (code, signal) => exit(signal ?? `code ${code}`));
  child.stdin.on('error', () => undefined); // it may die before it has read everything
  child.stdio[SOUND_PIPE].on('error', () => undefined);
  child.stdout.on('data', (chunk: Buffer) => input.onData('video', chunk));
  child.stdio[SOUND_PIPE].on('data', (chunk: Buffer) => input.onData('audio', chunk));
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => input.log.debug({ ffmpeg: text.trim().slice(0, MAX_LOG_LINE) }, 'ffmpeg'));

  return {
    pid: child.pid,
    pipes: { video: child.stdin, audio: child.stdio[SOUND_PIPE] },
    describe(sdp) {
      child.stdin.end(sdp);
    },
    async listening(ports) {
      const deadline = Date.now() + LISTENING_TIMEOUT_MS;
      while (!exited && Date.now() < deadline && ports.some((port) => isUdpPortBound(port) === false)) {
        await new Promise((resolve) => setTimeout(resolve, LISTENING_POLL_MS));
      }
    },
    kill() {
      child.kill('SIGKILL');
    },
  };
}

const INPUT = '-hide_banner -nostats -loglevel warning -protocol_whitelist pipe,udp,rtp';
/** Hardly any probing where the description says what comes; the reordering of late packets is bounded. */
const PROBING = {
  copy: '-analyzeduration 200000 -probesize 200000 -fpsprobesize 0 -max_delay 100000 -f sdp -i pipe:0',
  transcode: '-analyzeduration 1000000 -probesize 500000 -max_delay 100000 -f sdp -i pipe:0',
};
const VIDEO = {
  none: '',
  copy: '-map 0:v:0 -c:v copy',
  // RTP has no frame rate: without `vfr` ffmpeg takes its 90 kHz clock for one and doubles frames without end.
  transcode:
    '-map 0:v:0 -fps_mode vfr -c:v libx264 -preset veryfast -tune zerolatency -profile:v main -pix_fmt yuv420p ' +
    '-b:v 1500k -maxrate 1800k -bufsize 1800k -force_key_frames expr:gte(t,n_forced*1)',
};
/**
 * The sound follows the times that the relay tells: drift by stretching it, more than 40 ms (what the first true sender
 * report may find) at once.
 */
const AUDIO = '-map 0:a:0 -c:a aac -b:a 96k -ar 48000 -ac 2 -af aresample=async=1000:min_hard_comp=0.04';
/**
 * A file per track and every frame for itself, as soon as it is there: neither track waits for the other, and parts and
 * segments are cut from the frames here. `frag_discont` and no shift keep the times that both tracks share; without them
 * each file begins at zero.
 */
const OUTPUT =
  '-f mp4 -movflags +empty_moov+default_base_moof+frag_every_frame+frag_discont -avoid_negative_ts disabled -flush_packets 1';

function ffmpegArguments(input: { video: keyof typeof VIDEO; audio: boolean }): string[] {
  const line = [INPUT, input.video === 'transcode' ? PROBING.transcode : PROBING.copy];
  if (input.video !== 'none') line.push(VIDEO[input.video], OUTPUT, 'pipe:1');
  if (input.audio) line.push(AUDIO, OUTPUT, 'pipe:3');
  return line.join(' ').split(' ').filter(Boolean);
}

/** Looked up, never tried: binding the port to see whether it is free could take it away from ffmpeg. */
function isUdpPortBound(port: number): boolean | null {
  try {
    const needle = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
    return readFileSync('/proc/net/udp', 'latin1')
      .split('\n')
      .some((line) => line.slice(0, 24).includes(needle));
  } catch {
    return null; // no /proc here
  }
}
