/** One picture of several hosts for HLS viewers, from real encoders to decoded pixels and tones. */
import { spawn } from 'node:child_process';
import { CompositeView, RtpIngest } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { layoutOf } from '../src/composite/layout.ts';
import type { MediaServer } from '../src/media-server.ts';
import { type ParsedPlaylist, parseMediaPlaylist } from './hls-kit.ts';
import { control, mintToken, startServer, until } from './kit.ts';
import { type RtpSource, startRtpSource } from './rtp-source.ts';

const WIDTH = 1280;
const HEIGHT = 720;
const PATIENCE_MS = 40_000;
/** What each publisher shows and plays. */
const LOOKS = {
  host: { colour: 'red', tone: 500, rgb: [254, 0, 0] },
  guest: { colour: 'blue', tone: 1_300, rgb: [0, 0, 254] },
  third: { colour: 'lime', tone: 2_100, rgb: [0, 254, 0] },
} as const;
type Name = keyof typeof LOOKS;

let server: MediaServer;
const sources = new Map<Name, RtpSource>();
const seenPids = new Set<number>();

beforeAll(async () => {
  server = await startServer(
    { WORKERS: '1', MAX_COMPOSITES: '1' },
    { publisherGraceMs: 1_500, packagerIdleMs: 4_000, compositeIdleMs: 1_500, compositeLingerMs: 1_000 },
  );
});
afterAll(async () => {
  for (const source of sources.values()) source.stop();
  await server?.close();
});

async function feed(name: Name): Promise<void> {
  const ingest = RtpIngest.parse(await (await control(server, 'POST', `/streams/${name}/rtp-ingest`)).json());
  sources.set(name, startRtpSource(ingest, '320x180', LOOKS[name]));
}
const stateOf = async (streamId: string): Promise<unknown> =>
  ((await (await control(server, 'GET', `/streams/${streamId}`)).json()) as { state: unknown }).state;
const untilLive = (name: Name) =>
  until(
    `${name} live`,
    () => stateOf(name),
    (state) => state === 'live',
    PATIENCE_MS,
  );

async function declare(streamId: string, names: Name[], mutedName?: Name): Promise<CompositeView> {
  const inputs = names.map((name) => ({ streamId: name, muted: name === mutedName }));
  const reply = await control(server, 'PUT', `/composites/${streamId}`, { inputs, orientation: 'landscape' });
  return CompositeView.parse(await reply.json());
}
async function view(streamId: string): Promise<CompositeView> {
  for (const pid of server.compositePids()) seenPids.add(pid);
  return CompositeView.parse(await (await control(server, 'GET', `/composites/${streamId}`)).json());
}

/** What a viewer of the host's stream is given. */
async function openHls(personId = 'viewer'): Promise<string> {
  const token = await mintToken({ sub: personId, streamId: 'host' });
  const url = `${server.url}/hls/host/master.m3u8?token=${token}`;
  const reply = await fetch(url);
  const master = await reply.text();
  if (!reply.ok) throw new Error(`${reply.status} ${master}`);
  return new URL(master.trim().split('\n').at(-1) ?? '', url).href;
}

