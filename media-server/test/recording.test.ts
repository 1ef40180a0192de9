/**
 * A live is recorded by a real media server from real RTP, survives `kill -9` of the server, and is replayed, cut and
 * downloaded; outside tools read what comes out.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  FileView,
  REPLAY_AUDIENCE,
  type RecordingOrder,
  type RecordingRange,
  RecordingView,
  type ReplayTokenClaims,
  RtpIngest,
} from '@walnut-live/contracts';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CONTROL, freePortBase, SECRET, until } from './kit.ts';
import { type RtpSource, startRtpSource } from './rtp-source.ts';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const ROOM = 'room-one';
const RELAYING = 'room-two';
const OWN = 'stream-own';
const HQ = 'stream-hq';

let folder: string;
let server: { child: ChildProcess; url: string };
const sources: RtpSource[] = [];

async function startProcess(): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...process.env,
      ...{ PORT: '0', WORKERS: '1', MEDIA_TOKEN_SECRET: SECRET, CONTROL_TOKEN: CONTROL, DATA_DIR: folder },
      RTC_PORT_BASE: String(await freePortBase()),
      LOG_LEVEL: 'info',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout! })) {
    const { msg, port }: { msg?: string; port?: number } = JSON.parse(line);
    if (msg !== 'media server ready') continue;
    child.stdout?.resume();
    return { child, url: `http://127.0.0.1:${port}` };
  }
  throw new Error('the process ended before it was ready');
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'walnut-live-recording-'));
  server = await startProcess();
});
afterAll(async () => {
  for (const source of sources) source.stop();
  server?.child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

function ask(method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${server.url}/control${path}`, {
    method,
    headers: { authorization: `Bearer ${CONTROL}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}
const view = async (roomId: string): Promise<RecordingView> =>
  RecordingView.parse(await (await ask('GET', `/recordings/${roomId}`)).json());
const order = async (roomId: string, body: RecordingOrder): Promise<RecordingView> =>
  RecordingView.parse(await (await ask('PUT', `/recordings/${roomId}`, body)).json());

async function feed(streamId: string, size = '640x360'): Promise<RtpSource> {
  const ingest = RtpIngest.parse(await (await ask('POST', `/streams/${streamId}/rtp-ingest`)).json());
  const source = startRtpSource(ingest, size);
  sources.push(source);
  return source;
}

function replayToken(right: 'watch' | 'download', claims: Partial<ReplayTokenClaims> = {}): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  return new SignJWT({
    ...{ aud: REPLAY_AUDIENCE, sub: 'anna', roomId: ROOM, right, range: null, jti: 'j' },
    ...{ iat: nowSeconds, exp: nowSeconds + 60, ...claims },
  })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(SECRET));
}
const masterUrl = async (claims: Partial<ReplayTokenClaims> = {}): Promise<string> =>
  `${server.url}/replay/${claims.roomId ?? ROOM}/master.m3u8?token=${await replayToken('watch', claims)}`;

async function mediaPlaylist(master: string): Promise<{ url: string; text: string }> {
  const text = await (await fetch(master)).text();
  const url = new URL(text.trim().split('\n').at(-1) ?? '', master).href;
  return { url, text: await (await fetch(url)).text() };
}
const secondsOf = (playlist: string): number =>
  [...playlist.matchAll(/#EXTINF:([\d.]+)/g)].reduce((sum, [, seconds]) => sum + Number(seconds), 0);

async function probe(input: string): Promise<{ seconds: number; codecs: string[] }> {
  const { stdout } = await run('ffprobe', [
    ...['-v', 'error', '-show_entries', 'format=duration:stream=codec_name', '-of', 'json', input],
  ]);
  const { format, streams } = JSON.parse(stdout);
  return { seconds: Number(format.duration), codecs: streams.map((one: { codec_name: string }) => one.codec_name) };
}
/** Reads every picture and every sound; whatever a decoder has to complain about is the answer. */
async function decode(input: string): Promise<string> {
  const { stderr } = await run('ffmpeg', ['-v', 'warning', '-xerror', '-i', input, '-f', 'null', '-']);
  return stderr;
}

const stored = async (streamId: string): Promise<number> => {
  const names = await readdir(join(folder, 'recordings/streams', streamId), { recursive: true }).catch(() => []);
  return names.filter((name) => name.endsWith('.m4s')).length;
};
const indexed = (streamId: string, segments: number): Promise<number> =>
  until(
    `${segments} segments of ${streamId}`,
    () => stored(streamId),
    (count) => count >= segments,
    40_000,
  );

let startedMs = 0;
let whole: RecordingView;

