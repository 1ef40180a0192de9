/**
 * The house of a great day on one machine: PostgreSQL, two api, two media servers, a Redis for the rooms and one for the media
 * servers. Each can be killed with -9 and comes back on its old address, as its supervisor would bring it.
 */
import { randomBytes } from 'node:crypto';
import { type FaultWorld, startFaultWorld } from '../../e2e/kit/fault-world.ts';
import type { BareContext } from '../../scripts/bench/scenario.ts';
import { freePort } from '../../scripts/processes.ts';
import { startTestRedis } from '../../scripts/testing/redis.ts';
import { type OurServer, startOurs } from '../lib/media-servers.ts';
import { ensureProgramme, PICTURES_PER_SECOND } from '../lib/programme.ts';
import type { FaultName } from './plan.ts';

/** What a supervisor needs to see that its child is gone. */
const RESTART_AFTER_MS = 100;
const PORT_BASES = ['22000', '24000'];
/** Without a packet for so long, viewers and publishers of the swarm open a new session. */
const NOTICED_AFTER_MS = 500;

export interface House {
  readonly world: FaultWorld;
  readonly media: readonly OurServer[];
  readonly secret: string;
  /** kill -9; resolves when what was killed is back and answers. */
  fault(what: FaultName): Promise<void>;
  publishOptions(streamId: string, host: number): Record<string, unknown>;
  crowdOptions(streamId: string, host: number): Record<string, unknown>;
  /** What each media server says of the stream. */
  whatIsSaidOf(streamId: string): Promise<unknown[]>;
  stop(): Promise<void>;
}

export async function openHouse(context: BareContext): Promise<House> {
  const programme = await ensureProgramme(context.prepared.ffmpegBin);
  const sent = { videoFile: programme.sparseFile, keysFile: programme.keysFile, soundFile: programme.soundFile };
  const [secret, controlToken] = [randomBytes(24).toString('hex'), randomBytes(24).toString('hex')];
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const one of undo.splice(0).reverse()) await one();
  };
  try {
    const [roomRedis, mediaRedis] = [await startTestRedis(), await startTestRedis()];
    undo.push(
      () => roomRedis.kill(),
      () => mediaRedis.kill(),
    );
    const media: OurServer[] = [];
    for (const [index, base] of PORT_BASES.entries()) {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const server = await startOurs(context, sent, {
        ...{ core: 'any', port },
        env: {
          ...{ PUBLIC_URL: url, CONTROL_URL: url, NODE_ID: `media-${index + 1}` },
          ...{ MEDIA_TOKEN_SECRET: secret, CONTROL_TOKEN: controlToken, REDIS_URL: mediaRedis.url },
          ...{ RTC_PORT_BASE: base, OFFERS_PER_SECOND_PER_ADDRESS: '1000' },
          DATA_DIR: `${context.dataDir}/media-${index + 1}`,
        },
      });
      undo.push(() => server.stop());
      media.push(server);
    }
    const world = await startFaultWorld({
      nodes: 2,
      env: {
        ...{ REDIS_URL: roomRedis.url, MEDIA_TOKEN_SECRET: secret, CONTROL_TOKEN: controlToken },
        ...{ MEDIA_CONTROL_URL: media[0]?.url ?? '', DATABASE_POOL_SIZE: '12', TRUST_PROXY_HOPS: '1' },
      },
    });
    undo.push(() => world.close());

    async function killMedia(index: number): Promise<void> {
      const server = media[index];
      server?.process.child.kill('SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, RESTART_AFTER_MS));
      await server?.restart();
    }
    const faults: Record<FaultName, () => Promise<void>> = {
      'api 1': () => world.kill('api', 0),
      'api 2': () => world.kill('api', 1),
      'media 1': () => killMedia(0),
      'media 2': () => killMedia(1),
      'room redis': () => roomRedis.restart(),
      'media redis': () => mediaRedis.restart(),
      database: () => world.kill('database'),
    };
    const at = (host: number): string => media[host % media.length]?.url ?? '';
    return {
      ...{ world, media, secret, stop },
      fault: (what) => faults[what](),
      whatIsSaidOf: (streamId) =>
        Promise.all(
          media.map(async ({ url }) =>
            fetch(`${url}/control/streams/${streamId}`, { headers: { authorization: `Bearer ${controlToken}` } }).then(
              (answer) => answer.json(),
              String,
            ),
          ),
        ),
      publishOptions: (streamId, host) => ({
        ...{ whipUrl: `${at(host)}/whip/${streamId}`, secret, streamId, rate: PICTURES_PER_SECOND, ...sent },
        reconnectMs: NOTICED_AFTER_MS,
      }),
      crowdOptions: (streamId, host) => ({
        ...{ whepUrl: `${at(host)}/whep/${streamId}`, secret, streamId },
        ...{ reconnect: true, stallMs: NOTICED_AFTER_MS },
      }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
