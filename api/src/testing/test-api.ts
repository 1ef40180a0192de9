/**
 * The whole api on a free port over a database of its own: `await using api = await startTestApi()`.
 * The clock is the test's; secrets are random; replies are checked against their contracts.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { BodyInputOf, Problem, QueryInputOf, ReplyOf, Route } from '@walnut-live/contracts';
import { createTestDatabase } from '../../../scripts/testing/database.ts';
import { type Api, createApi, type Given } from '../compose.ts';
import { type Config, loadConfig } from '../config.ts';
import type { Clock } from '../platform/clock.ts';
import type { Principal } from '../platform/principal.ts';

export interface TestClock extends Clock {
  set(at: Date): void;
  advanceSeconds(seconds: number): void;
}
/** Runs with real time plus an offset that the test moves. */
export function createTestClock(): TestClock {
  let offsetMs = 0;
  return {
    now: () => new Date(Date.now() + offsetMs),
    set: (at) => {
      offsetMs = at.getTime() - Date.now();
    },
    advanceSeconds: (seconds) => {
      offsetMs += seconds * 1000;
    },
  };
}

export interface CallOptions<R extends Route> {
  params?: Record<string, string>;
  query?: QueryInputOf<R>;
  body?: BodyInputOf<R>;
  as?: Principal | undefined;
  token?: string;
  key?: string;
  headers?: Record<string, string>;
}
export interface Answer<T> {
  status: number;
  body: T;
  problem: Problem;
  headers: Headers;
}

export interface Caller {
  /** Calls a route like a client; idempotent routes get a fresh key unless one is given. */
  call<const R extends Route>(route: R, options?: CallOptions<R>): Promise<Answer<ReplyOf<R>>>;
  /** Like `call`, but fails the test on anything but success. */
  ok<const R extends Route>(route: R, options?: CallOptions<R>): Promise<ReplyOf<R>>;
}
export interface TestApi extends Caller, AsyncDisposable {
  readonly api: Api;
  readonly url: string;
  readonly clock: TestClock;
  token(principal: Principal): Promise<string>;
}

export function createCaller(deps: { url: string; token: (principal: Principal) => Promise<string> }): Caller {
  const call: Caller['call'] = async (route, options = {}) => {
    let path = `${route.base ?? '/api/v1'}${route.path}`;
    for (const [name, value] of Object.entries(options.params ?? {}))
      path = path.replace(`:${name}`, encodeURIComponent(value));
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries((options.query ?? {}) as Record<string, unknown>))
      query.set(name, String(value));
    const token = options.token ?? (options.as ? await deps.token(options.as) : undefined);
    const response = await fetch(`${deps.url}${path}${query.size > 0 ? `?${query}` : ''}`, {
      method: route.method,
      redirect: 'manual',
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(route.idempotent ? { 'idempotency-key': options.key ?? randomUUID() } : {}),
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    const text = await response.text();
    const body = /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text;
    return { status: response.status, body, problem: body, headers: response.headers };
  };
  return {
    call,
    async ok(route, options) {
      const answer = await call(route, options);
      if (answer.status >= 400)
        throw new Error(`${route.id} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
  };
}

export async function startTestApi(
  overrides: Partial<Record<keyof Config, string>> = {},
  given: Omit<Given, 'clock'> = {},
): Promise<TestApi> {
  const database = await createTestDatabase();
  const secret = () => randomBytes(32).toString('hex');
  const clock = createTestClock();
  const config = loadConfig({
    DATABASE_URL: database.url,
    // A busy machine makes hundreds of requests of a crowd wait; what a wait that is too long leads to has tests of its own.
    DATABASE_WAIT_MS: '30000',
    PORT: '0',
    HOST: '127.0.0.1',
    AUTH_SECRET: secret(),
    MEDIA_TOKEN_SECRET: secret(),
    SHARE_SECRET: secret(),
    SANDBOX_PAYMENT_SECRET: secret(),
    CONTROL_TOKEN: secret(),
    LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent',
    CHECK_REPLIES: '1',
    ADDRESS_RATE_FACTOR: '1000', // everybody in a test is at one address
    SANDBOX: '1',
    MEDIA_CONTROL_URL: 'http://127.0.0.1:9',
    ...overrides,
  });
  const api = await createApi(config, { ...given, clock });
  const url = `http://127.0.0.1:${await api.listen()}`;

  const token = (principal: Principal) => api.platform.tokens.access(principal);

  return {
    api,
    url,
    clock,
    ...createCaller({ url, token }),
    token,
    async [Symbol.asyncDispose]() {
      await api.close();
      await database.drop();
    },
  };
}
