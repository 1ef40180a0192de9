import { describe, expect, it } from 'vitest';
import { createGrantCache } from '../playback/grant-cache.ts';
import { createQualityJudge } from '../playback/quality-judge.ts';
import { createBackoff } from './backoff.ts';
import { createEmitter } from './emitter.ts';
import { chooseVideoCodec, videoEncodings } from './encoding.ts';
import { createRateMeter, publishStats, watchStats } from './stats.ts';

const report = (...list: Array<Record<string, unknown>>): RTCStatsReport =>
  new Map(list.map((entry) => [entry.id, entry])) as unknown as RTCStatsReport;

describe('back-off', () => {
  it('grows to its bound, is jittered and starts anew', () => {
    const backoff = createBackoff({ firstMs: 100, maxMs: 1_000, random: () => 1 });
    expect([1, 2, 3, 4, 5, 6].map(() => backoff.nextMs())).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    backoff.reset();
    expect(backoff.nextMs()).toBe(100);
    expect(createBackoff({ firstMs: 100, maxMs: 1_000, random: () => 0 }).nextMs()).toBe(50);
  });
});

describe('emitter', () => {
  it('undoes a subscription and survives listeners that leave while it speaks', () => {
    const emitter = createEmitter<{ said: string }>();
    const heard: string[] = [];
    const undo = emitter.on('said', (text) => {
      heard.push(`a ${text}`);
      undo();
    });
    emitter.on('said', (text) => heard.push(`b ${text}`));
    emitter.emit('said', '1');
    emitter.emit('said', '2');
    expect(heard).toEqual(['a 1', 'b 1', 'b 2']);
  });
});

describe('encoding', () => {
  it('sends as many layers as the source is worth', () => {
    expect(
      videoEncodings({ width: 1280, height: 720 }, 1_800_000).map((layer) => layer.scaleResolutionDownBy ?? 1),
    ).toEqual([4, 2, 1]);
    expect(videoEncodings({ width: 720, height: 1280 }, 1_800_000)).toHaveLength(3);
    expect(videoEncodings({ width: 640, height: 360 }, 900_000)).toHaveLength(2);
    expect(videoEncodings({ width: 320, height: 240 }, 900_000)).toHaveLength(1);
  });

  it('prefers H.264 and falls back to VP8', () => {
    const codec = (mimeType: string) => ({
      kind: 'video' as const,
      mimeType,
      preferredPayloadType: 96,
      clockRate: 90_000,
    });
    expect(chooseVideoCodec({ codecs: [codec('video/VP8'), codec('video/H264')] })?.mimeType).toBe('video/H264');
    expect(chooseVideoCodec({ codecs: [codec('video/VP8')] })?.mimeType).toBe('video/VP8');
    expect(chooseVideoCodec({ codecs: [] })).toBeUndefined();
  });
});

