/** The HTTP application: what every request goes through, then the routes of the features. */
import { type Route, routes } from '@walnut-live/contracts';
import express, { type ErrorRequestHandler, type Express } from 'express';
import helmet from 'helmet';
import type { Random } from './platform/clock.ts';
import { docsPage, docsStyle } from './platform/docs-page.ts';
import type { PageJudge } from './platform/embedding.policy.ts';
import { embeddedPages } from './platform/embedding.ts';
import { AppError, toAppError, toProblem } from './platform/errors.ts';
import type { createHttp } from './platform/http.ts';
import type { Logger } from './platform/logger.ts';
import type { Metrics } from './platform/metrics.ts';
import { buildOpenApi } from './platform/openapi.ts';
import type { Tracing } from './platform/tracing.ts';

const BODY_LIMIT = '64kb';

export function createApp(deps: {
  http: ReturnType<typeof createHttp>;
  log: Logger;
  metrics: Metrics;
  random: Random;
  tracing: Tracing;
  publicUrl: string;
  trustProxyHops: number;
  pages: PageJudge;
  picturesDir: string;
  isReady: () => Promise<{ ready: boolean; checks: Record<string, boolean> }>;
}): Express {
  const { log, metrics, random, tracing } = deps;
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', deps.trustProxyHops);
  app.set('query parser', 'simple');
  app.use(tracing.requests);
  app.use((req, res, next) => {
    const given = req.get('x-request-id');
    const traceId = tracing.traceId();
    res.locals.requestId = given && /^[\w-]{8,64}$/.test(given) ? given : random.id();
    res.set('X-Request-Id', res.locals.requestId);
    const began = performance.now();
    res.on('finish', () => {
      const { statusCode: status } = res;
      const tookMs = performance.now() - began;
      metrics.requests.observe({ method: req.method, route: req.route?.path ?? 'none', status }, tookMs / 1_000);
      const level = status >= 500 ? 'error' : 'debug';
      if (!log.isLevelEnabled(level)) return;
      const path = req.originalUrl.split('?')[0]?.replace(/^\/s\/.*/, '/s/…');
      log[level](
        { requestId: res.locals.requestId, traceId, method: req.method, path, status, tookMs: Math.round(tookMs) },
        'answered',
      );
    });
    next();
  });
  app.use(embeddedPages(deps.pages));
  app.use(
    helmet({
      contentSecurityPolicy: {
        directives: { defaultSrc: ["'none'"], imgSrc: ["'self'"], styleSrc: ["'self'"], frameAncestors: ["'none'"] },
      },
      crossOriginResourcePolicy: { policy: 'same-site' },
    }),
  );

  app.use(
    express.json({
      limit: BODY_LIMIT,
      strict: true,
      verify: (req, _res, raw) => void Object.assign(req, { rawBody: raw }),
    }),
  );
  app.use((req, _res, next) => {
    const length = req.get('content-length');
    const hasBody = req.get('transfer-encoding') !== undefined || (length !== undefined && length !== '0');
    const types = takesBytes(req.method, req.path) ?? ['application/json'];
    if (hasBody && !req.is([...types])) return next(new AppError('unsupported_media_type'));
    next();
  });
  // A share link that is not even a URL still opens the player (rule A6).
  app.use('/s', (req, res, next) => {
    if (isDecodable(req.path)) return next();
    metrics.badShareTokens.inc({ reason: 'malformed' });
    res.redirect(302, '/');
  });
  app.use(deps.http.router);

  // Readable everywhere: by it an embedded page tells "not allowed here" from "not reachable".
  app.get('/healthz', (_req, res) => void res.set('Access-Control-Allow-Origin', '*').json({ ok: true }));
  app.get('/readyz', async (_req, res) => {
    const { ready, checks } = await deps.isReady();
    res.status(ready ? 200 : 503).json({ ready, checks });
  });
  app.get(
    '/metrics',
    async (_req, res) => void res.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
  const openapi = buildOpenApi(deps.publicUrl);
  app.get('/api/v1/openapi.json', (_req, res) => void res.json(openapi));
  app.get('/docs', (_req, res) => void res.type('html').send(docsPage()));
  app.get('/docs/style.css', (_req, res) => void res.type('css').send(docsStyle));
  app.use(
    '/pictures',
    express.static(deps.picturesDir, {
      index: false,
      maxAge: '1d',
      setHeaders: (res) =>
        void res.setHeader('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'"),
    }),
  );

  app.use((req, _res, next) => {
    const path = req.path;
    const known = routes.filter((route) => pathPattern(route).test(path));
    next(new AppError(known.length > 0 ? 'method_not_allowed' : 'not_found'));
  });
  app.use(((error, _req, res, _next) => {
    const known = toAppError(error);
    if (known.code === 'internal')
      log.error(
        { err: known.cause ?? known, requestId: res.locals.requestId },
        known.details.detail ?? 'unexpected failure',
      );
    else if (known !== error && known.cause !== undefined)
      log.warn({ err: known.cause, requestId: res.locals.requestId }, 'the database did not do it');
    if (res.headersSent) return void res.destroy();
    const problem = toProblem(known, res.locals.requestId as string);
    if (known.code === 'internal') delete problem.detail;
    if (problem.retryAfterSeconds) res.set('Retry-After', String(problem.retryAfterSeconds));
    const body = JSON.stringify(problem);
    res.statusCode = problem.status;
    // Not by `send`, which would first look for a digest under which to keep what nobody keeps.
    res.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
    res.setHeader('Content-Length', Buffer.byteLength(body));
    res.end(body);
  }) satisfies ErrorRequestHandler);
  return app;
}

const pathPattern = (route: Route): RegExp =>
  new RegExp(`^${(route.base ?? '/api/v1') + route.path.replaceAll(/:\w+/g, '[^/]+')}/?$`);

const takers = routes.flatMap((route) => (route.consumes ? [{ ...route, pattern: pathPattern(route) }] : []));
/** The types of a body that its route reads by itself. */
function takesBytes(method: string, path: string): readonly string[] | undefined {
  return takers.find((route) => route.method === method && route.pattern.test(path))?.consumes;
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
