/** Bonuses of months: one person however many guests they were, and nothing paid before its sales are. */
import { myEarnings, sandboxSignIn } from '@walnut-live/contracts';
import { describe, expect, it } from 'vitest';
import { chinaDayOf, chinaDayStart } from '../../platform/china-day.policy.ts';
import type { Principal } from '../../platform/principal.ts';
import { DAY, scene, terms } from '../../testing/commission-scene.ts';
import { makeGuest } from '../../testing/fixtures.ts';
import { openStates } from '../after-sales/after-sales.policy.ts';
import { COMMISSION_BONUS_JOB, COMMISSION_CHECK_JOB, COMMISSION_THAW_JOB, claim } from './index.ts';
import { monthAfter } from './tiers.policy.ts';

/** A month with ten per cent bonus from a hundred yuan on; the clock stands two days before its end. */
async function month() {
  const on = await scene();
  const name = monthAfter(chinaDayOf(on.api.clock.now()).slice(0, 7));
  await on.publish(terms({ tiers: [{ minNetFen: 10_000, bonusBps: 1_000 }] }));
  const ends = chinaDayStart(`${monthAfter(name)}-01`);
  on.api.clock.set(new Date(ends.getTime() - 2 * DAY * 1_000));
  return {
    ...on,
    name,
    over: async () => {
      on.api.clock.set(new Date(ends.getTime() + 15 * DAY * 1_000 + 60_000));
      await on.run(COMMISSION_BONUS_JOB);
    },
    thaw: async () => {
      await on.run(COMMISSION_CHECK_JOB);
      await on.run(COMMISSION_THAW_JOB);
    },
    /** Signs in, as the guest they are until then. */
    async became(guest: Principal, person: Principal) {
      const phone = '13811112222';
      await on.sql`UPDATE people SET sandbox_account = ${phone} WHERE id = ${person.personId}`;
      const { me } = await on.api.ok(sandboxSignIn, { as: guest, body: { phone } });
      expect(me.id).toBe(person.personId);
      const [row] = await on.sql<{ into: string }>`SELECT merged_into AS into FROM people WHERE id = ${guest.personId}`;
      expect(row?.into).toBe(person.personId);
    },
    bonuses: () => on.sql<{ fen: bigint }>`SELECT amount_fen AS fen FROM commission_bonuses ORDER BY at, no`,
    claimed: (who: Principal) =>
      on.db.transaction((tx) =>
        claim(tx, {
          ...{ beneficiaryId: who.personId, storePath: null, upTo: on.api.clock.now(), withAllMinus: true },
          ...{ lineId: crypto.randomUUID(), at: on.api.clock.now() },
        }),
      ),
    [Symbol.asyncDispose]: () => on[Symbol.asyncDispose](),
  };
}

describe('a guest who becomes somebody', () => {
  it('K6 a month whose bonus was posted for the guest is not paid again to the person', async () => {
    await using on = await month();
    const { api, brand, anna, bella } = on;
    const guest = await makeGuest(api);
    await on.sold(guest, anna, brand.rooms.a, [20_000]);
    await on.over();
    expect(await on.bonuses()).toEqual([{ fen: 2_000n }]);
    await on.became(guest, bella);
    await on.run(COMMISSION_BONUS_JOB);
    expect(await on.bonuses()).toEqual([{ fen: 2_000n }]);
    const mine = await api.ok(myEarnings, { as: bella });
    expect(mine.bonuses.map(({ amountFen }) => amountFen)).toEqual([2_000]);
    expect(await on.audit()).toEqual([]);
  });

  it('K6 sales of both selves reach a tier together, marks of the guest are the person’s, and nothing is posted twice', async () => {
    await using on = await month();
    const { api, brand, anna, bella, sql } = on;
    const guest = await makeGuest(api);
    await on.sold(guest, anna, brand.rooms.a, [6_000]);
    api.clock.advanceSeconds(120);
    await on.sold(bella, anna, brand.rooms.a, [5_000]);
    await on.over();
    expect(await on.bonuses()).toEqual([]); // neither reaches the tier
    await on.became(guest, bella);
    expect(await sql`SELECT 1 FROM commission_bonus_marks WHERE beneficiary_id = ${bella.personId}`).toHaveLength(1);
    // A refund that was told for the guest marks the guest.
    await sql`INSERT INTO commission_bonus_marks VALUES (${guest.personId}, ${on.name}, now())`;
    for (const _turn of [1, 2, 3]) await on.run(COMMISSION_BONUS_JOB);
    expect(await on.bonuses()).toEqual([{ fen: 1_100n }]);
    expect(await sql`SELECT 1 FROM commission_bonus_marks`).toEqual([]);
    expect(await on.audit()).toEqual([]);
  });
});

