/** Recordings beyond one host and one picture: what another host carries, and a guide with co-hosts. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RecordingOrder, RecordingView } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { fromLines, RecordedSegment } from '../src/recording/entries.ts';
import { detailOf, newBoard, openIngest, signalAt, startNode, watchAll } from './cluster-kit.ts';
import { control, until } from './kit.ts';
import { type RtpSource, startRtpSource } from './rtp-source.ts';

const PATIENCE_MS = 40_000;
let folder: string;
let home: MediaServer;
let other: MediaServer;
const sources = new Set<RtpSource>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'walnut-live-recording-hosts-'));
  const board = newBoard();
  const environment = { WORKERS: '1', DATA_DIR: folder, RECORDING_FOLDER_SHARED: 'true' };
  const tuning = { publisherGraceMs: 1_000, compositeLingerMs: 1_000 };
  [home, other] = [
    await startNode(board, 'home', tuning, environment),
    await startNode(board, 'other', tuning, environment),
  ];
});
afterAll(async () => {
  for (const source of sources) source.stop();
  await Promise.all([home?.close(), other?.close()]);
  await rm(folder, { recursive: true, force: true });
});

async function feed(server: MediaServer, streamId: string): Promise<RtpSource> {
  const source = startRtpSource(await openIngest(server, streamId), '320x180');
  sources.add(source);
  await until(
    `${streamId} live`,
    () => detailOf(server, streamId),
    ({ state }) => state === 'live',
    PATIENCE_MS,
  );
  return source;
}
/** As api does: to its home, and to the others. */
async function order(roomId: string, body: RecordingOrder): Promise<void> {
  expect((await control(other, 'PUT', `/recordings/${roomId}/help`, body)).status).toBe(204);
  expect((await control(home, 'PUT', `/recordings/${roomId}`, body)).status).toBe(200);
}
async function finished(roomId: string): Promise<{ view: RecordingView; segments: RecordedSegment[] }> {
  const view = await until(
    'ready',
    async () => RecordingView.parse(await (await control(home, 'GET', `/recordings/${roomId}`)).json()),
    ({ state }) => state === 'ready',
    PATIENCE_MS,
  );
  const list = await readFile(join(folder, 'recordings/rooms', roomId, 'segments.jsonl'));
  return { view, segments: fromLines(RecordedSegment, list) };
}
const storedBy = async (server: MediaServer): Promise<number> => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/media_recording_segments_total\{outcome="stored"\} (\d+)/.exec(text)?.[1] ?? 0);
};
const untilStored = (server: MediaServer, segments: number): Promise<number> =>
  until(
    `${segments} segments`,
    () => storedBy(server),
    (count) => count >= segments,
    PATIENCE_MS,
  );

it('holds what the guide sends to another host after a move', async () => {
  const span = { streamId: 'moving', fromMs: Date.now(), toMs: null };
  await order('room-moving', { version: 1, state: 'recording', spans: [span] });
  const first = await feed(home, 'moving');
  await untilStored(home, 3);
  expect(await storedBy(other)).toBe(0);

  first.stop();
  await control(home, 'DELETE', '/streams/moving/rtp-ingest');
  const movedAtMs = Date.now();
  const second = await feed(other, 'moving');
  await untilStored(other, 3);
  // In the middle of a segment.
  await new Promise((resolve) => setTimeout(resolve, 700));
  const endedAtMs = Date.now();
  await order('room-moving', { version: 2, state: 'ended', spans: [{ ...span, toMs: endedAtMs }] });
  const { view, segments } = await finished('room-moving');
  second.stop();

  expect(new Set(segments.map(({ run }) => run)).size).toBe(2);
  expect(segments.map(({ atMs }) => atMs)).toEqual(segments.map(({ atMs }) => atMs).sort((a, b) => a - b));
  expect(segments.filter(({ atMs }) => atMs > movedAtMs - 500).length).toBeGreaterThanOrEqual(3);
  // Up to the end: what the other host stored last was waited for.
  const last = segments.at(-1);
  expect(endedAtMs - ((last?.atMs ?? 0) + (last?.durationMs ?? 0))).toBeLessThan(500);
  expect(view.pieces).toHaveLength(2);
}, 120_000);

it('holds the guide with co-hosts while they are there, and the guide alone before and after', async () => {
  const span = { streamId: 'host', fromMs: Date.now(), toMs: null };
  await order('room-together', { version: 1, state: 'recording', spans: [span] });
  await Promise.all([feed(home, 'host'), feed(home, 'guest')]);
  await untilStored(home, (await storedBy(home)) + 2);

  // The other host has viewers of both, and is told first of everything.
  const viewers = await Promise.all(['host', 'guest'].map((streamId) => signalAt(other, { streamId })));
  for (const viewer of viewers) {
    await viewer.live();
    await watchAll(viewer);
  }
  const inputs = ['host', 'guest'].map((streamId) => ({ streamId, muted: false }));
  const composite = { inputs, orientation: 'landscape' };
  await control(other, 'PUT', '/composites/room-x', composite);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await control(home, 'PUT', '/composites/room-x', composite);
  // Nobody watches: it runs for the recording.
  await until(
    'in one picture',
    () => detailOf(home, 'room-x'),
    ({ state }) => state === 'live',
    PATIENCE_MS,
  );
  expect(other.compositePids()).toEqual([]);
  await untilStored(home, (await storedBy(home)) + 6);
  for (const viewer of viewers) viewer.close();
  await control(home, 'DELETE', '/composites/room-x');
  await untilStored(home, (await storedBy(home)) + 3);
  await order('room-together', { version: 2, state: 'ended', spans: [{ ...span, toMs: Date.now() }] });
  const { segments } = await finished('room-together');
  const shown = segments.map(({ streamId }) => streamId).filter((streamId, at, all) => streamId !== all[at - 1]);
  expect(shown).toEqual(['host', 'room-x', 'host']);

  // What is deleted takes the common picture along.
  expect((await control(home, 'DELETE', '/recordings/room-together')).status).toBe(204);
  await expect(readFile(join(folder, 'recordings/streams/room-x'))).rejects.toMatchObject({ code: 'ENOENT' });
}, 120_000);
