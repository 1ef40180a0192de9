import type { PublishStats } from '@walnut-live/live-client/media';
import { describe, expect, it } from 'vitest';
import { calmHealth, type Health, type HealthInput, judgeHealth } from './health.ts';

const fine: PublishStats = {
  bitrateBps: 2_300_000,
  availableBps: 4_000_000,
  framesPerSecond: 30,
  roundTripMs: 40,
  lossRatio: 0,
  limitation: 'none',
  codec: 'video/H264',
  layers: [],
  score: { video: 10, audio: 10 },
};
const unknown: PublishStats = {
  ...fine,
  bitrateBps: null,
  availableBps: null,
  framesPerSecond: null,
  roundTripMs: null,
  lossRatio: null,
  limitation: null,
};
const given = (input: Partial<HealthInput>): HealthInput => ({
  publish: 'live',
  stats: fine,
  videoMuted: false,
  online: true,
  ...input,
});

describe('judgeHealth', () => {
  it.each<[string, Partial<HealthInput>, Health]>([
    ['all is well', {}, { level: 'excellent', reason: 'none' }],
    ['no network at all', { online: false }, { level: 'lost', reason: 'offline' }],
    ['first connection', { publish: 'connecting', stats: null }, { level: 'measuring', reason: 'measuring' }],
    ['rebuilding', { publish: 'reconnecting' }, { level: 'lost', reason: 'media_lost' }],
    ['given up', { publish: 'failed' }, { level: 'lost', reason: 'media_lost' }],
    ['no figures yet', { stats: null }, { level: 'measuring', reason: 'measuring' }],
    ['missing is not zero', { stats: unknown }, { level: 'measuring', reason: 'measuring' }],
    ['some figures missing', { stats: { ...unknown, roundTripMs: 30 } }, { level: 'excellent', reason: 'none' }],
    ['a little loss', { stats: { ...fine, lossRatio: 0.03 } }, { level: 'good', reason: 'loss' }],
    ['much loss', { stats: { ...fine, lossRatio: 0.12 } }, { level: 'poor', reason: 'loss' }],
    ['slow answers', { stats: { ...fine, roundTripMs: 300 } }, { level: 'good', reason: 'delay' }],
    ['very slow answers', { stats: { ...fine, roundTripMs: 700 } }, { level: 'poor', reason: 'delay' }],
    [
      'phone too slow',
      { stats: { ...fine, limitation: 'cpu', framesPerSecond: 12 } },
      { level: 'poor', reason: 'phone_slow' },
    ],
    [
      'phone a little slow',
      { stats: { ...fine, limitation: 'cpu', framesPerSecond: 26 } },
      { level: 'good', reason: 'phone_slow' },
    ],
    [
      'uplink too slow',
      { stats: { ...fine, limitation: 'bandwidth', bitrateBps: 300_000 } },
      { level: 'poor', reason: 'uplink_slow' },
    ],
    [
      'uplink short',
      { stats: { ...fine, limitation: 'bandwidth', bitrateBps: 700_000 } },
      { level: 'good', reason: 'uplink_slow' },
    ],
    [
      'bandwidth named but enough',
      { stats: { ...fine, limitation: 'bandwidth' } },
      { level: 'excellent', reason: 'none' },
    ],
    ['camera gives nothing', { stats: { ...fine, framesPerSecond: 0 } }, { level: 'poor', reason: 'camera_stalled' }],
    [
      'picture switched off',
      { videoMuted: true, stats: { ...fine, framesPerSecond: 0 } },
      { level: 'excellent', reason: 'paused' },
    ],
    [
      'the worst finding wins',
      { stats: { ...fine, lossRatio: 0.03, limitation: 'cpu', framesPerSecond: 8 } },
      { level: 'poor', reason: 'phone_slow' },
    ],
  ])('%s', (_, input, expected) => {
    expect(judgeHealth(given(input))).toEqual(expected);
  });
});

describe('calmHealth', () => {
  const excellent: Health = { level: 'excellent', reason: 'none' };
  const poor: Health = { level: 'poor', reason: 'loss' };
  const lost: Health = { level: 'lost', reason: 'media_lost' };
  it('one odd sample changes nothing, two do', () => {
    expect(calmHealth(excellent, excellent, poor)).toBe(excellent);
    expect(calmHealth(excellent, poor, poor)).toBe(poor);
  });
  it('a lost connection is shown at once, and so is its return', () => {
    expect(calmHealth(excellent, excellent, lost)).toBe(lost);
    expect(calmHealth(lost, lost, excellent)).toBe(excellent);
  });
});