it('K6 a month that fails is written down and waits; those of others are posted, and it comes later', async () => {
  await using on = await month();
  const { api, brand, anna, bella, chris, sql, db } = on;
  await on.sold(bella, anna, brand.rooms.a, [20_000]);
  api.clock.advanceSeconds(120);
  await on.sold(chris, anna, brand.rooms.a, [30_000]);
  await sql`CREATE FUNCTION refuse_bonus() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''broken''; END'`;
  await db.pool.query(`CREATE TRIGGER refuse_bonus BEFORE INSERT ON commission_bonuses FOR EACH ROW
    WHEN (NEW.beneficiary_id = '${bella.personId}') EXECUTE FUNCTION refuse_bonus()`);
  await sql`UPDATE commission_bonus_marks SET marked_at = marked_at - interval '1 day' WHERE beneficiary_id = ${bella.personId}`;
  await expect(on.over()).rejects.toThrow('1 of 2 failed: broken');
  expect(await on.bonuses()).toEqual([{ fen: 3_000n }]);
  const marks = () => sql`SELECT failures, problem FROM commission_bonus_marks`;
  expect(await marks()).toEqual([{ failures: 1, problem: 'broken' }]);
  await sql`DROP TRIGGER refuse_bonus ON commission_bonuses`;
  await on.run(COMMISSION_BONUS_JOB);
  expect(await marks()).toHaveLength(1); // not before its time
  api.clock.advanceSeconds(61);
  await on.run(COMMISSION_BONUS_JOB);
  expect([await marks(), await on.bonuses()]).toEqual([[], [{ fen: 3_000n }, { fen: 2_000n }]]);
  expect(await on.audit()).toEqual([]);
});

describe('a bonus waits for its sales', () => {
  it('K3 K6 while a sale is frozen, in dispute or appealed it is not claimed, and reads as frozen; a claw-back is', async () => {
    await using on = await month();
    const { api, brand, anna, bella, sql } = on;
    const order = await on.sold(bella, anna, brand.rooms.a, [20_000]);
    await on.over();
    const state = async () => (await api.ok(myEarnings, { as: bella })).bonuses.map((bonus) => bonus.state);
    expect([await state(), (await on.claimed(bella)).sumFen]).toEqual([['frozen'], 0n]); // not received yet
    await on.orders.receive(order);
    await on.thaw();
    expect([await state(), (await on.claimed(bella)).sumFen]).toEqual([['frozen'], 0n]); // the freeze of the sale
    api.clock.advanceSeconds(16 * DAY);
    await on.thaw();
    expect(await state()).toEqual(['settleable']);
    const disputed = async (begin: () => Promise<unknown>, end: () => Promise<unknown>) => {
      await begin();
      expect([await state(), (await on.claimed(bella)).sumFen]).toEqual([['frozen'], 0n]);
      await end();
      expect(await state()).toEqual(['settleable']);
    };
    await disputed(
      () => sql`UPDATE order_items SET refunding_fen = 100 WHERE order_id = ${order.id}`,
      () => sql`UPDATE order_items SET refunding_fen = 0 WHERE order_id = ${order.id}`,
    );
    await disputed(
      () => sql`INSERT INTO credit_appeals (id, order_id, org_path, person_id, role, text, version, state, at)
        SELECT gen_random_uuid(), id, org_path, ${anna.personId}, 'sharer', '', 1, 'open', now() FROM orders WHERE id = ${order.id}`,
      () => sql`DELETE FROM credit_appeals`,
    );
    expect((await on.claimed(bella)).sumFen).toBe(4_000n); // commission and bonus
    // Claimed: what a refund takes back does not wait for the dispute that made it.
    await on.orders.refund(order, [5_000]);
    await on.run(COMMISSION_BONUS_JOB);
    await sql`UPDATE order_items SET refunding_fen = 100 WHERE order_id = ${order.id}`;
    expect((await on.claimed(bella)).carriedFen).toBe(-1_000n);
    expect(await on.audit()).toEqual([]);
  });

  it('K3 the view of disputes knows every open state of a case', async () => {
    await using on = await scene();
    const [row] = await on.sql<{ words: string }>`SELECT pg_get_viewdef('orders_in_dispute'::regclass) AS words`;
    const cases = /after_sales[\s\S]*?ARRAY\[([^\]]*)\]/.exec(row?.words ?? '')?.[1] ?? '';
    expect([...cases.matchAll(/'(\w+)'/g)].map(([, state]) => state).toSorted()).toEqual(openStates.toSorted());
  });
});
