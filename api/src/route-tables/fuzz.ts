/**
 * Throws what the served OpenAPI document describes, and what it does not, at the whole api: every route in turn, as many kinds of
 * people, right requests with something exchanged, made-up ones, broken ones. What an answer must be, whatever was asked:
 * never a fault of the server's, in good time, and by the contract: a reply of the route's shape or problem details that the
 * route's description names.
 */
import { randomUUID } from 'node:crypto';
import { errorStatus, Problem, type Route, routes } from '@walnut-live/contracts';
import fc from 'fast-check';
import { buildOpenApi } from '../platform/openapi.ts';
import type { Principal } from '../platform/principal.ts';
import type { TestApi } from '../testing/test-api.ts';
import { type Maker, type Pool, readPool, valueFor, variationsOf } from './fuzz-values.ts';
import { everybody, gateOf } from './requests.ts';
import { type ThingsOfB, targets } from './scope-targets.ts';

type Json = Record<string, unknown>;
interface Operation {
  readonly parameters?: readonly { name: string; in: string; schema: Json; required: boolean; example?: unknown }[];
  readonly requestBody?: { content: Record<string, { schema: Json; example?: unknown }> };
}
/** One request, as it goes out. */
interface Shot {
  readonly route: Route;
  readonly who: string;
  readonly params: Record<string, unknown>;
  readonly query: Record<string, unknown>;
  readonly body: unknown;
  readonly key: 'fresh' | 'same' | 'missing' | 'bad';
  readonly raw: 'json' | 'bytes' | 'broken';
}
export interface Finding {
  readonly what: string;
  readonly shot: string;
}
export interface FuzzReport {
  readonly findings: readonly Finding[];
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Routes that did what they were asked at least once. */
  readonly done: ReadonlySet<string>;
  readonly slowest: { readonly ms: number; readonly shot: string };
}

/** Of every route whatever it says: what happens before its handler, and when the database or a limit says no. */
const ANYWHERE = new Set([
  ...[
    'invalid_request',
    'unauthenticated',
    'forbidden',
    'session_expired',
    'not_found',
    'rate_limited',
    'body_too_large',
  ],
  ...[
    'unsupported_media_type',
    'idempotency_key_missing',
    'idempotency_key_reused',
    'request_in_flight',
    'method_not_allowed',
  ],
  ...['banned', 'not_in_audience', 'words_refused', 'unavailable'],
]);
/** Media and the shops outside are not there in a test. */
const AWAY = new Set(['unavailable', 'provider_unavailable']);
const LEAKS = /\bat .+\.[jt]s:\d+|SELECT |INSERT INTO|UPDATE .+ SET|relation "|column "|node_modules|ECONNREFUSED/;

export interface FuzzOptions {
  readonly seed: number;
  /** Of each route. */
  readonly shotsPerRoute: number;
  readonly atOnce: number;
  readonly slowMs: number;
  /** Which routes; all when it is left out. */
  readonly only?: (route: Route) => boolean;
  /** Told what goes out before it goes. */
  readonly onShot?: (shot: string) => void;
}

const operationOf = (paths: Record<string, Record<string, Operation>>, route: Route): Operation => {
  const path = `${route.base ?? '/api/v1'}${route.path}`.replaceAll(/:(\w+)/g, '{$1}');
  const operation = paths[path]?.[route.method.toLowerCase()];
  if (!operation) throw new Error(`${route.id} is not described`);
  return operation;
};

function shotsAt(route: Route, operation: Operation, pool: Pool, things: ThingsOfB): fc.Arbitrary<Shot> {
  const about = /^\/?([\w-]+)/.exec(route.path)?.[1] ?? '';
  const target = targets[route.id]?.(things) ?? {};
  const body = operation.requestBody?.content['application/json'];
  const people = Object.entries(everybody(things.brand));
  const insiders = people.filter(([, person]) => gateOf(route.access, person) === 'open').map(([who]) => who);
  const parametersOf = (where: string) => (operation.parameters ?? []).filter((one) => one.in === where);

  const ofParameters = (where: 'path' | 'query', maker: Maker, known: Json | undefined): fc.Arbitrary<Json> =>
    fc.record(
      Object.fromEntries(
        parametersOf(where).map(({ name, schema }) => {
          const made = valueFor(schema, name, maker);
          return [
            name,
            known?.[name] === undefined ? made : fc.oneof({ weight: 3, arbitrary: fc.constant(known[name]) }, made),
          ];
        }),
      ),
      where === 'path'
        ? {}
        : { requiredKeys: parametersOf(where).flatMap(({ name, required }) => (required ? [name] : [])) },
    ) as fc.Arbitrary<Json>;

  return fc
    .oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.constant(15) })
    .chain((spoil) => {
      const maker: Maker = { pool, about, spoil };
      const whole = target.body ?? body?.example;
      const bodies = body
        ? fc.oneof(
            { weight: 3, arbitrary: variationsOf(whole, maker, body.schema) },
            { weight: 2, arbitrary: valueFor(body.schema, '', maker) },
          )
        : fc.constant(undefined);
      return fc.record<Shot>({
        route: fc.constant(route),
        who: fc.oneof(
          { weight: 5, arbitrary: fc.constantFrom(...insiders) },
          { weight: 1, arbitrary: fc.constantFrom(...people.map(([who]) => who)) },
        ),
        params: ofParameters('path', maker, target.params),
        query: ofParameters(
          'query',
          maker,
          target.query ? Object.fromEntries(new URLSearchParams(target.query)) : undefined,
        ),
        body: bodies,
        key: fc.oneof(
          { weight: 8, arbitrary: fc.constant('fresh' as const) },
          { weight: 1, arbitrary: fc.constantFrom('same' as const, 'missing' as const, 'bad' as const) },
        ),
        raw: fc.oneof(
          { weight: spoil === 0 ? 50 : 12, arbitrary: fc.constant('json' as const) },
          { weight: 1, arbitrary: fc.constantFrom('bytes' as const, 'broken' as const) },
        ),
      });
    });
}