async function playlist(mediaUrl: string): Promise<ParsedPlaylist> {
  const reply = await fetch(mediaUrl);
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${reply.status} ${text}`);
  return parseMediaPlaylist(text);
}

interface Heard {
  sequence: number;
  discontinuitySequence: number;
  /** Red, green and blue at a place of the last frame. */
  at(x: number, y: number): number[];
  /** Loudness of a tone, 0 to 1, and of the loudest sample. */
  tone(hz: number): number;
  peak: number;
}

/** Beside this process, which mixes in the meantime. */
async function decode(input: Buffer, ...args: string[]): Promise<Buffer> {
  const child = spawn('ffmpeg', ['-v', 'error', '-i', 'pipe:0', ...args, 'pipe:1'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => undefined); // one frame is enough for it
  child.stdin.end(input);
  return Buffer.concat(await child.stdout.toArray());
}

/** The newest whole segment, decoded. */
async function newest(mediaUrl: string): Promise<Heard> {
  const list = await until(
    'segment',
    () => playlist(mediaUrl),
    ({ segments }) => segments.some(({ uri }) => uri),
    PATIENCE_MS,
  );
  const segment = list.segments.filter(({ uri }) => uri !== null).at(-1)!;
  const bytes = async (uri: string) => Buffer.from(await (await fetch(new URL(uri, mediaUrl))).arrayBuffer());
  const input = Buffer.concat([await bytes(segment.map), await bytes(segment.uri!)]);
  const picture = await decode(input, '-an', '-frames:v', '1', '-pix_fmt', 'rgb24', '-f', 'rawvideo');
  const sound = await decode(input, '-vn', '-ac', '1', '-ar', '48000', '-f', 's16le');
  const samples = new Int16Array(sound.buffer, sound.byteOffset, sound.length >> 1);
  expect(picture.length).toBe(WIDTH * HEIGHT * 3);
  return {
    ...segment,
    at: (x, y) => [...picture.subarray((y * WIDTH + x) * 3, (y * WIDTH + x) * 3 + 3)],
    tone: (hz) => loudness(samples, hz),
    peak: samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
  };
}

/** Mean over windows of a tenth of a second: a sound that was moved by a little is as loud as before. */
function loudness(samples: Int16Array, hz: number): number {
  const window = 4_800;
  const windows = Math.floor(samples.length / window);
  let sum = 0;
  for (let index = 0; index < windows; index += 1) {
    let [re, im] = [0, 0];
    samples.subarray(index * window, (index + 1) * window).forEach((value, at) => {
      re += value * Math.cos((2 * Math.PI * hz * at) / 48_000);
      im += value * Math.sin((2 * Math.PI * hz * at) / 48_000);
    });
    sum += (2 * Math.hypot(re, im)) / window / 32_768;
  }
  return sum / windows;
}

/** Whose colours fill the tiles; null: of nobody. */
function tilesOf(heard: Heard, count: number): Array<Name | null> {
  const names = Object.keys(LOOKS) as Name[];
  return layoutOf(count, 'landscape').map(({ x, y, width, height }) => {
    const places = [0.1, 0.5, 0.9].map((part) => heard.at(Math.round(x + width * part), Math.round(y + height * part)));
    const isOf = (name: Name): boolean =>
      places.every((rgb) => rgb.every((value, index) => Math.abs(value - LOOKS[name].rgb[index]!) < 50));
    return names.find(isOf) ?? null;
  });
}

const untilTiles = (mediaUrl: string, tiles: Array<Name | null>) =>
  until(
    `tiles ${tiles.join()}`,
    async () => {
      const heard = await newest(mediaUrl);
      return { heard, tiles: tilesOf(heard, tiles.length), view: await view('both') };
    },
    (now) => now.tiles.join() === tiles.join(),
    PATIENCE_MS,
  );

it('shows and plays everybody, whoever comes, goes, is muted or is lost', { timeout: 240_000 }, async () => {
  await feed('host');
  await feed('guest');
  await untilLive('host');
  await untilLive('guest');

  // Declared, and nobody watches: no work.
  expect(await declare('both', ['host', 'guest'])).toMatchObject({ streamId: 'both', state: 'unused' });
  expect(server.compositePids()).toEqual([]);

  // The viewer asks for the host's stream and sees both.
  const mediaUrl = await openHls();
  expect(mediaUrl).toContain('/hls/both/');
  const { heard } = await untilTiles(mediaUrl, ['host', 'guest']);
  const both = await until(
    'both are heard',
    () => newest(mediaUrl),
    (now) => Math.min(now.tone(500), now.tone(1_300)) > 0.05,
    PATIENCE_MS,
  );
  expect(both.tone(900)).toBeLessThan(0.01);
  expect((await view('both')).inputs.map(({ hasPicture }) => hasPicture)).toEqual([true, true]);
  expect(await declare('both', ['host', 'guest'])).toMatchObject({ state: 'running' });

  // A third person, the second muted: no discontinuity.
  await feed('third');
  await untilLive('third');
  await declare('both', ['host', 'guest', 'third'], 'guest');
  const three = await untilTiles(mediaUrl, ['host', 'guest', 'third']);
  expect(three.heard.discontinuitySequence).toBe(heard.discontinuitySequence);
  const muted = await until(
    'muted',
    () => newest(mediaUrl),
    (now) => now.tone(1_300) < 0.005 && now.tone(500) > 0.05 && now.tone(2_100) > 0.05,
    PATIENCE_MS,
  );
  expect(muted.peak).toBeLessThan(32_767);

  // The encoder of the second is gone: a plain tile, and the others go on.
  sources.get('guest')?.stop();
  const lost = await untilTiles(mediaUrl, ['host', null, 'third']);
  expect(lost.heard.at(1000, 90)).not.toEqual(lost.heard.at(300, 300));
  expect(lost.heard.discontinuitySequence).toBe(heard.discontinuitySequence);
  await feed('guest');
  const back = await untilTiles(mediaUrl, ['host', 'guest', 'third']);
  expect(back.heard.discontinuitySequence).toBe(heard.discontinuitySequence);

  // The composite's encoder is killed: another one follows, after a discontinuity.
  const pid = server.compositeEncoderPid('both')!;
  process.kill(pid, 'SIGKILL');
  await until(
    'another encoder',
    () => server.compositeEncoderPid('both'),
    (now) => now !== undefined && now !== pid,
    PATIENCE_MS,
  );
  await until(
    'a segment of the new encoder',
    () => newest(mediaUrl).catch(() => null),
    (now) => now !== null && now.discontinuitySequence > heard.discontinuitySequence,
    PATIENCE_MS,
  );
  await untilTiles(mediaUrl, ['host', 'guest', 'third']);

  // There is one place: the viewers of another room keep their host's picture.
  await control(server, 'PUT', '/composites/other', {
    inputs: [
      { streamId: 'third', muted: false },
      { streamId: 'guest', muted: false },
    ],
    orientation: 'portrait',
  });
  const token = await mintToken({ streamId: 'third' });
  const reply = await fetch(`${server.url}/hls/third/master.m3u8?token=${token}`);
  expect(await reply.text()).toMatch(/\nmedia\.m3u8\?session=/);
  await until(
    'no place',
    () => view('other'),
    ({ state }) => state === 'over_limit',
    PATIENCE_MS,
  );

  // Put out of the host's stream is out of the composite too.
  expect((await control(server, 'POST', '/revocations', { personId: 'viewer', streamId: 'host' })).status).toBe(200);
  const refused = await fetch(mediaUrl);
  expect(await refused.json()).toMatchObject({ error: { code: 'media_token_revoked' } });

  // Taken back: newcomers get the host alone at once, and after a while nothing is left.
  await control(server, 'DELETE', '/composites/other');
  await control(server, 'DELETE', '/composites/both');
  expect(await openHls('newcomer')).toContain('/hls/host/');
  await until(
    'nothing is left',
    () => server.compositePids(),
    (pids) => pids.length === 0,
    PATIENCE_MS,
  );
  expect(await stateOf('both')).toBe('idle');
  const isAlive = (one: number): boolean => {
    try {
      return process.kill(one, 0);
    } catch {
      return false;
    }
  };
  expect(seenPids.size).toBeGreaterThan(4);
  await until(
    'processes ended',
    () => [...seenPids].filter(isAlive),
    (alive) => alive.length === 0,
  );
});
