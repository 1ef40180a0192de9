import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import pino from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createFileStorage } from '../storage/file-storage.ts';
import type { Storage } from '../storage/index.ts';
import { toLines } from './entries.ts';
import { layout } from './layout.ts';
import { createRecordings } from './recordings.ts';
import { createReplayRoutes } from './routes.ts';
import { createReplayTokens } from './tokens.ts';

const log = pino({ level: 'silent' });
const RUN = '0123456789abcdef';
const span = { streamId: 'stream', fromMs: 1, toMs: null };

async function begin() {
  const folder = await mkdtemp(join(tmpdir(), 'walnut-live-recordings-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const files = await createFileStorage(folder);
  const reads: string[] = [];
  const storage: Storage = {
    ...files,
    get(key) {
      reads.push(key);
      return files.get(key);
    },
    open(key, range) {
      reads.push(key);
      return files.open(key, range);
    },
  };
  const put = (key: string, value: unknown): Promise<void> =>
    storage.put(key, Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
  let atMs = Date.now();
  const now = (): number => atMs;
  const start = ({ isShared = false, isKept = true } = {}) => {
    const wanted = new Set<string>();
    const recordings = createRecordings({
      ...{ storage, log, now, limitHours: 12, nodeId: 'node', isShared },
      recorder: {
        want(streamIds) {
          wanted.clear();
          for (const id of streamIds) wanted.add(id);
        },
        wants: (id) => wanted.has(id),
        hasKept: () => isKept,
        isCovered: () => true,
        waiting: 0,
        close: async () => undefined,
      },
    });
    onTestFinished(() => recordings.close());
    return { recordings, wanted };
  };
  /** A recording that ended, of two segments. */
  const finished = async (roomId: string): Promise<void> => {
    const summary = { durationMs: 2_000, bytes: 20, pieces: [], runs: [`stream/${RUN}`] };
    const record = { version: 1, state: 'ended', spans: [{ ...span, toMs: 2_000 }], endedAtMs: 2_000, summary };
    await put(layout.recording(roomId), { ...record, hidden: false });
    const segments = [0, 1].map((n) => ({
      ...{ streamId: 'stream', run: RUN, n, atMs: n * 1_000, durationMs: 1_000 },
      ...{ bytes: 10, codecs: ['mp4a.40.2'], width: null, height: null },
    }));
    await storage.put(layout.segments(roomId), toLines(segments));
    for (const { n } of segments) await put(layout.segment('stream', RUN, n), `segment ${n}`);
  };
  const pass = (ms: number): void => {
    atMs += ms;
  };
  return { storage, put, start, reads, finished, pass, now };
}

it('goes on with every recording that it can read, and with the others when they are ordered again', async () => {
  const { put, start } = await begin();
  const order = { version: 3, state: 'recording' as const, spans: [{ ...span, fromMs: Date.now() }] };
  await put(layout.recording('a-torn'), '{"version":');
  await put(layout.recording('b-other'), { version: 'x' });
  // A newer version, which knows more.
  const later = { ...order, endedAtMs: null, summary: null, later: true };
  await put(layout.recording('c-good'), { ...later, spans: [{ ...order.spans[0], later: true }] });
  for (const roomId of ['a-torn', 'b-other', 'c-good']) await put(layout.activeRoom('node', roomId), '');
  const { recordings, wanted } = start();
  await vi.waitFor(() => expect(recordings.active).toBe(1));
  await vi.waitFor(() => expect([...wanted]).toEqual(['stream']));
  expect((await recordings.view('c-good')).state).toBe('recording');
  expect((await recordings.view('a-torn')).state).toBe('unknown');
  expect((await recordings.order('a-torn', order)).state).toBe('recording');
  expect(recordings.active).toBe(2);
});

it('goes on with its own recordings only, not with those of another host on the same storage', async () => {
  const { put, start } = await begin();
  const record = { version: 1, state: 'recording', spans: [span], endedAtMs: null, summary: null };
  await put(layout.recording('room'), record);
  await put(layout.activeRoom('another', 'room'), '');
  const { recordings, wanted } = start({ isShared: true });
  expect((await recordings.view('room')).state).toBe('recording');
  expect(recordings.active).toBe(0);
  expect([...wanted]).toEqual([]);
});

it('helps the home of a recording on a shared storage, until that has ended', async () => {
  const { start, now, pass } = await begin();
  const order = { version: 2, state: 'recording' as const, spans: [{ ...span, fromMs: now() }] };
  const alone = start();
  alone.recordings.help('room', order);
  expect([...alone.wanted]).toEqual([]);

  const { recordings, wanted } = start({ isShared: true });
  recordings.help('room', order);
  recordings.help('room', { ...order, version: 1, spans: [{ ...span, streamId: 'older' }] });
  expect([...wanted]).toEqual(['stream']);
  expect(recordings.active).toBe(0);
  // The last segment is on its way when a room ends; what is told too late changes nothing.
  const ended = { ...order, version: 3, state: 'ended' as const, spans: [{ ...order.spans[0]!, toMs: now() }] };
  recordings.help('room', ended);
  recordings.help('room', order);
  expect([...wanted]).toEqual(['stream']);
  pass(7_000);
  await vi.waitFor(() => expect([...wanted]).toEqual([]), 2_000);

  // A host that missed the end forgets what is not repeated.
  recordings.help('room', { ...order, version: 4 });
  expect([...wanted]).toEqual(['stream']);
  pass(201_000);
  await vi.waitFor(() => expect([...wanted]).toEqual([]), 2_000);
});

it('waits a while for the last segments of a stream that another host carried', async () => {
  const { start, pass, now } = await begin();
  const { recordings } = start({ isShared: true, isKept: false });
  await recordings.order('room', { version: 1, state: 'ended', spans: [{ ...span, fromMs: now() - 5, toMs: now() }] });
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect((await recordings.view('room')).state).toBe('processing');
  pass(6_000);
  await vi.waitFor(async () => expect((await recordings.view('room')).state).toBe('empty'), 5_000);
});

it('is gone within seconds at a host that served it, when another host on the same storage deletes it', async () => {
  const { start, finished, pass } = await begin();
  await finished('room');
  const [here, there] = [start().recordings, start().recordings];
  expect(await here.segments('room', null)).toHaveLength(2);
  expect((await here.replayRoom('room')).state).toBe('shown');
  await there.remove('room');
  expect((await there.replayRoom('room')).state).toBe('gone');
  await expect(there.segments('room', null)).rejects.toMatchObject({ code: 'media_not_found' });
  pass(10_001);
  expect((await here.replayRoom('room')).state).toBe('gone');
  await expect(here.segments('room', null)).rejects.toMatchObject({ code: 'media_not_found' });
});

it('waits for what still belongs to the recording, and takes along what comes while it is deleted', async () => {
  const { storage, start, finished, put } = await begin();
  await finished('room');
  const { recordings } = start();
  const file = layout.file('room', 0, 0);
  // A host that does not know of the deletion stores a file at the worst moment.
  const deleteAll = storage.deleteAll;
  let deletions = 0;
  storage.deleteAll = async (prefix) => {
    await deleteAll(prefix);
    if (prefix === layout.room('room') && deletions === 0) await put(file, 'late');
    deletions += prefix === layout.room('room') ? 1 : 0;
  };
  const order: string[] = [];
  const undo = recordings.onRemove(async (roomId) => {
    order.push(`${roomId} ${(await storage.get(layout.recording('room'))) === null ? 'gone' : 'there'}`);
  });
  await recordings.remove('room');
  expect(order).toEqual(['room there']);
  expect(await storage.get(file)).toBeNull();
  expect(await recordings.exists('room')).toBe(false);
  undo();
  await recordings.remove('room');
  expect(order).toHaveLength(1);
});

it('reads the storage for strangers a few times only, and serves who watches meanwhile', async () => {
  const { storage, start, finished, reads, now, pass } = await begin();
  await finished('room');
  const { recordings } = start();
  const app = express();
  const tokens = createReplayTokens({ secret: 'a-secret-of-replay-tokens', now });
  const movies = { make: vi.fn(), open: vi.fn(), close: vi.fn() };
  app.use('/replay', createReplayRoutes({ storage, recordings, movies, tokens, now, onRequest: () => undefined }));
  app.use(((error: { code: string }, _request, response, _next) => {
    response.status(error.code === 'media_rate_limited' ? 429 : 404).end();
  }) satisfies express.ErrorRequestHandler);
  const server = app.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const ask = async (path: string): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${port}/replay/${path}`);
    await response.arrayBuffer();
    return response.status;
  };

  expect(await ask(`room/segments/stream/${RUN}/0.m4s`)).toBe(200);
  reads.length = 0;
  // A guess at a room that is there, and one room that is not, over and over.
  for (let i = 0; i < 20; i += 1) expect(await ask('room/segments/stream/fedcba9876543210/0.m4s')).toBe(404);
  expect(reads).toEqual([]);
  for (let i = 0; i < 20; i += 1) expect(await ask(`nothing/segments/stream/${RUN}/0.m4s`)).toBe(404);
  expect(reads).toEqual([layout.recording('nothing')]);

  const statuses = [];
  for (let i = 0; i < 100; i += 1) statuses.push(await ask(`guess-${i}/segments/stream/${RUN}/0.m4s`));
  expect(statuses).toContain(429);
  expect(reads.length).toBeLessThan(60);
  pass(10_001);
  expect(await ask(`room/segments/stream/${RUN}/1.m4s`)).toBe(200);
});
