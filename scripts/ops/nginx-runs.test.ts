/** nginx itself, with the configuration of the deployment, in front of servers that say which of them was asked. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort, waitUntil } from '../processes.ts';
import { ROOT } from '../setup/paths.ts';
import { findProgram } from '../setup/system-packages.ts';

const NGINX = findProgram('nginx', '/usr/sbin/nginx') ?? 'nginx';
const HOST = 'live.example.com';

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
let folder = '';
let port = 0;
let nginx: ReturnType<typeof spawn> | undefined;

async function backend(name: string): Promise<Backend> {
  const server = createServer((req, res) => {
    res.end(JSON.stringify({ name, url: req.url, headers: req.headers }));
  });
  server.on('upgrade', (req, socket) => {
    socket.end(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Name: ${name}\r\n\r\n`,
    );
    req.socket.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { name, server, port: (server.address() as AddressInfo).port };
}

function ask(path: string, { host = HOST, headers = {}, from = '127.0.0.1' } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port,
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
      socket.destroy();
      resolve({ status: 101, headers: reply.headers, body: '' });
    });
    asked.on('error', reject);
    asked.end();
  });
}

const said = async (
  ...given: Parameters<typeof ask>
): Promise<{ name: string; url: string; headers: IncomingHttpHeaders }> => JSON.parse((await ask(...given)).body);

/** What the image's start makes of the template, with addresses of this machine; `resolve` is younger than Debian's nginx. */
function configuration(): string {
  const to = (name: string) => `127.0.0.1:${backends.find((one) => one.name === name)?.port}`;
  const template = readFileSync(join(ROOT, 'ops/nginx/walnut-live.conf.template'), 'utf8');
  const servers = (names: string[]) => names.map((name) => `server ${to(name)};`).join(' ');
  return template
    .replaceAll(`\${PUBLIC_HOST}`, HOST)
    .replace(/^resolver .*$/m, '')
    .replaceAll(`server \${API_SERVER} resolve;`, servers(['api', 'api-2']))
    .replaceAll(`server \${MEDIA_SERVER} resolve;`, servers(['media-1', 'media-2']))
    .replaceAll(`\${MEDIA_1}`, to('media-1'))
    .replaceAll(`\${MEDIA_2}`, to('media-2'))
    .replaceAll('listen 80;', `listen 127.0.0.1:${port + 1};`)
    .replaceAll('/etc/nginx/walnut-live', join(folder, 'walnut-live'))
    .replaceAll('/var/log/nginx', folder)
    .replaceAll('/srv/', `${folder}/srv/`);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'walnut-live-front-'));
  chmodSync(folder, 0o755);
  for (const name of ['api', 'api-2', 'media-1', 'media-2']) backends.push(await backend(name));
  port = await freePort();
  execFileSync('openssl', [
    ...[
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${HOST}`,
    ],
    ...['-keyout', join(folder, 'privkey.pem'), '-out', join(folder, 'fullchain.pem')],
  ]);
  for (const app of ['player', 'studio', 'console']) {
    mkdirSync(join(folder, 'srv', app), { recursive: true });
    writeFileSync(join(folder, 'srv', app, 'index.html'), app);
  }
  cpSync(join(ROOT, 'ops/nginx'), join(folder, 'walnut-live'), { recursive: true });
  for (const file of ['hls-cache.conf', 'page.conf']) {
    const at = join(folder, 'walnut-live', file);
    writeFileSync(at, readFileSync(at, 'utf8').replaceAll('/var/cache/nginx', join(folder, 'cache')));
  }
  const listen = join(folder, 'walnut-live', 'listen.conf');
  writeFileSync(
    listen,
    readFileSync(listen, 'utf8')
      .replaceAll('listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`)
      .replaceAll('http2 on;', '')
      .replaceAll('/etc/nginx/tls', folder),
  );
  mkdirSync(join(folder, 'cache'), { mode: 0o777 });
  mkdirSync(join(folder, 'temp'));
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; pid ${folder}/pid; error_log ${folder}/error.log warn; worker_processes 1;
     events { worker_connections 512; }
     http {
       ${temp.map((name) => `${name}_temp_path ${folder}/temp/${name};`).join(' ')}
       ${configuration()}
     }`,
  );
  const check = spawnSync(NGINX, ['-t', '-c', join(folder, 'nginx.conf')], { encoding: 'utf8' });
  if (check.status !== 0) throw new Error(check.stderr);
  nginx = spawn(NGINX, ['-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  await waitUntil('nginx answers', 10_000, () =>
    ask('/').then(
      () => true,
      () => false,
    ),
  );
});

afterAll(async () => {
  const ended = new Promise((resolve) => nginx?.once('exit', resolve));
  if (nginx?.kill('SIGTERM')) await ended;
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
      for (const path of ['/media/socket.io/?EIO=4', '/hls/room-1/media.m3u8x', '/replay/x', '/whep/room-1']) {
        for (let time = 0; time < 4; time++) {
          expect((await said(path, { host: `${name}.${HOST}` })).name, `${path} of ${name}`).toBe(name);
        }
      }
      const segment = `/hls/room-1/${'0'.repeat(16)}/${name}.m4s`;
      expect((await said(segment, { host: `${name}.${HOST}` })).name).toBe(name);
    }
  });

  test('pages may talk to the media servers below their own name, and to nobody else', async () => {
    const policy = String((await ask('/')).headers['content-security-policy']);
    expect(policy).toContain(`connect-src 'self' ws://${HOST} wss://${HOST} https://*.${HOST} wss://*.${HOST};`);
    expect(policy).toContain(`media-src 'self' blob: https://*.${HOST};`);
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
      const { status, headers } = await ask('/socket.io/?EIO=4&transport=websocket', {
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'eA==',
        },
      });
      expect(status).toBe(101);
      sockets.add(headers['x-name']);
    }
    expect([...sockets].sort()).toEqual(['api', 'api-2']);
  });

  test('metrics are for this machine alone; paths of share links are not in the log', async () => {
    expect((await ask('/s/secret-token-of-a-link')).status).toBe(200);
    expect((await ask('/metrics', { from: '127.0.0.2' })).status).toBe(403);
    const log = () => readFileSync(join(folder, 'access.log'), 'utf8');
    await waitUntil('both are in the log', 5_000, () => log().includes('/metrics 403'));
    expect(log()).toContain(`${HOST}/s/- 200`);
    expect(log()).not.toContain('secret-token-of-a-link');
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
});
