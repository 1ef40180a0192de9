import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createFileStorage } from '../storage/file-storage.ts';
import { layout } from './layout.ts';
import { createRecordings } from './recordings.ts';

const log = pino({ level: 'silent' });
const span = { streamId: 'stream', fromMs: 1, toMs: null };

async function begin() {
  const folder = await mkdtemp(join(tmpdir(), 'walnut-live-recordings-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const storage = await createFileStorage(folder);
  const put = (key: string, value: unknown): Promise<void> =>
    storage.put(key, Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
  const start = () => {
    const wanted = new Set<string>();
    const recordings = createRecordings({
      ...{ storage, log, now: Date.now, limitHours: 12 },
      recorder: {
        want(streamIds) {
          wanted.clear();
          for (const id of streamIds) wanted.add(id);
        },
        wants: (id) => wanted.has(id),
        isCovered: () => true,
        waiting: 0,
        close: async () => undefined,
      },
    });
    onTestFinished(() => recordings.close());
    return { recordings, wanted };
  };
  return { storage, put, start };
}

it('goes on with every recording that it can read, and with the others when they are ordered again', async () => {
  const { put, start } = await begin();
  const order = { version: 3, state: 'recording' as const, spans: [{ ...span, fromMs: Date.now() }] };
  await put(layout.recording('a-torn'), '{"version":');
  await put(layout.recording('b-other'), { version: 'x' });
  // A newer version, which knows more.
  const later = { ...order, endedAtMs: null, summary: null, later: true };
  await put(layout.recording('c-good'), { ...later, spans: [{ ...order.spans[0], later: true }] });
  for (const roomId of ['a-torn', 'b-other', 'c-good']) await put(layout.activeRoom(roomId), '');
  const { recordings, wanted } = start();
  await vi.waitFor(() => expect(recordings.active).toBe(1));
  await vi.waitFor(() => expect([...wanted]).toEqual(['stream']));
  expect((await recordings.view('c-good')).state).toBe('recording');
  expect((await recordings.view('a-torn')).state).toBe('unknown');
  expect((await recordings.order('a-torn', order)).state).toBe('recording');
  expect(recordings.active).toBe(2);
});
