/** The beginning of every measurement with the swarm: a programme that is on and can be watched. */
import { fail, sleep } from 'k6';
import { crowd as openCrowd, type Publisher, publish } from 'k6/x/swarm';
import type { Target } from '../../lib/media-servers.ts';

const TRIES = 40;
const PAUSE_SECONDS = 0.25;
const PATIENCE_SECONDS = 3;

/** Publishes, and waits until somebody could watch: a server needs a moment until it tells that a stream is there. */
export function goLive(target: Target): Publisher {
  const publisher = publish(target.publish);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const scout = openCrowd(target.crowd);
    const { withKey, errors } = scout.join(1, 1, PATIENCE_SECONDS);
    scout.close();
    if (withKey === 1) return publisher;
    if (attempt === TRIES - 1) fail(`nobody can watch: ${errors?.[0] ?? 'no key picture comes'}`);
    sleep(PAUSE_SECONDS);
  }
  return publisher;
}
