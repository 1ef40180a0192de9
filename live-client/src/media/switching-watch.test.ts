// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEmitter } from './emitter.ts';
import { watchSwitching } from './switching-watch.ts';
import type { WatchEvents, Watching, WatchOptions, WatchState } from './types.ts';

type Track = { kind: 'audio' | 'video'; of: string };
class FakeStream {
  tracks: Track[] = [];
  getTracks = () => [...this.tracks];
  getVideoTracks = () => this.tracks.filter(({ kind }) => kind === 'video');
  addTrack = (track: Track) => void this.tracks.push(track);
  removeTrack = (track: Track) => {
    this.tracks = this.tracks.filter((other) => other !== track);
  };
}

/** A session whose media the test makes. */
function makeFake(of: string) {
  const events = createEmitter<WatchEvents>();
  const stream = new FakeStream();
  let state: WatchState = { status: 'connecting' };
  let closed = false;
  const fake = {
    of,
    get closed() {
      return closed;
    },
    say(next: WatchState) {
      state = next;
      events.emit('state', next);
    },
    play(kinds: readonly Track['kind'][] = ['audio', 'video']) {
      stream.tracks = kinds.map((kind) => ({ kind, of }));
      events.emit('stream', stream as unknown as MediaStream);
      fake.say({ status: 'playing' });
    },
    watching: {
      get state() {
        return state;
      },
      stream: stream as unknown as MediaStream,
      get tracks() {
        return stream.tracks.map(({ kind }) => ({ producerId: `${of}-${kind}`, kind, paused: false }));
      },
      layers: 1,
      on: events.on,
      stats: () => Promise.reject(new Error('none')),
      setQuality: () => Promise.resolve(),
      close() {
        closed = true;
        stream.tracks = [];
        events.clear();
      },
    } as unknown as Watching,
  };
  return fake;
}

const probes: HTMLVideoElement[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('MediaStream', FakeStream);
  const create = document.createElement.bind(document);
  vi.spyOn(document, 'createElement').mockImplementation((name: string) => {
    const element = create(name) as HTMLVideoElement;
    element.play = () => Promise.resolve();
    probes.push(element);
    return element;
  });
});
afterEach(() => {
  probes.length = 0;
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function start() {
  const fakes: ReturnType<typeof makeFake>[] = [];
  const open = ({ url }: WatchOptions) => {
    const fake = makeFake(url);
    fakes.push(fake);
    return fake.watching;
  };
  const to = (url: string): WatchOptions => ({ url, token: () => Promise.resolve('') });
  const watching = watchSwitching(to('hq'), open);
  const shown = () => (watching.stream as unknown as FakeStream).tracks.map(({ kind, of }) => `${of} ${kind}`);
  const states: string[] = [];
  watching.on('state', ({ status }) => states.push(status));
  const fake = (of: string) => {
    const found = fakes.findLast((one) => one.of === of);
    if (!found) throw new Error(`nobody watches ${of}`);
    return found;
  };
  return { watching, shown, states, fake, switchTo: (url: string) => watching.switchTo(to(url)) };
}
const firstFrame = (): void => void probes.at(-1)?.dispatchEvent(new Event('loadeddata'));

describe('watchSwitching', () => {
  it('keeps the old picture until the first frame of the new one, in one MediaStream, and then closes the old session', () => {
    const { watching, shown, states, fake, switchTo } = start();
    const { stream } = watching;
    fake('hq').play();
    switchTo('store');
    expect(watching.switching).toBe(true);
    fake('store').say({ status: 'waiting', stream: 'idle' });
    fake('store').play();
    expect(shown()).toEqual(['hq audio', 'hq video']);
    expect(fake('hq').closed).toBe(false);
    firstFrame();
    expect(shown()).toEqual(['store audio', 'store video']);
    expect(fake('hq').closed).toBe(true);
    expect(watching.stream).toBe(stream);
    // Whoever watches the state saw nothing but a picture all the time.
    expect(new Set(states)).toEqual(new Set(['playing']));
  });

  it('the newest wish wins; the sessions of older ones are closed', () => {
    const { shown, fake, switchTo } = start();
    fake('hq').play();
    switchTo('store');
    fake('store').play();
    switchTo('other');
    expect(fake('store').closed).toBe(true);
    fake('other').play();
    firstFrame();
    expect(shown()).toEqual(['other audio', 'other video']);
  });

  it.each<[string, (of: ReturnType<typeof start>) => void]>([
    ['a stream of sound alone is taken at once', ({ fake }) => fake('store').play(['audio'])],
    ['one that fails is shown as failed', ({ fake }) => fake('store').say({ status: 'failed', reason: 'unreachable' })],
    ['the old one ended meanwhile: nothing is worth keeping', ({ fake }) => fake('hq').say({ status: 'ended' })],
    [
      'the publisher of the old one is gone: nothing moves that could be kept',
      ({ fake }) => fake('hq').say({ status: 'waiting', stream: 'idle' }),
    ],
    ['one that does not come in time is waited for in the open', () => vi.advanceTimersByTime(8_000)],
    [
      'a picture that never draws does not hold the switch up',
      ({ fake }) => {
        fake('store').play();
        vi.advanceTimersByTime(2_500);
      },
    ],
  ])('%s', (_, happen) => {
    const all = start();
    all.fake('hq').play();
    all.switchTo('store');
    happen(all);
    expect(all.watching.switching).toBe(false);
    expect(all.fake('hq').closed).toBe(true);
    // The last picture stays until there is another one; then nothing of the old stream is left.
    all.fake('store').play(['video', 'audio']);
    expect(all.shown().sort()).toEqual(['store audio', 'store video']);
  });

  it('close ends both sessions and empties the stream; what comes after is not heard', () => {
    const { watching, shown, fake, switchTo } = start();
    fake('hq').play();
    switchTo('store');
    fake('store').play();
    watching.close();
    watching.close();
    firstFrame();
    vi.advanceTimersByTime(10_000);
    expect([fake('hq').closed, fake('store').closed]).toEqual([true, true]);
    expect(shown()).toEqual([]);
  });
});
