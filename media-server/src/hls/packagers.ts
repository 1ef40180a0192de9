/**
 * The packagers of this server, one per stream that somebody watches by HLS, and who these watchers are.
 *
 * Model: every packager has a *purpose*: it runs for viewers, or for a recording that holds it (which viewers may watch as
 * well). Invariants: a packager that nobody asked for during IDLE_MS is closed unless it is held; there are never more than
 * LIMITS say, of which neither purpose is given all, so that recordings leave viewers their places and the other way round;
 * a hold keeps only a packager that counts as recording.
 */
import type { Engine } from '../engine/index.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { Logger } from '../platform/logger.ts';
import type { Stream } from '../streams/stream.ts';
import type { Streams } from '../streams/streams.ts';
import { createPackager, type Packager } from './packager.ts';

const IDLE_MS = 20_000;
const SWEEP_MS = 1_000;
/** HLS viewers are seconds behind: after the end they still see the rest. */
const LINGER_MS = 8_000;
/** Places in all and for one purpose. Re-encoding one 720p stream takes half a core. */
const LIMITS = {
  packager: { all: 50, each: 40 },
  transcoder: { all: 3, each: 2 },
} as const;
/** A playlist polled within this time has a viewer behind it. */
const VIEWER_MS = 15_000;
/** A publisher who moves is live at the other host after a second or two. */
const EXPECTED_MS = 15_000;
/** Runs that may still begin at the host that a stream leaves. */
const DISCONTINUITIES_TO_COME = 16;
const MAX_VIEWERS_TRACKED = 50_000;
/** A restarted server goes on behind the one before it, unless that had more discontinuities than hours. */
const DISCONTINUITY_EPOCH_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

export type Purpose = 'viewers' | 'recording';
export type Place = keyof typeof LIMITS;

/** How places of one kind are shared. */
export interface PlacesTaken {
  purpose: Purpose;
  place: Place;
  taken: number;
  /** The next one would be refused. */
  isFull: boolean;
  /** Since the start. */
  refused: number;
}

export interface Packagers {
  /** The stream's packager, started if need be. @throws MediaFailure media_hls_unavailable at the bound */
  use(stream: Stream): Packager;
  /** The one that runs already; asking for it keeps it alive. */
  touch(streamId: string): Packager | undefined;
  /** For segments: does not count as use. */
  peek(streamId: string): Packager | undefined;
  /**
   * Its publisher is on the way here from another host, whose viewers of HLS will be sent here: packaging begins with the
   * first picture, and with numbers behind that host's.
   */
  expect(streamId: string, nextDiscontinuity: number): void;
  /**
   * Keeps the stream packaged without viewers, through interruptions and publishers that come back, until the release
   * (idempotent) is called. `onPackager` is told the packager now and each later one: the holder subscribes to its
   * window there. @throws MediaFailure media_hls_unavailable at the bound
   */
  hold(stream: Stream, onPackager: (packager: Packager) => void): () => void;
  seen(streamId: string, viewerId: string): void;
  viewers(streamId?: string): number;
  readonly count: number;
  places(): PlacesTaken[];
  pids(): number[];
  close(): void;
}

interface Entry {
  packager: Packager;
  stream: Stream;
  purpose: Purpose;
  transcodes: boolean;
  usedAtMs: number;
  /** Set while the stream is idle. */
  endsAtMs: number | null;
}

