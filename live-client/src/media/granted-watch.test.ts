// @vitest-environment jsdom
import type { MediaGrant } from '@walnut-live/contracts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createEmitter } from './emitter.ts';
import { watchGranted } from './granted-watch.ts';
import type { WatchEvents, Watching, WatchOptions } from './types.ts';

const grant = (host: string): MediaGrant => ({
  streamId: 'stream-a',
  right: 'watch',
  token: `token for ${host}`,
  expiresAt: new Date(Date.now() + 120_000).toISOString(),
  socketUrl: `https://${host}.example`,
  socketPath: '/media/socket.io',
  hlsUrl: '/hls/stream-a/master.m3u8',
  iceServers: [],
});

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal(
    'MediaStream',
    class {
      getTracks = () => [];
      getVideoTracks = () => [];
    },
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('follows its stream to another host, after a loss and when the host asks it to', async () => {
  const sessions: { options: WatchOptions; move: (afterMs: number) => void }[] = [];
  const renew = vi.fn(() => Promise.resolve(grant('second')));
  const watching = watchGranted(grant('first'), renew, (options) => {
    const events = createEmitter<WatchEvents>();
    sessions.push({ options, move: (afterMs) => events.emit('move', afterMs) });
    const fake: Partial<Watching> = { state: { status: 'playing' }, stream: new MediaStream(), tracks: [] };
    return { ...fake, on: events.on, close: events.clear } as Watching;
  });
  const [first] = sessions;
  expect(await first?.options.token({ moved: false })).toMatchObject({ url: 'https://first.example' });
  expect(renew).not.toHaveBeenCalled();
  const second = { token: 'token for second', url: 'https://second.example', path: '/media/socket.io' };
  expect(await first?.options.token({ moved: true })).toEqual(second);

  first?.move(1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sessions).toHaveLength(2);
  expect(sessions[1]?.options.moved).toBe(true);
  expect(await sessions[1]?.options.token({ moved: true })).toEqual(second);
  expect(renew).toHaveBeenCalledTimes(2);
  watching.close();
});
