/** What we publish holds the rules of RFC 8216bis, and outside programs take it without a complaint. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { RtpIngest } from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { type AvSource, startAvSource } from './av-source.ts';
import {
  attributesOf,
  brokenRules,
  brokenSuccession,
  nextOf,
  type ParsedPlaylist,
  parseMediaPlaylist,
  request,
  withDirectives,
} from './hls-kit.ts';
import { control, mintToken, startServer, until } from './kit.ts';

const run = promisify(execFile);
let server: MediaServer;
let source: AvSource;
let master: string;
let mediaUrl: string;

beforeAll(async () => {
  server = await startServer({ WORKERS: '1' });
  const ingest = RtpIngest.parse(await (await control(server, 'POST', '/streams/rules/rtp-ingest')).json());
  source = startAvSource(ingest, { sizes: ['320x180', '180x320'] });
  const stateOf = async () => (await (await control(server, 'GET', '/streams/rules')).json()) as { state: string };
  await until('live', stateOf, (detail) => detail.state === 'live', 20_000);
  const token = await mintToken({ streamId: 'rules' });
  master = (await request(`${server.url}/hls/rules/master.m3u8?token=${token}`)).body.toString();
  mediaUrl = `${server.url}/hls/rules/${master.trim().split('\n').at(-1)}`;
}, 60_000);
afterAll(async () => {
  source?.stop();
  await server?.close();
});

const read = async (url = mediaUrl): Promise<ParsedPlaylist> => {
  const reply = await request(url);
  if (reply.status !== 200) throw new Error(`${reply.status} ${reply.body.toString()}`);
  return parseMediaPlaylist(reply.body.toString());
};

/** Follows by blocking reloads until the condition holds; returns everything that is wrong. */
async function follow(isOver: (playlist: ParsedPlaylist, reloads: number) => boolean): Promise<string[]> {
  const wrong: string[] = [];
  let playlist = await read();
  for (let reloads = 0; !isOver(playlist, reloads); reloads += 1) {
    if (reloads > 200) throw new Error('the end never came');
    const wanted = nextOf(playlist);
    const next = await read(withDirectives(mediaUrl, wanted));
    const reached = nextOf(next);
    if (reached.msn < wanted.msn || (reached.msn === wanted.msn && reached.part <= wanted.part)) {
      wrong.push(`asked for ${wanted.msn}.${wanted.part}, the end is ${reached.msn}.${reached.part}`);
    }
    wrong.push(...brokenRules(next), ...brokenSuccession(playlist, next));
    playlist = next;
  }
  return [...new Set(wrong)];
}

describe('playlists', () => {
  it('describe the stream in the master', () => {
    const lines = master.trim().split('\n');
    expect(lines[0]).toBe('#EXTM3U');
    const attributes = attributesOf(lines.find((line) => line.startsWith('#EXT-X-STREAM-INF:'))!.split(':')[1]!);
    expect(attributes).toMatchObject({ RESOLUTION: '320x180' });
    expect(attributes.CODECS).toMatch(/^avc1\.42[0-9a-f]{4},mp4a\.40\.2$/);
    expect(Number(attributes['FRAME-RATE'])).toBeGreaterThan(23);
    expect(Number(attributes['FRAME-RATE'])).toBeLessThan(27);
    expect(Number(attributes.BANDWIDTH)).toBeGreaterThanOrEqual(Number(attributes['AVERAGE-BANDWIDTH']));
    expect(Number(attributes['AVERAGE-BANDWIDTH'])).toBeGreaterThan(20_000);
  });

  it('hold every rule while they are followed part by part', async () => {
    expect(await follow((_playlist, reloads) => reloads >= 40)).toEqual([]);
  }, 40_000);

  it('announce the next part, and whoever asks for it gets it as soon as it is there', async () => {
    const playlist = await read();
    expect(playlist.hint).not.toBeNull();
    const reply = await request(new URL(playlist.hint!, mediaUrl).href);
    expect(reply.status).toBe(200);
    expect(reply.headers['cache-control']).toContain('immutable');
    const later = await read();
    expect(later.segments.flatMap(({ parts }) => parts.map(({ uri }) => uri))).toContain(playlist.hint);
  });

  it('refuse directives that make no sense, at once', async () => {
    const nonsense: readonly ((msn: number) => string)[] = [
      (msn) => `_HLS_msn=${msn + 50}`,
      () => '_HLS_part=1',
      () => '_HLS_msn=-1',
      () => '_HLS_msn=x',
      // Of the one after the next: what has ended meanwhile is answered with what there is.
      (msn) => `_HLS_msn=${msn + 1}&_HLS_part=400`,
    ];
    for (const make of nonsense) {
      const query = make(nextOf(await read()).msn);
      const beganAt = Date.now();
      expect((await request(`${mediaUrl}&${query}`)).status, query).toBe(400);
      expect(Date.now() - beganAt).toBeLessThan(2_000);
    }
    // What is there already is answered at once as well.
    expect((await request(`${mediaUrl}&_HLS_msn=1`)).status).toBe(200);
  });
});

describe('outside programs', () => {
  it('ffmpeg decodes it without a complaint, and times only grow', async () => {
    const { stderr } = await run('ffmpeg', ['-v', 'error', '-xerror', '-i', mediaUrl, '-t', '3', '-f', 'null', '-']);
    expect(stderr).toBe('');
    const entries = ['-show_entries', 'packet=stream_index,dts_time', '-of', 'csv=p=0', '-read_intervals', '%+3'];
    const { stdout } = await run('ffprobe', ['-v', 'error', ...entries, mediaUrl], { timeout: 20_000 });
    const last = new Map<string, number>();
    for (const line of stdout.trim().split('\n')) {
      const [index = '', time] = line.split(',');
      expect(Number(time), line).toBeGreaterThan(last.get(index) ?? Number.NEGATIVE_INFINITY);
      last.set(index, Number(time));
    }
    expect([...last.keys()].sort()).toEqual(['0', '1']);
  }, 40_000);
});

// Last: they change the stream.
describe('changes', () => {
  it('a phone that is turned begins a new run: a discontinuity, and a header of the new size', async () => {
    const before = (await read()).segments.at(-1)!.map;
    source.resize('180x320');
    const isThere = (playlist: ParsedPlaylist): boolean =>
      playlist.segments.some((segment) => segment.map !== before && segment.uri !== null);
    const wrong = await follow(isThere);
    expect(wrong).toEqual([]);
    const playlist = await read();
    const first = playlist.segments.find((segment) => segment.map !== before)!;
    expect(first.discontinuity).toBe(true);
    const files = await Promise.all(
      [first.map, first.uri!].map(async (uri) => (await request(new URL(uri, mediaUrl).href)).body),
    );
    expect(files.every((file) => file.length > 100)).toBe(true);
    const token = await mintToken({ streamId: 'rules' });
    const again = (await request(`${server.url}/hls/rules/master.m3u8?token=${token}`)).body.toString();
    expect(again).toContain('RESOLUTION=180x320');
  }, 60_000);

  it('a stream that stands still is said to be away after three target durations, not kept waiting', async () => {
    source.stop();
    await until('nothing more comes', read, (playlist) => playlist.hint === null, 20_000);
    const beganAt = Date.now();
    const reply = await request(withDirectives(mediaUrl, nextOf(await read())));
    expect([404, 503]).toContain(reply.status);
    expect(Date.now() - beganAt).toBeLessThan(12_000);
    expect(reply.headers['cache-control']).toBe('no-store');
  }, 60_000);
});