export function createPackagers(deps: {
  engine: Pick<Engine, 'takePackagerPorts'>;
  streams: Streams;
  ffmpegBin: string;
  log: Logger;
  now: () => number;
  idleMs?: number;
}): Packagers {
  const { now } = deps;
  const idleMs = deps.idleMs ?? IDLE_MS;
  const packagers = new Map<string, Entry>();
  const holds = new Set<{ stream: Stream; onPackager: (packager: Packager) => void }>();
  /** Held, live and without a place: told once each. */
  const waiting = new Set<string>();
  /** Streams that move here: until when they are awaited, and where their numbers begin. */
  const expected = new Map<string, { untilMs: number; discontinuity: number }>();
  /** `streamId viewerId` → last seen; insertion order is age. */
  const viewers = new Map<string, { streamId: string; atMs: number }>();
  const refused: Record<Place, Record<Purpose, number>> = {
    packager: { viewers: 0, recording: 0 },
    transcoder: { viewers: 0, recording: 0 },
  };
  /** Where the next window begins to count; only grows, for all streams together. */
  let nextDiscontinuity = Math.max(0, Math.floor((now() - DISCONTINUITY_EPOCH_MS) / HOUR_MS));

  function drop(streamId: string, reason: string): void {
    const entry = packagers.get(streamId);
    packagers.delete(streamId);
    if (!entry) return;
    nextDiscontinuity = Math.max(nextDiscontinuity, entry.packager.window.nextDiscontinuity());
    entry.packager.close(reason);
  }

  const isHeld = (stream: Stream): boolean => [...holds].some((hold) => hold.stream === stream);

  function taken(place: Place, purpose?: Purpose): number {
    let count = 0;
    for (const entry of packagers.values()) {
      if (purpose !== undefined && entry.purpose !== purpose) continue;
      if (place === 'packager' || entry.transcodes) count += 1;
    }
    return count;
  }

  const hasPlace = (place: Place, purpose: Purpose): boolean =>
    taken(place) < LIMITS[place].all && taken(place, purpose) < LIMITS[place].each;

  function refuse(purpose: Purpose): never {
    refused.packager[purpose] += 1;
    throw mediaFailure('media_hls_unavailable');
  }

  function use(stream: Stream): Packager {
    const known = packagers.get(stream.id);
    if (known && known.stream === stream) {
      known.usedAtMs = now();
      return known.packager;
    }
    // What is recorded besides is the recording's as soon as that has a place.
    return start(stream, isHeld(stream) && hasPlace('packager', 'recording') ? 'recording' : 'viewers');
  }

  function start(stream: Stream, purpose: Purpose): Packager {
    drop(stream.id, 'stream-replaced');
    if (!hasPlace('packager', purpose)) refuse(purpose);
    const firstDiscontinuity = Math.max(nextDiscontinuity, expected.get(stream.id)?.discontinuity ?? 0);
    expected.delete(stream.id);
    const packager = createPackager({
      stream,
      takePorts: deps.engine.takePackagerPorts,
      takeTranscoder() {
        if (!hasPlace('transcoder', entry.purpose)) {
          refused.transcoder[entry.purpose] += 1;
          return null;
        }
        entry.transcodes = true;
        return () => {
          entry.transcodes = false;
        };
      },
      ffmpegBin: deps.ffmpegBin,
      firstDiscontinuity,
      log: deps.log,
      now,
    });
    const entry: Entry = { packager, stream, purpose, transcodes: false, usedAtMs: now(), endsAtMs: null };
    packagers.set(stream.id, entry);
    for (const hold of holds) if (hold.stream === stream) hold.onPackager(packager);
    return packager;
  }

  /** The stream's packager, from now on the recording's. @throws MediaFailure media_hls_unavailable at the bound */
  function keep(stream: Stream): Packager {
    const known = packagers.get(stream.id);
    if (known?.stream !== stream) return start(stream, 'recording');
    // One that runs for viewers already needs no further place of all.
    if (known.purpose === 'viewers' && taken('packager', 'recording') >= LIMITS.packager.each) refuse('recording');
    known.purpose = 'recording';
    known.usedAtMs = now();
    return known.packager;
  }

  /**
   * A held stream was idle for longer than its packager lingers, and is live again; or its packager is only the viewers'.
   * Without a place: at a later sweep.
   */
  function resume(stream: Stream): void {
    const known = packagers.get(stream.id);
    if (stream.status.state !== 'live' || !isHeld(stream)) return;
    if (known?.stream === stream && known.purpose === 'recording') return;
    try {
      keep(stream);
      waiting.delete(stream.id);
    } catch (error) {
      if (!waiting.has(stream.id))
        deps.log.warn({ err: error, streamId: stream.id }, 'held stream waits for a packager');
      waiting.add(stream.id);
    }
  }

  /** What moved here is packaged before the first of its viewers asks. */
  function receive(stream: Stream): void {
    const isAwaited = now() < (expected.get(stream.id)?.untilMs ?? 0);
    if (isAwaited && stream.status.state === 'live' && hasPlace('packager', 'viewers')) start(stream, 'viewers');
  }

  const stopListening = deps.streams.onChange((stream) => {
    const entry = packagers.get(stream.id);
    if (!entry) {
      resume(stream);
      receive(stream);
      return;
    }
    // The same id may be a new stream object after everybody had left.
    if (entry.stream !== stream) drop(stream.id, 'stream-replaced');
    else {
      const isIdle = stream.status.state === 'idle';
      entry.endsAtMs = isIdle ? (entry.endsAtMs ?? now() + LINGER_MS) : null;
      entry.packager.streamChanged();
    }
  });

  const sweeper = setInterval(() => {
    for (const [streamId, entry] of [...packagers]) {
      if (entry.packager.awaited || entry.purpose === 'recording') entry.usedAtMs = now();
      if (now() - entry.usedAtMs > idleMs) drop(streamId, 'unused');
      else if (entry.endsAtMs !== null && now() > entry.endsAtMs) drop(streamId, 'stream-idle');
    }
    for (const { stream } of [...holds]) resume(stream);
    for (const [streamId, { untilMs }] of expected) if (now() > untilMs) expected.delete(streamId);
    for (const [key, viewer] of viewers) {
      if (now() - viewer.atMs < VIEWER_MS && viewers.size <= MAX_VIEWERS_TRACKED) break;
      viewers.delete(key);
    }
  }, SWEEP_MS);
  sweeper.unref();

  return {
    use,
    hold(stream, onPackager) {
      const hold = { stream, onPackager };
      const packager = keep(stream);
      holds.add(hold);
      onPackager(packager);
      return () => {
        holds.delete(hold);
        const entry = packagers.get(stream.id);
        if (isHeld(stream)) return;
        waiting.delete(stream.id);
        if (entry?.stream === stream) entry.purpose = 'viewers';
      };
    },
    touch(streamId) {
      const entry = packagers.get(streamId);
      if (entry) entry.usedAtMs = now();
      return entry?.packager;
    },
    expect(streamId, nextDiscontinuity) {
      expected.set(streamId, {
        ...{ untilMs: now() + EXPECTED_MS, discontinuity: nextDiscontinuity + DISCONTINUITIES_TO_COME },
      });
      const stream = deps.streams.get(streamId);
      if (stream && !packagers.has(streamId)) receive(stream);
    },
    peek: (streamId) => packagers.get(streamId)?.packager,
    seen(streamId, viewerId) {
      const key = `${streamId} ${viewerId}`;
      viewers.delete(key);
      viewers.set(key, { streamId, atMs: now() });
    },
    viewers(streamId) {
      let count = 0;
      for (const viewer of viewers.values()) {
        if (now() - viewer.atMs < VIEWER_MS && (streamId === undefined || viewer.streamId === streamId)) count += 1;
      }
      return count;
    },
    get count() {
      return packagers.size;
    },
    places: () =>
      (['packager', 'transcoder'] as const).flatMap((place) =>
        (['viewers', 'recording'] as const).map((purpose) => ({
          ...{ purpose, place, taken: taken(place, purpose), isFull: !hasPlace(place, purpose) },
          refused: refused[place][purpose],
        })),
      ),
    pids: () => [...packagers.values()].flatMap(({ packager }) => (packager.pid === undefined ? [] : [packager.pid])),
    close() {
      stopListening();
      clearInterval(sweeper);
      for (const streamId of [...packagers.keys()]) drop(streamId, 'server-closed');
      viewers.clear();
      holds.clear();
    },
  };
}
