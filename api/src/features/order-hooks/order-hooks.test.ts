/** One note that cannot be told keeps no other from it, and ends where somebody sees it. */
import { listOrderNotes, myMessages, retryOrderNote } from '@walnut-live/contracts';
import { expect, it } from 'vitest';
import { makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { payFor, place, shelfLine } from '../../testing/shop.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { ORDER_HOOKS_JOB } from './index.ts';

it('a note that cannot be told is tried alone, set aside, seen, and told when it is tried once more', async () => {
  await using api = await startTestApi();
  const { products, rooms, staff } = await seedBrand(api);
  const { sql, pool } = api.api.platform.db;
  const { jobs } = api.api.platform;
  const bought = async () => {
    const buyer = await makeConsumer(api);
    const order = await place(api, buyer, rooms.a, [shelfLine(products.milk)]);
    await payFor(api, buyer, order.id);
    return { buyer, order };
  };
  const [first, bad, last] = [await bought(), await bought(), await bought()];
  await sql`CREATE FUNCTION refuse_one() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''broken''; END'`;
  await pool.query(`CREATE TRIGGER refuse_one BEFORE INSERT ON messages FOR EACH ROW
    WHEN (NEW.key = 'order-paid:${bad.order.id}') EXECUTE FUNCTION refuse_one()`);
  const turn = () => jobs.runNow(ORDER_HOOKS_JOB);
  const told = async ({ buyer, order }: typeof bad) => {
    await jobs.runNow('messages-due');
    const { items } = await api.ok(myMessages, { as: buyer, query: { limit: 10 } });
    return items.filter(({ content }) => content.order?.id === order.id).length;
  };
  const seen = async (as = staff.a.manager) => (await api.ok(listOrderNotes, { as, query: {} })).items;

  await turn();
  expect([await told(first), await told(bad), await told(last)]).toEqual([1, 0, 1]);
  expect(await seen()).toEqual([]);
  const more = await bought();
  await turn(); // not before its pause is over, and the new one does not wait for it
  expect(await told(more)).toBe(1);
  const [tried] = await sql<{ attempts: number }>`SELECT attempts FROM order_hooks WHERE order_id = ${bad.order.id}`;
  expect(tried?.attempts).toBe(1);
  for (let n = 0; n < 4; n++) {
    api.clock.advanceSeconds(700);
    await turn();
  }
  const [note] = await seen();
  expect(note).toMatchObject({
    ...{ kind: 'paid', order: { id: bad.order.id, orderNo: bad.order.orderNo }, attempts: 5 },
    error: expect.stringContaining('broken'),
  });
  expect(await seen(staff.b.manager)).toEqual([]);

  const params = { id: note?.id ?? '' };
  expect((await api.call(retryOrderNote, { as: staff.b.manager, params, body: {} })).status).toBe(404);
  await sql`DROP TRIGGER refuse_one ON messages`;
  await api.ok(retryOrderNote, { as: staff.a.manager, params, body: {} });
  expect((await api.call(retryOrderNote, { as: staff.a.manager, params, body: {} })).status).toBe(409);
  await turn();
  expect([await told(bad), await seen()]).toEqual([1, []]);
});
