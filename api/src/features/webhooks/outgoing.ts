/**
 * One POST to an address that a stranger chose (SSRF guard): the address that is connected to is the one that was checked,
 * because the check is made where the connection looks the name up; no redirect is followed, no proxy used; little is read.
 */
import { lookup } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from './public-address.ts';

const TIMEOUT_MS = 10_000;
/** Of the answer; it is read to free the connection, not to be kept. */
const READ_BYTES = 64 * 1024;

export class NotPublic extends Error {
  constructor() {
    super('not a public address');
    this.name = 'NotPublic';
  }
}

const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '', 0);
    const [first] = addresses;
    if (!first || !addresses.every(({ address }) => isPublicAddress(address))) return callback(new NotPublic(), '', 0);
    if (options.all) return callback(null, addresses);
    callback(null, first.address, first.family);
  });
};

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}
export interface Outgoing {
  /** Null, or what is wrong with this address as an endpoint. */
  fault(url: string): 'https_only' | 'not_public' | 'credentials' | null;
  /** @throws Error when there is no whole answer in time */
  post(url: string, headers: Readonly<Record<string, string>>, body: string, stop: AbortSignal): Promise<Answer>;
}

/**
 * What keeps us from asking inside our own network: `fault` judges an address as it is written, `options` make a request look its
 * name up under the same rule. `allowPrivate`: for a brand whose receiver stands in its own network, and for tests; http is fine
 * there too.
 */
export function addressGuard({ allowPrivate }: { allowPrivate: boolean }): {
  fault: Outgoing['fault'];
  options: { lookup?: LookupFunction };
} {
  const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');
  const isForbiddenHost = (host: string): boolean =>
    isIP(host) === 0 ? /(^|\.)(localhost|local|internal)\.?$/i.test(host) : !isPublicAddress(host);

  function fault(value: string): ReturnType<Outgoing['fault']> {
    const url = new URL(value);
    if (url.username || url.password) return 'credentials';
    if (allowPrivate) return null;
    if (url.protocol !== 'https:') return 'https_only';
    return isForbiddenHost(hostOf(url)) ? 'not_public' : null;
  }
  return { fault, options: allowPrivate ? {} : { lookup: publicLookup } };
}

export function createOutgoing(given: { allowPrivate: boolean }): Outgoing {
  const { fault, options } = addressGuard(given);

  return {
    fault,
    post: (value, headers, body, stop) =>
      new Promise((resolve, reject) => {
        if (fault(value)) throw new NotPublic();
        const url = new URL(value);
        const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
        const call = send(
          url,
          {
            method: 'POST',
            headers: { ...headers, 'content-length': Buffer.byteLength(body) },
            agent: false,
            ...options,
            signal: AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT_MS)]),
          },
          (response) => {
            let read = 0;
            response.on('data', (chunk: Buffer) => {
              read += chunk.length;
              if (read > READ_BYTES) response.destroy();
            });
            const done = () =>
              resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] });
            response.on('end', done);
            // More than we read: its status is what counts.
            response.on('close', done);
            response.on('error', done);
          },
        );
        call.on('error', reject);
        call.end(body);
      }),
  };
}
