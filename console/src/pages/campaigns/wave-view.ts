/** What a wave's screens work out from it. */
import type { Wave, WaveAction, WavePhase } from '@walnut-live/contracts';

export type PhaseTime = 'past' | 'now' | 'coming';
export const phaseTime = ({ from, until }: WavePhase, nowMs: number): PhaseTime =>
  nowMs >= Date.parse(until) ? 'past' : nowMs >= Date.parse(from) ? 'now' : 'coming';

export const nextOf = (wave: Wave): WaveAction | undefined => wave.actions.find(({ id }) => id === wave.nextActionId);

/** Whether its plan can still be changed, and what failed be tried again. */
export const isOpen = ({ state }: Pick<Wave, 'state'>): boolean =>
  state === 'draft' || state === 'running' || state === 'paused';

/**
 * The live that an action at this moment would be about: the one announced next before it. Its room is null while it is not
 * announced; undefined when none is planned before.
 */
export function roomAt(wave: Wave, atMs: number): { readonly roomId: string | null } | undefined {
  const last = wave.actions.findLast(({ deed, at }) => deed.kind === 'room_open' && Date.parse(at) <= atMs);
  return last && { roomId: last.state === 'done' ? (last.result.roomId ?? null) : null };
}

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
