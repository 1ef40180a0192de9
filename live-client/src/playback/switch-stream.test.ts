import type { MediaGrant } from '@walnut-live/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGrantCache } from './grant-cache.ts';
import { createSwitches, watchOptionsOf } from './switch-stream.ts';

const grant = (streamId: string): MediaGrant => ({
  streamId,
  right: 'watch',
  token: `token of ${streamId}`,
  expiresAt: new Date(Date.now() + 120_000).toISOString(),
  socketUrl: '',
  socketPath: '/media/socket.io',
  hlsUrl: `/hls/${streamId}/master.m3u8`,
  iceServers: [],
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('when a viewer by HLS changes over', () => {
  it.each([
    ['their picture has come to the moment', (sinceMs: number) => sinceMs - 4_000, 4_000],
    [
      'their picture stands still: the stream they saw is over',
      (sinceMs: number) => Math.min(sinceMs, 500) - 4_000,
      1_800,
    ],
    ['it falls behind for too long', (sinceMs: number) => sinceMs / 2 - 8_000, 12_000],
  ])('waits until %s', (_, picture, afterMs) => {
    const switches = createSwitches();
    const moment = Date.now();
    const arrived = vi.fn();
    switches.begin(moment, () => moment + picture(Date.now() - moment), arrived);
    vi.advanceTimersByTime(afterMs - 300);
    expect(arrived).not.toHaveBeenCalled();
    vi.advanceTimersByTime(600);
    expect(arrived).toHaveBeenCalledOnce();
  });

  it('does it at once when nobody knows how old the picture is; not at all when it plays by WebRTC', () => {
    const switches = createSwitches();
    const arrived = vi.fn();
    switches.begin(null, () => null, arrived);
    expect(arrived).not.toHaveBeenCalled();
    switches.begin(Date.now(), () => null, arrived);
    expect(arrived).toHaveBeenCalledOnce();
  });

  it('a newer change takes the place of one that is waited for, and so does the end', () => {
    const switches = createSwitches();
    const [first, second] = [vi.fn(), vi.fn()];
    switches.begin(Date.now() + 5_000, () => Date.now(), first);
    const isNewest = switches.turn();
    switches.begin(Date.now() + 5_000, () => Date.now(), second);
    expect(isNewest()).toBe(false);
    switches.close();
    vi.advanceTimersByTime(30_000);
    expect([first.mock.calls, second.mock.calls]).toEqual([[], []]);
  });
});

describe('grants of a change', () => {
  it('are asked for until one is given, unless it is useless or a newer change came', async () => {
    const switches = createSwitches();
    const asked = vi.fn().mockRejectedValueOnce(new Error('the room moved on')).mockResolvedValueOnce(grant('b'));
    const given = switches.untilGranted(asked, () => true);
    await vi.advanceTimersByTimeAsync(600);
    expect(await given).toMatchObject({ streamId: 'b' });
    expect(await switches.untilGranted(asked, () => false)).toBeNull();
    const banned = vi.fn().mockRejectedValue(Object.assign(new Error('banned'), { permanent: true }));
    expect(await switches.untilGranted(banned, () => true)).toBeNull();
    expect(banned).toHaveBeenCalledOnce();
  });

  it('one that was asked for before the change is not kept, and a session never connects with another stream’s token', async () => {
    const answers: ((given: MediaGrant) => void)[] = [];
    const grants = createGrantCache(() => new Promise((resolve) => answers.push(resolve)));
    const early = grants.get();
    grants.forget();
    const late = grants.get();
    answers[1]?.(grant('b'));
    answers[0]?.(grant('a'));
    expect([(await early).streamId, (await late).streamId]).toEqual(['a', 'b']);
    expect((await grants.get()).streamId).toBe('b');
    await expect(watchOptionsOf(grant('a'), grants).token()).rejects.toThrow('another stream');
    expect(await watchOptionsOf(grant('b'), grants).token()).toMatchObject({ token: 'token of b' });
  });
});
