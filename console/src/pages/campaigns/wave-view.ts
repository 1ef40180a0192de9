/** What a wave's screens work out from it. */
import type { Wave, WaveAction, WavePhase } from '@walnut-live/contracts';

export type PhaseTime = 'past' | 'now' | 'coming';
export const phaseTime = ({ from, until }: WavePhase, nowMs: number): PhaseTime =>
  nowMs >= Date.parse(until) ? 'past' : nowMs >= Date.parse(from) ? 'now' : 'coming';

export const nextOf = (wave: Wave): WaveAction | undefined => wave.actions.find(({ id }) => id === wave.nextActionId);

const DAY_MS = 86_400_000;
/** Four phases one after another, each so many days long. */
export function phasesFrom(
  startMs: number,
  days: readonly number[],
  names: readonly WavePhase['phase'][],
): WavePhase[] {
  let at = startMs;
  return names.map((phase, no) => {
    const from = at;
    at += (days[no] ?? 1) * DAY_MS;
    return { phase, from: new Date(from).toISOString(), until: new Date(at).toISOString() };
  });
}
