/** A few requests that nobody meant at every route and message; thousands are in fuzz.drill.ts. */
import { randomUUID } from 'node:crypto';
import { routes } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditBooks } from '../compose-audit.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { faultOf, fuzz } from './fuzz.ts';
import { fuzzEvents } from './fuzz-events.ts';
import type { ThingsOfB } from './scope-targets.ts';
import { makeThingsOfB } from './things-of-b.ts';

/** Always the same, so that what is red here is red everywhere; the drill takes another one each time. */
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_123);

/** Seconds where nothing else runs. */
const CROWDED_MS = 240_000;

let api: TestApi;
let things: ThingsOfB;
let booksBefore: string[];
beforeAll(async () => {
  api = await startTestApi({ AUTH_RATE_PER_MINUTE: '1000000' });
  things = await makeThingsOfB(api);
  booksBefore = await auditBooks(api.api.platform.db);
});
afterAll(() => api[Symbol.asyncDispose]());

test(
  `messages of the socket are answered by their contract (FUZZ_SEED=${SEED})`,
  async () => {
    const { brand, pollId, chainId, drawId } = things;
    const { milk } = brand.products;
    const { findings, done, refused } = await fuzzEvents(
      api,
      {
        roomId: brand.rooms.b.id,
        room: {
          ...{ productId: milk.id, skuId: milk.sku.id, messageId: `chat:${randomUUID()}`, pollId, chainId, drawId },
          personId: brand.consumers.chris.personId,
        },
        people: [brand.staff.b.guide, brand.consumers.bella, brand.guest],
      },
      { seed: SEED, shots: 150 },
    );
    expect(findings).toEqual([]);
    expect(done.size).toBeGreaterThan(5);
    expect(refused).toBeGreaterThan(50);
  },
  CROWDED_MS,
);

test(
  `requests are answered by their contract, and the books are right afterwards (FUZZ_SEED=${SEED})`,
  async () => {
    const { findings, statuses, done } = await fuzz(api, things, {
      ...{ seed: SEED, shotsPerRoute: 1, atOnce: 6, slowMs: 20_000 },
    });
    expect(findings).toEqual([]);
    // Something came of it, and something was refused, or nothing was tried.
    expect(done.size).toBeGreaterThan(routes.length / 5);
    expect(statuses['400']).toBeGreaterThan(20);
    const books = await auditBooks(api.api.platform.db);
    expect(books.filter((problem) => !booksBefore.includes(problem))).toEqual([]);
  },
  CROWDED_MS,
);

test('what would be wrong is seen', () => {
  const route = routes.find(({ id }) => id === 'rooms.get');
  if (!route) throw new Error('no route');
  const answer = (status: number, body: unknown, type = 'application/problem+json') => ({
    ...{ status, type, text: typeof body === 'string' ? body : JSON.stringify(body), tookMs: 1 },
  });
  const problem = { type: 'urn:x', title: 'x', status: 404, code: 'not_found', requestId: 'r' };
  const wrong = [
    answer(500, { ...problem, status: 500, code: 'internal' }),
    answer(404, { ...problem, status: 400 }),
    answer(409, { ...problem, status: 409, code: 'already_paid' }),
    answer(404, { ...problem, code: 'made_up' }),
    answer(404, { ...problem, detail: 'at run (/srv/api/src/main.ts:3:1)' }),
    answer(404, '<html>', 'text/html'),
    answer(200, { id: 1 }, 'application/json'),
    answer(204, '', ''),
    { ...answer(404, problem), tookMs: 30_000 },
  ];
  expect(wrong.map((one) => faultOf(route, one, 20_000) !== undefined)).toEqual(wrong.map(() => true));
  expect(faultOf(route, answer(404, problem), 20_000)).toBeUndefined();
});
