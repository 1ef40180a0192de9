/** Who is let in where: full and draining hosts, the keys of pipes, and HLS that only the origin packages. */
import { afterEach, describe, expect, it } from 'vitest';
import { createEngine, type Engine } from '../src/engine/index.ts';
import type { MediaServer } from '../src/media-server.ts';
import { createLogger } from '../src/platform/logger.ts';
import { detailOf, newBoard, openIngest, signalAt, startNode, watchAll } from './cluster-kit.ts';
import { control, freePortBase, mintToken, startServer, until } from './kit.ts';
import { startRtpSource } from './rtp-source.ts';

const undos: Array<() => unknown> = [];
afterEach(async () => {
  for (const undo of undos.splice(0).reverse()) await undo();
});

async function twoNodes(environment: Record<string, string> = {}): Promise<[MediaServer, MediaServer]> {
  const board = newBoard();
  const start = async (name: string): Promise<MediaServer> => {
    // The address is only told, never asked: the servers do not know their ports beforehand.
    const server = await startNode(board, name, {}, { PUBLIC_URL: `http://${name}.example`, ...environment });
    undos.push(() => server.close());
    return server;
  };
  const nodes: [MediaServer, MediaServer] = [await start('a'), await start('b')];
  const known = async (server: MediaServer): Promise<number> =>
    ((await (await control(server, 'GET', '/cluster')).json()) as { nodes: unknown[] }).nodes.length;
  for (const node of nodes)
    await until(
      'they know each other',
      () => known(node),
      (count) => count === 2,
    );
  return nodes;
}

async function encodeInto(server: MediaServer, streamId: string): Promise<void> {
  const source = startRtpSource(await openIngest(server, streamId));
  undos.push(() => source.stop());
  await until(
    'live',
    () => detailOf(server, streamId),
    ({ state }) => state === 'live',
    20_000,
  );
}

