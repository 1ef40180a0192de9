/** A hundred people, many gifts each at once, and coins for a few of them: shared by the test and the drill of the crowd. */
import { randomUUID } from 'node:crypto';
import { takeGiftBack } from '@walnut-live/contracts';
import { expect } from 'vitest';
import { GIFT_SHARING_JOB } from '../features/gifts/index.ts';
import { createLedger } from '../ledger/index.ts';
import type { Principal } from '../platform/principal.ts';
import { makeConsumer, seedBrand } from './fixtures.ts';
import { balanceOf, expectGiftsRight, GIFT, give, showAdult } from './gifts.ts';
import { startTestApi, type TestApi } from './test-api.ts';

const PEOPLE = 100;
/** Enough for eleven gifts of ten coins, and not for a twelfth. */
const COINS_EACH = 115n;
const AFFORDED = 11;

/** Coins as a paid top-up brings them, without the way there: what is tested is what becomes of them. */
async function fillWallets(api: TestApi, personIds: readonly string[]): Promise<void> {
  const { db, random, clock } = api.api.platform;
  const ledger = createLedger({ random });
  for (const owner of personIds)
    await db.transaction((tx) =>
      ledger.postTransfer(tx, {
        ...{ kind: 'coins_bought', ref: randomUUID(), at: clock.now() },
        entries: [
          { account: { kind: 'unmatched_payments', owner: 'test' }, amountFen: COINS_EACH * 10n },
          { account: { kind: 'coin_wallet', owner }, amountFen: -COINS_EACH * 10n },
        ],
      }),
    );
}

/** So many people at a time, each with so many requests of their own under way. */
export interface CrowdSize {
  readonly giftsEach: number;
  readonly peopleAtOnce: number;
  readonly rivals: number;
}

/** One tap: a server that is crowded is asked again under the same key, as the player does. */
async function tap(api: TestApi, person: Principal, roomId: string) {
  const key = randomUUID();
  for (;;) {
    const answer = await give(api, person, roomId, GIFT.squirrel, { key });
    if (answer.problem.code !== 'unavailable' && answer.problem.code !== 'request_in_flight') return answer;
  }
}

/** Nothing is overdrawn, shown twice or lost. Answers how long the gifts took, in milliseconds. */
export async function crowdGives({ giftsEach, peopleAtOnce, rivals }: CrowdSize): Promise<number> {
  await using api = await startTestApi({ DATABASE_POOL_SIZE: '20' });
  const { rooms } = await seedBrand(api);
  const people = await Promise.all(Array.from({ length: PEOPLE }, () => makeConsumer(api)));
  for (const person of people) await showAdult(api, person);
  await fillWallets(
    api,
    people.map(({ personId }) => personId),
  );
  const begun = Date.now();
  const outcomes = people.map((person) => ({ person, codes: new Set<string>(), given: [] as string[] }));
  const waiting = [...outcomes];
  const inTurn = async (): Promise<void> => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { person, codes, given } = next;
      let left = giftsEach;
      const rival = async (): Promise<void> => {
        while (left-- > 0) {
          const { status, body, problem } = await tap(api, person, rooms.a.id);
          if (status === 201) given.push(body.given.id);
          else codes.add(problem.code);
        }
      };
      await Promise.all(Array.from({ length: rivals }, rival));
    }
  };
  await Promise.all(Array.from({ length: peopleAtOnce }, inTurn));
  const took = Date.now() - begun;
  for (const { given, codes } of outcomes) {
    expect(given).toHaveLength(AFFORDED);
    expect([...codes]).toEqual(['insufficient_coins']);
  }
  // Everybody takes their last one back, thrice at once; for whom the time is over already it stays.
  const back = await Promise.all(
    outcomes.flatMap(({ person, given }) =>
      [1, 2, 3].map(() => api.call(takeGiftBack, { as: person, params: { id: given.at(-1) ?? '' }, body: {} })),
    ),
  );
  expect(back.every(({ status, problem }) => status === 200 || problem.code === 'too_late')).toBe(true);
  const returned = back.filter(({ status }) => status === 200).length;
  expect(returned).toBeLessThanOrEqual(PEOPLE);
  await expectGiftsRight(api);
  api.clock.advanceSeconds(11);
  await api.api.platform.jobs.runNow(GIFT_SHARING_JOB);
  await expectGiftsRight(api);
  const left = await Promise.all(people.map(({ personId }) => balanceOf(api, personId)));
  expect(left.reduce((sum, coins) => sum + coins, 0)).toBe(PEOPLE * 5 + returned * 10);
  expect(Math.min(...left)).toBeGreaterThanOrEqual(0);
  return took;
}
