/**
 * Publishing that outlives its host.
 *
 * Model: `current` is the session apps see; when its host asks to leave, `next` begins beside it on another host with the same
 * tracks, and takes its place when it is live: make before break. The one before it `leaves`: its host goes on showing it to
 * viewers of HLS until the new host has something for them, and puts it out then. Invariants: at most one `next`; what the
 * caller set (tracks, mutes) is the same in all; the one that another has replaced is not heard any more.
 */
import type { MediaKind } from '@walnut-live/contracts';
import { createEmitter } from './emitter.ts';
import { type PublishLeg, publishOnce } from './publish.ts';
import type { Publication, PublishOptions, PublishState } from './types.ts';

/** A host that does not put the old session out has no more than this to do with it. */
const LEAVE_MS = 12_000;

const isOver = ({ status }: PublishState): boolean => status === 'failed' || status === 'closed';

interface Leg {
  session: PublishLeg;
  undo: (() => void)[];
}

/**
 * Starts to publish at once; see {@link Publication} for what can be done with it.
 * @param open Makes one session; replaced in tests.
 */
export function publishStream(
  options: PublishOptions,
  open: (options: PublishOptions & { moved?: boolean }) => PublishLeg = publishOnce,
): Publication {
  const events = createEmitter<{ state: PublishState }>();
  const tracks = new Map<MediaKind, MediaStreamTrack>();
  for (const track of options.stream.getTracks()) tracks.set(track.kind as MediaKind, track);
  const muted = { video: options.muted?.video ?? false, audio: options.muted?.audio ?? false };
  let closed = false;
  let next: Leg | null = null;
  const leaving = new Set<Leg>();
  let current = start(false);

  function start(moved: boolean): Leg {
    const again = { ...options, stream: new MediaStream([...tracks.values()]), muted: { ...muted }, moved };
    const session = open(moved ? again : options);
    const leg: Leg = { session, undo: [] };
    leg.undo.push(
      session.on('state', (state) => heard(leg, state)),
      session.onMove(() => {
        if (!closed && leg === current && !next) next = start(true);
      }),
    );
    return leg;
  }

  function drop(leg: Leg): void {
    for (const end of leg.undo) end();
    leg.session.close();
  }

  function leave(leg: Leg): void {
    const gone = (): void => {
      leaving.delete(leg);
      drop(leg);
    };
    // One that has no picture shows nothing to anybody, and would begin anew to have one.
    if (leg.session.state.status !== 'live') {
      drop(leg);
      return;
    }
    for (const end of leg.undo) end();
    const timer = setTimeout(gone, LEAVE_MS);
    leg.undo = [leg.session.on('state', (state) => isOver(state) && gone()), () => clearTimeout(timer)];
    leaving.add(leg);
    leg.session.leave();
  }

  function take(leg: Leg): void {
    const old = current;
    current = leg;
    next = null;
    leave(old);
    events.emit('state', leg.session.state);
  }

  function heard(leg: Leg, state: PublishState): void {
    if (leg === next) {
      if (state.status === 'live') take(leg);
      else if (isOver(state)) {
        next = null;
        drop(leg);
      }
    } else if (leg === current) {
      // The server lets one person publish a stream once: the newer session has put this one out.
      if (isOver(state) && next) take(next);
      else events.emit('state', state);
    }
  }

  const all = (): PublishLeg[] => [current, ...(next ? [next] : []), ...leaving].map(({ session }) => session);

  return {
    get state() {
      return current.session.state;
    },
    on: events.on,
    stats: () => current.session.stats(),
    async replaceTrack(track) {
      tracks.set(track.kind as MediaKind, track);
      await Promise.all(all().map((session) => session.replaceTrack(track)));
    },
    async setMuted(kind, nowMuted) {
      muted[kind] = nowMuted;
      await Promise.all(all().map((session) => session.setMuted(kind, nowMuted)));
    },
    close() {
      if (closed) return;
      closed = true;
      for (const leg of [...(next ? [next] : []), ...leaving]) drop(leg);
      next = null;
      leaving.clear();
      // Not dropped: whoever listens is told that it is closed.
      current.session.close();
      events.clear();
    },
  };
}
