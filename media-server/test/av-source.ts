/**
 * A publisher whose clocks are known to the sample: a flash and a beep at the same instant every two seconds, sent as plain
 * RTP with sender reports of our own making. The sound's RTP clock can run fast or slow, and can be off from the start by
 * what an hour of drift makes of it; the sender reports tell the truth about it.
 */
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RtpIngest } from '@walnut-live/contracts';
import { writeRtp, writeSenderReport } from '../src/hls/rtp.ts';
import { samplesOf } from '../src/hls/sound-line.ts';

export const FLASH_EVERY_SECONDS = 2;
const FRAME_MS = 40;
const MAX_PAYLOAD = 1_100;
const REPORT_EVERY_MS = 1_000;

interface Coded {
  /** NAL units of each frame. */
  frames: Buffer[][];
  packets: Buffer[];
}

/** Loops without a seam: whole flash periods, a key frame a second. */
function encode(seconds: number, size: string): Coded {
  const folder = mkdtempSync(join(tmpdir(), 'walnut-live-av-'));
  const [h264, ogg] = [join(folder, 'v.h264'), join(folder, 'a.ogg')];
  const flash = `lt(mod(t,${FLASH_EVERY_SECONDS}),0.2)`;
  try {
    const video = `color=black:size=${size}:rate=${1000 / FRAME_MS}:duration=${seconds},drawbox=color=white:t=fill:enable='${flash}'`;
    const audio = `aevalsrc='0.5*sin(2*PI*1000*t)*${flash}':s=48000:d=${seconds}`;
    const run = (...args: string[]) => execFileSync('ffmpeg', ['-v', 'error', '-y', ...args]);
    const x264 = '-c:v libx264 -preset ultrafast -tune zerolatency -profile:v baseline -bf 0 -g 25 -pix_fmt yuv420p';
    run('-f', 'lavfi', '-i', video, ...x264.split(' '), '-f', 'h264', h264);
    run('-f', 'lavfi', '-i', audio, ...'-c:a libopus -b:a 64k -ac 2 -frame_duration 20'.split(' '), ogg);
    return { frames: framesOf(readFileSync(h264)), packets: oggPackets(readFileSync(ogg)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function framesOf(data: Buffer): Buffer[][] {
  const units: Buffer[] = [];
  let start = -1;
  for (let at = 0; at + 3 < data.length; at += 1) {
    if (data[at] !== 0 || data[at + 1] !== 0 || data[at + 2] !== 1) continue;
    if (start >= 0) units.push(data.subarray(start, data[at - 1] === 0 ? at - 1 : at));
    start = at + 3;
  }
  units.push(data.subarray(start));
  const frames: Buffer[][] = [];
  let pending: Buffer[] = [];
  for (const unit of units) {
    const type = unit[0]! & 0x1f;
    pending.push(unit);
    if (type !== 1 && type !== 5) continue;
    // A further slice of the same picture begins with another first macroblock (its code is not a single 1 bit).
    if (unit[1]! & 0x80) frames.push(pending);
    else frames.at(-1)?.push(...pending);
    pending = [];
  }
  return frames;
}

/** Packets of an Ogg file without its two headers (RFC 7845). */
function oggPackets(data: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  let partial: Buffer[] = [];
  for (let at = 0; at + 27 <= data.length; ) {
    const count = data[at + 26]!;
    let from = at + 27 + count;
    for (let index = 0; index < count; index += 1) {
      const size = data[at + 27 + index]!;
      partial.push(data.subarray(from, from + size));
      from += size;
      if (size === 255) continue;
      packets.push(Buffer.concat(partial));
      partial = [];
    }
    at = from;
  }
  return packets.slice(2);
}

export interface AvSource {
  /**
   * The picture goes on in another size, with other parameter sets and nothing else: a phone was turned. The size has to be
   * among those it was started with: encoding here would keep the clock of what is sent waiting.
   */
  resize(size: string): void;
  stop(): void;
}

export function startAvSource(
  ingest: RtpIngest,
  options: {
    /** How much faster the sound's RTP clock runs than real time. */
    soundPpm?: number;
    /** How far it has drifted already when we begin. */
    soundOffMs?: number;
    /** Sound packets arrive this much later than the picture of the same instant. */
    soundLateMs?: number;
    /** The picture begins in the first. */
    sizes?: readonly [string, ...string[]];
  } = {},
): AvSource {
  const { soundPpm = 0, soundOffMs = 0, soundLateMs = 0, sizes = ['320x180'] } = options;
  const codedBySize = new Map(sizes.map((size) => [size, encode(4, size)]));
  const codedAs = (size: string): Coded => {
    const found = codedBySize.get(size);
    if (!found) throw new Error(`not prepared: ${size}`);
    return found;
  };
  let coded = codedAs(sizes[0]);
  let codedFrom = 0;
  let stopped = false;
  const socket = createSocket('udp4');
  const startMs = Date.now();
  const clockRate = { video: 90_000, audio: 48_000 };
  /** RTP time of an instant, as each clock shows it. */
  const timestampAt = (kind: 'video' | 'audio', atMs: number): number => {
    const seconds = (atMs - startMs) / 1000;
    if (kind === 'video') return Math.round(1_000_000 + seconds * clockRate.video) >>> 0;
    const shown = seconds * (1 + soundPpm / 1_000_000) + soundOffMs / 1000;
    return Math.round(7_000_000 + shown * clockRate.audio) >>> 0;
  };
  const sequence = { video: 0, audio: 0 };
  const send = (kind: 'video' | 'audio', timestamp: number, payload: Buffer, marker: boolean): void => {
    const { payloadType, ssrc, port } = ingest[kind];
    const packet = writeRtp({ payloadType, ssrc, sequence: sequence[kind], timestamp, marker }, payload);
    sequence[kind] += 1;
    socket.send(packet, port, ingest.ip);
  };
  const report = (kind: 'video' | 'audio'): void => {
    const atMs = Date.now();
    const { ssrc, rtcpPort } = ingest[kind];
    socket.send(writeSenderReport({ ssrc, atMs, timestamp: timestampAt(kind, atMs) }), rtcpPort, ingest.ip);
  };
  const sendUnit = (timestamp: number, unit: Buffer, last: boolean): void => {
    if (unit.length <= MAX_PAYLOAD) {
      send('video', timestamp, unit, last);
      return;
    }
    for (let at = 1; at < unit.length; at += MAX_PAYLOAD) {
      const end = Math.min(at + MAX_PAYLOAD, unit.length);
      const header = (at === 1 ? 0x80 : 0) | (end === unit.length ? 0x40 : 0) | (unit[0]! & 0x1f);
      const indicator = (unit[0]! & 0xe0) | 28;
      send(
        'video',
        timestamp,
        Buffer.concat([Buffer.from([indicator, header]), unit.subarray(at, end)]),
        last && end === unit.length,
      );
    }
  };

  let frame = 0;
  let packet = 0;
  let soundMs = 0;
  let reportedAtMs = 0;
  const timer = setInterval(() => {
    const nowMs = Date.now();
    if (nowMs - reportedAtMs > REPORT_EVERY_MS) {
      reportedAtMs = nowMs;
      report('video');
      report('audio');
    }
    for (; startMs + frame * FRAME_MS <= nowMs; frame += 1) {
      const timestamp = timestampAt('video', startMs + frame * FRAME_MS);
      const units = coded.frames[(frame - codedFrom) % coded.frames.length]!;
      units.forEach((unit, index) => {
        sendUnit(timestamp, unit, index === units.length - 1);
      });
    }
    for (; startMs + soundMs + soundLateMs <= nowMs; packet += 1) {
      // What is heard is the world's time: a fast clock makes more samples of it, so now and then a packet comes twice.
      const data = coded.packets[Math.round(soundMs / 20) % 200]!;
      // An encoder counts its own samples: with a fast clock they are made in less of real time.
      send('audio', (timestampAt('audio', startMs) + packet * 960) >>> 0, data, packet === 0);
      soundMs += samplesOf(data) / 48 / (1 + soundPpm / 1_000_000);
    }
  }, 5);
  return {
    resize(next) {
      coded = codedAs(next);
      codedFrom = frame;
    },
    stop() {
      if (stopped) return;
      stopped = true;
      clearInterval(timer);
      socket.close();
    },
  };
}
