/** S7 for settlement runs: which act leads from which state to which, and who may not do it. Pure. */
import type { SettlementState } from '@walnut-live/contracts';

export const runSteps = {
  preview: { from: ['draft', 'previewed'], to: 'previewed' },
  approve: { from: ['previewed'], to: 'approved' },
  pay: { from: ['approved'], to: 'paying' },
  /** Every line is paid or was carried forward. */
  finish: { from: ['paying'], to: 'paid' },
  /** Some were given back. */
  close: { from: ['paying'], to: 'closed' },
  /** A line that was given back is paid after all. */
  reopen: { from: ['closed', 'paying'], to: 'paying' },
  cancel: { from: ['draft', 'previewed', 'approved'], to: 'cancelled' },
} as const satisfies Record<string, { from: readonly SettlementState[]; to: SettlementState }>;
export type RunStep = keyof typeof runSteps;

export const mayStep = (state: SettlementState, step: RunStep): boolean =>
  (runSteps[step].from as readonly SettlementState[]).includes(state);

/** Two-person rule: whoever had a hand in what is approved does not approve it. */
export const prepared = (run: { createdById: string; previewedById: string | null }, personId: string): boolean =>
  run.createdById === personId || run.previewedById === personId;
