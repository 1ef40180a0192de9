/** Two hundred viewers behind a real nginx with the product's own cache rules: the origin is asked for everything once or twice. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request as forward, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RtpIngest } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { nextOf, parseMediaPlaylist, request, withDirectives } from './hls-kit.ts';
import { control, mintToken, startServer, until } from './kit.ts';
import { type RtpSource, startRtpSource } from './rtp-source.ts';

const VIEWERS = 200;
const WATCH_MS = 6_000;
const NGINX = '/usr/sbin/nginx';
const RULES = new URL('../../ops/nginx/', import.meta.url);

let server: MediaServer;
let source: RtpSource;
let origin: { url: string; counts: Map<string, number>; close(): void };
let edge: { url: string; close(): void };

/** Passes everything on to the media server and counts what is asked. Sessions are not part of a name. */
async function countingOrigin(target: string): Promise<typeof origin> {
  const counts = new Map<string, number>();
  const agent = new Agent({ keepAlive: true });
  const proxy: Server = createServer((incoming, outgoing) => {
    const name = (incoming.url ?? '').replace(/session=[^&]*&?/, '');
    counts.set(name, (counts.get(name) ?? 0) + 1);
    const asked = forward(target + (incoming.url ?? ''), { agent, headers: incoming.headers }, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(outgoing);
    });
    asked.on('error', () => outgoing.destroy());
    outgoing.on('close', () => asked.destroy());
    asked.end();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    url: `127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    counts,
    close() {
      proxy.closeAllConnections();
      proxy.close();
      agent.destroy();
    },
  };
}

/** The request line as it is: every client library would tidy the path up. */
async function statusOfRaw(path: string): Promise<number> {
  const { hostname, port } = new URL(edge.url);
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(Buffer.concat(chunks).toString('latin1'))?.[1]);
}

async function freePort(): Promise<number> {
  const probe = createTcpServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function startNginx(upstream: string): Promise<typeof edge> {
  const folder = mkdtempSync(join(tmpdir(), 'walnut-live-nginx-'));
  chmodSync(folder, 0o755); // nginx's worker is another person
  const port = await freePort();
  mkdirSync(join(folder, 'temp'));
  const rules = (name: string): string =>
    readFileSync(new URL(name, RULES), 'utf8').replaceAll('/var/cache/nginx', join(folder, 'cache'));
  mkdirSync(join(folder, 'cache'), { mode: 0o777 });
  writeFileSync(join(folder, 'hls-cache.conf'), rules('hls-cache.conf'));
  writeFileSync(join(folder, 'hls.conf'), rules('hls.conf'));
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; pid ${folder}/pid; error_log ${folder}/error.log warn; worker_processes 1;
     events { worker_connections 2048; }
     http {
       access_log off;
       ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/temp/${name};`).join(' ')}
       upstream media { server ${upstream}; keepalive 64; }
       map $host $media_upstream { default media; }
       include ${folder}/hls-cache.conf;
       server {
         listen 127.0.0.1:${port};
         proxy_http_version 1.1;
         proxy_set_header Connection '';
         location /hls/ { proxy_pass http://$media_upstream; }
         include ${folder}/hls.conf;
         location @away { internal; return 502; }
       }
     }`,
  );
  const check = spawnSync(NGINX, ['-t', '-c', join(folder, 'nginx.conf')], { encoding: 'utf8' });
  if (check.status !== 0) throw new Error(check.stderr);
  const child = spawn(NGINX, ['-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  const isUp = () =>
    request(url).then(
      () => true,
      () => false,
    );
  await until('nginx answers', isUp);
  return {
    url,
    close() {
      // Its master ends its workers on this; killed harder they would stay.
      child.once('exit', () => rmSync(folder, { recursive: true, force: true }));
      child.kill('SIGTERM');
    },
  };
}

beforeAll(async () => {
  server = await startServer({ WORKERS: '1' });
  origin = await countingOrigin(server.url);
  edge = await startNginx(origin.url);
  const reply = await control(server, 'POST', '/streams/crowd/rtp-ingest');
  source = startRtpSource(RtpIngest.parse(await reply.json()));
  await until(
    'live',
    async () => (await (await control(server, 'GET', '/streams/crowd')).json()) as { state: string },
    (detail) => detail.state === 'live',
    20_000,
  );
}, 60_000);
afterAll(async () => {
  source?.stop();
  edge?.close();
  origin?.close();
  await server?.close();
});

async function mediaUrlOf(personId: string): Promise<string> {
  const token = await mintToken({ sub: personId, streamId: 'crowd' });
  const reply = await request(`${edge.url}/hls/crowd/master.m3u8?token=${token}`);
  if (reply.status !== 200) throw new Error(`${reply.status} ${reply.body.toString()}`);
  return `${edge.url}/hls/crowd/${reply.body.toString().trim().split('\n').at(-1)}`;
}

interface Watched {
  playlists: number;
  parts: number;
  /** Age of the newest part when it had been fetched. */
  agesMs: number[];
}

/** As hls.js does: the newest playlist, then one blocking reload after the other and every new part. */
async function watch(mediaUrl: string, untilMs: number): Promise<Watched> {
  const agent = new Agent({ keepAlive: true });
  const watched: Watched = { playlists: 0, parts: 0, agesMs: [] };
  const seen = new Set<string>();
  let url = mediaUrl;
  while (Date.now() < untilMs) {
    const reply = await request(url, agent);
    if (reply.status !== 200) throw new Error(`playlist ${reply.status}: ${reply.body.toString()}`);
    const playlist = parseMediaPlaylist(reply.body.toString());
    watched.playlists += 1;
    for (const segment of playlist.segments.slice(-2)) {
      let endsAtMs = segment.programDateTimeMs;
      for (const part of segment.parts) {
        endsAtMs += part.durationSeconds * 1000;
        if (seen.has(part.uri)) continue;
        seen.add(part.uri);
        const media = await request(new URL(part.uri, mediaUrl).href, agent);
        if (media.status !== 200) throw new Error(`part ${media.status}`);
        watched.parts += 1;
        if (watched.playlists > 1) watched.agesMs.push(Date.now() - endsAtMs);
      }
    }
    url = withDirectives(mediaUrl, nextOf(playlist));
  }
  agent.destroy();
  return watched;
}

it('asks the origin for every part and every playlist at most twice', async () => {
  const urls: string[] = [];
  for (let index = 0; index < VIEWERS; index += 1) urls.push(await mediaUrlOf(`viewer-${index}`));
  const untilMs = Date.now() + WATCH_MS;
  const watched = await Promise.all(urls.map((url) => watch(url, untilMs)));
  const ages = watched.flatMap(({ agesMs }) => agesMs).sort((a, b) => a - b);
  const at = (share: number): number => Math.round(ages[Math.floor(ages.length * share)] ?? Number.NaN);
  const total = (pick: (one: Watched) => number): number => watched.reduce((sum, one) => sum + pick(one), 0);
  const ofOrigin = (pattern: RegExp) => [...origin.counts].filter(([name]) => pattern.test(name));
  const parts = ofOrigin(/\/p\d+-/);
  const playlists = ofOrigin(/media\.m3u8.*_HLS_msn/);
  const most = (counts: Array<[string, number]>): number => Math.max(...counts.map(([, count]) => count));
  console.info(
    `${total((one) => one.parts)} parts and ${total((one) => one.playlists)} playlists for ${VIEWERS} viewers; ` +
      `the origin saw ${parts.length} parts at most ${most(parts)}×, ${playlists.length} playlists at most ` +
      `${most(playlists)}×; age of the newest part p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`,
  );
  for (const one of watched) expect(one.parts).toBeGreaterThan(10);
  expect(parts.length).toBeGreaterThan(10);
  expect(most(parts)).toBeLessThanOrEqual(2);
  expect(most(playlists)).toBeLessThanOrEqual(2);
  const state = (await (await control(server, 'GET', '/streams/crowd')).json()) as { viewers: { smooth: number } };
  expect(state.viewers.smooth).toBe(VIEWERS);
}, 90_000);

it('puts a revoked viewer out within seconds, and says why', async () => {
  const mediaUrl = await mediaUrlOf('crowd-troublemaker');
  expect((await request(mediaUrl)).status).toBe(200);
  await control(server, 'POST', '/revocations', { personId: 'crowd-troublemaker' });
  const revokedAtMs = Date.now();
  const refused = await until(
    'out',
    () => request(mediaUrl),
    (reply) => reply.status === 403,
    8_000,
  );
  console.info(`out after ${Date.now() - revokedAtMs} ms`);
  expect(JSON.parse(refused.body.toString())).toMatchObject({ error: { code: 'media_token_revoked' } });
  // Nobody else is.
  expect((await request(await mediaUrlOf('crowd-friend'))).status).toBe(200);
  expect((await request(mediaUrl.replace(/session=.*/, 'session=nonsense'))).status).toBe(401);
}, 40_000);

it('gives no playlist of another stream, whatever the path looks like', async () => {
  const mediaUrl = await mediaUrlOf('crowd-neighbour');
  const good = new URL(mediaUrl).search;
  // What is in the cache now would be given to everybody who is let in.
  expect((await request(mediaUrl)).status).toBe(200);
  const claims = { sub: 'guest', streamId: 'other', right: 'hls', jti: 'guest-1' };
  const foreign = `?session=${await mintToken(claims as unknown as Parameters<typeof mintToken>[0])}`;
  for (const path of [
    '/hls/other/../crowd/media.m3u8',
    '/hls/other/%2e%2e/crowd/media.m3u8',
    '/hls/other%2f..%2fcrowd/media.m3u8',
    '/hls/other/x/../../crowd/media.m3u8',
    '/hls/other//../crowd/media.m3u8',
    '/hls//crowd/media.m3u8',
    '/hls/./crowd/media.m3u8',
    '/hls/%63rowd/media.m3u8',
  ]) {
    expect(await statusOfRaw(path + foreign), path).toBe(400);
    expect(await statusOfRaw(path + good), path).toBe(400);
  }
  expect(await statusOfRaw(`/hls/crowd/media.m3u8${foreign}`)).toBe(403);
  expect(await statusOfRaw(`/hls/crowd/media.m3u8${good}`)).toBe(200);
  // To the media server only `session` is a session.
  expect(await statusOfRaw(`/hls/crowd/media.m3u8${good.replace('session', 'SESSION')}`)).toBe(401);
  expect(await statusOfRaw(`/hls/crowd/media.m3u8${foreign}&x=${good.replace('?', '&')}`)).toBe(401);
}, 40_000);

it('keeps nothing under the name of something else', async () => {
  const mediaUrl = await mediaUrlOf('crowd-forger');
  const path = mediaUrl.slice(edge.url.length);
  const newest = parseMediaPlaylist((await request(mediaUrl)).body.toString());
  // Far enough ahead that nobody has it yet, near enough to be waited for.
  const msn = nextOf(newest).msn + 1;
  const asked = withDirectives(mediaUrl, { msn, part: 0 });
  expect(await statusOfRaw(`${path}&_hls_msn=${msn}&_hls_part=0`)).toBe(200);
  const reply = await request(asked);
  expect(reply.status).toBe(200);
  const last = parseMediaPlaylist(reply.body.toString()).segments.at(-1)!;
  expect(last.sequence).toBeGreaterThanOrEqual(msn);
  // And the other way round: what was waited for is not kept as the newest.
  const escaped = await request(`${mediaUrl}&%5FHLS_msn=${nextOf(parseMediaPlaylist(reply.body.toString())).msn}`);
  expect(escaped.headers['cache-control']).toBe('public, max-age=1');
  for (const number of [`0${msn}`, `000${msn}`, '', '-1', '1e3', 'none']) {
    const refused = await request(`${mediaUrl}&_HLS_msn=${number}`);
    expect(refused.status, number).toBe(400);
    expect(JSON.parse(refused.body.toString())).toMatchObject({ error: { code: 'media_payload_invalid' } });
  }
  // One spelling, one question to the origin, whatever stands beside it.
  const known = [...origin.counts.keys()].filter((name) => name.includes(`_HLS_msn=${msn}&`)).length;
  for (let index = 0; index < 5; index += 1) expect((await request(`${asked}&x=${index}`)).status).toBe(200);
  expect([...origin.counts.keys()].filter((name) => name.includes(`_HLS_msn=${msn}&`)).length).toBe(known);
}, 40_000);
