/** The relay's parts that need no socket. */
import { describe, expect, it } from 'vitest';
import { createAlignment } from './alignment.ts';
import { NAL, nalUnitsOf, readRtp, readSenderReports, timestampsApart, writeRtp, writeSenderReport } from './rtp.ts';
import { createSoundLine, samplesOf } from './sound-line.ts';
import { readSps } from './sps.ts';

describe('RTP', () => {
  it('reads what it writes, and nothing else', () => {
    const packet = writeRtp({ payloadType: 100, sequence: 65_537, timestamp: 2 ** 32 + 5, ssrc: 7 }, Buffer.from('ab'));
    expect(readRtp(packet)).toEqual({ sequence: 1, timestamp: 5, ssrc: 7, payload: Buffer.from('ab') });
    for (const bad of [Buffer.alloc(0), Buffer.alloc(12), packet.subarray(0, 11)]) expect(readRtp(bad)).toBeNull();
    const report = { ssrc: 9, atMs: 1_790_000_000_123, timestamp: 77 };
    const [read] = readSenderReports(Buffer.concat([writeSenderReport(report), writeSenderReport(report)]));
    expect(read).toMatchObject({ ssrc: 9, timestamp: 77 });
    expect(read?.atMs).toBeCloseTo(report.atMs, 2);
    expect(timestampsApart(5, 2 ** 32 - 5)).toBe(10);
  });

  it('finds parameter sets and key frames however they are packed', () => {
    const sps = Buffer.from([0x67, 1, 2]);
    const pps = Buffer.from([0x68, 3]);
    const aggregate = Buffer.from([24, 0, 3, ...sps, 0, 2, ...pps]);
    expect(nalUnitsOf(aggregate).map(({ type }) => type)).toEqual([NAL.sps, NAL.pps]);
    expect(nalUnitsOf(sps)[0]?.data).toEqual(sps);
    expect(nalUnitsOf(Buffer.from([28, 0x85, 0]))).toEqual([{ type: NAL.idr, data: null }]);
    expect(nalUnitsOf(Buffer.from([28, 0x05, 0]))).toEqual([]);
    expect(nalUnitsOf(Buffer.from([24, 0, 99, 0x67]))).toEqual([]);
  });

  it('reads the size of a picture', () => {
    // Baseline 640×360 as x264 writes it: 40×23 macroblocks, eight lines cropped.
    const sps = Buffer.from('6742c01edb0280bfe5c044000003000400000300c83c58bb80', 'hex');
    expect(readSps(sps)).toEqual({ profile: 66, width: 640, height: 360 });
    expect(readSps(Buffer.from([0x67]))).toBeNull();
    expect(readSps(Buffer.from('67420000000000000000', 'hex'))).toBeNull();
  });
});

describe('the line of sound', () => {
  const speech = Buffer.from([0xfc, 1, 2, 3]);
  function line(isKnown = true) {
    const sent: Array<{ timestamp: number; silent: boolean }> = [];
    const sound = createSoundLine();
    sound.begin({
      ...{ payloadType: 100, ssrc: 1, timestamp: 1_000, atMs: 0, isKnown },
      send: (data) => {
        const { timestamp, payload } = readRtp(data)!;
        sent.push({ timestamp: timestamp - 1_000, silent: payload.length === 3 });
      },
    });
    return { sound, sent };
  }

  it('knows how long a packet is', () => {
    expect(samplesOf(speech)).toBe(960);
    expect(samplesOf(Buffer.from([0x0b, 0x03]))).toBe(3 * 960);
    expect(samplesOf(Buffer.from([0xe0]))).toBe(120);
  });

  it('passes packets on, drops what is older than the beginning, fills a hole when it is overdue', () => {
    const { sound, sent } = line();
    sound.pass({ timestamp: 40, payload: speech }, 0);
    sound.pass({ timestamp: 1_000, payload: speech }, 0);
    sound.fill(150);
    expect(sent).toEqual([{ timestamp: 0, silent: false }]);
    sound.fill(200);
    expect(sent.slice(1)).toEqual([
      { timestamp: 960, silent: true },
      { timestamp: 1_920, silent: true },
      { timestamp: 2_880, silent: true },
    ]);
    // Silence took its place; what comes after goes on where it belongs.
    sound.pass({ timestamp: 1_000 + 1_920, payload: speech }, 205);
    sound.pass({ timestamp: 1_000 + 4_800, payload: speech }, 210);
    expect(sent.slice(4)).toEqual([{ timestamp: 4_800, silent: false }]);
  });

  it('lets a sound that has become later catch up instead of taking its place for ever', () => {
    const { sound, sent } = line();
    const at = (packet: number): { timestamp: number; payload: Buffer } => ({
      timestamp: 1_000 + packet * 960,
      payload: speech,
    });
    sound.pass(at(0), 0);
    // Everything is 500 ms later from here on.
    for (let nowMs = 20; nowMs <= 2_000; nowMs += 20) {
      if (nowMs >= 520) sound.pass(at((nowMs - 500) / 20), nowMs);
      sound.fill(nowMs);
    }
    const silence = sent.filter(({ silent }) => silent).length;
    expect(silence).toBeGreaterThan(5);
    expect(silence).toBeLessThan(30);
    expect(sent.slice(-20).every(({ silent }) => !silent)).toBe(true);
  });

  it('puts a microphone that is opened later where it arrives', () => {
    const { sound, sent } = line(false);
    sound.fill(1_000);
    expect(sent.every(({ silent }) => silent)).toBe(true);
    sound.pass({ timestamp: 3_000_000_000, payload: speech }, 1_000);
    expect(sent.at(-1)).toEqual({ timestamp: 48_000, silent: false });
  });
});

describe('alignment', () => {
  it('keeps the clock of the picture and follows the drift of the sound beside it', () => {
    const alignment = createAlignment();
    alignment.begin({ ssrc: 1, atMs: 10_000, timestamp: 0 });
    expect(alignment.reported(false, { ssrc: 2, atMs: 5_000, timestamp: 0 }, 48_000)).toBeNull();
    // The true capture time of the picture is 70 ms before its arrival; the sound's drifts by 1,000 ppm.
    let told = 0;
    for (let second = 1; second <= 60; second += 1) {
      const atMs = 9_930 + second * 1_000;
      const jitterMs = second % 2 === 0 ? 8 : -8;
      const picture = alignment.reported(true, { ssrc: 1, atMs: atMs + jitterMs, timestamp: second * 90_000 }, 90_000);
      expect(picture).toBeCloseTo(10_000 + second * 1_000, 6);
      told = alignment.reported(false, { ssrc: 2, atMs, timestamp: Math.round(second * 48_048) }, 48_000) ?? 0;
    }
    expect(Math.abs(told - 70_000)).toBeLessThan(15);
  });
});
