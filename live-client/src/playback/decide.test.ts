import { describe, expect, it } from 'vitest';
import {
  CONNECT_PATIENCE_MS,
  decide,
  HEDGE_AFTER_MS,
  HEDGED_PATIENCE_MS,
  nextTrialAtMs,
  type PlaybackSnapshot,
  POOR_PATIENCE_MS,
  STABLE_MS,
  STUCK_AFTER_MS,
  STUCK_MS,
} from './decide.ts';

const NOW = 1_000_000;

type Part = {
  [Key in keyof PlaybackSnapshot]?: PlaybackSnapshot[Key] extends object
    ? Partial<PlaybackSnapshot[Key]>
    : PlaybackSnapshot[Key];
};

type Realtime = Partial<PlaybackSnapshot['realtime']>;
type Fallback = Partial<PlaybackSnapshot['fallback']>;

function given(part: Part): PlaybackSnapshot {
  return {
    nowMs: NOW,
    preference: part.preference ?? 'auto',
    showing: part.showing ?? 'realtime',
    realtime: {
      supported: true,
      running: true,
      status: 'playing',
      failure: null,
      tryingSinceMs: null,
      playingSinceMs: NOW - 10_000,
      hasPlayed: true,
      poorSinceMs: null,
      ...part.realtime,
    },
    smooth: { supported: true, prepared: false, stalledSinceMs: null, ...part.smooth },
    fallback: { reason: null, count: 0, atMs: 0, jitter: 0.5, ...part.fallback },
  };
}

const trying = (ms: number): Realtime => ({
  status: 'connecting',
  tryingSinceMs: NOW - ms,
  playingSinceMs: null,
  hasPlayed: false,
});
const off: Realtime = { running: false, status: 'off', playingSinceMs: null };
const failed = (failure: PlaybackSnapshot['realtime']['failure']): Realtime => ({
  status: 'failed',
  failure,
  playingSinceMs: null,
});
const after = (reason: PlaybackSnapshot['fallback']['reason'], agoMs: number, count = 1): Fallback => ({
  reason,
  count,
  atMs: NOW - agoMs,
});

