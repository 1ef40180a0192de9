/** People with coins, and what they give: shared by the tests of wallets, gifts and the tables. */
import { randomInt, randomUUID } from 'node:crypto';
import { checkAdult, sendGift, settleSandbox, topUpWallet } from '@walnut-live/contracts';
import { expect } from 'vitest';
import { auditGifts } from '../features/gifts/index.ts';
import type { Principal } from '../platform/principal.ts';
import { makeConsumer } from './fixtures.ts';
import { eventually, expectBooksRight } from './shop.ts';
import type { TestApi } from './test-api.ts';

/** The gifts that the migration brings, by what they cost. */
export const GIFT = {
  walnut: { id: '01980000-0000-7000-8000-000000000001', priceCoins: 1 },
  squirrel: { id: '01980000-0000-7000-8000-000000000003', priceCoins: 10 },
  basket: { id: '01980000-0000-7000-8000-000000000005', priceCoins: 100 },
  train: { id: '01980000-0000-7000-8000-000000000008', priceCoins: 1_000 },
} as const;
export type TestGift = (typeof GIFT)[keyof typeof GIFT];

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/** A well-made number of nobody in particular, born on that day. */
export function idNumber(born: string, order: number = randomInt(1_000)): string {
  const front = `330106${born.replaceAll('-', '')}${String(order).padStart(3, '0')}`;
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(front[at]), 0);
  return front + '10X98765432'[sum % 11];
}

export const showAdult = (api: TestApi, as: Principal, number: string = randomAdult()) =>
  api.ok(checkAdult, { as, body: { name: '林小桃', idNumber: number, consentWording: 1 } });
/** Each one somebody else, so that caps of one test are not those of another. */
export const randomAdult = (): string => {
  const two = (most: number) => String(randomInt(1, most + 1)).padStart(2, '0');
  return idNumber(`${randomInt(1940, 2005)}-${two(12)}-${two(28)}`);
};

export async function balanceOf(api: TestApi, personId: string): Promise<number> {
  const [row] = await api.api.platform.db.sql<{ coins: bigint }>`
    SELECT -balance_fen / 10 AS coins FROM ledger_accounts WHERE kind = 'coin_wallet' AND owner = ${personId}`;
  return Number(row?.coins ?? 0n);
}

/** Buys one package and waits for the coins. */
export async function buyCoins(
  api: TestApi,
  as: Principal,
  packageId: 'yuan-6' | 'yuan-30' | 'yuan-98' | 'yuan-198' = 'yuan-6',
): Promise<{ paymentId: string; topUpId: string }> {
  const before = await balanceOf(api, as.personId);
  const bought = await api.ok(topUpWallet, { as, body: { packageId, provider: 'sandbox' } });
  await api.ok(settleSandbox, { as, params: { paymentId: bought.paymentId }, body: { outcome: 'captured' } });
  await eventually(async () => expect(await balanceOf(api, as.personId)).toBe(before + bought.coins));
  return bought;
}

/** An adult with the coins of one package. */
export async function makeGiver(
  api: TestApi,
  packageId?: Parameters<typeof buyCoins>[2],
  name?: string,
): Promise<Principal> {
  const giver = await makeConsumer(api, name);
  await showAdult(api, giver);
  await buyCoins(api, giver, packageId);
  return giver;
}

export const give = (
  api: TestApi,
  as: Principal,
  roomId: string,
  gift: TestGift,
  more: { quantity?: number; comboId?: string; key?: string } = {},
) => {
  const { key = randomUUID(), ...body } = more;
  return api.call(sendGift, {
    as,
    key,
    params: { id: roomId },
    body: { giftId: gift.id, seenPriceCoins: gift.priceCoins, ...body },
  });
};

/** Makes somebody an adult with coins who has given one gift; answers its id. */
export async function giveCoinsAndGift(api: TestApi, as: Principal, roomId: string): Promise<string> {
  await showAdult(api, as);
  await buyCoins(api, as);
  const { status, body } = await give(api, as, roomId, GIFT.walnut);
  expect(status).toBe(201);
  return body.given.id;
}

/** Everything that was committed is told; then gifts, transfers and what rooms were told agree, and the books are right. */
export async function expectGiftsRight(api: TestApi): Promise<void> {
  const { db, outbox } = api.api.platform;
  await outbox.drain();
  await eventually(async () => expect(await auditGifts(db)).toEqual([]));
  await expectBooksRight(api);
}
