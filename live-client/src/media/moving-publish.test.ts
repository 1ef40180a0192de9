import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEmitter } from './emitter.ts';
import { publishStream } from './moving-publish.ts';
import type { PublishLeg } from './publish.ts';
import type { PublishOptions, PublishState } from './types.ts';

class FakeStream {
  readonly tracks: MediaStreamTrack[];
  constructor(tracks: MediaStreamTrack[] = []) {
    this.tracks = tracks;
  }
  getTracks(): MediaStreamTrack[] {
    return this.tracks;
  }
}
const track = (kind: string, id: string) => ({ kind, id }) as MediaStreamTrack;

function makeLeg(options: PublishOptions & { moved?: boolean }) {
  const events = createEmitter<{ state: PublishState; move: undefined }>();
  let state: PublishState = { status: 'connecting' };
  const fake = {
    options,
    closed: false,
    leaving: false,
    muted: [] as unknown[],
    say(next: PublishState) {
      state = next;
      events.emit('state', next);
    },
    askToMove: () => events.emit('move', undefined),
  };
  const session: PublishLeg = {
    get state() {
      return state;
    },
    on: (name, listener) => events.on(name, listener),
    onMove: (listener) => events.on('move', () => listener()),
    stats: () => Promise.reject(new Error('none')),
    replaceTrack: () => Promise.resolve(),
    setMuted: async (...args) => void fake.muted.push(args),
    leave: () => {
      fake.leaving = true;
    },
    close: () => {
      fake.closed = true;
    },
  };
  return { fake, session };
}

function start() {
  const fakes: ReturnType<typeof makeLeg>['fake'][] = [];
  const publication = publishStream(
    {
      url: '',
      token: () => Promise.resolve(''),
      stream: new FakeStream([track('video', 'camera'), track('audio', 'mic')]) as unknown as MediaStream,
    },
    (options) => {
      const { fake, session } = makeLeg(options);
      fakes.push(fake);
      return session;
    },
  );
  const states: string[] = [];
  publication.on('state', ({ status }) => states.push(status));
  return { publication, fakes, states };
}

beforeEach(() => vi.stubGlobal('MediaStream', FakeStream));
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('publishStream', () => {
  it('goes on at the host that will stop until the other one has the picture', async () => {
    const { publication, fakes, states } = start();
    const [first] = fakes;
    first?.say({ status: 'live' });
    await publication.setMuted('audio', true);
    await publication.replaceTrack(track('video', 'screen'));
    first?.askToMove();
    first?.askToMove();
    expect(fakes).toHaveLength(2);
    const second = fakes[1];
    expect(second?.options.moved).toBe(true);
    expect(second?.options.muted).toEqual({ video: false, audio: true });
    expect(second?.options.stream.getTracks().map(({ id }) => id)).toEqual(['screen', 'mic']);
    second?.say({ status: 'connecting' });
    expect(first?.closed).toBe(false);
    second?.say({ status: 'live' });
    expect(publication.state).toEqual({ status: 'live' });
    // The old host still shows it to viewers of HLS; it says when that is over.
    expect(first).toMatchObject({ closed: false, leaving: true });
    await publication.setMuted('audio', false);
    expect([first?.muted.at(-1), second?.muted.at(-1)]).toEqual([
      ['audio', false],
      ['audio', false],
    ]);
    first?.say({ status: 'failed', reason: 'replaced' });
    expect(first?.closed).toBe(true);
    expect(second?.closed).toBe(false);
    expect(new Set(states)).toEqual(new Set(['live']));
  });

  it('leaves a host that does not put it out, and all of them when it is closed', () => {
    vi.useFakeTimers();
    const { publication, fakes } = start();
    const move = (from: number): void => {
      fakes[from]?.askToMove();
      fakes[from + 1]?.say({ status: 'live' });
    };
    fakes[0]?.say({ status: 'live' });
    move(0);
    vi.advanceTimersByTime(11_000);
    expect(fakes[0]?.closed).toBe(false);
    vi.advanceTimersByTime(2_000);
    expect(fakes[0]?.closed).toBe(true);
    move(1);
    expect(fakes.map(({ closed }) => closed)).toEqual([true, false, false]);
    publication.close();
    expect(fakes.map(({ closed }) => closed)).toEqual([true, true, true]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not keep a session without a picture beside the one that took its place', () => {
    const { publication, fakes } = start();
    fakes[0]?.say({ status: 'live' });
    fakes[0]?.askToMove();
    fakes[0]?.say({ status: 'reconnecting' });
    fakes[1]?.say({ status: 'live' });
    expect(fakes[0]).toMatchObject({ closed: true, leaving: false });
    expect(fakes[1]?.closed).toBe(false);
    publication.close();
  });

  it('believes the newer session when the server puts the older one out, and keeps the older when the newer fails', () => {
    const replaced = start();
    replaced.fakes[0]?.say({ status: 'live' });
    replaced.fakes[0]?.askToMove();
    replaced.fakes[0]?.say({ status: 'failed', reason: 'replaced' });
    expect(replaced.states).not.toContain('failed');
    expect(replaced.publication.state).toEqual({ status: 'connecting' });

    const kept = start();
    kept.fakes[0]?.say({ status: 'live' });
    kept.fakes[0]?.askToMove();
    kept.fakes[1]?.say({ status: 'failed', reason: 'refused' });
    expect(kept.fakes[1]?.closed).toBe(true);
    expect(kept.fakes[0]?.closed).toBe(false);
    expect(kept.states).toEqual(['live']);
  });

  it('closes both', () => {
    const { publication, fakes } = start();
    fakes[0]?.askToMove();
    publication.close();
    publication.close();
    expect(fakes.map(({ closed }) => closed)).toEqual([true, true]);
  });
});