describe('decide', () => {
  it.each<[string, Part, string]>([
    // what is given, what should run and show
    ['plays by WebRTC', {}, 'R show R'],
    ['is patient while connecting', { realtime: trying(HEDGE_AFTER_MS - 1) }, 'R show R'],
    ['warms HLS up when connecting takes long', { realtime: trying(HEDGE_AFTER_MS) }, 'R prepare show R'],
    [
      'waits a little longer even when HLS is ready',
      { realtime: trying(HEDGED_PATIENCE_MS - 1), smooth: { prepared: true } },
      'R prepare show R',
    ],
    [
      'does not wait for what may never come when HLS is ready',
      { realtime: trying(HEDGED_PATIENCE_MS), smooth: { prepared: true } },
      'S show S because unreachable',
    ],
    [
      'gives up on a connection that is up and brings no frame',
      { realtime: { ...trying(HEDGED_PATIENCE_MS), status: 'playing' }, smooth: { prepared: true } },
      'S show S because unreachable',
    ],
    [
      'gives one that has played its whole patience to come back',
      {
        realtime: { ...trying(CONNECT_PATIENCE_MS - 1), status: 'reconnecting', hasPlayed: true },
        smooth: { prepared: true },
      },
      'R prepare show R',
    ],
    [
      'gives a trial its whole patience too',
      {
        showing: 'smooth',
        realtime: trying(CONNECT_PATIENCE_MS - 1),
        smooth: { prepared: true },
        fallback: after('unreachable', 61_000),
      },
      'RS show S',
    ],
    ['gives up after five seconds', { realtime: trying(CONNECT_PATIENCE_MS) }, 'S show S because unreachable'],
    ['gives up when ICE fails', { realtime: failed('unreachable') }, 'S show S because unreachable'],
    ['gives up at once over capacity', { realtime: failed('over-capacity') }, 'S show S because over-capacity'],
    ['gives up at once without the codec', { realtime: failed('unsupported') }, 'S show S because unsupported'],
    [
      'waits for a stream without losing patience',
      { realtime: { status: 'waiting', playingSinceMs: null } },
      'R show R',
    ],
    ['bears a short bad patch', { realtime: { poorSinceMs: NOW - 1_000 } }, 'R show R'],
    ['warms HLS up in a long one', { realtime: { poorSinceMs: NOW - POOR_PATIENCE_MS / 2 } }, 'R prepare show R'],
    [
      'keeps the poor picture until HLS is ready',
      { realtime: { poorSinceMs: NOW - POOR_PATIENCE_MS } },
      'R prepare show R',
    ],
    [
      'then switches',
      { realtime: { poorSinceMs: NOW - POOR_PATIENCE_MS }, smooth: { prepared: true } },
      'S show S because bandwidth',
    ],
    [
      'and does not wait for HLS for ever',
      { realtime: { poorSinceMs: NOW - POOR_PATIENCE_MS - 8_000 } },
      'S show S because bandwidth',
    ],
    [
      'leaves a poor picture to who chose it',
      { preference: 'realtime', realtime: { poorSinceMs: NOW - 60_000 }, smooth: { prepared: true } },
      'R show R',
    ],
    ['but not a dead one', { preference: 'realtime', realtime: failed('unreachable') }, 'S show S because unreachable'],
    ['plays by HLS when chosen', { preference: 'smooth' }, 'S show S'],
    ['plays by HLS without WebRTC', { showing: 'smooth', realtime: { ...off, supported: false } }, 'S show S'],
    [
      'stays with HLS after giving up',
      { showing: 'smooth', realtime: off, fallback: after('unreachable', 1_000) },
      'S show S',
    ],
    [
      'tries WebRTC again later',
      { showing: 'smooth', realtime: off, fallback: after('unreachable', 61_000) },
      'RS show S',
    ],
    [
      'more rarely each time',
      { showing: 'smooth', realtime: off, fallback: after('unreachable', 61_000, 3) },
      'S show S',
    ],
    [
      'sooner when the server was full',
      { showing: 'smooth', realtime: off, fallback: after('over-capacity', 31_000) },
      'RS show S',
    ],
    [
      'never when it cannot work',
      { showing: 'smooth', realtime: off, fallback: after('unsupported', 9_999_999) },
      'S show S',
    ],
    [
      'tries WebRTC again when HLS, taken for a poor network, stands still',
      {
        showing: 'smooth',
        realtime: off,
        smooth: { stalledSinceMs: NOW - STUCK_MS },
        fallback: after('bandwidth', STUCK_AFTER_MS),
      },
      'RS show S',
    ],
    [
      'but gives HLS time to begin, and longer after each such trial',
      {
        showing: 'smooth',
        realtime: off,
        smooth: { stalledSinceMs: NOW - 9_000 },
        fallback: after('bandwidth', STUCK_AFTER_MS, 2),
      },
      'S show S',
    ],
    [
      'shows a trial only when it is stable',
      { showing: 'smooth', realtime: { playingSinceMs: NOW - STABLE_MS + 1 }, fallback: after('unreachable', 61_000) },
      'RS show S',
    ],
    [
      'and then drops HLS',
      { showing: 'smooth', realtime: { playingSinceMs: NOW - STABLE_MS }, fallback: after('unreachable', 61_000) },
      'R show R',
    ],
    [
      'ends a trial that does not connect',
      { showing: 'smooth', realtime: trying(CONNECT_PATIENCE_MS), fallback: after('unreachable', 61_000) },
      'S show S because unreachable',
    ],
    ['stops for good when revoked', { realtime: failed('revoked') }, 'stop revoked'],
    ['also in a trial', { showing: 'smooth', realtime: failed('revoked') }, 'stop revoked'],
    [
      'stops when neither can work',
      { realtime: { ...off, supported: false }, smooth: { supported: false } },
      'stop unsupported',
    ],
    ['stays with WebRTC when there is no HLS', { realtime: trying(60_000), smooth: { supported: false } }, 'R show R'],
    [
      'says so when that fails too',
      { realtime: failed('unreachable'), smooth: { supported: false } },
      'stop unreachable',
    ],
  ])('%s', (_what, part, expected) => {
    const decision = decide(given(part));
    const said = decision.stop
      ? `stop ${decision.stop}`
      : [
          `${decision.runRealtime ? 'R' : ''}${decision.runSmooth ? 'S' : ''}`,
          ...(decision.prepareSmooth ? ['prepare'] : []),
          `show ${decision.show === 'realtime' ? 'R' : 'S'}`,
          ...(decision.giveUp ? [`because ${decision.giveUp}`] : []),
        ].join(' ');
    expect(said).toBe(expected);
  });

  it('never leaves the screen without a transport', () => {
    for (const showing of ['realtime', 'smooth'] as const) {
      for (const preference of ['auto', 'realtime', 'smooth'] as const) {
        for (const status of ['off', 'connecting', 'waiting', 'playing', 'reconnecting'] as const) {
          for (const agoMs of [0, 4_000, 6_000, 1_000_000]) {
            const decision = decide(
              given({
                showing,
                preference,
                realtime: { running: status !== 'off', status, tryingSinceMs: NOW - agoMs, poorSinceMs: NOW - agoMs },
                fallback: after('bandwidth', agoMs),
              }),
            );
            expect(decision.show === 'realtime' ? decision.runRealtime : decision.runSmooth).toBe(true);
          }
        }
      }
    }
  });

  it('spreads trials and caps their interval', () => {
    const at = (count: number, jitter: number) => nextTrialAtMs({ reason: 'unreachable', count, atMs: 0, jitter });
    expect(at(1, 0)).toBe(45_000);
    expect(at(1, 1)).toBe(75_000);
    expect(at(50, 0.5)).toBe(600_000);
  });
});
