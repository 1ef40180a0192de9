/**
 * One ffmpeg that turns plain RTP into fragmented MP4 on its standard output.
 *
 * It is ended with SIGKILL: it has nothing to finish, and after SIGINT it would hold its ports for as long as no packet
 * comes. Where `setpriv` exists (Linux) the kernel ends it together with this process, even after kill -9.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { Logger } from '../platform/logger.ts';

const SETPRIV = '/usr/bin/setpriv';
const LISTENING_TIMEOUT_MS = 3_000;
const LISTENING_POLL_MS = 20;
/** Fragments are this long or end at a key frame. */
const FRAGMENT_MICROSECONDS = 500_000;
const MAX_LOG_LINE = 500;

export interface FfmpegRun {
  readonly pid: number | undefined;
  /** Resolves when it listens on the port (or after a moment where that cannot be seen). */
  listening(port: number): Promise<void>;
  kill(): void;
}

export function startFfmpeg(input: {
  bin: string;
  sdp: string;
  video: 'copy' | 'transcode' | 'none';
  audio: boolean;
  log: Logger;
  onData: (chunk: Buffer) => void;
  onExit: (why: string) => void;
}): FfmpegRun {
  const args = ffmpegArguments(input);
  const [command, commandArgs] = existsSync(SETPRIV)
    ? [SETPRIV, ['--pdeathsig', 'KILL', input.bin, ...args]]
    : [input.bin, args];
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(command, commandArgs, {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let exited = false;
  const exit = (why: string): void => {
    if (exited) return;
    exited = true;
    input.onExit(why);
  };
  child.on('error', (error) => exit(error.message));
  child.on('exit', (code, signal) => exit(signal ?? `code ${code}`));
  child.stdin.on('error', () => undefined); // it may die before it has read everything
  child.stdin.end(input.sdp);
  child.stdout.on('data', input.onData);
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => input.log.debug({ ffmpeg: text.trim().slice(0, MAX_LOG_LINE) }, 'ffmpeg'));

  return {
    pid: child.pid,
    async listening(port) {
      const deadline = Date.now() + LISTENING_TIMEOUT_MS;
      while (!exited && Date.now() < deadline && isUdpPortBound(port) === false) {
        await new Promise((resolve) => setTimeout(resolve, LISTENING_POLL_MS));
      }
    },
    kill() {
      child.kill('SIGKILL');
    },
  };
}

const INPUT = '-hide_banner -nostats -loglevel warning -protocol_whitelist pipe,udp,rtp';
/** Short probing: what comes is known, and every second of it is a second of waiting. */
const PROBING = '-analyzeduration 1000000 -probesize 500000 -f sdp -i pipe:0';
const VIDEO = {
  none: '',
  copy: '-map 0:v:0 -c:v copy',
  // RTP has no frame rate: without `vfr` ffmpeg takes its 90 kHz clock for one and doubles frames without end.
  transcode:
    '-map 0:v:0 -fps_mode vfr -c:v libx264 -preset veryfast -tune zerolatency -profile:v main -pix_fmt yuv420p ' +
    '-b:v 1500k -maxrate 1800k -bufsize 1800k -force_key_frames expr:gte(t,n_forced*1)',
};
/** DTX leaves holes in Opus; the encoder needs them filled to stay in step with the picture. */
const AUDIO = '-map 0:a:0 -c:a aac -b:a 96k -ar 48000 -ac 2 -af aresample=async=1000';
const OUTPUT = `-f mp4 -movflags +empty_moov+default_base_moof+frag_keyframe -frag_duration ${FRAGMENT_MICROSECONDS}`;

function ffmpegArguments(input: { video: keyof typeof VIDEO; audio: boolean }): string[] {
  const line = [INPUT, PROBING, VIDEO[input.video], input.audio ? AUDIO : '', OUTPUT, '-flush_packets 1 pipe:1'];
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
