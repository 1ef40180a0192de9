/** The encoder as the guide is told of it: where it is, and one reason to act on. Pure. */
import { FAIR_LOSS, type RoomStream } from '@walnut-live/contracts';
import { type HealthLevel, POOR_FPS } from '../live/health.ts';

/**
 * asking: nothing is known yet · unknown: the media server does not answer · waiting: nothing was published · camera: a
 * studio's camera is still on air · live · interrupted: it was there a moment ago and is awaited.
 */
export type EncoderPhase = 'asking' | 'unknown' | 'waiting' | 'camera' | 'live' | 'interrupted';

export type EncoderReason =
  | 'none'
  | 'asking'
  | 'unknown'
  | 'waiting'
  | 'interrupted'
  | 'measuring'
  | 'loss'
  | 'unsteady'
  | 'slow'
  | 'heavy'
  | 'noVideo'
  | 'noAudio';

/** What docs/08 calls the most that a room for phones should send. */
const HEAVY_BPS = 5_500_000;

export function phaseOf(stream: RoomStream | undefined, failed: boolean): EncoderPhase {
  if (failed) return 'unknown';
  if (!stream) return 'asking';
  if (stream.state === 'idle') return 'waiting';
  if (stream.publisher?.kind === 'browser') return 'camera';
  return stream.state;
}

export function judgeEncoder(
  phase: EncoderPhase,
  stream: RoomStream | undefined,
): { level: HealthLevel; reason: EncoderReason } {
  if (phase === 'interrupted') return { level: 'lost', reason: 'interrupted' };
  if (phase === 'camera') return { level: 'measuring', reason: 'waiting' };
  if (phase !== 'live') return { level: 'measuring', reason: phase };
  const tracks = stream?.publisher?.tracks ?? [];
  const video = tracks.find(({ kind }) => kind === 'video');
  const audio = tracks.find(({ kind }) => kind === 'audio');
  if (!stream || tracks.length === 0 || stream.health === null) return { level: 'measuring', reason: 'measuring' };
  if (!video) return { level: 'poor', reason: 'noVideo' };
  if (stream.health !== 'good') {
    const lost = Math.max(video.lossRatio ?? 0, audio?.lossRatio ?? 0) >= FAIR_LOSS;
    return { level: stream.health === 'poor' ? 'poor' : 'good', reason: lost ? 'loss' : 'unsteady' };
  }
  const { framesPerSecond = null } = stream.picture ?? {};
  if (framesPerSecond !== null && framesPerSecond < POOR_FPS) return { level: 'poor', reason: 'slow' };
  if (!audio) return { level: 'good', reason: 'noAudio' };
  if ((video.bitrateBps ?? 0) > HEAVY_BPS) return { level: 'good', reason: 'heavy' };
  return { level: 'excellent', reason: 'none' };
}
