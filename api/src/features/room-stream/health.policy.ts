/** From the figures of a publication to a word. Pure. */
import { type ControlStreamDetail, FAIR_LOSS, POOR_LOSS, type StreamHealth } from '@walnut-live/contracts';

/** Score of the media server, 0 to 10: what was lost for good. */
const POOR_SCORE = 4;
const FAIR_SCORE = 7;

/** Null while nothing arrives or nothing is known. Sound without a picture is judged by its loss alone. */
export function healthOf({ state, publisher }: Pick<ControlStreamDetail, 'state' | 'publisher'>): StreamHealth | null {
  if (state !== 'live' || !publisher) return null;
  const tracks = publisher.tracks.filter(({ paused }) => !paused);
  const losses = tracks.flatMap(({ lossRatio }) => (lossRatio === null ? [] : [lossRatio]));
  // Sound that pauses (DTX, a muted microphone) scores low without anything being wrong.
  const scores = tracks.flatMap(({ kind, score }) => (kind === 'video' && score !== null ? [score] : []));
  if (losses.length + scores.length === 0) return null;
  const loss = Math.max(0, ...losses);
  const score = Math.min(10, ...scores);
  if (loss >= POOR_LOSS || score <= POOR_SCORE) return 'poor';
  return loss >= FAIR_LOSS || score <= FAIR_SCORE ? 'fair' : 'good';
}