describe('admission', () => {
  it('a draining host sends newcomers elsewhere, asks everybody to move, and is empty when they have', async () => {
    const [a] = await twoNodes();
    const [guide, viewer] = [
      await signalAt(a, { right: 'publish', streamId: 's' }),
      await signalAt(a, { streamId: 's' }),
    ];
    expect((await fetch(`${a.url}/readyz`)).status).toBe(200);
    expect((await control(a, 'POST', '/drain')).status).toBe(200);
    expect((await control(a, 'POST', '/drain')).status).toBe(200);
    await until(
      'asked to move once',
      () => [guide.moves, viewer.moves],
      ([g, v]) => g?.length === 1 && v?.length === 1,
    );
    expect(guide.moves).toEqual([{ afterMs: 0 }]);
    const refused = await signalAt(a, { streamId: 's' }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ data: { code: 'media_elsewhere', details: { url: 'http://b.example' } } });
    expect((await fetch(`${a.url}/readyz`)).status).toBe(503);
    expect(await (await fetch(`${a.url}/healthz`)).json()).toMatchObject({ status: 'ok', draining: true });

    let isEmpty = false;
    void a.drained.then(() => {
      isEmpty = true;
    });
    guide.close();
    await until(
      'one is left',
      () => a.census(),
      ({ peers }) => peers === 1,
    );
    expect(isEmpty).toBe(false);
    viewer.close();
    await until('drained', () => isEmpty);
  }, 30_000);

  it('a full host sends viewers elsewhere, and says that there is HLS when all are full', async () => {
    const [a, b] = await twoNodes({ MAX_VIEWERS_PER_WORKER: '1', WORKERS: '1' });
    await encodeInto(a, 'full');
    const first = await signalAt(a, { streamId: 'full' });
    await first.live();
    await watchAll(first);
    const refused = await signalAt(a, { streamId: 'full' }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ data: { code: 'media_elsewhere', details: { url: 'http://b.example' } } });
    const publisher = await signalAt(a, { right: 'publish', streamId: 'other' });
    publisher.close();

    const second = await signalAt(b, { streamId: 'full' });
    await second.live();
    await watchAll(second);
    const full = async (): Promise<string> => {
      const third = await signalAt(a, { streamId: 'full' }).catch((error: Error) => error);
      if (third instanceof Error) return third.message;
      await third.live();
      const answer = await third.request('watch:open', {}).catch((error: Error) => error.message);
      third.close();
      return String(answer);
    };
    await until('HLS is offered', full, (answer) => answer.includes('media_over_capacity'));
    for (const viewer of [first, second]) viewer.close();
  }, 60_000);

  it('HLS of a stream of another host is answered with the way there, once', async () => {
    const [a, b] = await twoNodes();
    await encodeInto(a, 'packaged');
    const path = `/hls/packaged/master.m3u8?token=${await mintToken({ streamId: 'packaged' })}`;
    const answer = await fetch(`${b.url}${path}`, { redirect: 'manual' });
    expect(answer.status).toBe(307);
    expect(answer.headers.get('location')).toBe(`http://a.example${path}&hop=1`);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    // Whoever was sent is not sent on, whatever the hosts believe of each other.
    const sent = await fetch(`${b.url}${path}&hop=1`, { redirect: 'manual' });
    expect(sent.status).toBe(404);
    const atHome = await fetch(`${a.url}${path}`, { redirect: 'manual' });
    expect(atHome.status).toBe(200);
    // A cache in front of the host that they leave goes on asking there about viewers of the one that has the stream.
    const session = /session=(\S+)/.exec(await atHome.text())?.[1];
    const asked = (token?: string): Promise<Response> =>
      fetch(`${b.url}/hls/packaged/session?session=${token}`, { redirect: 'manual' });
    expect((await asked(session)).status).toBe(204);
    expect((await asked('guess')).status).toBe(401);
  }, 60_000);

  it('HLS of a publisher whose first picture is on its way is waited for', async () => {
    const [a] = await twoNodes();
    const address = await openIngest(a, 'coming');
    const asked = fetch(`${a.url}/hls/coming/master.m3u8?token=${await mintToken({ streamId: 'coming' })}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const source = startRtpSource(address);
    undos.push(() => source.stop());
    expect((await asked).status).toBe(200);
  }, 60_000);

  it('nobody without the control token gets a pipe or sees the cluster', async () => {
    const server = await startServer();
    undos.push(() => server.close());
    const { io } = await import('socket.io-client');
    const socket = io(`${server.url}/cluster`, {
      auth: { token: 'guess', nodeId: 'x', incarnation: 'y' },
      transports: ['websocket'],
      reconnection: false,
    });
    const refused = await new Promise((resolve) => {
      socket.on('connect', () => resolve('connected'));
      socket.on('connect_error', (error) => resolve(error.message));
    });
    socket.disconnect();
    expect(refused).toBe('media_token_invalid');
    expect((await fetch(`${server.url}/control/cluster`)).status).toBe(401);
    expect((await fetch(`${server.url}/control/drain`, { method: 'POST' })).status).toBe(401);
  });
});

describe('pipes', () => {
  async function engine(): Promise<Engine> {
    const created = await createEngine({
      workers: 1,
      listenIp: '127.0.0.1',
      announcedAddress: undefined,
      portBase: await freePortBase(),
      pipeListenIp: '127.0.0.1',
      pipeAnnouncedAddress: undefined,
      workerBin: process.env.MEDIASOUP_WORKER_BIN,
      maxViewersPerWorker: 10,
      log: createLogger('silent'),
    });
    undos.push(() => created.close());
    return created;
  }

  it('are encrypted: an end with another key gets packets and can read none', async () => {
    const [near, far] = await Promise.all([engine(), engine()]);
    const origin = await near.createOrigin();
    const address = await near.chooseIngestAddress();
    let flows = false;
    await origin.openIngestLink(address, (flowing) => {
      flows = flowing;
    });
    const source = startRtpSource(address);
    undos.push(() => source.stop());
    await until('the encoder sends', () => flows, Boolean, 20_000);

    const arrives: Record<string, boolean> = { right: false, wrong: false };
    for (const key of ['right', 'wrong']) {
      const edge = await far.createOrigin();
      const inlet = await edge.openPipeInlet({
        onFlow: (flowing) => {
          if (flowing) arrives[key] = true;
        },
      });
      const outlet = await origin.openPipeOutlet(inlet.end, { onTracks: () => undefined, onLost: () => undefined });
      const { srtpParameters } = outlet.end;
      expect(srtpParameters.cryptoSuite).toBe('AEAD_AES_256_GCM');
      const bytes = Buffer.from(srtpParameters.keyBase64, 'base64');
      if (key === 'wrong') bytes[0] = (bytes[0] ?? 0) ^ 1;
      await inlet.connect({
        ...outlet.end,
        srtpParameters: { ...srtpParameters, keyBase64: bytes.toString('base64') },
      });
      await inlet.apply(outlet.tracks());
    }
    await until('the right key reads', () => arrives.right, Boolean, 10_000);
    // Both began together; the wrong one had as long, and a second more.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(arrives.wrong).toBe(false);
  }, 60_000);
});