it('records what the room shows, over a kill -9 of the server and a cut to another stream', async () => {
  startedMs = Date.now();
  const toOwn = { streamId: OWN, fromMs: startedMs, toMs: null };
  expect(await view(ROOM)).toMatchObject({ state: 'unknown' });
  expect(await order(ROOM, { version: 1, state: 'recording', spans: [toOwn] })).toMatchObject({ state: 'recording' });
  await feed(OWN);
  await indexed(OWN, 4);

  const before = await stored(OWN);
  server.child.kill('SIGKILL');
  for (const source of sources.splice(0)) source.stop();
  server = await startProcess();
  // Nobody orders anything anew.
  expect(await view(ROOM)).toMatchObject({ state: 'recording' });
  await feed(OWN);
  await indexed(OWN, before + 3);

  // The pointer moves to headquarters, whom another room relays as well.
  await feed(HQ, '320x180');
  const movedMs = Date.now();
  const fromHq = { streamId: HQ, fromMs: movedMs, toMs: null };
  await order(ROOM, { version: 2, state: 'recording', spans: [{ ...toOwn, toMs: movedMs }, fromHq] });
  await order(RELAYING, { version: 1, state: 'recording', spans: [fromHq] });
  await indexed(HQ, 3);
  const endedMs = Date.now();
  const spans = [
    { ...toOwn, toMs: movedMs },
    { ...fromHq, toMs: endedMs },
  ];
  await order(ROOM, { version: 3, state: 'ended', spans });
  // An order that was overtaken changes nothing; neither does a second one.
  await order(ROOM, { version: 2, state: 'recording', spans: [toOwn] });
  await order(ROOM, { version: 3, state: 'ended', spans });
  await order(RELAYING, { version: 2, state: 'ended', spans: [{ ...fromHq, toMs: endedMs }] });
  whole = await until(
    'it is ready',
    () => view(ROOM),
    ({ state }) => state === 'ready',
    40_000,
  );
  await until(
    'the other is ready',
    () => view(RELAYING),
    ({ state }) => state === 'ready',
    40_000,
  );
  // The kill left a gap on the clock; where the pointer moved there need not be one.
  expect(whole.pieces.length).toBeGreaterThanOrEqual(2);
  for (const [at, piece] of whole.pieces.entries()) {
    expect(piece.atMs).toBeGreaterThanOrEqual(whole.pieces[at - 1]?.atMs ?? startedMs - 1_000);
    expect(piece.atMs).toBeLessThanOrEqual(endedMs);
  }
  for (const source of sources.splice(0)) source.stop();
}, 150_000);

