/**
 * What a measurement is. `./live bench NAME` loads `load-tests/scenarios/NAME.ts`, which exports
 *
 *   export const scenario: Scenario = {
 *     name: 'smoke',
 *     title: 'join, chat and order, 20 people',
 *     run: async (context) => {
 *       const summary = await context.k6('load-tests/k6/smoke.ts', { VUS: '20' });
 *       return [figure({ id: 'smoke.joins', what: 'joins per second', value: …, unit: '1/s', betterIs: 'higher' })];
 *     },
 *   };
 *
 * The runner starts the product on free ports with a data folder of its own, runs the scenario, stops everything, and
 * writes `load-tests/results/NAME.json` with the machine and the versions beside the figures. A scenario that throws
 * makes the command fail: correctness is checked, the clock is only reported.
 */
import type { Product } from '../run/product.ts';
import type { Prepared } from '../setup/prepare.ts';

export interface Figure {
  /** Of docs' table of figures ("P4"), or one's own ("smoke.join"). */
  id: string;
  what: string;
  value: number;
  unit: string;
  betterIs: 'higher' | 'lower';
  /** From the table of figures, where it has one. */
  reach?: number;
  farGoal?: number;
  /** Others, measured in the same run. */
  peers?: { name: string; version: string; value: number }[];
  /** Of several runs: value is the median. */
  min?: number;
  max?: number;
  note?: string;
}

/** k6's end-of-test summary: metric name to its values (`count`, `rate`, `p(95)` …), and what failed. */
export interface K6Summary {
  metrics: Record<string, Record<string, number>>;
  /** Names of checks that failed at least once, with how often. */
  failedChecks: Record<string, number>;
  /** What the script gave to the swarm's report(), in order. */
  reports: unknown[];
}

export interface BenchContext {
  product: Product;
  /** Runs a k6 script with environment (ORIGIN is always set); throws when k6 itself or one of its thresholds fails. */
  k6(script: string, env?: Readonly<Record<string, string>>): Promise<K6Summary>;
  /** A line on the terminal. */
  say(line: string): void;
}

export interface Scenario {
  name: string;
  title: string;
  /** Whether the demo programme runs beside it; default no. */
  withDemo?: boolean;
  /** Further environment of api and media-server. */
  env?: Readonly<Record<string, string>>;
  run(context: BenchContext): Promise<Figure[]>;
}

/** A measurement that starts its own servers: one part of the product alone, or others' for comparison. */
export interface BareScenario {
  name: string;
  title: string;
  bare: true;
  run(context: BareContext): Promise<Figure[]>;
}

export interface BareContext {
  prepared: Prepared;
  /** Empty folder that goes away afterwards. */
  dataDir: string;
  /** `--quick`: a few seconds, to see that everything works; the figures mean nothing and are not written. */
  quick: boolean;
  /** Whether others' servers are measured too, where they are installed; `--no-peers` says no. */
  withPeers: boolean;
  /** Runs a k6 script in the k6 that has the swarm in it; `prefix` is a command in front, for example taskset. */
  swarm(
    script: string,
    env?: Readonly<Record<string, string>>,
    prefix?: readonly string[],
    onLine?: (line: string) => void,
  ): Promise<K6Summary>;
  say(line: string): void;
}
