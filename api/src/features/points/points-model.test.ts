/** Random lives of one person's points against a model that knows only lots in a list. */
import { randomUUID } from 'node:crypto';
import type { Coupon } from '@walnut-live/contracts';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { makeCouponKind } from '../../testing/coupons.ts';
import { type Brand, makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { makeMemberRules } from '../../testing/members.ts';
import { place, shelfLine } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { createCouponsService } from '../coupons/coupons.service.ts';
import { auditPoints } from './index.ts';
import { createPointsService } from './points.service.ts';

const RUNS = Number(process.env.POINTS_RUNS ?? 10);
const BPS = 1_000;
const VALID_DAYS = 10;
const PRICE = 40n;

let api: TestApi;
let brand: Brand;
let templateId: string;
let exchangeId: string;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
  await makeMemberRules(api, brand, { basePointsBps: BPS, pointsValidDays: VALID_DAYS, levels: [] });
  templateId = (await place(api, brand.consumers.anna, brand.rooms.a, [shelfLine(brand.products.milk)])).id;
  const kind = await makeCouponKind(api, brand, brand.hq, { total: 100_000, perPerson: 100 });
  exchangeId = randomUUID();
  await api.api.platform.db.sql`INSERT INTO points_exchanges (id, kind_id, points, created_by, created_at)
    VALUES (${exchangeId}, ${kind.id}, ${PRICE}, ${brand.staff.admin.personId}, ${api.clock.now()})`;
});
afterAll(() => api[Symbol.asyncDispose]());

type Step =
  | { do: 'receive'; fen: number }
  | { do: 'refund'; which: number; fen: number }
  | { do: 'exchange' | 'sweep' }
  | { do: 'days'; days: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('receive' as const), fen: fc.integer({ min: 1, max: 1_500 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('refund' as const),
      which: fc.nat(20),
      fen: fc.integer({ min: 1, max: 900 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('exchange' as const, 'sweep' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('days' as const), days: fc.integer({ min: 1, max: 6 }) }) },
);
interface ModelLot {
  orderId: string;
  basis: bigint;
  kept: bigint;
  left: bigint;
  expired: bigint;
  ends: number;
}

it('N1 one step after the other, balance and lots are as the model says', { timeout: 120_000 }, async () => {
  const { db, random } = { db: api.api.platform.db, random: api.api.platform.random };
  let nowMs = Date.now();
  const clock = { now: () => new Date(nowMs) };
  const grant = createCouponsService({ db, clock, random }).grant;
  const points = createPointsService({ db, clock, random, grant });

  /** An order as it is when it was received, of one item. */
  async function newOrder(person: Principal, fen: number): Promise<string> {
    const [id, itemId] = [randomUUID(), randomUUID()];
    const order = { id, order_no: id.slice(0, 18), person_id: person.personId };
    await db.sql`INSERT INTO orders SELECT (jsonb_populate_record(o, ${JSON.stringify(order)}::jsonb)).* FROM orders o WHERE o.id = ${templateId}`;
    const item = { id: itemId, order_id: id, quantity: 1, unit_price_fen: fen, discount_fen: 0, amount_fen: fen };
    await db.sql`INSERT INTO order_items SELECT (jsonb_populate_record(i, ${JSON.stringify(item)}::jsonb)).* FROM order_items i WHERE i.order_id = ${templateId}`;
    return id;
  }

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 25 }), async (steps) => {
      const person = await makeConsumer(api);
      const lots: ModelLot[] = [];
      let debt = 0n;
      const worth = (basis: bigint) => (basis * BigInt(BPS)) / 10_000n;
      const sweep = () => {
        for (const lot of lots)
          if (lot.ends <= nowMs) {
            lot.expired += lot.left;
            lot.left = 0n;
          }
      };
      const draw = (wanted: bigint): bigint => {
        let missing = wanted;
        for (const lot of [...lots].sort((a, b) => a.ends - b.ends || lots.indexOf(a) - lots.indexOf(b))) {
          const part = lot.left < missing ? lot.left : missing;
          lot.left -= part;
          missing -= part;
        }
        return missing;
      };
      for (const one of steps) {
        nowMs += 1_000;
        if (one.do === 'days') nowMs += one.days * 86_400_000;
        else if (one.do === 'receive') {
          const orderId = await newOrder(person, one.fen);
          for (const _again of [1, 2]) await db.transaction((tx) => points.onOrderReceived(tx, orderId, clock.now()));
          const kept = worth(BigInt(one.fen));
          if (kept === 0n) continue;
          sweep();
          const offset = debt < kept ? debt : kept;
          debt -= offset;
          const ends = nowMs + VALID_DAYS * 86_400_000;
          lots.push({ orderId, basis: BigInt(one.fen), kept, left: kept - offset, expired: 0n, ends });
        } else if (one.do === 'refund') {
          const lot = lots[one.which % Math.max(1, lots.length)];
          if (!lot) continue;
          const fen = BigInt(one.fen) > lot.basis ? lot.basis : BigInt(one.fen);
          lot.basis -= fen;
          await db.sql`UPDATE order_items SET refunded_fen = refunded_fen + ${fen} WHERE order_id = ${lot.orderId}`;
          const refund = { orderId: lot.orderId, refundId: randomUUID(), at: clock.now() };
          for (const _again of [1, 2]) await db.transaction((tx) => points.onOrderRefunded(tx, refund));
          sweep();
          let back = lot.kept - worth(lot.basis);
          lot.kept -= back;
          for (const from of ['left', 'expired'] as const) {
            const part = lot[from] < back ? lot[from] : back;
            lot[from] -= part;
            back -= part;
          }
          debt += draw(back);
        } else if (one.do === 'exchange') {
          sweep();
          const balance = lots.reduce((sum, lot) => sum + lot.left, 0n) - debt;
          const got: Coupon | string = await db
            .transaction((tx) => points.exchange(tx, person.personId, exchangeId))
            .catch((error: { code?: string }) => error.code ?? 'failed');
          if (balance < PRICE) expect(got).toBe('insufficient_points');
          else {
            expect(got).toMatchObject({ source: 'points' });
            draw(PRICE);
          }
        } else {
          sweep();
          await points.expireDue();
        }
        const [row] = await db.sql<{ balance: bigint; over: bigint }>`
          SELECT a.balance, coalesce((SELECT sum(remaining) FROM points_lots l WHERE l.person_id = a.person_id AND l.expires_at <= ${clock.now()}), 0)::bigint AS over
          FROM points_accounts a WHERE person_id = ${person.personId}`;
        const live = lots.filter(({ ends }) => ends > nowMs).reduce((sum, lot) => sum + lot.left, 0n);
        expect((row?.balance ?? 0n) - (row?.over ?? 0n), JSON.stringify(one)).toBe(live - debt);
      }
      expect(await auditPoints(db)).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});
