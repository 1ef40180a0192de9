/** Plays a publisher of flashes and beeps by HLS, and measures how far apart they come out. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RtpIngest } from '@walnut-live/contracts';
import type { MediaServer } from '../src/media-server.ts';
import { type AvSource, FLASH_EVERY_SECONDS, startAvSource } from './av-source.ts';
import { type ParsedSegment, parseMediaPlaylist, request } from './hls-kit.ts';
import { control, mintToken, until } from './kit.ts';

const run = promisify(execFile);

export interface PlayedRun {
  /** URI of its header: another one after a restart of the packager. */
  map: string;
  /** Of its last segment. */
  sequence: number;
  data: Buffer;
}

export async function playFlashes(server: MediaServer, streamId: string, options: Parameters<typeof startAvSource>[1]) {
  const ingest = RtpIngest.parse(await (await control(server, 'POST', `/streams/${streamId}/rtp-ingest`)).json());
  const source: AvSource = startAvSource(ingest, options);
  const stateOf = async () =>
    (await (await control(server, 'GET', `/streams/${streamId}`)).json()) as { state: string };
  await until('live', stateOf, (detail) => detail.state === 'live', 20_000);
  const token = await mintToken({ streamId });
  const master = await request(`${server.url}/hls/${streamId}/master.m3u8?token=${token}`);
  const mediaUrl = `${server.url}/hls/${streamId}/${master.body.toString().trim().split('\n').at(-1)}`;
  const read = async () => parseMediaPlaylist((await request(mediaUrl)).body.toString());
  const fetchFile = async (uri: string) => (await request(new URL(uri, mediaUrl).href)).body;
  /** Collects finished segments of one run, the first of which is at least this number. */
  async function collect(map: string | null, from: number, seconds: number): Promise<PlayedRun> {
    const kept = new Map<number, { segment: ParsedSegment; data: Buffer }>();
    await until(
      `${seconds} s of one run`,
      async () => {
        for (const segment of (await read()).segments) {
          const wanted =
            segment.uri !== null && segment.sequence >= from && segment.map !== map && !kept.has(segment.sequence);
          if (wanted) kept.set(segment.sequence, { segment, data: await fetchFile(segment.uri!) });
        }
        return [...kept.values()].reduce((sum, { segment }) => sum + (segment.durationSeconds ?? 0), 0);
      },
      (sum) => sum >= seconds,
      60_000,
    );
    const all = [...kept.values()].sort((a, b) => a.segment.sequence - b.segment.sequence);
    const own = all.at(-1)!.segment.map;
    const data = all.filter(({ segment }) => segment.map === own).map((one) => one.data);
    return { map: own, sequence: all.at(-1)!.segment.sequence, data: Buffer.concat([await fetchFile(own), ...data]) };
  }
  return { read, collect, stop: source.stop };
}

/** Milliseconds by which each beep begins after its flash. */
export async function skewsOf(data: Buffer): Promise<number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'walnut-live-sync-'));
  try {
    const file = join(folder, 'run.mp4');
    await writeFile(file, data);
    const probe = async (graph: string): Promise<Array<[number, number]>> => {
      const entries = 'frame=pts_time:frame_tags=lavfi.signalstats.YAVG,lavfi.astats.Overall.RMS_level';
      const args = ['-v', 'error', '-f', 'lavfi', '-i', graph, '-show_entries', entries, '-of', 'csv=p=0'];
      const { stdout } = await run('ffprobe', args, { maxBuffer: 64 * 1024 * 1024 });
      return stdout
        .trim()
        .split('\n')
        .map((line) => line.split(',').filter(Boolean).map(Number) as [number, number]);
    };
    const onsets = (levels: Array<[number, number]>, isOn: (level: number) => boolean): number[] =>
      levels.flatMap(([at, level], index) => {
        const before = levels[index - 1];
        return before && isOn(level) && !isOn(before[1]) ? [at] : [];
      });
    const flashes = onsets(await probe(`movie=${file},signalstats`), (luma) => luma > 120);
    // Five milliseconds at a time: a finer look than a packet of sound.
    const beeps = onsets(
      await probe(`amovie=${file},asetnsamples=240,astats=metadata=1:reset=1`),
      (level) => level > -30,
    );
    return flashes.flatMap((flash) => {
      const nearest = beeps.reduce(
        (best, beep) => (Math.abs(beep - flash) < Math.abs(best - flash) ? beep : best),
        Infinity,
      );
      return Math.abs(nearest - flash) < FLASH_EVERY_SECONDS / 2 ? [(nearest - flash) * 1000] : [];
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
