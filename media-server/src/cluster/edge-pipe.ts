/**
 * The edge's side of one pipe: our inlet, their outlet and the link over which they say what runs through it.
 *
 * While the link is down the media may well go on: the pipe counts as gone only when nothing flows any more, when the other
 * side says so, or when it does not know the pipe after the link came back.
 */
import type { PipeState } from '@walnut-live/contracts';
import type { PipeInlet } from '../engine/index.ts';
import { createClosing, createSerial } from '../platform/closing.ts';
import type { RelayPort } from '../streams/relay-port.ts';
import type { ClusterLinks } from './links.ts';
import type { OriginClaim } from './registry.ts';

export interface EdgePipe {
  readonly claim: OriginClaim;
  readonly inlet: PipeInlet;
  /** As last applied. */
  readonly state: PipeState;
  /** Idempotent; tells the other side unless it is gone. */
  close(reason: string): void;
}

export interface EdgePipeEvents {
  /** The tracks are in place already. */
  onState(state: PipeState): void;
  /** It is closed already. */
  onGone(): void;
}

/** @throws MediaFailure when the origin cannot be asked or does not have the stream */
export async function openEdgePipe(input: {
  claim: OriginClaim;
  controlUrl: string;
  links: ClusterLinks;
  port: RelayPort;
  events: EdgePipeEvents;
}): Promise<EdgePipe> {
  const { claim, port, events } = input;
  const closing = createClosing();
  const serial = createSerial();
  const link = input.links.to(input.controlUrl);
  closing.onClose(() => link.release());
  let flows = false;

  const gone = (why: string): void => {
    if (closing.closed) return;
    closing.close(why);
    events.onGone();
  };

  try {
    const inlet = await port.openInlet((flowing) => {
      flows = flowing;
      if (!flowing && !link.isUp) gone('silent');
    });
    closing.onClose((why) => inlet.close(why));
    const opened = await link.request('pipe:open', { streamId: claim.streamId, end: inlet.end });
    const { pipeId } = opened;
    let state: PipeState = opened;
    closing.onClose(() => {
      if (link.isUp) link.request('pipe:close', { pipeId }).catch(() => undefined);
    });

    const take = (next: PipeState): Promise<void> =>
      serial(async () => {
        if (closing.closed) return;
        await inlet.apply(next.tracks);
        if (closing.closed) return;
        state = next;
        events.onState(next);
      }).catch(() => gone('not-applied'));

    link.on('pipe:state', (next) => {
      if (next.pipeId === pipeId) void take(next);
    });
    link.on('pipe:closed', (event) => {
      // Behind the states that came before it.
      if (event.pipeId === pipeId) void serial(async () => gone('closed-by-origin'));
    });
    link.onDown(() => {
      if (!flows) gone('link-lost');
    });
    link.onUp(() => {
      link.request('pipe:resume', { pipeId }).then(take, () => gone('forgotten'));
    });
    await inlet.connect(opened.end);
    await serial(() => inlet.apply(opened.tracks));
    return {
      claim,
      inlet,
      get state() {
        return state;
      },
      close: closing.close,
    };
  } catch (error) {
    closing.close('not-opened');
    throw error;
  }
}