it('is replayed by a playlist that outside tools accept, with every break marked', async () => {
  const master = await masterUrl();
  expect(await (await fetch(master)).text()).toMatch(
    /BANDWIDTH=\d+,AVERAGE-BANDWIDTH=\d+,CODECS="avc1\.[0-9a-f]{6},mp4a\.40\.2",RESOLUTION=640x360/,
  );
  const { url, text } = await mediaPlaylist(master);
  expect(text).toContain('#EXT-X-PLAYLIST-TYPE:VOD');
  expect(text).toMatch(/#EXT-X-ENDLIST\n$/);
  expect(text.match(/#EXT-X-DISCONTINUITY\n/g)?.length).toBeGreaterThanOrEqual(2);
  expect(text.match(/#EXT-X-MAP/g)?.length).toBeGreaterThanOrEqual(3);
  const breaks = text.match(/#EXT-X-DISCONTINUITY\n/g)?.length ?? 0;
  expect(text.match(/#EXT-X-PROGRAM-DATE-TIME/g)?.length).toBe(breaks + 1);
  expect(Math.abs(secondsOf(text) * 1_000 - whole.durationMs)).toBeLessThan(100);
  const segment = await fetch(new URL(/^segments\/.*\.m4s$/m.exec(text)?.[0] ?? '', url), { method: 'HEAD' });
  expect(segment.headers.get('cache-control')).toContain('immutable');
  expect((await probe(master)).codecs.sort()).toEqual(['aac', 'h264']);
}, 60_000);

it('gives a part of it by the clock, as a playlist and as an MP4 that is only put together', async () => {
  const [piece] = whole.pieces;
  const range: RecordingRange = { fromMs: piece!.atMs + 500, toMs: piece!.atMs + 2_600 };
  const { text } = await mediaPlaylist(await masterUrl({ range }));
  const seconds = secondsOf(text);
  expect(seconds).toBeGreaterThan(1);
  expect(seconds).toBeLessThan(3.7);

  const file = await download(range);
  const probed = await probe(file);
  expect(probed.codecs.sort()).toEqual(['aac', 'h264']);
  expect(Math.abs(probed.seconds - seconds)).toBeLessThan(0.5);
  expect(await decode(file)).toBe('');
  // faststart: the index comes before the media.
  const { stdout: head } = await run('ffprobe', ['-v', 'trace', '-i', file]).then(
    ({ stderr }) => ({ stdout: stderr }),
    ({ stderr }: { stderr: string }) => ({ stdout: stderr }),
  );
  expect(head.indexOf("type:'moov'")).toBeLessThan(head.indexOf("type:'mdat'"));
}, 60_000);

it('gives the whole as one MP4 although picture and size changed in the middle', async () => {
  const file = await download(null);
  const probed = await probe(file);
  expect(probed.codecs.sort()).toEqual(['aac', 'h264']);
  expect(Math.abs(probed.seconds * 1_000 - whole.durationMs)).toBeLessThan(1_000);
  const token = await replayToken('download');
  const part = await fetch(`${server.url}/replay/${ROOM}/video.mp4?token=${token}`, {
    headers: { range: 'bytes=4-7' },
  });
  expect([part.status, await part.text(), part.headers.get('content-range')?.slice(0, 10)]).toEqual([
    ...[206, 'ftyp', 'bytes 4-7/'],
  ]);
}, 120_000);

/** Asks for the file until it is there; fetches it. */
async function download(range: RecordingRange | null): Promise<string> {
  const made = await until(
    'the file is made',
    async () => FileView.parse(await (await ask('POST', `/recordings/${ROOM}/files`, { range })).json()),
    ({ state }) => state !== 'making',
    60_000,
  );
  expect(made.state).toBe('ready');
  const token = await replayToken('download', { range, fileName: '讲解.mp4' });
  const reply = await fetch(`${server.url}/replay/${ROOM}/video.mp4?token=${token}`);
  expect(reply.headers.get('content-disposition')).toContain(encodeURIComponent('讲解.mp4'));
  const data = Buffer.from(await reply.arrayBuffer());
  expect(data.length).toBe(made.bytes);
  const path = join(folder, `download-${range?.fromMs ?? 'whole'}.mp4`);
  await writeFile(path, data);
  return path;
}

it.each<[string, number, Partial<ReplayTokenClaims>]>([
  ['another room', 403, { roomId: 'room-three' }],
  ['the right to download', 403, { right: 'download' }],
  ['a life of a day', 401, { exp: Math.floor(Date.now() / 1000) + 86_400 }],
  ['an end in the past', 401, { exp: 1_700_000_000 }],
])('refuses a token with %s', async (_what, status, claims) => {
  const token = await replayToken('watch', claims);
  expect((await fetch(`${server.url}/replay/${ROOM}/master.m3u8?token=${token}`)).status).toBe(status);
});

it.each([
  '/replay/room-one/master.m3u8',
  '/replay/room-one/media.m3u8?session=x',
  '/replay/..%2f..%2fetc/master.m3u8?token=x',
  '/replay/room-one/segments/..%2f..%2f/0000000000000000/1.m4s',
  '/replay/room-one/segments/stream-own/..%2f..%2f..%2f/1.m4s',
  '/replay/room-one/segments/stream-own/0000000000000000/..%2findex',
  '/replay/room-one/segments/stream-own/0000000000000000/1.m4s',
  '/control/recordings/room-one',
])('shows nothing at %s', async (path) => {
  expect([400, 401, 404]).toContain((await fetch(`${server.url}${path}`)).status);
});

it('is stopped where somebody watches when it is taken back, but not for who may see that too', async () => {
  const staff = { evenHidden: true };
  const [watched, inside] = [await mediaPlaylist(await masterUrl()), await mediaPlaylist(await masterUrl(staff))];
  const first = ({ url, text }: typeof watched): URL => new URL(/^segments\/.*\.m4s.*$/m.exec(text)?.[0] ?? '', url);
  const states = () =>
    Promise.all([
      ...[watched.url, first(watched), masterUrl()].map(async (url) => (await fetch(await url)).status),
      ...[inside.url, first(inside), masterUrl(staff)].map(async (url) => (await fetch(await url)).status),
    ]);
  expect(await states()).toEqual([200, 200, 200, 200, 200, 200]);
  for (let time = 0; time < 2; time++) {
    const hidden = await ask('PUT', `/recordings/${ROOM}/visibility`, { hidden: true });
    expect(RecordingView.parse(await hidden.json())).toEqual(await view(ROOM));
  }
  expect(await states()).toEqual([404, 404, 404, 200, 200, 200]);
  await ask('PUT', `/recordings/${ROOM}/visibility`, { hidden: false });
  expect(await states()).toEqual([200, 200, 200, 200, 200, 200]);
  expect((await ask('PUT', '/recordings/no-such-room/visibility', { hidden: true })).status).toBe(404);
});

it('deletes a recording with what nobody else needs, twice with the same answer', async () => {
  const { url, text } = await mediaPlaylist(await masterUrl({ roomId: RELAYING }));
  const segment = new URL(/^segments\/.*\.m4s$/m.exec(text)?.[0] ?? '', url);
  for (let time = 0; time < 2; time++) expect((await ask('DELETE', `/recordings/${ROOM}`)).status).toBe(204);
  expect(await view(ROOM)).toMatchObject({ state: 'unknown' });
  expect((await fetch(await masterUrl())).status).toBe(404);
  expect(await stored(OWN)).toBe(0);
  expect((await fetch(segment)).status).toBe(200);
  expect((await ask('DELETE', `/recordings/${RELAYING}`)).status).toBe(204);
  expect((await fetch(segment)).status).toBe(404);
  expect(
    await readdir(join(folder, 'recordings/streams'))
      .then((names) => names.length)
      .catch(() => 0),
  ).toBe(0);
  expect(await readdir(join(folder, 'movies'))).toEqual([]);
});
