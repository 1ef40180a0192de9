/** Opus without holes, for a muxer that stops where a track has no data. Time is passed in. */
import { type RtpPacket, timestampsApart, writeRtp } from './rtp.ts';

export const OPUS_CLOCK = 48_000;
/** 20 ms of stereo silence (RFC 6716 §3.1: CELT, full band, code 0; then no coded energy). */
const OPUS_SILENCE = Buffer.from([0xfc, 0xff, 0xfe]);
/** Sound that is later than this is not waited for. */
const SILENCE_AFTER_MS = 140;

export interface SoundLine {
  begin(input: {
    payloadType: number;
    ssrc: number;
    /** RTP time at which the sound begins; earlier packets are dropped. */
    timestamp: number;
    /** When a packet of that time arrives. */
    atMs: number;
    /** The time is the sender's; otherwise it is ours, and the first packet is put where it arrives. */
    isKnown: boolean;
    send: (data: Buffer) => void;
  }): void;
  pass(rtp: Pick<RtpPacket, 'timestamp' | 'payload'>, arrivedAtMs: number): void;
  fill(nowMs: number): void;
  /** What is added to the sender's RTP times. */
  readonly offset: number;
}

/** Opus without holes: packets in order, silence where none came in time. */
export function createSoundLine(): SoundLine {
  let begun: Parameters<SoundLine['begin']>[0] | null = null;
  let sequence = 0;
  let nextTimestamp = 0;
  let offset: number | null = null;
  /** When a packet of `anchorTimestamp` arrived; by it the due time of any other is told. */
  let anchorAtMs = 0;
  let anchorTimestamp = 0;

  function put(timestamp: number, payload: Buffer): void {
    if (!begun) return;
    const { payloadType, ssrc } = begun;
    begun.send(writeRtp({ payloadType, sequence, timestamp, ssrc, marker: sequence === 0 }, payload));
    sequence += 1;
    nextTimestamp = (timestamp + samplesOf(payload)) >>> 0;
  }

  return {
    begin(input) {
      begun = input;
      nextTimestamp = input.timestamp;
      anchorTimestamp = input.timestamp;
      anchorAtMs = input.atMs;
      if (input.isKnown) offset = 0;
    },
    pass(rtp, arrivedAtMs) {
      const expected = anchorTimestamp + Math.round(((arrivedAtMs - anchorAtMs) / 1000) * OPUS_CLOCK);
      offset ??= expected - rtp.timestamp;
      const timestamp = (rtp.timestamp + offset) >>> 0;
      // By the newest packet it is told when the next is due, also by one that comes too late: where everything has become
      // later, silence stops and waits until the sound has caught up, or it would take the place of all that comes.
      anchorAtMs = arrivedAtMs;
      anchorTimestamp = timestamp;
      // Older than what was sent: late, or silence took its place.
      if (timestampsApart(timestamp, nextTimestamp) < 0) return;
      put(timestamp, rtp.payload);
    },
    fill(nowMs) {
      for (;;) {
        const dueAtMs = anchorAtMs + (timestampsApart(nextTimestamp, anchorTimestamp) / OPUS_CLOCK) * 1000;
        if (!begun || nowMs - dueAtMs < SILENCE_AFTER_MS) return;
        put(nextTimestamp, OPUS_SILENCE);
      }
    },
    get offset() {
      return offset ?? 0;
    },
  };
}

/** Frame sizes in samples at 48 kHz by configuration (RFC 6716 table 2). */
const SILK_SIZES = [480, 960, 1_920, 2_880];
const HYBRID_SIZES = [480, 960];
const CELT_SIZES = [120, 240, 480, 960];

/** Length of an Opus packet (RFC 6716 §3.1, §3.2). */
export function samplesOf(payload: Buffer): number {
  const first = payload[0] ?? 0;
  const configuration = first >> 3;
  const size =
    configuration < 12
      ? SILK_SIZES[configuration % 4]!
      : configuration < 16
        ? HYBRID_SIZES[configuration % 2]!
        : CELT_SIZES[configuration % 4]!;
  const code = first & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : (payload[1] ?? 1) & 0x3f;
  return size * Math.max(1, frames);
}