describe('stats', () => {
  it('is null, not zero, where the browser says nothing', () => {
    const empty = publishStats(report(), createRateMeter(), { video: null, audio: null });
    expect(empty).toMatchObject({
      bitrateBps: null,
      framesPerSecond: null,
      roundTripMs: null,
      lossRatio: null,
      limitation: null,
    });
    expect(watchStats(report(), createRateMeter(), { layer: null, layers: 1, soundOnly: false })).toMatchObject({
      bitrateBps: null,
      lossRatio: null,
    });
  });

  it('turns counters into rates, layer by layer, and tells why quality is limited', () => {
    const meter = createRateMeter();
    const sample = (timestamp: number, bytes: number) =>
      report(
        {
          id: 'a',
          type: 'outbound-rtp',
          kind: 'video',
          rid: 'r0',
          timestamp,
          bytesSent: bytes,
          framesPerSecond: 15,
          qualityLimitationReason: 'none',
        },
        {
          id: 'b',
          type: 'outbound-rtp',
          kind: 'video',
          rid: 'r1',
          timestamp,
          bytesSent: bytes * 3,
          framesPerSecond: 30,
          qualityLimitationReason: 'cpu',
        },
        { id: 'c', type: 'remote-inbound-rtp', timestamp, fractionLost: 0.02, roundTripTime: 0.05 },
      );
    publishStats(sample(1_000, 0), meter, { video: 10, audio: null });
    const stats = publishStats(sample(2_000, 12_500), meter, { video: 10, audio: null });
    expect(stats).toMatchObject({
      bitrateBps: 400_000,
      framesPerSecond: 30,
      limitation: 'cpu',
      lossRatio: 0.02,
      roundTripMs: 50,
    });
    expect(stats.layers.map((layer) => layer.bitrateBps)).toEqual([100_000, 300_000]);
    // A new sender begins at zero again: no negative rate.
    expect(publishStats(sample(3_000, 10), meter, { video: 10, audio: null }).bitrateBps).toBeNull();
  });

  it('measures loss over the last interval', () => {
    const meter = createRateMeter();
    const sample = (timestamp: number, packetsReceived: number, packetsLost: number) =>
      watchStats(
        report({
          id: 'v',
          type: 'inbound-rtp',
          kind: 'video',
          timestamp,
          packetsReceived,
          packetsLost,
          bytesReceived: packetsReceived * 1_000,
        }),
        meter,
        { layer: 2, layers: 3, soundOnly: false },
      );
    sample(0, 1_000, 500);
    expect(sample(1_000, 1_090, 510)).toMatchObject({ lossRatio: 0.1, bitrateBps: 720_000 });
    expect(sample(2_000, 1_190, 510).lossRatio).toBe(0);
  });
});

const BEST = { layer: 2, layers: 3, soundOnly: false };

describe('quality judge', () => {
  it('remembers since when it is bad, forgives three good samples', () => {
    const judge = createQualityJudge();
    judge.add({ ...BEST, lossRatio: 0.2, freezeCount: 0 }, 1_000);
    judge.add({ ...BEST, lossRatio: 0, freezeCount: 0 }, 1_500);
    judge.add({ ...BEST, lossRatio: 0, freezeCount: 1 }, 2_000);
    expect(judge.poorSinceMs).toBe(1_000);
    for (const nowMs of [2_500, 3_000, 3_500]) judge.add({ ...BEST, lossRatio: null, freezeCount: 1 }, nowMs);
    expect(judge.poorSinceMs).toBeNull();
  });

  it.each([
    ['a lower layer', { layer: 1, layers: 3, soundOnly: false }],
    ['no layer that fits', { layer: null, layers: 3, soundOnly: true }],
    ['an only layer that is held back', { layer: null, layers: 1, soundOnly: true }],
  ])('does not count against WebRTC what HLS could not carry either: %s', (_what, reduced) => {
    const judge = createQualityJudge();
    judge.add({ ...BEST, lossRatio: 0.5, freezeCount: 1 }, 1_000);
    judge.add({ ...reduced, lossRatio: 0.5, freezeCount: 2 }, 1_500);
    expect(judge.poorSinceMs).toBeNull();
    // Nor the freeze that ends when the best layer is back.
    judge.add({ ...BEST, lossRatio: 0, freezeCount: 2 }, 2_000);
    expect(judge.poorSinceMs).toBeNull();
    judge.add({ layer: null, layers: 1, soundOnly: false, lossRatio: 0.5, freezeCount: 2 }, 2_500);
    expect(judge.poorSinceMs).toBe(2_500);
  });
});

describe('grant cache', () => {
  it('uses a grant while its token is good, asks once for many', async () => {
    let nowMs = 0;
    let asked = 0;
    const cache = createGrantCache(
      async () => {
        asked += 1;
        return {
          streamId: 's',
          right: 'watch',
          token: `t${asked}`,
          expiresAt: new Date(nowMs + 120_000).toISOString(),
          socketUrl: '',
          socketPath: '/socket.io',
          hlsUrl: '/hls',
          iceServers: [],
        };
      },
      () => nowMs,
    );
    const both = await Promise.all([cache.get(), cache.get()]);
    expect(both.map((grant) => grant.token)).toEqual(['t1', 't1']);
    nowMs = 100_000;
    expect((await cache.get()).token).toBe('t1');
    nowMs = 115_000;
    expect((await cache.get()).token).toBe('t2');
  });
});
