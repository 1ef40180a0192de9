/**
 * The playback policy, pure: which transports should run and which one is on screen.
 *
 * Safety model: when WebRTC turns bad the server's packager is warmed up before anything is taken away; WebRTC is tried
 * again from HLS in the background and comes on screen only when it plays; the intervals between such trials grow, so
 * that a network that blocks WebRTC costs a trial every ten minutes and not a flicker. Time is passed in.
 */
import type { MediaFailureReason, WatchState } from '../media/index.ts';
import type { FallbackReason, PlaybackMode, PlaybackPreference } from './types.ts';

/** A live stream that shows nothing for this long by WebRTC is fetched by HLS. */
export const CONNECT_PATIENCE_MS = 5_000;
/** The same at the first attempt, as soon as the server has HLS ready: a viewer who sees nothing yet loses nothing. */
export const HEDGED_PATIENCE_MS = 2_500;
/** WebRTC that works shows a picture within half a second; after this long the server is asked to have HLS ready. */
export const HEDGE_AFTER_MS = 1_000;
/** Loss or freezes for this long, although the server chooses the layer that fits, and HLS takes over. */
export const POOR_PATIENCE_MS = 6_000;
/** Part of the patience with a poor picture after which HLS is warmed up. */
const PREPARE_RATIO = 0.5;
/** HLS that is still not warm this long after the patience ran out is taken as it is. */
const PREPARE_LIMIT_MS = 8_000;
/** HLS that was taken for the network's sake and stands still for so long was no help. */
export const STUCK_MS = 4_000;
/** It gets so long to begin, and longer each time. */
export const STUCK_AFTER_MS = 10_000;
/** WebRTC has to play this long in the background before it replaces HLS. */
export const STABLE_MS = 1_000;
const TRIAL_AFTER_MS: Record<Exclude<FallbackReason, 'unsupported' | 'chosen'>, number> = {
  unreachable: 60_000,
  bandwidth: 45_000,
  'over-capacity': 30_000,
};
const TRIAL_MAX_MS = 600_000;

export interface PlaybackSnapshot {
  nowMs: number;
  preference: PlaybackPreference;
  showing: PlaybackMode;
  realtime: {
    supported: boolean;
    running: boolean;
    status: WatchState['status'] | 'off';
    failure: MediaFailureReason | null;
    /** Since when it has been trying to show a live stream without success; null while it draws or there is nothing. */
    tryingSinceMs: number | null;
    playingSinceMs: number | null;
    /** This connection has shown a picture before. */
    hasPlayed: boolean;
    /** Since when loss or freezes have been bad; null while they are not. */
    poorSinceMs: number | null;
  };
  smooth: {
    supported: boolean;
    /** The server has segments ready. */
    prepared: boolean;
    /** Since when it has stood still on screen; null while it plays. */
    stalledSinceMs: number | null;
  };
  fallback: {
    reason: FallbackReason | null;
    /** Times WebRTC was given up in a row. */
    count: number;
    /** When it was given up last. */
    atMs: number;
    /** 0 to 1, drawn at that time: spreads the trials of many viewers. */
    jitter: number;
  };
}

export interface PlaybackDecision {
  runRealtime: boolean;
  runSmooth: boolean;
  /** Ask the server to have HLS ready; nothing is shown yet. */
  prepareSmooth: boolean;
  show: PlaybackMode;
  /** Set when WebRTC is given up by this decision. */
  giveUp: FallbackReason | null;
  /** Set when nothing will ever be shown. */
  stop: MediaFailureReason | null;
}

const FINAL: ReadonlySet<MediaFailureReason> = new Set(['revoked', 'refused', 'replaced']);

function reasonOf(failure: MediaFailureReason): FallbackReason {
  if (failure === 'over-capacity' || failure === 'unsupported') return failure;
  return 'unreachable';
}

/** Why WebRTC does not do now, or null. */
function trouble({ realtime, smooth, showing, nowMs }: PlaybackSnapshot): FallbackReason | null {
  if (!realtime.supported) return 'unsupported';
  if (realtime.status === 'failed') return reasonOf(realtime.failure ?? 'unreachable');
  const isHedged = showing === 'realtime' && smooth.prepared && !realtime.hasPlayed;
  const patienceMs = isHedged ? HEDGED_PATIENCE_MS : CONNECT_PATIENCE_MS;
  if (realtime.tryingSinceMs !== null && nowMs - realtime.tryingSinceMs >= patienceMs) return 'unreachable';
  if (realtime.poorSinceMs !== null && nowMs - realtime.poorSinceMs >= POOR_PATIENCE_MS) return 'bandwidth';
  return null;
}

