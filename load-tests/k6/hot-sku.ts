/**
 * A crowd that buys one SKU, everybody one piece after the other without a pause, each order with a key of its own.
 * Environment: ORIGIN, TOKENS (file with a JSON array), ORDER (JSON of the body), BUYERS, WARM_SECONDS, WINDOW_SECONDS.
 */
import { SharedArray } from 'k6/data';
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';

declare const __ENV: Record<string, string>;
declare const __VU: number;
declare const __ITER: number;
declare function open(file: string): string;
const tokens = new SharedArray('tokens', () => JSON.parse(open(__ENV.TOKENS ?? '')) as string[]);
const body = __ENV.ORDER ?? '';
const url = `${__ENV.ORIGIN}/api/v1/orders`;
const run = `${Date.now()}`;
const warmMs = Number(__ENV.WARM_SECONDS) * 1000;
const windowMs = Number(__ENV.WINDOW_SECONDS) * 1000;

export const options = {
  discardResponseBodies: true,
  scenarios: {
    crowd: {
      executor: 'constant-vus',
      vus: Number(__ENV.BUYERS),
      duration: `${(warmMs + windowMs) / 1000 + 1}s`,
      gracefulStop: '20s',
    },
  },
};

const accepted = new Counter('accepted');
const refused = new Counter('refused');
const failed = new Counter('failed');
const answerMs = new Trend('answer_ms', true);

export default function buy() {
  const buyer = (__VU - 1) % tokens.length;
  const answer = http.post(url, body, {
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${tokens[buyer]}`,
      'idempotency-key': `hot-${run}-${__VU}-${__ITER}`,
      'x-forwarded-for': `10.${buyer >> 16}.${(buyer >> 8) & 255}.${buyer & 255}`,
    },
    timeout: '30s',
  });
  if (answer.status !== 201 && answer.status !== 409) failed.add(1);
  const sinceMs = Date.now() - exec.scenario.startTime;
  if (sinceMs < warmMs || sinceMs >= warmMs + windowMs) return;
  answerMs.add(answer.timings.duration);
  if (answer.status === 201) accepted.add(1);
  else if (answer.status === 409) refused.add(1);
}
