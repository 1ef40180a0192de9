/**
 * Which of the parties that are asked over the network is away, as one turn of a job sees it: one that lets us wait, or fails
 * several times in a row, is left alone for the rest of the turn. A single question it has an odd answer to is no such sign.
 */
import { AppError } from './errors.ts';

/** Who fails after so long is away; who fails sooner, after so many times in a row. */
const AWAY_AFTER_MS = 2_000;
const AWAY_AFTER_FAILURES = 5;

export interface AwayBook {
  readonly names: readonly string[];
  has(name: string): boolean;
  /** It answered, whatever it said. */
  answered(name: string): void;
  /** What is no `provider_unavailable` tells nothing of it. */
  failed(name: string, error: unknown, tookMs: number): void;
}

export function createAwayBook(): AwayBook {
  const inARow = new Map<string, number>();
  const names: string[] = [];
  return {
    names,
    has: (name) => names.includes(name),
    answered: (name) => void inARow.delete(name),
    failed(name, error, tookMs) {
      if (!(error instanceof AppError) || error.code !== 'provider_unavailable' || names.includes(name)) return;
      const failures = (inARow.get(name) ?? 0) + 1;
      inARow.set(name, failures);
      if (failures >= AWAY_AFTER_FAILURES || tookMs > AWAY_AFTER_MS) names.push(name);
    },
  };
}
