/**
 * One origin for the three apps, api and media-server, as nginx is in a real deployment.
 *
 * Invariants: a backend that is away (restarting) costs its callers a 502 problem, never this process; a socket that
 * fails is closed, never left hanging; what the caller claims about itself is replaced by what we see.
 */
import { randomUUID } from 'node:crypto';
import {
  type Agent,
  createServer,
  Agent as HttpAgent,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import { createProxyServer, proxyUpgrade } from 'httpxy';
import { isLoopback, setForwarded } from './headers.ts';
import { type AppName, type Backend, route } from './routes.ts';

/** Answers a request for a file or page of an app. */
export type AppHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface GatewayOptions {
  backends: Readonly<Record<Backend, string>>;
  apps: Readonly<Record<AppName, AppHandler>>;
  /** What pages of other sites load. */
  embed: AppHandler;
  tls?: { key: string; cert: string };
  /** Told about requests that a backend could not answer. */
  onBackendError?: (backend: Backend, error: Error) => void;
}

const UPGRADE_TIMEOUT_MS = 10_000;
/** Longer than any blocking playlist reload or long poll. */
const PROXY_TIMEOUT_MS = 120_000;
/** Shorter than the backends keep an idle connection, so that it is we who close it and no request meets its end. */
const IDLE_CONNECTION_MS = 30_000;

/** Makes the server; the caller listens and closes. */
export function createGateway(options: GatewayOptions): Server {
  const agent: Agent = new HttpAgent({ keepAlive: true, maxFreeSockets: 256, timeout: IDLE_CONNECTION_MS });
  const freshConnections: Agent = new HttpAgent({ keepAlive: false });
  const proxy = createProxyServer({ proxyTimeout: PROXY_TIMEOUT_MS }); // what is set here wins over what a call says

  async function pass(request: IncomingMessage, response: ServerResponse, backend: Backend): Promise<void> {
    const target = options.backends[backend];
    try {
      await proxy.web(request, response, { target, agent }).catch((error: NodeJS.ErrnoException) => {
        // A kept connection may end just as it is used again. A read may be repeated (RFC 9110 §9.2.2), once.
        if (!isRead(request) || error.code !== 'ECONNRESET' || response.headersSent || response.destroyed) throw error;
        return proxy.web(request, response, { target, agent: freshConnections, buffer: Readable.from([]) });
      });
    } catch (error) {
      // The caller went away. `request.destroyed` would not say so: it is true as soon as the request has been read.
      if (response.destroyed) return;
      options.onBackendError?.(backend, error as Error);
      if (response.headersSent) response.destroy();
      else answerProblem(response, 502, 'Bad Gateway', `${backend} does not answer; it may be restarting`);
    }
  }

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    const target = route(request.url ?? '/');
    switch (target.to) {
      case 'redirect':
        response.writeHead(301, { Location: target.location, 'Cache-Control': 'no-cache' }).end();
        return;
      case 'embed':
        options.embed(request, response);
        return;
      case 'app':
        options.apps[target.app](request, response);
        return;
      default:
        if (target.onlyLoopback && !isLoopback(request)) {
          answerProblem(response, 404, 'Not Found', 'only for callers on this machine');
          return;
        }
        setForwarded(request);
        request.url = target.path;
        void pass(request, response, target.to);
    }
  }

  function onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (request.headers['sec-websocket-protocol']?.startsWith('vite-')) return; // Vite's own listener takes it
    socket.on('error', () => socket.destroy());
    const target = route(request.url ?? '/');
    if (target.to !== 'api' && target.to !== 'media') {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    setForwarded(request);
    request.url = target.path;
    proxyUpgrade(options.backends[target.to], request, socket, head, {
      xfwd: false,
      upgradeTimeout: UPGRADE_TIMEOUT_MS,
    })
      .then((upstream: Socket) => upstream.on('error', () => socket.destroy()))
      // httpxy has answered by now: with the backend's own refusal, or, when there is none, by closing the socket.
      .catch((error: Error) => options.onBackendError?.(target.to as Backend, error));
  }

  const server: Server = options.tls ? createTlsServer(options.tls, onRequest) : createServer(onRequest);
  server.on('upgrade', onUpgrade);
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    else socket.destroy();
  });
  server.on('close', () => agent.destroy());
  return server;
}

const isRead = ({ method }: IncomingMessage) => method === 'GET' || method === 'HEAD';

/** RFC 9457 problem details, in the shape of contracts/src/errors.ts. */
function answerProblem(response: ServerResponse, status: number, title: string, detail: string): void {
  const code = status === 404 ? 'not_found' : 'unavailable';
  const retry = status === 502 ? { retryAfterSeconds: 1 } : {};
  const requestId = randomUUID();
  response.writeHead(status, {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    'X-Request-Id': requestId,
    ...(status === 502 ? { 'Retry-After': '1' } : {}),
  });
  response.end(
    JSON.stringify({ type: `urn:walnut-live:problem:${code}`, title, status, code, detail, requestId, ...retry }),
  );
}
