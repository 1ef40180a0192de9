import type { RoomStream, RoomStreamTrack } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { judgeEncoder, phaseOf } from './encoder-health.ts';

const video: RoomStreamTrack = {
  ...{ kind: 'video', codec: 'H264', paused: false, layers: 1, bitrateBps: 2_400_000 },
  ...{ lossRatio: 0, roundTripMs: 20, jitterMs: 2, score: 10 },
};
const audio: RoomStreamTrack = { ...video, kind: 'audio', codec: 'opus', bitrateBps: 96_000 };
const streamOf = (tracks: RoomStreamTrack[], change: Partial<RoomStream> = {}): RoomStream => ({
  ...{ source: 'encoder', state: 'live', reason: 'started', since: '2026-03-01T00:00:00.000Z', health: 'good' },
  publisher: { kind: 'encoder', person: null, connected: true, tracks },
  picture: { width: 1280, height: 720, framesPerSecond: 30 },
  viewers: { realtime: 1, smooth: 0 },
  ...change,
});
const fine = streamOf([video, audio]);

test.each([
  ['nothing is known', undefined, false, 'asking'],
  ['the media server is silent, whatever was known', fine, true, 'unknown'],
  ['nobody publishes', { ...fine, state: 'idle', publisher: null }, false, 'waiting'],
  ['the encoder publishes', fine, false, 'live'],
  ['it is awaited', { ...fine, state: 'interrupted' }, false, 'interrupted'],
  ['a camera is on air', streamOf([video], { publisher: { ...fine.publisher!, kind: 'browser' } }), false, 'camera'],
] as const)('phase when %s', (_what, stream, failed, expected) => {
  expect(phaseOf(stream, failed)).toBe(expected);
});

test.each([
  ['all is well', fine, 'excellent', 'none'],
  ['nothing has been measured', { ...fine, health: null }, 'measuring', 'measuring'],
  ['packets get lost', streamOf([{ ...video, lossRatio: 0.3 }, audio], { health: 'poor' }), 'poor', 'loss'],
  ['the sound gets lost', streamOf([video, { ...audio, lossRatio: 0.04 }], { health: 'fair' }), 'good', 'loss'],
  ['repair does not keep up', streamOf([{ ...video, score: 3 }, audio], { health: 'poor' }), 'poor', 'unsteady'],
  ['the computer is slow', { ...fine, picture: { width: 1, height: 1, framesPerSecond: 9 } }, 'poor', 'slow'],
  ['there is no picture', streamOf([audio]), 'poor', 'noVideo'],
  ['there is no sound', streamOf([video]), 'good', 'noAudio'],
  ['it is too much for phones', streamOf([{ ...video, bitrateBps: 8_000_000 }, audio]), 'good', 'heavy'],
] as const)('health when %s', (_what, stream, level, reason) => {
  expect(judgeEncoder('live', stream)).toEqual({ level, reason });
});

test('what is lost or awaited is never called bad or good', () => {
  expect(judgeEncoder('interrupted', fine)).toEqual({ level: 'lost', reason: 'interrupted' });
  for (const phase of ['asking', 'unknown', 'waiting'] as const)
    expect(judgeEncoder(phase, fine)).toEqual({ level: 'measuring', reason: phase });
});
