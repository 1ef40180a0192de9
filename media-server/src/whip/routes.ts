/**
 * `/whip/:streamId` and `/whep/:streamId`: WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep). The two differ in the right
 * that the token needs and in who sends; everything else is one router.
 */
import { type MediaErrorCode, MediaStreamId, type MediaTokenClaims } from '@walnut-live/contracts';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { createAddressLimit } from '../platform/address-limit.ts';
import { isMediaFailure, mediaFailure } from '../platform/failure.ts';
import { type IceServers, linkHeaders } from '../platform/ice-servers.ts';
import type { Logger } from '../platform/logger.ts';
import type { MediaTokens } from '../platform/media-tokens.ts';
import type { Streams } from '../streams/streams.ts';

import { MAX_FRAGMENT_BYTES, readIceFragment } from './ice-fragment.ts';
import { MAX_SDP_BYTES, readOffer } from './offer.ts';
import { sendProblem } from './problem.ts';
import type { Session, Sessions } from './sessions.ts';

const SDP = 'application/sdp';
const FRAGMENT = 'application/trickle-ice-sdpfrag';
const WAY_BACK = 'hop';
const ENDPOINT_METHODS = 'OPTIONS, GET, HEAD, POST';
const SESSION_METHODS = 'OPTIONS, GET, HEAD, PATCH, DELETE';
/** How long a browser may remember what a preflight answered. */
const PREFLIGHT_LIFE_SECONDS = 600;

export interface WhipRoutesOptions {
  right: 'publish' | 'watch';
  sessions: Sessions;
  tokens: MediaTokens;
  iceServers: IceServers;
  allowedOrigins: string[] | '*';
  /** Base URL under which clients reach this server; empty: what the request says. */
  publicUrl: string;
  streams: Streams;
  /** Base URL of the host that has the stream, when that is another one. */
  elsewhere: (streamId: string) => Promise<string | null>;
  /** Where a newcomer goes when this host is full or about to stop; without an address: nowhere. */
  redirect: (right: 'publish' | 'watch') => { code: MediaErrorCode; url?: string } | null;
  /** Offers per second and address, in the long run. */
  offersPerSecond: number;
  log: Logger;
  now: () => number;
  onRequest: (name: string, outcome: string) => void;
}