const written = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
/** A lone half of a character cannot be put into an address. */
const inAddress = (value: unknown): string => encodeURIComponent(written(value).toWellFormed().slice(0, 1_500));

const OLD_KEY = randomUUID();
async function fire(api: TestApi, shot: Shot, as: Principal | undefined) {
  const { route, params, query, body, key, raw } = shot;
  let path = `${route.base ?? '/api/v1'}${route.path}`;
  // An empty part would be the address of something else.
  for (const [name, value] of Object.entries(params)) path = path.replace(`:${name}`, () => inAddress(value) || '%20');
  const search = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => `${encodeURIComponent(name)}=${inAddress(one)}`),
  );
  const keys = { fresh: randomUUID(), same: OLD_KEY, missing: undefined, bad: 'k' };
  const idempotencyKey = route.idempotent ? keys[key] : undefined;
  const takes = route.consumes?.[0];
  const sendsBytes = takes !== undefined || (body !== undefined && raw !== 'json');
  const text = body === undefined ? '' : (JSON.stringify(body) ?? '');
  const payload = !sendsBytes
    ? text
    : raw === 'broken'
      ? text.slice(0, -1)
      : `\u0089PNG\r\n\u001a\n${text}${'\u0000\u00ff'.repeat(200)}`;
  const hasBody = takes !== undefined || body !== undefined;
  const token = as ? await api.token(as) : undefined;
  const startedAt = performance.now();
  const response = await fetch(`${api.url}${path}${search.length > 0 ? `?${search.join('&')}` : ''}`, {
    method: route.method,
    redirect: 'manual',
    headers: {
      'x-walnut-client': 'test',
      ...(token && { authorization: `Bearer ${token}` }),
      ...(idempotencyKey && { 'idempotency-key': idempotencyKey }),
      ...(hasBody && { 'content-type': takes ?? 'application/json' }),
    },
    ...(hasBody && { body: payload }),
  });
  const answer = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    text: answer,
    tookMs: performance.now() - startedAt,
  };
}

/** What is wrong with an answer; undefined when nothing is. */
export function faultOf(
  route: Route,
  answer: { status: number; type: string; text: string; tookMs: number },
  slowMs: number,
): string | undefined {
  const { status, type, text, tookMs } = answer;
  if (tookMs > slowMs) return `took ${Math.round(tookMs)} ms`;
  if (status < 400) {
    const expected = route.status ?? (route.method === 'DELETE' ? 204 : 200);
    if (status !== expected) return `answered ${status} instead of ${expected}`;
    if (!route.reply || !type.includes('json')) return undefined;
    const parsed = route.reply.safeParse(JSON.parse(text));
    return parsed.success
      ? undefined
      : `a reply that is none: ${parsed.error.issues[0]?.path.join('/')} ${parsed.error.issues[0]?.message}`;
  }
  if (LEAKS.test(text)) return `tells of the inside: ${LEAKS.exec(text)?.[0]}`;
  if (!type.includes('application/problem+json')) return `${status} as ${type}`;
  const problem = Problem.safeParse(JSON.parse(text));
  if (!problem.success) return `${status} that is no problem: ${text.slice(0, 100)}`;
  const { code } = problem.data;
  if (status >= 500 && !AWAY.has(code)) return `${status} ${code}`;
  if (errorStatus[code] !== status || problem.data.status !== status) return `${status} says it is ${code}`;
  if (!ANYWHERE.has(code) && !route.errors?.includes(code)) return `${code} is not in the contract`;
  return undefined;
}

/** Everything of a run is in the seed and in the order of the routes; what it finds is told by what it asked. */
export async function fuzz(api: TestApi, things: ThingsOfB, options: FuzzOptions): Promise<FuzzReport> {
  const { paths } = buildOpenApi(api.url) as { paths: Record<string, Record<string, Operation>> };
  const pool = await readPool(api.api.platform.db);
  const people = everybody(things.brand) as Record<string, Principal | undefined>;
  const chosen = routes.filter((route) => options.only?.(route) ?? true);
  const shots = chosen.flatMap((route, at) =>
    fc.sample(shotsAt(route, operationOf(paths, route), pool, things), {
      ...{ seed: options.seed + at, numRuns: options.shotsPerRoute },
    }),
  );
  // Not route by route: what one does, another finds.
  const order =
    fc.sample(fc.shuffledSubarray([...shots.keys()], { minLength: shots.length }), {
      seed: options.seed,
      numRuns: 1,
    })[0] ?? [];
  const findings: Finding[] = [];
  const statuses: Record<string, number> = {};
  const done = new Set<string>();
  let slowest = { ms: 0, shot: '' };
  let next = 0;
  const walk = async (): Promise<void> => {
    for (let at = next++; at < order.length; at = next++) {
      const shot = shots[order[at] as number] as Shot;
      const { route, who, params, query, body, key, raw } = shot;
      const told = `#${order[at]} ${route.id} as ${who} ${JSON.stringify({ params, query, body, key, raw })}`;
      options.onShot?.(told);
      const answer = await fire(api, shot, people[who]);
      if (answer.tookMs > slowest.ms) slowest = { ms: Math.round(answer.tookMs), shot: told.slice(0, 300) };
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
      if (answer.status < 400) done.add(route.id);
      const what = faultOf(route, answer, options.slowMs);
      if (what) findings.push({ what: `${route.id}: ${what}`, shot: told.slice(0, 1_500) });
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, walk));
  return { findings, statuses, done, slowest };
}
