/** How the three apps are served: their built files, or, for `dev`, their sources through Vite. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';
import { ROOT } from '../setup/paths.ts';
import type { AppHandler } from './gateway.ts';
import { contentSecurityPolicy, EMBED_HEADERS, PAGE_HEADERS } from './headers.ts';
import { APP_RULES, type AppName } from './routes.ts';

const YEAR_SECONDS = 31_536_000;
/** Vite puts a hash of the content into the names of what it writes here. */
const HASHED = /\/assets\/[^/]+-[\w-]{8,}\.\w+$/;

/** Serves `<app>/dist` under `root`; a path without a file extension is a page of the app and gets its index.html. */
export function builtApps(root = ROOT): Record<AppName, AppHandler> {
  return forEachApp(({ app, base }) => {
    const files = sirv(join(root, app, 'dist'), {
      single: true,
      brotli: true,
      gzip: true,
      etag: true,
      dev: false,
      setHeaders: (response, path) => {
        response.setHeader(
          'Cache-Control',
          HASHED.test(path) ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache',
        );
      },
    });
    return (request, response) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.writeHead(405, { Allow: 'GET, HEAD' }).end();
        return;
      }
      setPageHeaders(request, response);
      request.url = `/${(request.url ?? '/').slice(base.length)}`;
      files(request, response, () => {
        response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' });
        response.end('Not found\n');
      });
    };
  });
}

/** Serves what other sites load from `live-client/dist` under `root`. `dev`: whatever is there when it is asked for. */
export function embedFiles(root = ROOT, { dev = false } = {}): AppHandler {
  const files = sirv(join(root, 'live-client', 'dist'), { brotli: true, gzip: true, etag: true, dev });
  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end();
      return;
    }
    for (const [name, value] of Object.entries(EMBED_HEADERS)) response.setHeader(name, value);
    response.setHeader('Vary', 'Accept-Encoding');
    files(request, response, () => {
      response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' });
      response.end('Not found\n');
    });
  };
}

/** Serves the sources with hot reload. Without a content security policy: Vite writes inline scripts. */
export async function devApps(server: () => Server): Promise<Record<AppName, AppHandler>> {
  const { createServer } = await import('vite');
  const handlers = await Promise.all(
    APP_RULES.map(async ({ app, base }) => {
      const vite = await createServer({
        root: join(ROOT, app),
        base,
        configFile: join(ROOT, app, 'vite.config.ts'),
        appType: 'spa',
        logLevel: 'warn',
        clearScreen: false,
        server: {
          middlewareMode: true,
          allowedHosts: true,
          hmr: { server: server(), path: '__hmr' },
          ws: { server: server() },
        },
      });
      const handler: AppHandler = (request, response) => vite.middlewares(request, response);
      return [app, handler] as const;
    }),
  );
  return Object.fromEntries(handlers) as Record<AppName, AppHandler>;
}

function forEachApp(make: (rule: (typeof APP_RULES)[number]) => AppHandler): Record<AppName, AppHandler> {
  return Object.fromEntries(APP_RULES.map((rule) => [rule.app, make(rule)])) as Record<AppName, AppHandler>;
}

function setPageHeaders(request: IncomingMessage, response: ServerResponse): void {
  for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value);
  response.setHeader('Content-Security-Policy', contentSecurityPolicy(request.headers.host ?? ''));
  response.setHeader('Vary', 'Accept-Encoding');
}
