/** nginx itself, with the configuration of the deployment, in front of servers that say which of them was asked. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitUntil } from '../processes.ts';
import { type FrontDoor, FRONT_DOOR_HOST as HOST, startFrontDoor } from '../testing/front-door.ts';

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}
interface Backend {
  name: string;
  server: Server;
  port: number;
}

const backends: Backend[] = [];
const staying: Duplex[] = [];
const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'eA==',
};
let folder = '';
let door: FrontDoor | undefined;

/** Its sockets end at once, but for those with `stay` in the query: they are let go of at the end of the test file. */
async function backend(name: string, port = 0): Promise<Backend> {
  const server = createServer((req, res) => {
    if (req.url?.startsWith('/hls/moved/media.m3u8')) {
      res.writeHead(307, { location: 'https://elsewhere.example.com/', 'cache-control': 'no-store' });
    }
    res.end(JSON.stringify({ name, url: req.url, headers: req.headers }));
  });
  server.on('upgrade', (req, socket) => {
    const answer = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Name: ${name}\r\n\r\n`;
    if (req.url?.includes('stay')) {
      staying.push(socket);
      socket.on('error', () => undefined).write(answer);
      return;
    }
    socket.end(answer);
    req.socket.end();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { name, server, port: (server.address() as AddressInfo).port };
}

function ask(path: string, { host = HOST, headers = {}, from = '127.0.0.1' } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port: door?.port,
        path,
        localAddress: from,
        servername: host,
        rejectUnauthorized: false,
        headers: { host, ...headers },
      },
      (reply) => {
        let body = '';
        reply.setEncoding('utf8');
        reply.on('data', (piece: string) => {
          body += piece;
        });
        reply.on('end', () => resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body }));
      },
    );
    asked.on('upgrade', (reply, socket) => {
      if (path.includes('stay')) staying.push(socket.on('error', () => undefined));
      else socket.destroy();
      resolve({ status: 101, headers: reply.headers, body: '' });
    });
    asked.on('error', reject);
    asked.end();
  });
}

const said = async (
  ...given: Parameters<typeof ask>
): Promise<{ name: string; url: string; headers: IncomingHttpHeaders }> => JSON.parse((await ask(...given)).body);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'walnut-live-pages-'));
  chmodSync(folder, 0o755); // nginx's worker is another person
  for (const name of ['api', 'api-2', 'media-1', 'media-2']) backends.push(await backend(name));
  const srv: Record<string, string> = {};
  for (const app of ['player', 'studio', 'console']) {
    srv[app] = join(folder, app);
    mkdirSync(srv[app], { recursive: true });
    writeFileSync(join(srv[app], 'index.html'), app);
  }
  const [api = 0, api2 = 0, media1 = 0, media2 = 0] = backends.map((one) => one.port);
  door = await startFrontDoor({ api: [api, api2], media: [media1, media2], srv });
});

afterAll(async () => {
  for (const socket of staying) socket.destroy();
  await door?.stop();
  for (const { server } of backends) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true, force: true });
});

describe('the front door', () => {
  test('sends paths to their servers and says who really asks', async () => {
    const api = await said('/api/v1/rooms?cursor=2', {
      headers: { 'x-forwarded-for': '8.8.8.8', forwarded: 'for=8.8.8.8', 'x-real-ip': '8.8.8.8' },
    });
    expect(api.name).toMatch(/^api/);
    expect(api.url).toBe('/api/v1/rooms?cursor=2');
    expect(api.headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https', host: HOST });
    expect(api.headers['x-real-ip']).toBeUndefined();
    expect(api.headers.forwarded).toBeUndefined();
    const media = await said('/media/socket.io/?EIO=4&transport=polling');
    expect(media.name).toMatch(/^media/);
    expect(media.url).toBe('/socket.io/?EIO=4&transport=polling');
    expect((await said('/whip/room-1')).url).toBe('/whip/room-1');
    expect((await ask('/r/1')).body).toBe('player');
    expect((await ask('/studio/x')).body).toBe('studio');
    expect((await ask('/console/x')).body).toBe('console');
  });

  test('a media server’s own name leads to that one, for sockets, HLS and recordings', async () => {
    for (const name of ['media-1', 'media-2']) {
      for (const path of [
        '/socket.io/?EIO=4',
        '/media/socket.io/?EIO=4',
        '/hls/room-1/media.m3u8x',
        '/replay/x',
        '/whep/room-1',
      ]) {
        for (let time = 0; time < 4; time++) {
          expect((await said(path, { host: `${name}.${HOST}` })).name, `${path} of ${name}`).toBe(name);
        }
      }
      const segment = `/hls/room-1/${'0'.repeat(16)}/${name}.m4s`;
      expect((await said(segment, { host: `${name}.${HOST}` })).name).toBe(name);
    }
  });

  test('whoever was sent on to a host is said to be, in one spelling and with a place of its own in the cache', async () => {
    const host = `media-1.${HOST}`;
    const asked = async (room: string, more: string) =>
      (await said(`/hls/${room}/media.m3u8?session=a.b.c${more}`, { host })).url.replace(/^.*\?session=a\.b\.c/, '');
    expect(await asked('room-1', '&hop=1')).toBe('&hop=1');
    expect(await asked('room-1', '')).toBe('');
    expect(await asked('room-1', '&_HLS_msn=7&_HLS_part=2')).toBe('&_HLS_msn=7&_HLS_part=2');
    expect(await asked('room-1', '&_HLS_msn=7&hop=1&_HLS_part=2')).toBe('&_HLS_msn=7&_HLS_part=2&hop=1');
    for (const [at, other] of ['hop=2', 'hop=11', 'hop=', 'hop', 'Hop=1', 'xhop=1', 'hop=1%26x'].entries()) {
      expect(await asked(`other-${at}`, `&${other}`), other).toBe('');
    }
    for (let time = 0; time < 2; time++) {
      const sent = await ask('/hls/moved/media.m3u8?session=a.b.c', { host });
      expect([sent.status, sent.headers['x-cache']]).toEqual([307, 'MISS']);
    }
  });

  test('pages may talk to the media servers below their own name, and to nobody else', async () => {
    const at = `${HOST}:${door?.port}`;
    const policy = String((await ask('/')).headers['content-security-policy']);
    expect(policy).toContain(`connect-src 'self' ws://${at} wss://${at} https://*.${at} wss://*.${at};`);
    expect(policy).toContain(`media-src 'self' blob: https://*.${at};`);
  });

  test('long polling stays at one process, new WebSockets go to all', async () => {
    const poll = (from: string) => said('/socket.io/?EIO=4&transport=polling&sid=1', { from });
    const chosen = new Set<string>();
    for (let person = 1; person <= 12; person++) {
      const from = `127.0.0.${person}`;
      const names = new Set<string>();
      for (let time = 0; time < 3; time++) names.add((await poll(from)).name);
      expect(names.size).toBe(1);
      for (const name of names) chosen.add(name);
    }
    expect([...chosen].sort()).toEqual(['api', 'api-2']);
    const sockets = new Set<unknown>();
    for (let time = 0; time < 24; time++) {
      const { status, headers } = await ask('/socket.io/?EIO=4&transport=websocket', { headers: UPGRADE });
      expect(status).toBe(101);
      sockets.add(headers['x-name']);
    }
    expect([...sockets].sort()).toEqual(['api', 'api-2']);
  });

  test('metrics are for this machine alone; paths of share links are not in the log', async () => {
    expect((await ask('/s/secret-token-of-a-link')).status).toBe(200);
    expect((await ask('/metrics', { from: '127.0.0.2' })).status).toBe(403);
    const log = () => (door?.log() ?? []).join('\n');
    await waitUntil('both are in the log', 5_000, () => log().includes('/metrics 403'));
    expect(log()).toContain(`${HOST}/s/- 200`);
    expect(log()).not.toContain('secret-token-of-a-link');
  });

  test('a process that was away gets all sockets when the next one is replaced, though sockets to it do not end', async () => {
    const [at, next] = ['api', 'api-2'].map((name) => backends.findIndex((one) => one.name === name));
    const [first, second] = [backends[at ?? -1], backends[next ?? -1]];
    if (!first || !second || at === undefined || next === undefined) throw new Error('no api');
    const stay = async () => (await ask('/socket.io/?EIO=4&transport=websocket&stay', { headers: UPGRADE })).headers;
    const end = ({ server }: Backend) => {
      server.close();
      server.closeAllConnections();
    };
    end(first);
    for (let time = 0; time < 12; time++) expect((await stay())['x-name']).toBe('api-2');
    backends[at] = await backend('api', first.port);
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // as long as one that refuses is not asked
    for (let time = 0; time < 12; time++) await stay();
    end(second);
    const chosen = await Promise.all(Array.from({ length: 12 }, stay));
    expect(chosen.map((headers) => headers['x-name'])).toEqual(chosen.map(() => 'api'));
    backends[next] = await backend('api-2', second.port);
    for (const socket of staying.splice(0)) socket.destroy();
  });

  test('one of two processes dies: nobody notices; both: clients are told to come again', async () => {
    const api = backends.filter(({ name }) => name.startsWith('api'));
    const end = async ({ server }: Backend) => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    const [first, second] = api;
    if (!first || !second) throw new Error('no api');
    await end(first);
    for (let time = 0; time < 6; time++) expect((await said('/api/v1/rooms')).name).toBe('api-2');
    await end(second);
    const away = await ask('/api/v1/rooms');
    expect(away.status).toBe(502);
    expect(away.headers['content-type']).toContain('application/problem+json');
    expect(JSON.parse(away.body)).toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 });
  });

  test('a media server is away: under its name the other one answers', async () => {
    const first = backends.find(({ name }) => name === 'media-1');
    first?.server.closeAllConnections();
    await new Promise((resolve) => first?.server.close(resolve));
    for (let time = 0; time < 4; time++)
      expect((await said('/hls/room-1/media.m3u8x', { host: `media-1.${HOST}` })).name).toBe('media-2');
  });
});
