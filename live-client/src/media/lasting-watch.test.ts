// @vitest-environment jsdom
import type { MediaGrant } from '@walnut-live/contracts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createEmitter } from './emitter.ts';
import { keepWatching } from './lasting-watch.ts';
import type { SwitchingWatch } from './switching-watch.ts';
import type { WatchEvents, WatchState } from './types.ts';

const GRANT = { streamId: 'stream-a', token: 'token' } as MediaGrant;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** `answers` are what the grants bring, in their order; then every one is given. */
function begin(answers: (Error | MediaGrant)[] = []) {
  const sessions: { tell: (state: WatchState) => void; open: boolean }[] = [];
  const statuses: string[] = [];
  const grant = vi.fn(async () => {
    const answer = answers.shift() ?? GRANT;
    if (answer instanceof Error) throw answer;
    return answer;
  });
  const undo = keepWatching({
    grant,
    onStream: () => statuses.push('stream'),
    onStatus: (status) => statuses.push(status),
    start: () => {
      const events = createEmitter<WatchEvents>();
      const session = { open: true, tell: (state: WatchState) => events.emit('state', state) };
      sessions.push(session);
      const close = (): void => {
        session.open = false;
        events.clear();
      };
      return { on: events.on, close, stream: {} } as unknown as SwitchingWatch;
    },
  });
  return { sessions, statuses, grant, undo };
}

it('asks again when it was given no grant, ever more slowly, and shows the picture in the end', async () => {
  const offline = new Error('offline');
  const { sessions, statuses, grant, undo } = begin(Array.from({ length: 8 }, () => offline));
  await vi.advanceTimersByTimeAsync(0);
  expect([grant.mock.calls.length, statuses]).toEqual([1, ['failed']]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(grant.mock.calls.length).toBeGreaterThan(2);
  expect(grant.mock.calls.length).toBeLessThan(8);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(sessions).toHaveLength(1);
  sessions[0]?.tell({ status: 'playing' });
  expect(statuses.at(-1)).toBe('playing');
  undo();
  expect(sessions[0]?.open).toBe(false);
});

it.each<[WatchState, boolean]>([
  [{ status: 'failed', reason: 'unreachable' }, true],
  [{ status: 'failed', reason: 'over-capacity' }, true],
  [{ status: 'ended' }, true],
  [{ status: 'failed', reason: 'revoked' }, false],
  [{ status: 'failed', reason: 'unsupported' }, false],
])('after %o comes another session: %s', async (last, comes) => {
  const { sessions } = begin();
  await vi.advanceTimersByTimeAsync(0);
  sessions[0]?.tell({ status: 'playing' });
  sessions[0]?.tell(last);
  await vi.advanceTimersByTimeAsync(800);
  expect(sessions).toHaveLength(comes ? 2 : 1);
  if (comes) expect(sessions[0]?.open).toBe(false);
});

it('leaves it at a refusal for good, and stops with the one who looks', async () => {
  const refused = begin([Object.assign(new Error('banned'), { permanent: true })]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([refused.grant.mock.calls.length, refused.statuses]).toEqual([1, ['failed']]);

  const left = begin([new Error('offline')]);
  await vi.advanceTimersByTimeAsync(0);
  left.undo();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([left.grant.mock.calls.length, left.sessions.length]).toEqual([1, 0]);
});
