/** States of an agent, months of the brand's calendar, and how far a target is. Pure. */
import type { AgentState } from '@walnut-live/contracts';

/** Rule S7: what may become of an application. Rivals race by a conditional statement over these. */
export const agentTransitions: Readonly<Record<AgentState, readonly AgentState[]>> = {
  applied: ['approved', 'declined', 'ended'],
  approved: ['active', 'ended'],
  active: ['ended'],
  declined: [],
  ended: [],
};

const CHINA_OFFSET_MS = 8 * 3_600_000;
/** From and until when a month lasts in China. */
export function monthSpan(month: string): { from: Date; to: Date } {
  const [year = 0, number = 1] = month.split('-').map(Number);
  const at = (index: number) => new Date(Date.UTC(year, index, 1) - CHINA_OFFSET_MS);
  return { from: at(number - 1), to: at(number) };
}

const WHOLE_BPS = 10_000;
/** Net sales can be below zero when more came back than was sold; then nothing is done. */
export const progressBps = (done: number, target: number): number =>
  Math.max(0, Math.floor((done * WHOLE_BPS) / target));