function isGettingBad({ realtime, nowMs }: PlaybackSnapshot): boolean {
  const longer = (sinceMs: number | null, ms: number): boolean => sinceMs !== null && nowMs - sinceMs >= ms;
  return (
    longer(realtime.tryingSinceMs, HEDGE_AFTER_MS) || longer(realtime.poorSinceMs, POOR_PATIENCE_MS * PREPARE_RATIO)
  );
}

/** What was taken against a poor picture is worse than that. */
function isStuck({ fallback, smooth, nowMs }: PlaybackSnapshot): boolean {
  if (fallback.reason !== 'bandwidth' || smooth.stalledSinceMs === null) return false;
  return (
    nowMs - smooth.stalledSinceMs >= STUCK_MS && nowMs - fallback.atMs >= STUCK_AFTER_MS * Math.max(1, fallback.count)
  );
}

/** When WebRTC is worth another trial; null means never. */
export function nextTrialAtMs(fallback: PlaybackSnapshot['fallback']): number | null {
  const { reason, count, atMs, jitter } = fallback;
  if (reason === null) return atMs;
  if (reason === 'unsupported' || reason === 'chosen') return null;
  const waitMs = Math.min(TRIAL_MAX_MS, TRIAL_AFTER_MS[reason] * 2 ** Math.max(0, count - 1));
  return atMs + waitMs * (0.75 + jitter / 2);
}

export function decide(snapshot: PlaybackSnapshot): PlaybackDecision {
  const { preference, realtime, smooth, showing, nowMs } = snapshot;
  const plan = (part: Partial<PlaybackDecision>): PlaybackDecision => ({
    runRealtime: false,
    runSmooth: false,
    prepareSmooth: false,
    show: showing,
    giveUp: null,
    stop: null,
    ...part,
  });
  const onlyRealtime = plan({ runRealtime: true, show: 'realtime' });
  const onlySmooth = plan({ runSmooth: true, show: 'smooth' });

  if (realtime.status === 'failed' && realtime.failure && FINAL.has(realtime.failure)) {
    return plan({ stop: realtime.failure });
  }
  if (!smooth.supported) {
    const final = !realtime.supported ? 'unsupported' : realtime.status === 'failed' ? realtime.failure : null;
    return final ? plan({ stop: final }) : onlyRealtime;
  }
  if (preference === 'smooth') return onlySmooth;

  const wrong = trouble(snapshot);
  if (showing === 'realtime') {
    const keep = { ...onlyRealtime, prepareSmooth: isGettingBad(snapshot) };
    if (wrong === null) return keep;
    if (wrong === 'bandwidth') {
      // A person who chose realtime keeps it through bad patches, but not when it cannot work.
      if (preference === 'realtime') return onlyRealtime;
      // Something poor is better than nothing: it stays on screen until HLS is there.
      const overdueMs = nowMs - (realtime.poorSinceMs ?? nowMs) - POOR_PATIENCE_MS;
      if (!smooth.prepared && overdueMs < PREPARE_LIMIT_MS) return keep;
    }
    return plan({ runSmooth: true, show: 'smooth', giveUp: wrong });
  }

  // HLS is on screen.
  if (realtime.running) {
    if (wrong !== null) return plan({ runSmooth: true, show: 'smooth', giveUp: wrong });
    const stable = realtime.playingSinceMs !== null && nowMs - realtime.playingSinceMs >= STABLE_MS;
    return stable ? onlyRealtime : plan({ runRealtime: true, runSmooth: true, show: 'smooth' });
  }
  if (!realtime.supported) return onlySmooth;
  const trialAtMs = nextTrialAtMs(snapshot.fallback);
  const due = (trialAtMs !== null && nowMs >= trialAtMs) || isStuck(snapshot);
  return due ? plan({ runRealtime: true, runSmooth: true, show: 'smooth' }) : onlySmooth;
}
