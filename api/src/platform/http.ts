/**
 * Binds contract routes to handlers. A request passes, in this order: size and JSON (app.ts) → who is asking → may they →
 * params, query and body by their contract (unknown fields refused) → Idempotency-Key (rule M3) → handler → reply.
 * Nothing else mounts a route, so what OpenAPI says and what the table tests walk over is what exists.
 */
import type { BodyOf, ParamsOf, QueryOf, ReplyOf, Route } from '@walnut-live/contracts';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { z } from 'zod';
import type { Clock } from './clock.ts';
import type { Db, Tx } from './db.ts';
import { AppError, fromZod } from './errors.ts';
import { withIdempotencyKey } from './idempotency.ts';
import { checkAccess, type Principal, type StaffPrincipal } from './principal.ts';
import type { Tokens } from './tokens.ts';

/** Who is asking, as far as the route's access promises it. */
type PrincipalOf<R extends Route> = R['access'] extends 'public' | { secret: string }
  ? Principal | undefined
  : R['access'] extends { staff: string }
    ? StaffPrincipal
    : Principal;

export interface Context<R extends Route> {
  readonly principal: PrincipalOf<R>;
  readonly params: ParamsOf<R>;
  readonly query: QueryOf<R>;
  readonly body: BodyOf<R>;
  readonly requestId: string;
  /** Address of the caller, for limits and fraud signals; hash before it is stored. */
  readonly ip: string;
  readonly userAgent: string;
  readonly req: Request;
  readonly res: Response;
  /** The transaction in which an idempotent route must do its work; undefined elsewhere. */
  readonly tx: R extends { idempotent: true } ? Tx : undefined;
}
export type Handler<R extends Route> = (context: Context<R>) => Promise<ReplyOf<R>>;
/** A handler answers with this when it has written the response itself (redirects, CSV, pictures). */
export const written = Symbol('response written') as unknown as never;

/** Runs before an idempotent route opens its transaction: whoever is refused here has cost no connection. */
export type Before = (caller: { readonly principal: Principal | undefined; readonly ip: string }) => Promise<void>;

/** An idempotent route whose handler asks for and stores the keys itself: many requests in one transaction. It has no `tx`. */
export type Keys = 'keeps its keys';

export type Binder = <const R extends Route>(route: R, handler: Handler<R>, before?: Before, keys?: Keys) => void;

const API = '/api/v1';
/** The first part of a path, after the api's own beginning; no route has a parameter there. */
function headOf(path: string): string {
  const from = path.startsWith(`${API}/`) ? API.length + 1 : 1;
  const end = path.indexOf('/', from);
  return path.slice(0, end === -1 ? undefined : end);
}

const DEFAULT_STATUS = { GET: 200, POST: 200, PUT: 200, PATCH: 200, DELETE: 204 } as const;

export function createHttp(deps: { db: Db; tokens: Tokens; clock: Clock; checkReplies: boolean }) {
  const bound: Route[] = [];
  /** Routers by what their paths begin with: a request is held against a few patterns, not against every route there is. */
  const routers = new Map<string, Router>();
  const routerOf = (path: string): Router => {
    const head = headOf(path);
    const known = routers.get(head) ?? Router({ strict: false, caseSensitive: true });
    routers.set(head, known);
    return known;
  };
  const router: RequestHandler = (req, res, next) => {
    const found = routers.get(headOf(req.path));
    if (found) found(req, res, next);
    else next();
  };

  const parse = (schema: z.ZodType | undefined, value: unknown): unknown => {
    if (!schema) return undefined;
    const parsed = schema.safeParse(value);
    if (!parsed.success) throw fromZod(parsed.error);
    return parsed.data;
  };

  /** In the transaction of an idempotent route, so that nothing happens that could not be told. */
  const checked = (route: Route, reply: unknown): unknown => {
    if (!deps.checkReplies || !route.reply) return reply;
    const { error } = route.reply.safeParse(reply);
    if (!error) return reply;
    throw new AppError('internal', { detail: `${route.id}: reply breaks its contract: ${error.message}` }, error);
  };

  const bind: Binder = (route, handler, before, keys) => {
    bound.push(route);
    const path = `${route.base ?? API}${route.path}`;
    routerOf(path)[route.method.toLowerCase() as 'get'](path, async (req, res) => {
      // Who signs in anew is not stopped by the old token they still carry.
      const signsIn = route.tag === 'identity' && route.access === 'public';
      const principal = await principalOf(req).catch((error: unknown) => {
        if (signsIn) return undefined;
        throw error;
      });
      checkAccess(route.access, principal);
      const params = parse(route.params, req.params);
      const query = parse(route.query, req.query);
      const body = parse(route.body, req.body ?? {});
      const ip = req.ip ?? '';
      await before?.({ principal, ip });
      const requestId = res.locals.requestId as string;
      const base = {
        principal,
        params,
        query,
        body,
        requestId,
        ip,
        userAgent: req.get('user-agent') ?? '',
        req,
        res,
      };
      const run = (tx: Tx | undefined) =>
        handler({ ...base, tx } as unknown as Context<typeof route>) as Promise<unknown>;
      const status = route.status ?? DEFAULT_STATUS[route.method];

      if (route.idempotent && principal && !keys) {
        const answer = await withIdempotencyKey(
          { db: deps.db, clock: deps.clock },
          {
            key: req.get('idempotency-key'),
            personId: principal.personId,
            route: route.id,
            request: { params, query, body },
          },
          async (tx) => ({ status, reply: checked(route, await run(tx)) }),
        );
        if (answer.replayed) res.set('Idempotency-Replayed', 'true');
        return void res.status(answer.status).json(answer.reply);
      }
      const reply = await run(undefined);
      if (reply === written || res.headersSent) return;
      if (status === 204) return void res.status(204).end();
      res.status(status).json(checked(route, reply));
    });
  };

  async function principalOf(req: Request): Promise<Principal | undefined> {
    const header = req.get('authorization');
    if (header === undefined) return undefined;
    const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(header)?.[1];
    if (!token) throw new AppError('unauthenticated');
    return deps.tokens.verifyAccess(token);
  }

  return { router, bind, bound: bound as readonly Route[] };
}
