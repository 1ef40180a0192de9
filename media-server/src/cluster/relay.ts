/**
 * Keeps one stream of this host fed by the stream's origin on another host, wherever that is.
 *
 * Model: `current` is the pipe viewers see; `next` is one that is being made, because the stream has another origin or the
 * pipe broke. `next` takes the place of `current` when it has a picture, or at once when there is no current one, so that a
 * stream which moves is never dark on purpose; a local publisher who moves away is packaged for HLS here for `handoverMs` more.
 * Invariants: one attempt at a time; an attempt that fails is followed by
 * another one, ever later; after `close` no pipe is left.
 */
import type { PipeState } from '@walnut-live/contracts';
import { createClosing } from '../platform/closing.ts';
import type { Logger } from '../platform/logger.ts';
import type { RelayPort } from '../streams/relay-port.ts';
import type { Stream } from '../streams/stream.ts';
import { type EdgePipe, openEdgePipe } from './edge-pipe.ts';
import type { ClusterLinks } from './links.ts';
import type { Membership } from './membership.ts';
import type { OriginClaim } from './registry.ts';

const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 1_000;
/** A local publisher whose stream went to another host gives way after this even if that host has no picture yet. */
const YIELD_MS = 5_000;
/** A local publisher who took the stream over is waited for; then the pipe is not needed any more. */
const RETIRE_MS = 5_000;

export interface Relay {
  /** The stream has this origin now; null: look it up. */
  follow(claim: OriginClaim | null): void;
  readonly isFed: boolean;
  /** The local publisher is gone before its time: what is ready takes its place. */
  handOver(): void;
  close(reason: string): void;
}

export function createRelay(deps: {
  stream: Stream;
  membership: Membership;
  links: ClusterLinks;
  log: Logger;
  /** A local publisher is kept so long although the other host has a picture. */
  handoverMs: number;
  /** It ended by itself: a local publisher took the stream. */
  onEnd: () => void;
}): Relay {
  const { stream, membership } = deps;
  const log = deps.log.child({ streamId: stream.id, part: 'relay' });
  const closing = createClosing();
  let current: EdgePipe | null = null;
  let next: EdgePipe | null = null;
  let busy = false;
  let again = false;
  let failures = 0;
  let wanted: OriginClaim | null = null;
  let retry: NodeJS.Timeout | undefined;

  const port: RelayPort = stream.attachRelay({
    onReplaced: () => {
      deps.onEnd();
      const old = current;
      current = null;
      old?.inlet.freeze();
      setTimeout(() => old?.close('replaced'), RETIRE_MS).unref();
      closing.close('replaced');
    },
    onLost: () => {
      const old = current;
      current = null;
      old?.close('worker-lost');
      kick();
    },
  });
  const yielding = stream.isLocal ? setTimeout(() => port.yieldLocal(), YIELD_MS + deps.handoverMs) : undefined;
  /** What comes through a pipe is offered at once, so it is not even opened before. */
  let waiting = stream.isLocal && deps.handoverMs > 0 ? setTimeout(handOver, deps.handoverMs) : undefined;

  closing.onClose((why) => {
    clearTimeout(retry);
    clearTimeout(yielding);
    clearTimeout(waiting);
    for (const pipe of [next, current]) pipe?.close(why);
    current = null;
    next = null;
    port.close();
  });

  function repeat({ state, reason, tracks }: PipeState): void {
    if (state === 'live' && tracks.length > 0) port.live();
    else if (state === 'interrupted') port.interrupted(reason === 'worker_lost' ? reason : 'publisher_lost');
    else if (state === 'idle') {
      const isDeliberate = reason === 'closed_by_control' || reason === 'revoked' || reason === 'drained';
      port.ended(isDeliberate ? reason : 'publisher_left');
    }
  }

  function promote(pipe: EdgePipe): void {
    const before = current;
    current = pipe;
    if (next === pipe) next = null;
    clearTimeout(yielding);
    port.use(pipe.inlet);
    repeat(pipe.state);
    before?.close('moved');
  }

  function heard(pipe: EdgePipe, state: PipeState): void {
    if (pipe === current) repeat(state);
    else if (pipe === next && state.state === 'live' && state.tracks.length > 0) promote(pipe);
  }

  function lost(pipe: EdgePipe): void {
    if (pipe === next) next = null;
    if (pipe === current) {
      current = null;
      port.interrupted('worker_lost');
    }
    kick();
  }

  async function step(): Promise<void> {
    const claim = wanted ?? (await membership.originOf(stream.id));
    wanted = null;
    if (closing.closed || !claim || membership.isOrigin(stream.id)) return;
    const target = next ?? current;
    if (target?.claim.fence === claim.fence && target.claim.nodeId === claim.nodeId) return;
    const node = membership.nodes().find((candidate) => candidate.nodeId === claim.nodeId);
    if (!node) throw new Error(`host ${claim.nodeId} is not known yet`);
    let pipe: EdgePipe | null = null;
    let early: PipeState | 'gone' | null = null;
    const opened = await openEdgePipe({
      claim,
      controlUrl: node.controlUrl,
      links: deps.links,
      port,
      events: {
        onState: (state) => {
          if (pipe) heard(pipe, state);
          else early = state;
        },
        onGone: () => {
          if (pipe) lost(pipe);
          else early = 'gone';
        },
      },
    });
    pipe = opened;
    if (closing.closed || (early as unknown) === 'gone') {
      opened.close('overtaken');
      if (!closing.closed) throw new Error('the pipe was gone before it was used');
      return;
    }
    failures = 0;
    log.info({ origin: claim.nodeId }, 'fed by another host');
    next?.close('overtaken');
    next = opened;
    const isWaitedWith = current !== null || stream.isLocal;
    if (!isWaitedWith || (opened.state.state === 'live' && opened.state.tracks.length > 0)) promote(opened);
  }

  function handOver(): void {
    clearTimeout(waiting);
    if (waiting === undefined) return;
    waiting = undefined;
    kick();
  }

  function kick(): void {
    if (closing.closed || waiting !== undefined) return;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    again = false;
    clearTimeout(retry);
    step()
      .catch((error: unknown) => {
        failures += 1;
        log.debug({ err: error }, 'not fed yet');
        retry = setTimeout(kick, Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(failures, 8)));
        retry.unref();
      })
      .finally(() => {
        busy = false;
        if (again) kick();
      });
  }

  return {
    follow(claim) {
      wanted = claim;
      kick();
    },
    handOver,
    get isFed() {
      return current !== null;
    },
    close: closing.close,
  };
}