export function createWhipRoutes(options: WhipRoutesOptions): Router {
  const { right, sessions, tokens } = options;
  const prefix = right === 'publish' ? '/whip' : '/whep';
  const limit = createAddressLimit({ perSecond: options.offersPerSecond });
  const router = express.Router();

  router.use((request, response, next) => {
    const { origin } = request.headers;
    const { allowedOrigins } = options;
    if (allowedOrigins === '*') response.setHeader('access-control-allow-origin', '*');
    else {
      response.vary('origin');
      if (origin && allowedOrigins.includes(origin)) response.setHeader('access-control-allow-origin', origin);
    }
    response.setHeader('access-control-expose-headers', 'Location, Link, ETag, Accept-Patch, Retry-After');
    response.setHeader('cache-control', 'no-store');
    response.on('finish', () => options.onRequest(`${prefix.slice(1)}:${request.method}`, String(response.statusCode)));
    next();
  });
  router.param('streamId', (_request, _response, next, streamId) => {
    if (!MediaStreamId.safeParse(streamId).success) throw mediaFailure('media_not_found');
    next();
  });

  // ── endpoint ────────────────────────────────────────────────────────────

  router.options('/:streamId', async (request, response) => {
    allow(response, ENDPOINT_METHODS);
    response.setHeader('accept-post', SDP);
    // Section 4.7: ICE servers are for those who may come in, and a preflight carries no token.
    const claims = await verify(bearer(request), request).catch(() => null);
    if (claims) appendIceServers(response, claims);
    response.status(200).end();
  });
  // Section 4.1: there is no representation. A player recognises WHEP by the type (WHEP section 4.2).
  router.head('/:streamId', (_request, response) => {
    response.status(right === 'watch' ? 200 : 204);
    if (right === 'watch') response.setHeader('content-type', SDP);
    response.end();
  });
  router.get('/:streamId', (_request, response) => {
    response.status(204).end();
  });
  router.post('/:streamId', async (request, response, next) => {
    const { streamId } = request.params;
    if (!limit.take(request.ip ?? '', options.now())) throw mediaFailure('media_rate_limited');
    const token = bearer(request);
    const claims = await verify(token, request);
    const host = await placeFor(request);
    if (host !== null) {
      response.setHeader('location', `${host}${prefix}/${streamId}?${WAY_BACK}=1`);
      return void response.status(307).end();
    }
    const body = await readBody(request, response, SDP, MAX_SDP_BYTES);
    if (!request.accepts(SDP)) throw mediaFailure('media_not_acceptable');
    const offer = readOffer(body);
    const { session, answer } =
      right === 'publish'
        ? await sessions.publish(claims, token ?? '', offer)
        : await sessions.watch(claims, token ?? '', offer);
    if (response.closed) {
      // The client did not wait: nobody knows the session's URL.
      sessions.leave(session);
      return next();
    }
    response.setHeader('location', `${baseUrl(request)}${prefix}/${streamId}/${session.id}`);
    response.setHeader('etag', session.etag);
    response.setHeader('accept-patch', FRAGMENT);
    appendIceServers(response, claims);
    response.status(201).setHeader('content-type', SDP).end(answer);
  });
  router.all('/:streamId', (_request, response) => refuseMethod(response, ENDPOINT_METHODS));

  // ── session ─────────────────────────────────────────────────────────────

  router.options('/:streamId/:session', (_request, response) => {
    allow(response, SESSION_METHODS);
    response.setHeader('accept-patch', FRAGMENT);
    response.status(200).end();
  });
  router.get('/:streamId/:session', (request, response) => {
    if (!find(request)) throw mediaFailure('media_session_unknown');
    response.status(204).end();
  });
  router.patch('/:streamId/:session', async (request, response) => {
    const session = await authorized(request);
    const body = await readBody(request, response, FRAGMENT, MAX_FRAGMENT_BYTES);
    const result = await session.patch(request.get('if-match'), readIceFragment(body));
    // Section 4.3.2: no entity tag unless there is a new ICE session.
    if (!result) return void response.status(204).end();
    response.setHeader('etag', result.etag);
    response.status(200).setHeader('content-type', FRAGMENT).end(result.body);
  });
  router.delete('/:streamId/:session', async (request, response) => {
    sessions.leave(await authorized(request));
    response.status(200).end();
  });
  router.all('/:streamId/:session', (_request, response) => refuseMethod(response, SESSION_METHODS));

  router.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    const failure = toFailure(error);
    if (failure.code === 'media_internal') options.log.error({ err: error }, 'session request failed');
    // WHEP section 4.4: a stream that is not live is a conflict that passes.
    const status = right === 'watch' && failure.code === 'media_stream_not_live' ? 409 : undefined;
    sendProblem(response, failure, status);
  });

  function verify(token: string | undefined, request: Request<{ streamId: string }>): Promise<MediaTokenClaims> {
    const { streamId } = request.params;
    return right === 'publish' ? tokens.verifyPublication(token, streamId) : tokens.verify(token, { right, streamId });
  }

  function find(request: Request<{ streamId: string; session: string }>): Session | undefined {
    return sessions.find(right, request.params.streamId, request.params.session);
  }

  /** The URL is the secret. A token that is sent all the same must be the session's own, or a good one of its owner. */
  async function authorized(request: Request<{ streamId: string; session: string }>): Promise<Session> {
    const session = find(request);
    if (!session) throw mediaFailure('media_session_unknown');
    const token = bearer(request);
    // Media tokens expire within minutes, sessions do not: the one that opened it stays good for it.
    if (token === undefined || session.isSameToken(token)) return session;
    if (!session.isOwner(await verify(token, request))) throw mediaFailure('media_forbidden');
    return session;
  }

  /**
   * Section 4.6: a publisher goes to the host that already has the stream, if its own is not awaited here. Players stay:
   * this host fetches the stream for them. Both go where there is room. One hop only, so that two hosts never send
   * anybody to and fro.
   */
  async function placeFor(request: Request<{ streamId: string }>): Promise<string | null> {
    const { streamId } = request.params;
    if (request.query[WAY_BACK] !== undefined) return null;
    const sent = options.redirect(right);
    if (sent && !sent.url) throw mediaFailure(sent.code);
    if (sent?.url) return sent.url.replace(/\/+$/, '');
    if (right === 'watch') return null;
    const host = options.streams.get(streamId)?.isLocal ? null : await options.elsewhere(streamId);
    return host?.replace(/\/+$/, '') ?? null;
  }

  function baseUrl(request: Request): string {
    if (options.publicUrl) return options.publicUrl.replace(/\/+$/, '');
    // Express believes a proxy of the `trust proxy` networks alone, and takes the first of several hosts.
    return `${request.protocol}://${request.host ?? ''}`;
  }

  function appendIceServers(response: Response, claims: Pick<MediaTokenClaims, 'sub'>): void {
    for (const link of linkHeaders(options.iceServers(claims.sub))) response.append('link', link);
  }

  function allow(response: Response, methods: string): void {
    response.setHeader('allow', methods);
    response.setHeader('access-control-allow-methods', methods);
    response.setHeader('access-control-allow-headers', 'Authorization, Content-Type, If-Match, Link');
    response.setHeader('access-control-max-age', String(PREFLIGHT_LIFE_SECONDS));
  }

  return router;
}

function refuseMethod(response: Response, methods: string): never {
  response.setHeader('allow', methods);
  throw mediaFailure('media_method_not_allowed');
}

/** RFC 6750 section 2.1. */
function bearer(request: Request): string | undefined {
  const [scheme, token] = (request.get('authorization') ?? '').split(' ', 2);
  return scheme?.toLowerCase() === 'bearer' ? token : undefined;
}

/** Reads the body only after everything that needs none has been checked. */
async function readBody(request: Request, response: Response, type: string, limit: number): Promise<string> {
  const given = (request.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (given !== type) throw mediaFailure('media_type_unsupported');
  const read = express.text({ type: () => true, limit, inflate: false, defaultCharset: 'utf-8' });
  await new Promise<void>((resolve, reject) => {
    read(request, response, (error?: unknown) => (error ? reject(error) : resolve()));
  });
  return typeof request.body === 'string' ? request.body : '';
}

function toFailure(error: unknown): ReturnType<typeof mediaFailure> {
  if (isMediaFailure(error)) return error;
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  if (status === 413) return mediaFailure('media_body_too_large', undefined, error);
  if (status === 415) return mediaFailure('media_type_unsupported', undefined, error);
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return mediaFailure('media_payload_invalid', undefined, error);
  }
  return mediaFailure('media_internal', undefined, error);
}
