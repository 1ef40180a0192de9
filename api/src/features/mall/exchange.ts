/**
 * One request to a mall: the address that is connected to is the one that was checked (the webhooks' guard against asking inside
 * our own network), no redirect is followed, the whole takes so long and the answer is so large at most.
 */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { addressGuard, NotPublic } from '../webhooks/index.ts';
import { MallFault } from './port.ts';

export interface ExchangeLimits {
  /** For everything from looking up the name to the last byte. */
  readonly timeoutMs: number;
}
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Rejects with MallFault: stopped, timed_out, unreachable, bad_reply (cut off), too_large, not_public. */
export function createExchange({ allowPrivate, timeoutMs }: { allowPrivate: boolean } & ExchangeLimits) {
  const guard = addressGuard({ allowPrivate });
  return (
    given: string,
    call: {
      method: string;
      headers: Readonly<Record<string, string>>;
      body?: string;
      mostBytes: number;
      stop: AbortSignal;
    },
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      if (call.stop.aborted) return reject(new MallFault('stopped'));
      if (guard.fault(given)) return reject(new MallFault('not_public'));
      const url = new URL(given);
      const late = AbortSignal.timeout(timeoutMs);
      const told = (cause: unknown): MallFault => {
        if (cause instanceof MallFault) return cause;
        if (call.stop.aborted) return new MallFault('stopped', { cause });
        if (late.aborted) return new MallFault('timed_out', { cause });
        return new MallFault(cause instanceof NotPublic ? 'not_public' : 'unreachable', { cause });
      };
      const body = call.body ?? '';
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const out = send(
        url,
        {
          method: call.method,
          headers: {
            ...call.headers,
            ...(call.method === 'GET' ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
          },
          agent: false,
          ...guard.options,
          signal: AbortSignal.any([call.stop, late]),
        },
        (response) => {
          const parts: Buffer[] = [];
          let read = 0;
          response.on('data', (part: Buffer) => {
            read += part.length;
            if (read <= call.mostBytes) return parts.push(part);
            reject(new MallFault('too_large'));
            return response.destroy();
          });
          response.on('end', () => {
            // A length that was promised and not kept is a cut off answer; node tells of it as an error or by `complete`.
            if (!response.complete) return reject(new MallFault('bad_reply'));
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) });
          });
          response.on('error', (cause) =>
            reject(call.stop.aborted || late.aborted ? told(cause) : new MallFault('bad_reply', { cause })),
          );
        },
      );
      out.on('error', (cause) => reject(told(cause)));
      out.end(body);
    });
}
