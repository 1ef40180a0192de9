/** What migrations 0380 and 0400 make of rows as they were before them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listCommissionHolds } from '@walnut-live/contracts';
import { expect, it } from 'vitest';
import { DAY, scene, terms } from '../../testing/commission-scene.ts';
import { visit } from '../../testing/visits.ts';
import { COMMISSION_CHECK_JOB, COMMISSION_THAW_JOB, claim } from './index.ts';

const MIGRATIONS = join(import.meta.dirname, '../../../prisma/migrations');

/** The parts of a migration that change rows. */
async function repairs(name = '0380_commission_mended', from = '-- ── entries of before 0310'): Promise<string> {
  const all = await readFile(join(MIGRATIONS, name, 'migration.sql'), 'utf8');
  return all.slice(all.indexOf(from));
}

it('K3 K7 entries of before 0310 whose order was received are looked at, thaw and can be claimed', async () => {
  await using on = await scene();
  const { api, brand, anna, bella, db, sql } = on;
  const received = await on.sold(bella, anna, brand.rooms.a, [10_000]);
  api.clock.advanceSeconds(120);
  const underWay = await on.sold(bella, anna, brand.rooms.b, [10_000]);
  // As the api of before 0310 left them: received without any step, and nothing to look at.
  await sql`UPDATE orders SET state = 'received', received_at = ${api.clock.now()} WHERE id = ${received.id}`;
  await sql`DELETE FROM commission_checks`;
  api.clock.advanceSeconds(14 * DAY);
  const turn = async () => {
    await on.run(COMMISSION_CHECK_JOB);
    await on.run(COMMISSION_THAW_JOB);
  };
  const states = async () =>
    [...(await on.entries(received.id)), ...(await on.entries(underWay.id))].map((e) => e.state);
  await turn();
  expect(await states()).toEqual(['estimated', 'estimated']);
  await db.pool.query(await repairs());
  await db.pool.query(await repairs()); // a second time it finds nothing
  expect(await states()).toEqual(['frozen', 'estimated']);
  api.clock.set(new Date(Math.max(Date.now(), api.clock.now().getTime()) + 60_000));
  expect(await sql`SELECT 1 FROM commission_checks WHERE checked_at IS NULL`).toHaveLength(2);
  await on.run(COMMISSION_THAW_JOB);
  expect(await states()).toEqual(['frozen', 'estimated']); // not looked at yet
  api.clock.advanceSeconds(DAY);
  await turn();
  expect(await states()).toEqual(['settleable', 'estimated']);
  expect(await on.audit()).toEqual([]);
});

it('K4 a claw-back that was held is claimable after the next thaw, whatever is in dispute', async () => {
  await using on = await scene();
  const { api, brand, anna, bella, db, sql } = on;
  const order = await on.sold(bella, anna, brand.rooms.a, [10_000]);
  await on.run(COMMISSION_CHECK_JOB);
  await on.orders.receive(order);
  api.clock.advanceSeconds(16 * DAY);
  await on.run(COMMISSION_THAW_JOB);
  const asked = { beneficiaryId: bella.personId, storePath: null, withAllMinus: true };
  const take = () =>
    db.transaction((tx) =>
      claim(tx, { ...asked, lineId: crypto.randomUUID(), at: api.clock.now(), upTo: api.clock.now() }),
    );
  expect((await take()).sumFen).toBe(1_000n);
  await on.orders.refund(order, [4_000]);
  await sql`WITH h AS (UPDATE commission_entries SET state = 'held', held_reason = 'same_phone' WHERE amount_fen < 0 RETURNING id)
    INSERT INTO commission_transitions (entry_id, from_state, to_state, event, at) SELECT id, 'settleable', 'held', 'hold', now() FROM h`;
  expect((await take()).carriedFen).toBe(0n);
  await db.pool.query(await repairs());
  await sql`UPDATE order_items SET refunding_fen = 100`;
  api.clock.set(new Date(Math.max(Date.now(), api.clock.now().getTime()) + 60_000));
  await on.run(COMMISSION_THAW_JOB);
  expect((await take()).carriedFen).toBe(-400n);
  expect(await on.audit()).toEqual([]);
});

it('K4 K7 a hold of which nothing is held any more is closed, and what it held of others goes on; one that holds stays', async () => {
  await using on = await scene();
  const { api, brand, anna, bella, chris, db, sql } = on;
  await on.publish(terms({ levelTwoBps: 200, levelTwoEnabled: true }));
  await visit(api, chris, bella, brand.rooms.a.id);
  const order = await on.sold(bella, anna, brand.rooms.a, [10_000]);
  api.clock.advanceSeconds(120);
  const other = await on.sold(bella, anna, brand.rooms.b, [10_000]);
  await on.orders.receive(order);
  const hold = (orderId: string) => sql`
    INSERT INTO commission_holds (id, order_id, beneficiary_id, org_path, signals, state, opened_at)
    VALUES (${crypto.randomUUID()}, ${orderId}, ${bella.personId}, ${brand.stores.a.path},
      ${JSON.stringify([{ kind: 'same_phone', count: 1, refs: [], firstAt: null, lastAt: null }])}::jsonb, 'open', ${api.clock.now()})`;
  await hold(order.id);
  await hold(other.id);
  // As 0380 left the first: of whom it is about nothing is held, only level two of the same order.
  await sql`WITH h AS (UPDATE commission_entries SET state = 'held', held_reason = 'same_phone'
      WHERE order_id = ${other.id} OR level = 2 RETURNING id, order_id)
    INSERT INTO commission_transitions (entry_id, from_state, to_state, event, at)
    SELECT id, CASE order_id WHEN ${order.id}::uuid THEN 'frozen' ELSE 'estimated' END, 'held', 'hold', now() FROM h`;
  await sql`DELETE FROM commission_bonus_marks`;
  const desk = async () => {
    const { items } = await api.ok(listCommissionHolds, { as: brand.staff.finance });
    return items.map(({ orderId, amountFen }) => [orderId, amountFen]);
  };
  expect(await desk()).toHaveLength(2);
  const repair = await repairs('0400_holds_of_nothing', '-- ── holds of nothing');
  await db.pool.query(repair);
  await db.pool.query(repair); // a second time it finds nothing
  expect(await desk()).toEqual([[other.id, 1_200]]);
  expect((await on.entries(order.id)).map(({ level, state }) => [level, state])).toEqual([
    [1, 'frozen'],
    [2, 'frozen'],
  ]);
  expect((await on.entries(other.id)).map(({ state }) => state)).toEqual(['held', 'held']);
  const [moot] = await sql`SELECT state, decided_by FROM commission_holds WHERE order_id = ${order.id}`;
  expect(moot).toEqual({ state: 'moot', decided_by: null });
  // What counts for tiers again has its month looked at; level two counts for none.
  const marks = () => sql<{ id: string }>`SELECT beneficiary_id AS id FROM commission_bonus_marks`;
  expect(await marks()).toEqual([]);
  await sql`UPDATE commission_holds SET beneficiary_id = ${chris.personId} WHERE order_id = ${other.id}`;
  await sql`UPDATE commission_entries SET state = 'estimated', held_reason = '' WHERE order_id = ${other.id} AND level = 2`;
  await sql`INSERT INTO commission_transitions (entry_id, from_state, to_state, event, at)
    SELECT id, 'held', state, 'release', now() FROM commission_entries WHERE order_id = ${other.id} AND level = 2`;
  await db.pool.query(repair);
  expect(await marks()).toEqual([{ id: bella.personId }]);
  expect(await on.audit()).toEqual([]);
});
