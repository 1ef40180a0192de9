/** Two media servers on one machine carry one stream; packets are counted where they arrive. */
import { afterEach, describe, expect, it } from 'vitest';
import type { RegistryBoard } from '../src/cluster/memory-registry.ts';
import type { MediaServer, MediaServerTuning } from '../src/media-server.ts';
import {
  consumeAll,
  detailOf,
  newBoard,
  openIngest,
  type Signaller,
  signalAt,
  startNode,
  watchAll,
} from './cluster-kit.ts';
import { control, until } from './kit.ts';
import { type RtpSource, startRtpSource } from './rtp-source.ts';

const undos: Array<() => unknown> = [];
afterEach(async () => {
  for (const undo of undos.splice(0).reverse()) await undo();
});

async function node(board: RegistryBoard, name: string, tuning?: MediaServerTuning): Promise<MediaServer> {
  const server = await startNode(board, name, tuning);
  undos.push(() => server.close());
  return server;
}
async function viewerAt(server: MediaServer, streamId: string): Promise<Signaller> {
  const viewer = await signalAt(server, { streamId });
  undos.push(() => viewer.close());
  return viewer;
}
async function encodeInto(server: MediaServer, streamId: string): Promise<RtpSource> {
  const source = startRtpSource(await openIngest(server, streamId));
  undos.push(() => source.stop());
  await until(
    'live',
    () => detailOf(server, streamId),
    ({ state }) => state === 'live',
    20_000,
  );
  return source;
}
const arriving = async (server: MediaServer, streamId: string): Promise<number> => {
  const tracks = (await detailOf(server, streamId)).relay?.tracks ?? [];
  return tracks.filter(({ bitrateBps }) => (bitrateBps ?? 0) > 0).length;
};

describe('two hosts', () => {
  it('feeds viewers of the other host by one encrypted pipe, and ends it when nobody watches', async () => {
    const board = newBoard();
    const [a, b] = [await node(board, 'a'), await node(board, 'b')];
    await encodeInto(a, 'piped');
    const first = await viewerAt(b, 'piped');
    await first.live();
    const { producerIds } = await watchAll(first);
    expect(producerIds).toHaveLength(2);
    await until(
      'packets of both tracks arrive',
      () => arriving(b, 'piped'),
      (tracks) => tracks === 2,
    );
    expect(await detailOf(b, 'piped')).toMatchObject({ role: 'edge', publisher: null, viewers: { realtime: 1 } });
    expect(await detailOf(a, 'piped')).toMatchObject({ publisher: { kind: 'rtp' }, viewers: { realtime: 0 } });

    const others = await Promise.all(Array.from({ length: 5 }, () => viewerAt(b, 'piped')));
    for (const other of others) {
      await other.live();
      expect((await watchAll(other)).producerIds.sort()).toEqual(producerIds.sort());
    }
    expect([(await a.census()).pipes, (await b.census()).pipes]).toEqual([1, 1]);

    for (const viewer of [first, ...others]) {
      await viewer.request('session:leave', {});
      viewer.close();
    }
    const empty = (census: { pipes: number }): boolean => census.pipes === 0;
    await until(
      'no pipe at the edge',
      () => b.census(),
      (now) => empty(now) && now.routers === 0 && now.streams === 0,
    );
    await until('none at the origin', () => a.census(), empty);
    expect((await detailOf(a, 'piped')).state).toBe('live');
  }, 60_000);

  it('tells the edge of a stream that begins, ends and begins again', async () => {
    const board = newBoard();
    const [a, b] = [await node(board, 'a'), await node(board, 'b')];
    const early = await viewerAt(b, 'later');
    expect(early.states.at(-1)?.state ?? 'idle').toBe('idle');
    const source = await encodeInto(a, 'later');
    await early.live();
    await control(a, 'DELETE', '/streams/later/rtp-ingest');
    source.stop();
    await until(
      'idle at the edge',
      () => early.states.at(-1)?.state,
      (state) => state === 'idle',
    );
    await encodeInto(a, 'later');
    await early.live();
    await watchAll(early);
  }, 60_000);

  it('keeps the transports of viewers when the worker of the origin dies, on both hosts', async () => {
    const board = newBoard();
    const [a, b] = [await node(board, 'a'), await node(board, 'b')];
    await encodeInto(a, 'killed');
    const [near, far] = [await viewerAt(a, 'killed'), await viewerAt(b, 'killed')];
    const sessions = await Promise.all(
      [near, far].map(async (viewer) => {
        await viewer.live();
        const opened = await viewer.request('watch:open', {});
        return { viewer, opened, ...(await consumeAll(viewer, opened.transport.id, opened.routerRtpCapabilities)) };
      }),
    );
    const doomed = a.originWorkerPid('killed');
    expect(a.workerPids()).toContain(doomed);
    process.kill(doomed ?? 0, 'SIGKILL');
    for (const { viewer, opened, producerIds } of sessions) {
      const isNew = (ids: string[]): boolean => ids.length === 2 && ids.every((id) => !producerIds.includes(id));
      await until(
        'live by new tracks',
        () => (viewer.states.at(-1)?.state === 'live' ? (viewer.states.at(-1)?.tracks ?? []) : []),
        (tracks) => isNew(tracks.map(({ producerId }) => producerId)),
        15_000,
      );
      const again = await consumeAll(viewer, opened.transport.id, opened.routerRtpCapabilities);
      expect(isNew(again.producerIds)).toBe(true);
      expect(viewer.resets).toEqual([]);
    }
    await until(
      'packets arrive at the edge again',
      () => arriving(b, 'killed'),
      (tracks) => tracks === 2,
    );
  }, 60_000);

  it('follows a stream to another origin when its host is gone', async () => {
    const board = newBoard();
    const [a, b, c] = [await node(board, 'a'), await node(board, 'b'), await node(board, 'c')];
    await encodeInto(a, 'moved');
    const viewer = await viewerAt(b, 'moved');
    await viewer.live();
    const { producerIds } = await watchAll(viewer);
    await a.close();
    await until(
      'not live',
      () => viewer.states.at(-1)?.state,
      (state) => state !== 'live',
    );
    await encodeInto(c, 'moved');
    const { tracks } = await viewer.live();
    expect(tracks.some(({ producerId }) => producerIds.includes(producerId))).toBe(false);
    await until(
      'packets from the new origin',
      () => arriving(b, 'moved'),
      (count) => count === 2,
    );
  }, 60_000);

  it('has one origin: a second encoder is refused on every host while the first is there', async () => {
    const board = newBoard();
    const [a, b] = [await node(board, 'a'), await node(board, 'b')];
    await openIngest(a, 'single');
    const refused = await control(b, 'POST', '/streams/single/rtp-ingest');
    expect(refused.status).toBe(409);
    await control(a, 'DELETE', '/streams/single/rtp-ingest');
    expect((await control(b, 'POST', '/streams/single/rtp-ingest')).status).toBe(200);
    expect((await control(a, 'POST', '/streams/single/rtp-ingest')).status).toBe(409);
  }, 30_000);
});
