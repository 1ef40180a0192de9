/**
 * The composites that rooms have asked for, and who sees them.
 *
 * Model: *declared* (an order, no work) → *running* (a compositor) while somebody watches the first input or the composite by
 * HLS or records the first input, and for IDLE_MS after. HLS viewers ask for the first input's playlist and are given the composite's as soon as it is
 * live; where it cannot be made they are given that input's own. With several hosts it is made where the first input is
 * published. Invariants: never more than `limit` compositors, those that
 * end included; a composite that is taken back goes on for LINGER_MS, so that its viewers can change over; one composite
 * per first input; after `close` nothing runs.
 */
import type { CompositeOrder, CompositeView } from '@walnut-live/contracts';
import type { Engine } from '../engine/index.ts';
import type { Packagers } from '../hls/packagers.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { Logger } from '../platform/logger.ts';
import type { Stream } from '../streams/stream.ts';
import type { Streams } from '../streams/streams.ts';
import { type Compositor, createCompositor } from './compositor.ts';

const SWEEP_MS = 500;
const IDLE_MS = 10_000;
const LINGER_MS = 15_000;
/** How long the first viewer's playlist waits for a composite that has just been started; then it is the host's alone. */
const LIVE_TIMEOUT_MS = 8_000;
const MAX_DECLARED = 500;

export interface Composites {
  /** Idempotent. @throws MediaFailure media_stream_busy when somebody publishes that stream */
  declare(streamId: string, order: CompositeOrder): CompositeView;
  /** @throws MediaFailure media_not_found */
  view(streamId: string): CompositeView;
  /** Idempotent. */
  remove(streamId: string): void;
  /** The composite that stands for this stream now, whether it runs or not. */
  of(streamId: string): string | null;
  /** What HLS viewers of the stream are shown: its composite or itself. */
  shownFor(stream: Stream): Promise<Stream>;
  readonly counts: { declared: number; running: number; overLimit: number };
  /** Of encoders and decoders. */
  pids(): number[];
  encoderPid(streamId: string): number | undefined;
  close(): void;
}

interface Declared {
  streamId: string;
  order: CompositeOrder;
  compositor: Compositor | null;
  target: Stream | null;
  wantedAtMs: number;
  /** Viewers whose playlist waits for it. */
  awaitedBy: number;
  /** Somebody wanted it and there was no place. */
  overLimit: boolean;
  /** It could not be started, and that was logged. */
  refused: boolean;
  /** Set when it was taken back. */
  endsAtMs: number | null;
}

