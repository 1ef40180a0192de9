/**
 * More and more viewers of one stream, until the server loses packets or pictures or its core is full.
 * Environment: TARGET (JSON of lib/media-servers.ts), PLAN (JSON: first, max, windowSeconds, settleSeconds).
 */
import { sleep } from 'k6';
import { crowd as openCrowd, report } from 'k6/x/swarm';
import type { Target, ViewersPlan, ViewersStep } from '../lib/media-servers.ts';
import { goLive } from './lib/stage.ts';

declare const __ENV: Record<string, string>;
const target = JSON.parse(__ENV.TARGET ?? '') as Target;
const plan = JSON.parse(__ENV.PLAN ?? '') as ViewersPlan;

export const options = {
  scenarios: { crowd: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: '10m' } },
};

const JOINS_PER_SECOND = 50;
const MIN_STEP = 50;
/** The next crowd is this part of the way to where the CPU would be full. */
const BOLDNESS = 0.6;
const PATIENCE_SECONDS = 6;

export default function grow() {
  const publisher = goLive(target);
  const crowd = openCrowd(target.crowd);
  let wanted = plan.first;
  let there = 0;
  while (wanted > there) {
    const join = crowd.join(wanted - there, JOINS_PER_SECOND, PATIENCE_SECONDS);
    sleep(plan.settleSeconds);
    const sentBefore = publisher.stats();
    const measured = crowd.measure(plan.windowSeconds, target.processIds);
    const sent = publisher.stats();
    there = wanted;
    const step: ViewersStep = { wanted, join, measured, sentPictures: sent.pictures - sentBefore.pictures };
    report(JSON.stringify(step));
    const busy = Object.values(measured.processSeconds).reduce((sum, seconds) => sum + seconds, 0) / measured.seconds;
    const full = busy > 0 ? there / busy : plan.max;
    if (
      join.failed > 0 ||
      measured.loss > plan.stopAtLoss ||
      measured.cpuSeconds / measured.seconds > plan.stopAtGenerator
    )
      break;
    wanted = Math.min(plan.max, Math.max(there + MIN_STEP, Math.round(there + BOLDNESS * (full - there))));
  }
  crowd.close();
  publisher.close();
}
