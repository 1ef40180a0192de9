import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ControlStreamDetail, RtpIngest } from '@walnut-live/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { control, mintToken, startServer, until } from './kit.ts';
import { type RtpSource, startRtpSource } from './rtp-source.ts';

const run = promisify(execFile);
const PACKAGER_IDLE_MS = 2_500;

let server: MediaServer;
const sources: RtpSource[] = [];

beforeAll(async () => {
  server = await startServer({ WORKERS: '1' }, { packagerIdleMs: PACKAGER_IDLE_MS, publisherGraceMs: 1_500 });
});
afterEach(async () => {
  for (const source of sources.splice(0)) source.stop();
});
afterAll(() => server?.close());

async function detailOf(streamId: string): Promise<ControlStreamDetail> {
  return ControlStreamDetail.parse(await (await control(server, 'GET', `/streams/${streamId}`)).json());
}

async function openIngest(streamId: string): Promise<RtpIngest> {
  return RtpIngest.parse(await (await control(server, 'POST', `/streams/${streamId}/rtp-ingest`)).json());
}

function feed(ingest: RtpIngest): RtpSource {
  const source = startRtpSource(ingest);
  sources.push(source);
  return source;
}

const untilState = (streamId: string, state: string, timeoutMs = 15_000) =>
  until(
    `${streamId} ${state}`,
    () => detailOf(streamId),
    (detail) => detail.state === state,
    timeoutMs,
  );