export function createComposites(deps: {
  streams: Streams;
  packagers: Pick<Packagers, 'peek' | 'viewers'>;
  /** Somebody keeps what this stream's viewers are shown. */
  isRecorded: (streamId: string) => boolean;
  engine: Pick<Engine, 'takePackagerPorts'>;
  ffmpegBin: string;
  limit: number;
  videoKbps: number;
  log: Logger;
  now: () => number;
  idleMs?: number;
  lingerMs?: number;
}): Composites {
  const { streams, packagers, now } = deps;
  const idleMs = deps.idleMs ?? IDLE_MS;
  const lingerMs = deps.lingerMs ?? LINGER_MS;
  const all = new Map<string, Declared>();
  const waiting = new Set<() => void>();

  const running = (): Declared[] => [...all.values()].filter(({ compositor }) => compositor !== null);
  const hostOf = ({ order }: Declared): string => order.inputs[0]?.streamId ?? '';

  function start(one: Declared): void {
    if (one.compositor || one.endsAtMs !== null) return;
    if (running().length >= deps.limit) {
      if (!one.overLimit) deps.log.warn({ streamId: one.streamId }, 'no place for another composite');
      one.overLimit = true;
      return;
    }
    one.overLimit = false;
    one.refused = false;
    const target = streams.ensure(one.streamId);
    one.target = target;
    one.compositor = createCompositor({
      ...{ target, order: one.order, takePorts: deps.engine.takePackagerPorts },
      ...{ ffmpegBin: deps.ffmpegBin, videoKbps: deps.videoKbps, log: deps.log, now },
      streamOf: streams.get,
    });
  }

  function stop(one: Declared, reason: string): void {
    const { compositor } = one;
    one.compositor = null;
    one.target = null;
    compositor?.close(reason);
  }

  function wake(): void {
    for (const look of [...waiting]) look();
  }

  function untilLive(one: Declared): Promise<Stream | null> {
    return new Promise((resolve) => {
      const settle = (result: Stream | null): void => {
        clearTimeout(timer);
        waiting.delete(look);
        one.awaitedBy -= 1;
        resolve(result);
      };
      const look = (): void => {
        if (one.target?.status.state === 'live') settle(one.target);
        else if (!one.compositor || one.endsAtMs !== null) settle(null);
      };
      const timer = setTimeout(() => settle(null), LIVE_TIMEOUT_MS);
      one.awaitedBy += 1;
      waiting.add(look);
      look();
    });
  }

  const stopListening = streams.onChange((stream) => {
    for (const { compositor } of all.values()) compositor?.streamChanged(stream);
    wake();
  });

  const standingFor = (streamId: string): Declared | undefined =>
    [...all.values()].find((one) => hostOf(one) === streamId && one.endsAtMs === null);

  /** Somebody watches or keeps it, or would if it were there. */
  function isWanted(one: Declared): boolean {
    const host = streams.get(hostOf(one));
    // Every host is told of every composite; the one that the guide publishes to makes it.
    if (host && !host.isLocal) return false;
    if (one.awaitedBy > 0 || packagers.peek(one.streamId) || (one.target?.watchers ?? 0) > 0) return true;
    return host?.status.state === 'live' && (packagers.viewers(host.id) > 0 || deps.isRecorded(host.id));
  }

  const sweeper = setInterval(() => {
    for (const one of [...all.values()]) {
      if (one.endsAtMs !== null) {
        if (now() < one.endsAtMs && one.compositor) continue;
        all.delete(one.streamId);
        stop(one, 'taken-back');
        continue;
      }
      if (isWanted(one)) {
        one.wantedAtMs = now();
        tryToStart(one);
      } else if (now() - one.wantedAtMs > idleMs) {
        one.overLimit = false;
        if (one.compositor) stop(one, 'unused');
      }
    }
    wake();
  }, SWEEP_MS);
  sweeper.unref();

  /** Of those that nobody watches; its room will ask again if it is still there. */
  function forgetOldest(): void {
    const oldest = [...all.values()].find(({ compositor }) => !compositor);
    if (oldest) all.delete(oldest.streamId);
  }

  /** A host that takes nothing new keeps showing what it has. */
  function tryToStart(one: Declared): void {
    try {
      start(one);
    } catch (error) {
      if (!one.refused) deps.log.warn({ err: error, streamId: one.streamId }, 'composite not started');
      one.refused = true;
    }
  }

  function viewOf(one: Declared): CompositeView {
    const state = one.compositor ? 'running' : one.overLimit ? 'over_limit' : 'unused';
    const idle = one.order.inputs.map(({ streamId }) => ({ streamId, hasPicture: false }));
    return { streamId: one.streamId, state, inputs: one.compositor?.inputs() ?? idle };
  }

  return {
    declare(streamId, order) {
      const known = all.get(streamId);
      const host = order.inputs[0]?.streamId;
      const isOwnInput = order.inputs.some((input) => input.streamId === streamId);
      const isNested = order.inputs.some((input) => all.has(input.streamId));
      if (isOwnInput || isNested) throw mediaFailure('media_payload_invalid', { why: 'composite-of-composite' });
      if (!known && streams.get(streamId)?.publisher()) throw mediaFailure('media_stream_busy');
      if (!known && all.size >= MAX_DECLARED) forgetOldest();
      for (const other of all.values()) {
        // The same host's older composite, from before its room asked for another one.
        if (other.streamId !== streamId && hostOf(other) === host) other.endsAtMs ??= now();
      }
      const one: Declared = known ?? {
        ...{
          streamId,
          order,
          compositor: null,
          target: null,
          overLimit: false,
          refused: false,
          endsAtMs: null,
          awaitedBy: 0,
        },
        wantedAtMs: now(),
      };
      const isTurned = one.order.orientation !== order.orientation;
      one.order = order;
      one.endsAtMs = null;
      all.set(streamId, one);
      if (isTurned) stop(one, 'turned');
      else one.compositor?.update(order);
      if (isWanted(one)) tryToStart(one);
      return viewOf(one);
    },
    view(streamId) {
      const one = all.get(streamId);
      if (!one || one.endsAtMs !== null) throw mediaFailure('media_not_found');
      return viewOf(one);
    },
    remove(streamId) {
      const one = all.get(streamId);
      if (one) one.endsAtMs ??= now() + lingerMs;
      wake();
    },
    of: (streamId) => standingFor(streamId)?.streamId ?? null,
    async shownFor(stream) {
      const one = standingFor(stream.id);
      if (!one || !stream.isLocal) return stream;
      one.wantedAtMs = now();
      tryToStart(one);
      return one.compositor ? ((await untilLive(one)) ?? stream) : stream;
    },
    get counts() {
      const states = [...all.values()].map((one) => viewOf(one).state);
      const count = (state: CompositeView['state']): number => states.filter((each) => each === state).length;
      return { declared: all.size, running: count('running'), overLimit: count('over_limit') };
    },
    pids: () => [...all.values()].flatMap(({ compositor }) => compositor?.pids ?? []),
    encoderPid: (streamId) => all.get(streamId)?.compositor?.encoderPid,
    close() {
      stopListening();
      clearInterval(sweeper);
      for (const one of all.values()) stop(one, 'server-closed');
      all.clear();
      wake();
    },
  };
}
