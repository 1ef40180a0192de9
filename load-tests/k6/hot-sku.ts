/**
 * A crowd that buys one SKU, everybody one piece after the other without a pause, each order under a key of its own.
 * Environment: RUSH (RushOptions).
 */
import { report, rush } from 'k6/x/swarm';

declare const __ENV: Record<string, string>;

export const options = {
  scenarios: { crowd: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: '10m' } },
};

export default function buy() {
  report(JSON.stringify(rush(JSON.parse(__ENV.RUSH ?? ''))));
}
