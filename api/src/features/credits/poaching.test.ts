/** A store shares into the customers of another: it earns the order, takes nobody's customer, and both read why. */
import {
  appealCredit,
  bindingHistory,
  getBinding,
  listCreditAppeals,
  myCredits,
  orderCredit,
  sharerCredit,
} from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { maskName } from '../../platform/masks.policy.ts';
import { seedBrand } from '../../testing/fixtures.ts';
import { payFor, place, shelfLine, TEST_ADDRESS } from '../../testing/shop.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { visit } from '../../testing/visits.ts';

test('A1 A2 A3 a foreign sharer earns the order, the customer stays whose they were, both see why', async () => {
  await using api = await startTestApi();
  const { staff, stores, consumers, rooms, products } = await seedBrand(api);
  const { anna, bella } = consumers;
  const [ours, theirs] = [staff.a, staff.b];
  await visit(api, ours.guide, anna, rooms.a.id);
  const bound = await api.ok(getBinding, { as: anna, params: { id: anna.personId } });
  expect(bound).toMatchObject({ store: { id: stores.a.id }, guide: { id: ours.guide.personId } });

  // A guide of store B, and a customer of store B, share the room of store A with Anna, again and again.
  api.clock.advanceSeconds(60);
  await visit(api, theirs.guide, bella, rooms.b.id);
  await visit(api, bella, anna, rooms.a.id);
  api.clock.advanceSeconds(120);
  await visit(api, theirs.guide, anna, rooms.a.id);
  const order = await place(api, anna, rooms.a, [shelfLine(products.family)]);
  await payFor(api, anna, order.id);
  const params = { id: order.id };

  // The order is the foreign guide's, the customer is not, and nothing of that was written anew.
  expect(order.credit).toMatchObject({ reason: 'share_link', inviter: { id: theirs.guide.personId } });
  expect(await api.ok(getBinding, { as: anna, params: { id: anna.personId } })).toEqual(bound);
  const history = await api.ok(bindingHistory, { as: ours.manager, params: { id: anna.personId } });
  expect(history.items).toMatchObject([{ store: { id: stores.a.id }, endedAt: null }]);

  // The owner's store reads all of it: who won by which click, and the owner beside it, unchanged.
  const why = await api.ok(orderCredit, { as: ours.guide, params });
  expect(why).toMatchObject({
    credit: { reason: 'share_link', inviter: { id: theirs.guide.personId }, orgUnit: { id: stores.b.id } },
    owner: { store: { id: stores.a.id }, guide: { id: ours.guide.personId }, sinceBefore: true },
    policy: { creditWindowSeconds: 86_400, protectDays: 180 },
    mayAppeal: true,
    mayRule: false,
  });
  const clicks = why.considered.filter(({ reason }) => reason === 'share_link');
  expect(clicks.map((click) => [click.why, click.person?.name])).toEqual([
    ['won', theirs.guide.name],
    ['older_click', '贝*'],
    ['older_click', ours.guide.name],
  ]);
  expect(why.considered.find(({ reason }) => reason === 'owner_guide')).toMatchObject({ why: 'outranked' });

  // The foreign sharer, who may not read the order, reads why it is theirs; and the one who lost why it is not.
  expect((await api.call(orderCredit, { as: theirs.guide, params })).status).toBe(404);
  const won = await api.call(sharerCredit, { as: theirs.guide, params });
  expect(won.body).toMatchObject({
    ...{ mine: true, reason: 'share_link', buyerName: maskName(anna.name), roomTitle: rooms.a.title },
    commission: [{ event: 'paid', amountFen: Math.floor(products.family.sku.priceFen / 10) }],
  });
  const lost = await api.call(sharerCredit, { as: bella, params });
  expect(lost.body).toMatchObject({ mine: false, reason: 'share_link', commission: [], mayAppeal: true });
  const ownSteps = lost.body.considered.filter(({ mine }) => mine);
  expect(ownSteps).toMatchObject([{ reason: 'share_link', won: false, why: 'older_click', channel: 'copy' }]);
  expect(lost.body.considered.filter((step) => !step.mine && (step.at !== null || step.channel !== null))).toEqual([]);
  // Nobody's name, phone or id but their own is in what they read (rule Z6).
  for (const [reader, { body }] of [
    [theirs.guide, won],
    [bella, lost],
  ] as const) {
    const text = JSON.stringify(body);
    const others = [anna, bella, ours.guide, theirs.guide].filter(({ personId }) => personId !== reader.personId);
    for (const other of others) {
      expect(text).not.toContain(other.personId);
      expect(text).not.toContain(other.name);
    }
    for (const secret of [TEST_ADDRESS.phone, TEST_ADDRESS.street, order.orderNo]) expect(text).not.toContain(secret);
  }
  expect((await api.call(sharerCredit, { as: consumers.chris, params })).status).toBe(404);
  expect((await api.call(sharerCredit, { as: anna, params })).status).toBe(404);

  const mine = async (as: typeof anna) => (await api.ok(myCredits, { as, query: {} })).items;
  expect(await mine(theirs.guide)).toMatchObject([{ orderId: order.id, mine: true, why: 'won' }]);
  expect(await mine(bella)).toMatchObject([{ orderId: order.id, mine: false, why: 'older_click', amountFen: 0 }]);
  expect(await mine(ours.guide)).toMatchObject([{ orderId: order.id, mine: false, why: 'older_click' }]);
  expect([await mine(anna), await mine(consumers.chris)]).toEqual([[], []]);

  // And the owner may ask headquarters to look.
  await api.ok(appealCredit, { as: ours.guide, params, body: { text: '顾客一直由我服务，13912345678' } });
  const { items, open } = await api.ok(listCreditAppeals, { as: staff.admin, query: { state: 'open' } });
  expect([items, open]).toMatchObject([
    [{ role: 'sharer', text: '顾客一直由我服务，139****5678', orderNo: order.orderNo }],
    1,
  ]);
  // So may the foreign one, who reads in their list no more of the order than on its page.
  await api.ok(appealCredit, { as: theirs.guide, params, body: { text: '确认一下' } });
  const own = await api.ok(listCreditAppeals, { as: theirs.guide, query: {} });
  expect(own.items).toMatchObject([{ text: '确认一下', orderNo: null, paidFen: null, credit: null }]);
});
