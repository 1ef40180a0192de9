/** The parts of the HTTP side that belong to no feature: hardening, health, metrics, the error shape. */
import express, { type ErrorRequestHandler, type Express, type Router } from 'express';
import helmet from 'helmet';
import { isGateway } from './client-address.ts';
import { failureStatus, isMediaFailure, mediaFailure } from './failure.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

export function createApp(deps: {
  log: Logger;
  metrics: Metrics;
  isReady: () => boolean;
  /** `isFit` false: this process does not do its work and should be looked after. */
  health: () => { isFit: boolean } & Record<string, unknown>;
  routers: Array<{ path: string; router: Router }>;
}): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('trust proxy', isGateway);
  // Segments are fetched by pages of other origins.
  app.use(helmet({ crossOriginResourcePolicy: { policy: 'cross-origin' } }));
  app.get('/healthz', (_request, response) => {
    const { isFit, ...facts } = deps.health();
    response.status(isFit ? 200 : 503).json({ status: isFit ? 'ok' : 'failing', ...facts });
  });
  app.get('/readyz', (_request, response) => {
    const ready = deps.isReady();
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not-ready' });
  });
  app.get('/metrics', async (_request, response) => {
    response.type(deps.metrics.registry.contentType).send(await deps.metrics.registry.metrics());
  });
  for (const { path, router } of deps.routers) app.use(path, router);
  app.use(() => {
    throw mediaFailure('media_not_found');
  });
  const onError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
    if (response.headersSent) return next(error);
    response.setHeader('cache-control', 'no-store');
    if (isMediaFailure(error)) {
      const { code, details } = error;
      response.status(failureStatus[code]).json({ error: { code, ...(details && { details }) } });
      return;
    }
    const status = statusOf(error);
    if (status >= 500) deps.log.error({ err: error }, 'request failed');
    response.status(status).json({ error: { code: status >= 500 ? 'media_internal' : 'media_payload_invalid' } });
  };
  app.use(onError);
  return app;
}

interface Layer {
  readonly route?: { readonly path: string; readonly stack: readonly { readonly method?: string }[] };
  readonly handle: { readonly stack?: readonly Layer[] };
}
/**
 * Everything that answers, as `GET /hls/:streamId/session`, for the table of who may ask what. `ALL` is a refusal of the other
 * methods; what hangs below a router of a router is told as `…`.
 */
export function routesOf(app: Express, routers: ReadonlyArray<{ path: string; router: Router }>): string[] {
  const list = (path: string, stack: readonly Layer[]): string[] =>
    stack.flatMap(({ route, handle }) => {
      if (!route) return handle.stack ? list(`${path}/…`, handle.stack) : [];
      const methods = new Set(route.stack.map(({ method }) => method?.toUpperCase() ?? 'ALL'));
      return [...methods].map((method) => `${method} ${path}${route.path === '/' ? '' : route.path}`);
    });
  const own = (app.router.stack as unknown as Layer[]).filter(({ route }) => route);
  return [...list('', own), ...routers.flatMap(({ path, router }) => list(path, router.stack as unknown as Layer[]))];
}

/** Body parser and URI errors carry their own status. */
function statusOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('status' in error)) return 500;
  const { status } = error;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
}
