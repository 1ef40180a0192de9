/**
 * A thousand people come and go, at the origin's host and at an edge host, and everything is where it was: objects of the
 * media engine, open files and memory of this process and of its workers. No browser: the media path is never made, which
 * is also what a visitor does whose network lets nothing through.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { detailOf, newBoard, openIngest, signalAt, startNode, watchAll } from './cluster-kit.ts';
import { control, until } from './kit.ts';
import { type RtpSource, startRtpSource } from './rtp-source.ts';

const CYCLES = 1_000;
const AT_ONCE = 20;
/** The heap and the workers' pools grow to their working size first. */
const WARM_UP = 200;
const PUBLISHERS = 50;
/** What a process may keep per thousand visits: caches and fragments, not visitors. One visitor is about 40 KB. */
const KEPT_MB = 24;

let origin: MediaServer;
let edge: MediaServer;
let source: RtpSource | null = null;

beforeAll(async () => {
  const board = newBoard();
  const tuning = { publisherGraceMs: 300, viewerGraceMs: 200, relayLingerMs: 200 };
  // They all come from one address.
  const unhindered = { OFFERS_PER_SECOND_PER_ADDRESS: '10000' };
  [origin, edge] = await Promise.all([
    startNode(board, 'origin', tuning, { WORKERS: '2', ...unhindered }),
    startNode(board, 'edge', tuning, { WORKERS: '1', ...unhindered }),
  ]);
});
afterAll(async () => {
  source?.stop();
  await Promise.all([origin?.close(), edge?.close()]);
});

/** A viewer's whole visit; every third one leaves without a word. */
async function visit(server: MediaServer, cycle: number): Promise<void> {
  const viewer = await signalAt(server, { streamId: 'steady' });
  await viewer.live();
  expect((await watchAll(viewer)).producerIds).toHaveLength(2);
  if (cycle % 3 !== 0) await viewer.request('session:leave', {});
  viewer.close();
}

async function visits(count: number): Promise<void> {
  for (let cycle = 0; cycle < count; cycle += AT_ONCE) {
    await Promise.all(
      // In runs, so that the edge's pipe is closed and opened again now and then.
      Array.from({ length: AT_ONCE }, (_, i) => visit((cycle / AT_ONCE) % 2 === 0 ? origin : edge, cycle + i)),
    );
  }
}

interface Usage {
  files: number;
  residentMb: number;
}

/** As the kernel sees it. */
function usageOf(pid: number): Usage {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return { files: readdirSync(`/proc/${pid}/fd`).length, residentMb: (pages * 4_096) / 2 ** 20 };
}
const workers = (): number[] => [...origin.workerPids(), ...edge.workerPids()];

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function heapMb(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

const censuses = async () => ({ origin: await origin.census(), edge: await edge.census() });
type Censuses = Awaited<ReturnType<typeof censuses>>;
const isSame =
  (wanted: Censuses) =>
  (now: Censuses): boolean =>
    JSON.stringify(now) === JSON.stringify(wanted);

describe('leaks', () => {
  it(`is where it was after ${CYCLES} viewers at two hosts and ${PUBLISHERS} publishers came and went`, async () => {
    source = startRtpSource(await openIngest(origin, 'steady'));
    await until(
      'live',
      () => detailOf(origin, 'steady'),
      ({ state }) => state === 'live',
      20_000,
    );
    const baseline = await censuses();
    expect(baseline.origin).toMatchObject({ webRtcTransports: 0, peers: 0, routers: 2, streams: 1, pipes: 0 });
    expect(baseline.edge).toMatchObject({ webRtcTransports: 0, peers: 0, routers: 0, streams: 0, pipes: 0 });

    await visits(WARM_UP);
    await until('baseline after the warm-up', censuses, isSame(baseline), 15_000);
    const before = { workers: workers().map(usageOf), own: usageOf(process.pid), heap: heapMb() };

    await visits(CYCLES);
    for (let cycle = 0; cycle < PUBLISHERS; cycle += 1) {
      const publisher = await signalAt(origin, { right: 'publish', streamId: `short-${cycle}` });
      await publisher.request('publish:open', {});
      if (cycle % 2 === 0) await publisher.request('session:leave', {});
      publisher.close();
    }
    await until('baseline', censuses, isSame(baseline), 15_000);

    const after = { workers: workers().map(usageOf), own: usageOf(process.pid), heap: heapMb() };
    const grew = after.workers.map(({ residentMb }, i) => residentMb - (before.workers[i]?.residentMb ?? 0));
    const heapGrew = after.heap - before.heap;
    console.info(
      `per ${CYCLES} visits: workers ${grew.map((mb) => mb.toFixed(1)).join(', ')} MB, heap ${heapGrew.toFixed(1)} MB, ` +
        `files ${before.own.files} → ${after.own.files}`,
    );
    expect(after.workers.map(({ files }) => files)).toEqual(before.workers.map(({ files }) => files));
    expect(after.own.files).toBeLessThanOrEqual(before.own.files + AT_ONCE / 4);
    for (const mb of grew) expect(mb).toBeLessThan(KEPT_MB);
    expect(heapGrew).toBeLessThan(KEPT_MB);

    await control(origin, 'DELETE', '/streams/steady/rtp-ingest');
    expect(await origin.census()).toMatchObject({
      routers: 0,
      webRtcTransports: 0,
      streams: 0,
      peers: 0,
      pipes: 0,
      workerDeaths: 0,
    });
  }, 120_000);
});
