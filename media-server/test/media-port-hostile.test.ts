/** The media port takes whatever the internet sends: nothing of it stops the worker, opens a session or stays. */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seeded } from '../../e2e/kit/seeded.ts';
import type { MediaServer } from '../src/media-server.ts';
import { freePortBase, startServer, until } from './kit.ts';
import { whipCalls } from './whip-kit.ts';

const DATAGRAMS = 12_000;
const LARGEST = 1_400;
const STUN_COOKIE = 0x2112a442;
const TCP_CLIENTS = 20;

let server: MediaServer;
let port: number;
beforeAll(async () => {
  port = await freePortBase();
  server = await startServer({ WORKERS: '1', RTC_PORT_BASE: String(port) });
});
afterAll(() => server?.close());
const { publish } = whipCalls(() => server);

/** Random bytes that begin like one of the four protocols of the port, or like none (RFC 7983). */
function datagram(random: () => number, at: number, ufrag: string): Buffer {
  const data = Buffer.from(
    Array.from({ length: 1 + Math.floor(random() * LARGEST) }, () => Math.floor(random() * 256)),
  );
  const kind = at % 5;
  if (kind === 1 && data.length > 20) {
    data.writeUInt16BE(at % 2 === 0 ? 0x0001 : 0x0101, 0);
    data.writeUInt16BE((data.length - 20) & 0xfffc, 2);
    data.writeUInt32BE(STUN_COOKIE, 4);
    // A user name that exists, and attributes that lie about their length.
    if (data.length > 64) {
      data.writeUInt16BE(0x0006, 20);
      data.writeUInt16BE(at % 7 === 0 ? 60_000 : ufrag.length, 22);
      data.write(ufrag, 24);
    }
  }
  if (kind === 2) data[0] = 20 + (at % 44); // DTLS
  if (kind === 3) data[0] = 128 + (at % 64); // RTP and RTCP
  if (kind === 4 && data.length > 1) data.writeUInt16BE(0x80c8 + (at % 8), 0);
  return data;
}

it('survives twelve thousand broken datagrams and clients that send rubbish by TCP', async () => {
  const { answer } = await publish('before');
  const ufrag = /a=ice-ufrag:(\S+)/.exec(answer ?? '')?.[1] ?? '';
  expect(ufrag).not.toBe('');
  const [pids, census] = [server.workerPids(), await server.census()];
  const random = seeded(7);

  const socket = createSocket('udp4');
  for (let at = 0; at < DATAGRAMS; at += 1) {
    const data = datagram(random, at, `${ufrag}:x`);
    await new Promise((resolve) => socket.send(data, port, '127.0.0.1', resolve));
  }
  socket.close();
  await Promise.all(
    Array.from({ length: TCP_CLIENTS }, async (_, client) => {
      const tcp = connect(port, '127.0.0.1').on('error', () => undefined);
      for (let at = 0; at < 20; at += 1) {
        const data = datagram(random, at + client, `${ufrag}:x`);
        const framed = Buffer.alloc(2);
        // RFC 4571: a length first; every third one lies.
        framed.writeUInt16BE(at % 3 === 0 ? 65_535 : data.length);
        tcp.write(Buffer.concat([framed, data]));
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
      tcp.destroy();
    }),
  );

  await until('still there', async () => (await fetch(`${server.url}/healthz`)).ok);
  expect(server.workerPids()).toEqual(pids);
  expect(await server.census()).toMatchObject({
    webRtcTransports: census.webRtcTransports,
    workerDeaths: census.workerDeaths,
  });
  expect((await publish('after')).response.status).toBe(201);
}, 60_000);
