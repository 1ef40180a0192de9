/**
 * A crowd and a publisher who both come back by themselves, while somebody else does harm to the server.
 * Environment: TARGET, PLAN (JSON of lib/media-servers.ts). Says "ready" on its report when the harm may be done.
 */
import { sleep } from 'k6';
import { crowd as openCrowd, report } from 'k6/x/swarm';
import type { RecoveryPlan, RecoveryResult, Target } from '../lib/media-servers.ts';
import { goLive } from './lib/stage.ts';

declare const __ENV: Record<string, string>;
const target = JSON.parse(__ENV.TARGET ?? '') as Target;
const plan = JSON.parse(__ENV.PLAN ?? '') as RecoveryPlan;

export const options = {
  scenarios: { drill: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: '5m' } },
};

const JOINS_PER_SECOND = 50;
const PATIENCE_SECONDS = 8;
const WINDOW_SECONDS = 2;

export default function drill() {
  const publisher = goLive(target);
  const crowd = openCrowd(target.crowd);
  const join = crowd.join(plan.viewers, JOINS_PER_SECOND, PATIENCE_SECONDS);
  sleep(1);
  console.log('READY');
  sleep(plan.afterSeconds);
  const after = crowd.measure(WINDOW_SECONDS, []);
  const result: RecoveryResult = {
    join,
    interruptions: crowd.interruptions(),
    after,
    publisherReconnects: publisher.stats().reconnects,
    publisherError: publisher.stats().lastError,
  };
  report(JSON.stringify(result));
  crowd.close();
  publisher.close();
}
