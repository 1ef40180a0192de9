import { FAIR_LOSS, POOR_LOSS } from '@walnut-live/contracts';
import type { PublishState, PublishStats } from '@walnut-live/live-client/media';

/** `measuring` = nothing is known yet; it is never shown as zero or as bad. */
export type HealthLevel = 'excellent' | 'good' | 'poor' | 'lost' | 'measuring';

export type HealthReason =
  | 'none'
  | 'measuring'
  | 'paused'
  | 'offline'
  | 'media_lost'
  | 'phone_slow'
  | 'uplink_slow'
  | 'loss'
  | 'delay'
  | 'camera_stalled';

export type Health = { level: HealthLevel; reason: HealthReason };

export type HealthInput = {
  publish: PublishState['status'];
  /** Figures of the last interval; null before the first. */
  stats: PublishStats | null;
  /** The guide switched the picture off. */
  videoMuted: boolean;
  /** What the browser says about the network. */
  online: boolean;
};

const POOR_RTT_MS = 500;
const FAIR_RTT_MS = 250;
/** The picture stands more than it moves. */
export const POOR_FPS = 15;
const FAIR_FPS = 22;
/** Below this the middle layer (360 lines) no longer fits. */
const POOR_BPS = 350_000;
const FAIR_BPS = 900_000;

const worse: Record<HealthLevel, number> = { excellent: 0, measuring: 0, good: 1, poor: 2, lost: 3 };

/**
 * How well the programme leaves this device, and the one reason a guide can act on. "Phone too slow" and "network too
 * slow" are told apart by what the encoder says limits it.
 */
export const judgeHealth = ({ publish, stats, videoMuted, online }: HealthInput): Health => {
  if (!online) return { level: 'lost', reason: 'offline' };
  if (publish === 'connecting') return { level: 'measuring', reason: 'measuring' };
  if (publish !== 'live') return { level: 'lost', reason: 'media_lost' };
  if (!stats) return { level: 'measuring', reason: 'measuring' };

  const findings: Health[] = [];
  const { lossRatio, roundTripMs, framesPerSecond, bitrateBps, limitation } = stats;
  if (lossRatio !== null && lossRatio >= FAIR_LOSS)
    findings.push({ level: lossRatio >= POOR_LOSS ? 'poor' : 'good', reason: 'loss' });
  if (roundTripMs !== null && roundTripMs >= FAIR_RTT_MS)
    findings.push({ level: roundTripMs >= POOR_RTT_MS ? 'poor' : 'good', reason: 'delay' });
  if (!videoMuted) {
    const slow = framesPerSecond !== null && framesPerSecond < FAIR_FPS;
    const crawling = framesPerSecond !== null && framesPerSecond < POOR_FPS;
    if (limitation === 'cpu') findings.push({ level: crawling ? 'poor' : 'good', reason: 'phone_slow' });
    else if (limitation === 'bandwidth') {
      const starved = bitrateBps !== null && bitrateBps < POOR_BPS;
      const short = bitrateBps !== null && bitrateBps < FAIR_BPS;
      if (starved || short || slow)
        findings.push({ level: starved || crawling ? 'poor' : 'good', reason: 'uplink_slow' });
    } else if (framesPerSecond !== null && framesPerSecond < 1)
      findings.push({ level: 'poor', reason: 'camera_stalled' });
    else if (slow) findings.push({ level: crawling ? 'poor' : 'good', reason: 'phone_slow' });
  }

  const worst = findings.sort((a, b) => worse[b.level] - worse[a.level])[0];
  if (worst) return worst;
  const known = [lossRatio, roundTripMs, bitrateBps, videoMuted ? null : framesPerSecond].some(
    (value) => value !== null,
  );
  if (!known) return { level: 'measuring', reason: 'measuring' };
  return { level: 'excellent', reason: videoMuted ? 'paused' : 'none' };
};

/**
 * Keeps the badge from flickering: a change between excellent, good and poor is shown when two samples in a row agree;
 * losing and regaining the connection is shown at once.
 */
export const calmHealth = (shown: Health, before: Health, now: Health): Health => {
  const atOnce = (health: Health): boolean => health.level === 'lost' || health.level === 'measuring';
  if (atOnce(now) || atOnce(shown)) return now;
  return before.level === now.level ? now : shown;
};

/** Bits per second to the bitrate target of the whole simulcast set: 180, 360 and 720 lines, and the sound. */
export const TARGET_BPS = 150_000 + 500_000 + 1_800_000 + 64_000;