async function playlists(
  streamId: string,
): Promise<{ master: string; mediaUrl: string; media: () => Promise<string> }> {
  const token = await mintToken({ streamId });
  const reply = await fetch(`${server.url}/hls/${streamId}/master.m3u8?token=${token}`);
  const master = await reply.text();
  if (!reply.ok) throw new Error(`${reply.status} ${master}`);
  const mediaUrl = `${server.url}/hls/${streamId}/${master.trim().split('\n').at(-1)}`;
  return { master, mediaUrl, media: async () => (await fetch(mediaUrl)).text() };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const segmentCount = (playlist: string): number => playlist.match(/#EXTINF/g)?.length ?? 0;

describe('RTP ingest', () => {
  it('is idempotent, goes live with the first packet, waits for the encoder, and comes back on the same ports', async () => {
    const ingest = await openIngest('feed');
    expect(await openIngest('feed')).toEqual(ingest);
    expect(ingest.video.rtcpPort).toBe(ingest.video.port + 1);
    expect((await detailOf('feed')).state).toBe('idle');

    const first = feed(ingest);
    const live = await untilState('feed', 'live');
    expect(live).toMatchObject({ hasVideo: true, publisher: { kind: 'rtp', personId: null, connected: true } });

    first.stop();
    await untilState('feed', 'interrupted');
    await untilState('feed', 'idle');
    feed(await openIngest('feed'));
    await untilState('feed', 'live');

    const [pid] = server.workerPids();
    process.kill(pid ?? 0, 'SIGKILL');
    await until(
      'another worker',
      () => server.workerPids()[0],
      (now) => now !== undefined && now !== pid,
    );
    // The running encoder was told nothing and just goes on.
    await untilState('feed', 'live');
    expect(await openIngest('feed')).toEqual(ingest);

    expect((await control(server, 'DELETE', '/streams/feed/rtp-ingest')).status).toBe(204);
    expect(await detailOf('feed')).toMatchObject({ state: 'idle', publisher: null });
  }, 60_000);
});

describe('HLS', () => {
  it('writes playlists that outside tools read, serves segments to any cache, and stops when unused', async () => {
    feed(await openIngest('hls'));
    await untilState('hls', 'live');
    const { master, mediaUrl, media } = await playlists('hls');
    expect(master).toMatch(/CODECS="avc1\.42[0-9a-f]{4},mp4a\.40\.2",RESOLUTION=640x360/);
    const bandwidth = Number(/[:,]BANDWIDTH=(\d+)/.exec(master)?.[1]);
    expect(bandwidth).toBeGreaterThan(200_000);
    expect(bandwidth).toBeLessThan(5_000_000);

    const playlist = await until('four segments', media, (text) => segmentCount(text) >= 4);
    for (const [, seconds] of playlist.matchAll(/#EXTINF:([\d.]+)/g))
      expect(Math.round(Number(seconds))).toBeLessThanOrEqual(2);
    const [segment = ''] = /^[0-9a-f]{16}\/s\d+-[\w-]+\.m4s$/m.exec(playlist) ?? [];
    const reply = await fetch(new URL(segment, mediaUrl));
    expect(reply.status).toBe(200);
    expect(reply.headers.get('cache-control')).toContain('immutable');
    expect(reply.headers.get('access-control-allow-origin')).toBe('*');

    const probe = await run(
      'ffprobe',
      [
        '-v',
        'error',
        '-show_entries',
        'stream=codec_name,width,height',
        '-of',
        'json',
        '-rw_timeout',
        '8000000',
        mediaUrl,
      ],
      { timeout: 20_000 },
    );
    expect(JSON.parse(probe.stdout).streams).toEqual([
      expect.objectContaining({ codec_name: 'h264', width: 640, height: 360 }),
      expect.objectContaining({ codec_name: 'aac' }),
    ]);
    expect((await detailOf('hls')).viewers.smooth).toBe(1);

    const [pid] = server.packagerPids();
    expect(pid).toBeDefined();
    await until(
      'packager gone',
      async () => (await server.census()).packagers,
      (count) => count === 0,
    );
    await until(
      'process gone',
      () => isAlive(pid ?? 0),
      (alive) => !alive,
    );
    // The session outlives the packager: asking again starts another one, with higher numbers.
    const later = await media();
    const number = (text: string): number => Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]);
    expect(number(later)).toBeGreaterThan(number(playlist));
  }, 60_000);

  it('goes on with a discontinuity after the worker was killed and after the encoder was restarted', async () => {
    const ingest = await openIngest('cuts');
    const source = feed(ingest);
    await untilState('cuts', 'live');
    const { media } = await playlists('cuts');
    const before = await media();
    process.kill(server.workerPids()[0] ?? 0, 'SIGKILL');
    /** Discontinuities since the stream began, those that slid out of the list included. */
    const cuts = (text: string): number =>
      Number(/#EXT-X-DISCONTINUITY-SEQUENCE:(\d+)/.exec(text)?.[1]) +
      (text.match(/#EXT-X-DISCONTINUITY\n/g)?.length ?? 0);
    const first = await until('first discontinuity', media, (text) => cuts(text) === cuts(before) + 1, 20_000);
    expect(first.match(/#EXT-X-MAP/g)).toHaveLength(2);

    source.stop();
    await untilState('cuts', 'interrupted');
    feed(ingest);
    await untilState('cuts', 'live');
    // Whether the grace was over meanwhile (another window) or not: segments follow, numbers never go back.
    const runOf = (text: string): string | undefined => [...text.matchAll(/MAP:URI="([0-9a-f]+)/g)].at(-1)?.[1];
    const second = await until(
      'segments of the new run',
      media,
      (text) => runOf(text) !== undefined && runOf(text) !== runOf(first),
      20_000,
    );
    expect(cuts(second)).toBeGreaterThan(cuts(first));
  }, 90_000);

  it('refuses strangers, revoked people, other streams and paths that climb', async () => {
    feed(await openIngest('guarded'));
    await untilState('guarded', 'live');
    const token = await mintToken({ sub: 'hls-troublemaker', streamId: 'guarded' });
    const master = `${server.url}/hls/guarded/master.m3u8?token=${token}`;
    const text = await (await fetch(master)).text();
    const media = `${server.url}/hls/guarded/${text.trim().split('\n').at(-1)}`;
    expect((await fetch(media)).status).toBe(200);
    expect((await fetch(media.replace('guarded/media', 'hls/media'))).status).toBe(403);
    expect((await fetch(media.slice(0, -3))).status).toBe(401);
    // A media token is no playlist session and the other way round.
    expect((await fetch(`${server.url}/hls/guarded/media.m3u8?session=${token}`)).status).toBe(403);
    const session = new URL(media).searchParams.get('session');
    expect((await fetch(`${server.url}/hls/guarded/master.m3u8?token=${session}`)).status).toBe(401);

    await control(server, 'POST', '/revocations', { personId: 'hls-troublemaker' });
    expect((await fetch(media)).status).toBe(403);
    expect((await fetch(master)).status).toBe(403);

    for (const path of [
      'guarded/..%2f..%2f..%2fetc/passwd',
      'guarded/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
      '..%2f..%2fetc%2fpasswd/master.m3u8',
      'guarded/0123456789abcdef/..%2finit.mp4',
      'guarded/0123456789abcdef/init.mp4',
      'guarded/__proto__/init.mp4',
    ]) {
      expect((await fetch(`${server.url}/hls/${path}`)).status, path).toBe(404);
    }
    expect(
      (await fetch(`${server.url}/hls/unheard-of/master.m3u8?token=${await mintToken({ streamId: 'unheard-of' })}`))
        .status,
    ).toBe(404);
  }, 60_000);
});
