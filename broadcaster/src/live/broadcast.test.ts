import type { MediaGrant } from '@walnut-live/contracts';
import { type Api, ApiError } from '@walnut-live/live-client/http';
import type { Publication, PublishOptions, PublishState } from '@walnut-live/live-client/media';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createBroadcast } from './broadcast.ts';

const grant = (expiresInMs: number): MediaGrant => ({
  streamId: '0190aaaa-0000-7000-8000-000000000001',
  right: 'publish',
  token: 'first',
  expiresAt: new Date(Date.now() + expiresInMs).toISOString(),
  socketUrl: '',
  socketPath: '/media/socket.io',
  hlsUrl: '/hls',
  iceServers: [],
});

const track = (kind: 'video' | 'audio'): MediaStreamTrack => ({ kind }) as MediaStreamTrack;
const streamOf = (...tracks: MediaStreamTrack[]): MediaStream =>
  ({ getTracks: () => tracks }) as unknown as MediaStream;

const setUp = (expiresInMs: number, call: () => Promise<unknown>) => {
  let tell: (state: PublishState) => void = () => undefined;
  let options: PublishOptions | undefined;
  const publication = {
    state: { status: 'connecting' },
    on: (_: 'state', listener: (state: PublishState) => void) => {
      tell = listener;
      return () => undefined;
    },
    stats: vi.fn(),
    replaceTrack: vi.fn(() => Promise.resolve()),
    setMuted: vi.fn(() => Promise.resolve()),
    close: vi.fn(),
  } satisfies Publication;
  const camera = track('video');
  const microphone = track('audio');
  const broadcast = createBroadcast({
    api: { call } as unknown as Api,
    roomId: 'room',
    grant: grant(expiresInMs),
    stream: streamOf(camera, microphone),
    publish: (given) => {
      options = given;
      return publication;
    },
    isOnline: () => true,
  });
  return {
    broadcast,
    publication,
    camera,
    microphone,
    tell: (state: PublishState) => tell(state),
    token: async () => {
      const pass = await options?.token();
      return typeof pass === 'string' ? pass : pass?.token;
    },
  };
};

describe('broadcast', () => {
  afterEach(() => vi.useRealTimers());

  it('uses the token it was given once, then asks for fresh ones', async () => {
    const call = vi.fn(() => Promise.resolve({ token: 'second' }));
    const { broadcast, token } = setUp(100_000, call);
    expect(await token()).toBe('first');
    expect(await token()).toBe('second');
    expect(call).toHaveBeenCalledOnce();
    broadcast.close();
  });

  it('does not try a token that is about to end', async () => {
    const { broadcast, token } = setUp(3_000, () => Promise.resolve({ token: 'second' }));
    expect(await token()).toBe('second');
    broadcast.close();
  });

  it.each([
    ['room_not_live', 409, true],
    ['offline', 0, false],
    ['internal', 500, false],
  ] as const)('a token refused with %s is final: %s', async (code, status, permanent) => {
    const { broadcast, token } = setUp(0, () => Promise.reject(new ApiError({ code, status })));
    await expect(token()).rejects.toMatchObject({ permanent });
    broadcast.close();
  });

  it('shows a lost connection at once and forgets old figures', () => {
    const { broadcast, tell } = setUp(100_000, () => Promise.resolve());
    expect(broadcast.get().health.level).toBe('measuring');
    tell({ status: 'reconnecting' });
    expect(broadcast.get().health).toEqual({ level: 'lost', reason: 'media_lost' });
    expect(broadcast.get().stats).toBeNull();
    broadcast.close();
  });

  it('replaces only the tracks that changed', () => {
    const { broadcast, publication, microphone } = setUp(100_000, () => Promise.resolve());
    const other = track('video');
    broadcast.setStream(streamOf(other, microphone));
    expect(publication.replaceTrack.mock.calls).toEqual([[other]]);
    broadcast.close();
  });

  it('samples only while live, and stops with close', async () => {
    vi.useFakeTimers();
    const { broadcast, publication, tell } = setUp(100_000, () => Promise.resolve());
    publication.stats.mockResolvedValue({
      framesPerSecond: 30,
      lossRatio: 0,
      roundTripMs: 20,
      bitrateBps: 2e6,
      limitation: 'none',
    });
    await vi.advanceTimersByTimeAsync(4_000);
    expect(publication.stats).not.toHaveBeenCalled();
    tell({ status: 'live' });
    await vi.advanceTimersByTimeAsync(4_000);
    expect(publication.stats).toHaveBeenCalledTimes(2);
    expect(broadcast.get().health.level).toBe('excellent');
    broadcast.close();
    broadcast.close();
    expect(publication.close).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(4_000);
    expect(publication.stats).toHaveBeenCalledTimes(2);
  });
});
