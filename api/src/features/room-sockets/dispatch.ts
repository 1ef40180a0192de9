/**
 * From a socket message to its handler: known name → payload by its contract → right → rate → handler → acknowledgement.
 * A message without an acknowledgement function is not done: nobody would learn what came of it.
 */
import { type Ack, type RoomMessageName, roomMessages } from '@walnut-live/contracts';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { z } from 'zod';
import { AppError, fromZod, toAckError, toAppError } from '../../platform/errors.ts';
import type { AddressLimits } from '../../platform/limits.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Principal } from '../../platform/principal.ts';

const MESSAGES_PER_WINDOW = 60;
const WINDOW_SECONDS = 10;

/** Messages that count for the address too: one person's limit is no limit for somebody with many names. */
const addressLimitOf: Partial<Record<RoomMessageName, keyof AddressLimits>> = {
  'chat:send': 'chat',
  'like:add': 'likes',
};

/** Who sends: from the handshake, never from the payload. */
export interface Sender {
  readonly principal: Principal;
  readonly roomId: string;
  readonly role: 'viewer' | 'operator' | 'host';
  /** For limits. */
  readonly address: string;
  /** Of this connection: stands in for a client id that was not given. */
  readonly connectionId: string;
  /** Grows with every message of this connection. */
  readonly messageNo: number;
}
type PayloadOf<K extends RoomMessageName> = z.output<(typeof roomMessages)[K]['payload']>;
type ReplyOf<K extends RoomMessageName> = z.input<(typeof roomMessages)[K]['reply']>;
export type RoomHandlers = {
  readonly [K in RoomMessageName]: (sender: Sender, payload: PayloadOf<K>) => Promise<ReplyOf<K>>;
};

const isKnown = (name: unknown): name is RoomMessageName =>
  typeof name === 'string' && Object.hasOwn(roomMessages, name);

export function createDispatch(deps: {
  handlers: RoomHandlers;
  log: Logger;
  checkReplies: boolean;
  addressLimits: AddressLimits;
}) {
  const { handlers, log, addressLimits } = deps;
  const limiter = new RateLimiterMemory({ points: MESSAGES_PER_WINDOW, duration: WINDOW_SECONDS });

  async function run(sender: Sender, name: unknown, args: readonly unknown[]): Promise<unknown> {
    try {
      await limiter.consume(sender.connectionId);
    } catch (error) {
      if (error instanceof RateLimiterRes) {
        throw new AppError('rate_limited', { facts: { retryAfterMs: error.msBeforeNext } });
      }
      throw error;
    }
    if (!isKnown(name)) throw new AppError('not_found', { facts: { message: 'unknown' } });
    const { payload, reply, operate } = roomMessages[name];
    if (operate && sender.role === 'viewer') {
      throw new AppError(sender.principal.kind === 'guest' ? 'unauthenticated' : 'forbidden');
    }
    if (args.length !== 1) throw new AppError('invalid_request', { issues: [{ path: '/', issue: 'one_payload' }] });
    const parsed = payload.safeParse(args[0]);
    if (!parsed.success) throw fromZod(parsed.error);
    const addressLimit = addressLimitOf[name];
    if (addressLimit) await addressLimits[addressLimit].take(sender.address);
    const handle = handlers[name] as (sender: Sender, payload: unknown) => Promise<unknown>;
    const data = await handle(sender, parsed.data);
    if (deps.checkReplies) {
      const checked = reply.safeParse(data);
      if (!checked.success) throw new AppError('internal', {}, checked.error);
    }
    return data;
  }

  return async (sender: Sender, [name, ...args]: readonly unknown[]): Promise<void> => {
    const ack = args.pop();
    if (typeof ack !== 'function') return;
    let answer: Ack<unknown>;
    try {
      answer = { ok: true, data: await run(sender, name, args) };
    } catch (error) {
      const known = toAppError(error);
      if (known.code === 'internal')
        log.error({ err: known.cause ?? known, message: String(name) }, 'room message failed');
      else if (known !== error && known.cause !== undefined)
        log.warn({ err: known.cause, message: String(name) }, 'room message: the database did not do it');
      answer = { ok: false, error: toAckError(known) };
    }
    ack(answer);
  };
}
