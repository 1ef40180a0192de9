/**
 * People join a running programme at a steady pace; how long until each has a complete key picture, and what it costs
 * the publisher. Environment: TARGET, PLAN (JSON of lib/media-servers.ts).
 */
import { sleep } from 'k6';
import { crowd as openCrowd, report } from 'k6/x/swarm';
import type { JoinPlan, JoinResult, Target } from '../lib/media-servers.ts';
import { goLive } from './lib/stage.ts';

declare const __ENV: Record<string, string>;
const target = JSON.parse(__ENV.TARGET ?? '') as Target;
const plan = JSON.parse(__ENV.PLAN ?? '') as JoinPlan;

export const options = {
  scenarios: { joins: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: '5m' } },
};

const PATIENCE_SECONDS = 12;
/** People who are there already: a stream that nobody watches may be asleep. */
const REGULARS = 5;
const REST_SECONDS = 2;

export default function joins() {
  const publisher = goLive(target);
  const regulars = openCrowd(target.crowd);
  regulars.join(REGULARS, REGULARS, PATIENCE_SECONDS);
  sleep(REST_SECONDS);
  const crowd = openCrowd(target.crowd);
  const before = publisher.stats();
  const join = crowd.join(plan.joins, plan.perSecond, PATIENCE_SECONDS);
  const after = publisher.stats();
  const measured = crowd.measure(plan.windowSeconds, target.processIds);
  const result: JoinResult = {
    join,
    measured,
    seconds: (after.pictures - before.pictures) / plan.picturesPerSecond,
    keyPictures: after.keyPictures - before.keyPictures,
    keyRequests: after.keyRequests - before.keyRequests,
  };
  report(JSON.stringify(result));
  crowd.close();
  regulars.close();
  publisher.close();
}
