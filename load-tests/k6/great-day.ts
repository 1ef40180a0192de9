/**
 * The pictures of a great day: a publisher for every stream and its viewers, who all come back by themselves while others do harm
 * to the servers. Environment: PICTURES (JSON of great-day/pictures.ts). Says READY when everybody watches.
 */
import { sleep } from 'k6';
import { type Crowd, crowd as openCrowd, type Publisher, publish, report } from 'k6/x/swarm';
import type { Pictures, PicturesResult } from '../great-day/pictures.ts';

declare const __ENV: Record<string, string>;
const pictures = JSON.parse(__ENV.PICTURES ?? '') as Pictures;

export const options = {
  scenarios: { day: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: '60m' } },
};

const JOINS_PER_SECOND = 20;
const PATIENCE_SECONDS = 15;
const BETWEEN_SECONDS = 1;
const WINDOW_SECONDS = 4;

export default function day() {
  const publishers: Publisher[] = pictures.streams.map((stream) => publish(stream.publish));
  sleep(BETWEEN_SECONDS * 3);
  const crowds: Crowd[] = [];
  for (const { crowd, viewers } of pictures.streams) {
    const one = openCrowd(crowd);
    one.join(viewers, JOINS_PER_SECOND, PATIENCE_SECONDS);
    crowds.push(one);
  }
  console.log('READY');
  sleep(pictures.seconds);
  const results = pictures.streams.map(({ streamId, viewers }, at) => {
    const crowd = crowds[at] as Crowd;
    const publisher = publishers[at] as Publisher;
    const { lastError, reconnects } = publisher.stats();
    return {
      ...{ streamId, viewers, interruptions: crowd.interruptions(), reconnects, lastError },
      picturesAtTheEnd: crowd.measure(WINDOW_SECONDS, []).picturesMin,
    };
  });
  const result: PicturesResult = { streams: results };
  report(JSON.stringify(result));
  for (const crowd of crowds) crowd.close();
  for (const publisher of publishers) publisher.close();
}
