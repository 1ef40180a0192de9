/**
 * Watching whatever a room shows: one stream at a time, changed without a gap.
 *
 * Model: `current` fills the output; `next`, if there is one, connects and decodes beside it in an element nobody sees.
 * When its first frame is decoded, or it has none to show (sound alone), its tracks take the place of the current ones
 * and the old session is closed: make before break. Invariants: the output MediaStream never changes, its tracks do; at
 * most one `next` (a newer wish replaces it); whatever belongs to a session that was replaced is no longer heard. A stream
 * that was asked for is reached even when the one before it has ended or failed. A host that will stop is left the same way.
 */
import type { QualityLevel } from '@walnut-live/contracts';
import { createEmitter } from './emitter.ts';
import type { WatchEvents, Watching, WatchOptions } from './types.ts';
import { watchStream } from './watch.ts';

/** A stream that is there and shows no frame for this long is taken as it is: its picture may be switched off. */
const FIRST_FRAME_PATIENCE_MS = 2_500;
/** A stream that does not come at all for this long is shown as waiting; the old picture would be a lie by then. */
const SWITCH_PATIENCE_MS = 8_000;

export interface SwitchingWatch extends Watching {
  /** Goes over to another stream; the present picture stays until the new one is there. */
  switchTo(options: WatchOptions): void;
  /** True while a switch is under way. */
  readonly switching: boolean;
}

interface Leg {
  watching: Watching;
  undo: (() => void)[];
}

/** Calls back once when the stream's first frame is decoded; returns its undo. */
function onFirstFrame(stream: MediaStream, done: () => void): () => void {
  const probe = document.createElement('video');
  probe.muted = true;
  probe.playsInline = true;
  probe.autoplay = true;
  probe.srcObject = stream;
  let over = false;
  const end = (): void => {
    if (over) return;
    over = true;
    probe.srcObject = null;
  };
  const seen = (): void => {
    if (over) return;
    end();
    done();
  };
  // Hidden pages draw no frames; data that could be drawn is as good there.
  if ('requestVideoFrameCallback' in probe) probe.requestVideoFrameCallback(seen);
  probe.addEventListener('loadeddata', () => {
    if (document.hidden || !('requestVideoFrameCallback' in probe)) seen();
  });
  void probe.play().catch(() => undefined);
  return end;
}

/** Starts to watch at once. @param open Makes one session; replaced in tests. */
export function watchSwitching(
  first: WatchOptions,
  open: (options: WatchOptions) => Watching = watchStream,
): SwitchingWatch {
  const events = createEmitter<WatchEvents>();
  const output = new MediaStream();
  let quality: QualityLevel = 'auto';
  let closed = false;
  let next: { leg: Leg; cancel: () => void } | null = null;
  let current = start(first);

  function start(options: WatchOptions): Leg {
    const watching = open(options);
    const leg: Leg = { watching, undo: [] };
    if (quality !== 'auto') void watching.setQuality(quality).catch(() => undefined);
    leg.undo.push(
      watching.on('state', (state) => {
        if (leg === current) events.emit('state', state);
      }),
      watching.on('tracks', (tracks) => {
        if (leg === current) events.emit('tracks', tracks);
      }),
      watching.on('stream', () => {
        if (leg === current) fill();
      }),
      watching.on('move', (afterMs) => {
        const timer = setTimeout(() => {
          // A switch that is under way goes to a host of its own choice.
          if (leg === current && !next) switchTo({ ...options, moved: true });
        }, afterMs);
        leg.undo.push(() => clearTimeout(timer));
      }),
    );
    return leg;
  }

  function drop(leg: Leg): void {
    for (const end of leg.undo) end();
    leg.watching.close();
  }

  /** Puts the current leg's tracks into the output; those of another leg leave only when a successor is there. */
  function fill(): void {
    const wanted = current.watching.stream.getTracks();
    for (const track of wanted) if (!output.getTracks().includes(track)) output.addTrack(track);
    for (const old of output.getTracks()) {
      if (!wanted.includes(old) && wanted.some((track) => track.kind === old.kind)) output.removeTrack(old);
    }
    events.emit('stream', output);
  }

  function take(leg: Leg): void {
    const old = current;
    next?.cancel();
    next = null;
    current = leg;
    fill();
    // A kind that the new stream does not have would go on with the old one's sound or picture; while nothing of the new
    // one is there, the last picture stays.
    const fresh = leg.watching.stream.getTracks();
    for (const track of fresh.length > 0 ? output.getTracks() : [])
      if (!fresh.includes(track)) output.removeTrack(track);
    drop(old);
    events.emit('tracks', leg.watching.tracks);
    events.emit('state', leg.watching.state);
  }

  function switchTo(options: WatchOptions): void {
    if (closed) return;
    if (next) {
      next.cancel();
      drop(next.leg);
      next = null;
    }
    const leg = start(options);
    const undo: (() => void)[] = [];
    const timers = new Set<ReturnType<typeof setTimeout>>();
    let watchesFrames = false;
    const cancel = (): void => {
      for (const end of undo.splice(0)) end();
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    };
    const mine = { leg, cancel };
    next = mine;
    const go = (): void => {
      if (next === mine) take(leg);
    };
    const look = (): void => {
      const { state, stream } = leg.watching;
      // Nothing moves on screen that could be kept, or nothing will come: say so at once.
      const now = current.watching.state;
      const isOver =
        [now.status, state.status].some((at) => at === 'ended' || at === 'failed') ||
        (now.status === 'waiting' && now.stream === 'idle');
      const plays = state.status === 'playing' && !watchesFrames;
      const hasVideo = leg.watching.tracks.some(({ kind, paused }) => kind === 'video' && !paused);
      if (isOver || (plays && (!hasVideo || stream.getVideoTracks().length === 0))) go();
      else if (plays) {
        watchesFrames = true;
        undo.push(onFirstFrame(stream, go));
        timers.add(setTimeout(go, FIRST_FRAME_PATIENCE_MS));
      }
    };
    undo.push(leg.watching.on('state', look), leg.watching.on('stream', look), current.watching.on('state', look));
    timers.add(setTimeout(go, SWITCH_PATIENCE_MS));
    look();
  }

  return {
    get state() {
      return current.watching.state;
    },
    get stream() {
      return output;
    },
    get tracks() {
      return current.watching.tracks;
    },
    get layers() {
      return current.watching.layers;
    },
    get soundOnly() {
      return current.watching.soundOnly;
    },
    get switching() {
      return next !== null;
    },
    on: events.on,
    stats: () => current.watching.stats(),
    async setQuality(level) {
      quality = level;
      await Promise.all([current, ...(next ? [next.leg] : [])].map(({ watching }) => watching.setQuality(level)));
    },
    switchTo,
    close() {
      if (closed) return;
      closed = true;
      next?.cancel();
      if (next) drop(next.leg);
      next = null;
      drop(current);
      for (const track of output.getTracks()) output.removeTrack(track);
      events.clear();
    },
  };
}
