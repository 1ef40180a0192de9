/**
 * A crowd in one room, and more and more messages a second, until they come too late or the load's own core is full; then
 * silence, for what a socket costs that only listens.
 * Environment: TARGET (TalkersOptions), PROCESSES (JSON array), PLAN (RoomPlan of scenarios/room-messages.ts).
 */
import { sleep } from 'k6';
import { talkers as openTalkers, report } from 'k6/x/swarm';
import type { RoomPlan, RoomStep } from '../scenarios/room-messages.ts';

declare const __ENV: Record<string, string>;
const plan = JSON.parse(__ENV.PLAN ?? '') as RoomPlan;
const processes = JSON.parse(__ENV.PROCESSES ?? '[]') as number[];

export const options = {
  scenarios: { crowd: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: '60m' } },
};

const ENTER_PER_SECOND = 250;
const SETTLE_SECONDS = 2;

export default function talk() {
  const crowd = openTalkers(JSON.parse(__ENV.TARGET ?? ''));
  // Memory of the empty room, before anybody is in it.
  const empty = crowd.measure(0.5, processes);
  const entered = crowd.enter(plan.people, ENTER_PER_SECOND);
  sleep(SETTLE_SECONDS);
  const idle = crowd.measure(plan.idleSeconds, processes);
  report(JSON.stringify({ empty, entered, idle }));
  for (const perSecond of plan.rates) {
    crowd.talk(plan.speakers, perSecond, plan.warmSeconds + plan.windowSeconds + 1);
    sleep(plan.warmSeconds);
    const measured = crowd.measure(plan.windowSeconds, processes);
    const step: RoomStep = { perSecond, measured };
    report(JSON.stringify(step));
    sleep(SETTLE_SECONDS);
    const isLate = !(measured.ageP99 <= plan.stopAtAgeMs);
    if (isLate || measured.cpuSeconds / measured.seconds > plan.stopAtGenerator) break;
  }
  crowd.close();
}
