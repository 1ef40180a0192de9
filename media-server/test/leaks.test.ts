import {
  ControlStreamDetail,
  type MediaAck,
  type MediaReply,
  type MediaRequest,
  type MediaRequestName,
  RtpIngest,
} from '@walnut-live/contracts';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { control, mintToken, startServer, until } from './kit.ts';
import { type RtpSource, startRtpSource } from './rtp-source.ts';

const CYCLES = 100;
const AT_ONCE = 10;

let server: MediaServer;
let source: RtpSource | null = null;

beforeAll(async () => {
  server = await startServer({ WORKERS: '2' }, { publisherGraceMs: 300, viewerGraceMs: 200 });
});
afterAll(async () => {
  source?.stop();
  await server?.close();
});

async function connect(right: 'publish' | 'watch', streamId: string): Promise<Socket> {
  const socket = io(`${server.url}/media`, {
    auth: { token: await mintToken({ right, streamId }) },
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
  });
  await new Promise((resolve, reject) => {
    socket.on('connect', () => resolve(undefined));
    socket.on('connect_error', reject);
  });
  return socket;
}

async function request<Name extends MediaRequestName>(
  socket: Socket,
  name: Name,
  payload: MediaRequest<Name>,
): Promise<MediaReply<Name>> {
  const reply: MediaAck<MediaReply<Name>> = await socket.emitWithAck(name, payload);
  if (!reply.ok) throw new Error(JSON.stringify(reply.error));
  return reply.data;
}

/** A viewer's whole visit; every third one leaves without a word. */
async function visit(streamId: string, cycle: number): Promise<void> {
  const socket = await connect('watch', streamId);
  const opened = await request(socket, 'watch:open', {});
  const { consumers } = await request(socket, 'watch:consume', {
    transportId: opened.transport.id,
    rtpCapabilities: opened.routerRtpCapabilities,
  });
  expect(consumers).toHaveLength(2);
  await request(socket, 'watch:resume', { consumerIds: consumers.map((consumer: { id: string }) => consumer.id) });
  if (cycle % 3 !== 0) await request(socket, 'session:leave', {});
  socket.disconnect();
}

describe('leaks', () => {
  it(`is where it was after ${CYCLES} viewers and ${CYCLES / 2} publishers came and went`, async () => {
    const ingest = RtpIngest.parse(await (await control(server, 'POST', '/streams/steady/rtp-ingest')).json());
    source = startRtpSource(ingest);
    await until(
      'live',
      async () => ControlStreamDetail.parse(await (await control(server, 'GET', '/streams/steady')).json()).state,
      (state) => state === 'live',
      15_000,
    );
    const baseline = await server.census();
    expect(baseline).toMatchObject({ webRtcTransports: 0, peers: 0, routers: 2, streams: 1 });

    for (let cycle = 0; cycle < CYCLES; cycle += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, offset) => visit('steady', cycle + offset)));
    }
    for (let cycle = 0; cycle < CYCLES / 2; cycle += 1) {
      const socket = await connect('publish', `short-${cycle % 5}-${cycle}`);
      await request(socket, 'publish:open', {});
      if (cycle % 2 === 0) await request(socket, 'session:leave', {});
      socket.disconnect();
    }
    await until(
      'baseline',
      () => server.census(),
      (now) => JSON.stringify(now) === JSON.stringify(baseline),
      10_000,
    );

    await control(server, 'DELETE', '/streams/steady/rtp-ingest');
    expect(await server.census()).toMatchObject({
      routers: 0,
      webRtcTransports: 0,
      streams: 0,
      peers: 0,
      workerDeaths: 0,
    });
  }, 60_000);
});
