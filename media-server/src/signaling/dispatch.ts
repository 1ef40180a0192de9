/**
 * Turns the contract table into socket listeners: rate limit → parse → handler → acknowledgement. A handler family only
 * declares what it does; nothing reaches it unparsed and every request is answered exactly once.
 */
import {
  type MediaAck,
  type MediaReply,
  type MediaRequest,
  type MediaRequestName,
  mediaRequests,
} from '@walnut-live/contracts';
import type { Socket } from 'socket.io';
import { createRateLimit } from '../domain/rate-limit.ts';
import { contractFailure, isMediaFailure, mediaFailure } from '../platform/failure.ts';
import type { IceServers } from '../platform/ice-servers.ts';
import type { Logger } from '../platform/logger.ts';
import type { Peer } from '../streams/peer.ts';
import type { Streams } from '../streams/streams.ts';

/** A peer sends about ten requests to start; a misbehaving one gets refusals instead of work. */
const REQUEST_RATE = { burst: 40, perSecond: 8 };
/** After this many refusals in a row the socket is cut. */
const MAX_REFUSALS = 200;

export interface HandlerContext {
  streams: Streams;
  iceServers: IceServers;
  /** The peer this socket speaks for; `session:resume` changes it. */
  readonly peer: Peer;
  setPeer(peer: Peer): void;
}

export type Handlers = {
  [Name in MediaRequestName]: (payload: MediaRequest<Name>, context: HandlerContext) => Promise<MediaReply<Name>>;
};

export function bindHandlers(input: {
  socket: Socket;
  handlers: Handlers;
  context: HandlerContext;
  log: Logger;
  now: () => number;
  onRequest: (name: string, outcome: string) => void;
}): void {
  const { socket, handlers, context, log } = input;
  const limit = createRateLimit(REQUEST_RATE);
  let refusals = 0;

  async function answer(name: string, payload: unknown): Promise<MediaAck<unknown>> {
    try {
      if (!limit.take(input.now())) {
        refusals += 1;
        if (refusals > MAX_REFUSALS) socket.disconnect(true);
        throw mediaFailure('media_rate_limited');
      }
      refusals = 0;
      if (!Object.hasOwn(mediaRequests, name)) throw mediaFailure('media_event_unknown');
      const data = await run(name as MediaRequestName, payload);
      return { ok: true, data };
    } catch (error) {
      if (isMediaFailure(error)) {
        return { ok: false, error: { code: error.code, ...(error.details && { details: error.details }) } };
      }
      log.error({ err: error, event: name }, 'signalling request failed');
      return { ok: false, error: { code: 'media_internal' } };
    }
  }

  function run<Name extends MediaRequestName>(name: Name, payload: unknown): Promise<unknown> {
    const parsed = mediaRequests[name].request.safeParse(payload);
    if (!parsed.success) throw contractFailure(parsed.error);
    // The contract of `name` was just applied, so this is its payload.
    return handlers[name](parsed.data as MediaRequest<Name>, context);
  }

  socket.onAny((name: string, ...args: unknown[]) => {
    const acknowledge = args.at(-1);
    const payload = args[0];
    void answer(name, typeof payload === 'function' ? undefined : payload).then((reply) => {
      input.onRequest(Object.hasOwn(mediaRequests, name) ? name : 'unknown', reply.ok ? 'ok' : reply.error.code);
      if (typeof acknowledge === 'function') acknowledge(reply);
    });
  });
}
