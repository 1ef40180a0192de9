/**
 * A crowd that stays in one room for a long time, while some of it talk; what the server's memory does meanwhile, a reading
 * a minute. Environment: TARGET (TalkersOptions), PROCESSES (JSON array), PLAN (EndurancePlan of
 * scenarios/room-endurance.ts).
 */
import { sleep } from 'k6';
import { talkers as openTalkers, report } from 'k6/x/swarm';
import type { EndurancePlan } from '../scenarios/room-endurance.ts';

declare const __ENV: Record<string, string>;
const plan = JSON.parse(__ENV.PLAN ?? '') as EndurancePlan;
const processes = JSON.parse(__ENV.PROCESSES ?? '[]') as number[];

export const options = {
  scenarios: { crowd: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: '3h' } },
};

const ENTER_PER_SECOND = 250;
const SETTLE_SECONDS = 2;

export default function stay() {
  const crowd = openTalkers(JSON.parse(__ENV.TARGET ?? ''));
  const entered = crowd.enter(plan.people, ENTER_PER_SECOND);
  sleep(SETTLE_SECONDS);
  report(JSON.stringify({ entered }));
  for (let reading = 0; reading < plan.readings; reading += 1) {
    crowd.talk(plan.speakers, plan.perSecond, plan.readingSeconds);
    report(JSON.stringify(crowd.measure(plan.readingSeconds, processes)));
  }
  crowd.close();
}
