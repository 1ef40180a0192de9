/** The hold desk through the api. */
import { confirmCommissionHold, listCommissionHolds, releaseCommissionHold } from '@walnut-live/contracts';
import { describe, expect, it } from 'vitest';
import { DAY, scene, terms } from '../../testing/commission-scene.ts';
import { makeConsumer } from '../../testing/fixtures.ts';
import { makeBrowser, visit } from '../../testing/visits.ts';
import { COMMISSION_CHECK_JOB, COMMISSION_THAW_JOB, claim } from './index.ts';
import { BURST_VISITORS } from './signals.repository.ts';

describe('the hold desk', () => {
  it('K7 every account of a sharer counts: staff and the consumer account with their phone, as buyer and as whose address it is', async () => {
    await using on = await scene();
    const { api, brand, sql } = on;
    const { guide } = brand.staff.a;
    const [self, friend, stranger] = [await makeConsumer(api), await makeConsumer(api), await makeConsumer(api)];
    await sql`UPDATE people SET phone = '13912345678' WHERE id IN (${guide.personId}, ${self.personId})`;
    await sql`INSERT INTO addresses (id, person_id, recipient, phone, region_code, province, city, district, street, is_default, created_at, updated_at)
      VALUES (gen_random_uuid(), ${self.personId}, '导', '13800000000', '330106', '浙江省', '杭州市', '西湖区', '文三路90号', true, now(), now())`;
    const buy = async (buyer: typeof self, street: string) => {
      await visit(api, guide, await makeBrowser(api, buyer), brand.rooms.a.id);
      const order = await on.orders.place(buyer, brand.rooms.a, [10_000]);
      const address = {
        province: '浙江省',
        city: '杭州市',
        district: '西湖区',
        street,
        recipient: '张',
        phone: '13900001111',
      };
      await sql`UPDATE orders SET address = ${address}::jsonb WHERE id = ${order.id}`;
      await on.orders.pay(order);
      return order.id;
    };
    const [home, clean] = [await buy(friend, '文三路 90 号'), await buy(stranger, '解放路 2 号')];
    api.clock.advanceSeconds(60);
    const own = await buy(self, '解放路 1 号');
    await on.run(COMMISSION_CHECK_JOB);
    const { items } = await api.ok(listCommissionHolds, { as: brand.staff.finance });
    const signs = new Map(items.map(({ orderId, signals }) => [orderId, signals.map(({ kind }) => kind)]));
    expect([signs.get(own), signs.get(home), signs.get(clean)]).toEqual([['same_phone'], ['same_address'], undefined]);
  });

  it('K7 each sign holds, nothing is deleted; released it goes on, confirmed it is reversed; audited, headquarters alone', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, sql } = on;
    const { finance, admin } = brand.staff;
    const address = {
      province: '浙江省',
      city: '杭州市',
      district: '西湖区',
      street: '文三路 90 号',
      recipient: '张',
      phone: '13900001111',
    };
    const buy = async (change: (orderId: string) => Promise<unknown>) => {
      const buyer = await makeConsumer(api);
      const browser = await makeBrowser(api, buyer);
      const link = await visit(api, bella, browser, brand.rooms.a.id);
      expect(link.status).toBe(302);
      const order = await on.orders.place(buyer, brand.rooms.a, [10_000]);
      await change(order.id);
      await on.orders.pay(order);
      return { order, buyer };
    };
    const phone = await buy(
      (id) =>
        sql`UPDATE orders SET address = ${{ ...address, street: '解放路 1 号', phone: '13912345678' }}::jsonb WHERE id = ${id}`,
    );
    await sql`UPDATE people SET phone = '13912345678' WHERE id = ${bella.personId}`;
    const place = await buy((id) => sql`UPDATE orders SET address = ${address}::jsonb WHERE id = ${id}`);
    await sql`INSERT INTO addresses (id, person_id, recipient, phone, region_code, province, city, district, street, is_default, created_at, updated_at)
      VALUES (gen_random_uuid(), ${bella.personId}, '贝', '13800000000', '330106', '浙江省', '杭州市', '西湖区', '文三路90号', true, now(), now())`;
    const clean = await buy(async () => {});
    await on.run(COMMISSION_CHECK_JOB);
    const holds = await api.ok(listCommissionHolds, { as: finance });
    expect(
      holds.items.map(({ orderId, signals, amountFen }) => [orderId, signals.map(({ kind }) => kind), amountFen]),
    ).toEqual([
      [phone.order.id, ['same_phone'], 1_000],
      [place.order.id, ['same_address'], 1_000],
    ]);
    expect(JSON.stringify(holds)).not.toMatch(/1391234|文三路/); // Z6
    expect((await on.entries(clean.order.id)).map(({ state }) => state)).toEqual(['estimated']);
    for (const as of [brand.staff.operations, brand.staff.a.manager, brand.staff.analyst])
      expect((await api.call(listCommissionHolds, { as })).status).toBe(403);
    // A held order is received and its freeze goes by: nothing moves, until it is released.
    await on.orders.receive(phone.order);
    await on.orders.refund(phone.order, [1_000]);
    api.clock.advanceSeconds(16 * DAY);
    await on.run(COMMISSION_THAW_JOB);
    expect((await on.entries(phone.order.id)).map(({ state, amount }) => [state, amount])).toEqual([
      ['held', 1_000n],
      ['held', -100n],
    ]);
    const [first, second] = holds.items;
    const decide = (
      route: typeof releaseCommissionHold | typeof confirmCommissionHold,
      id: string | undefined,
      key?: string,
    ) =>
      api.call(route, { as: admin, params: { id: id ?? '' }, body: { reason: '已电话核实' }, ...(key ? { key } : {}) });
    const key = crypto.randomUUID();
    expect((await decide(releaseCommissionHold, first?.id, key)).body).toMatchObject({
      state: 'released',
      reason: '已电话核实',
      decidedBy: { id: admin.personId },
    });
    expect((await decide(releaseCommissionHold, first?.id, key)).status).toBe(200); // the answer was lost
    expect((await decide(confirmCommissionHold, first?.id)).problem.code).toBe('state_conflict');
    await on.run(COMMISSION_THAW_JOB);
    expect((await on.entries(phone.order.id)).map(({ state }) => state)).toEqual(['settleable', 'settleable']);
    // Two of staff at once: one decides.
    const both = await Promise.all([
      decide(releaseCommissionHold, second?.id),
      decide(confirmCommissionHold, second?.id),
    ]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    if (both[0]?.status === 200) {
      expect((await on.entries(place.order.id)).map(({ state }) => state)).toEqual(['estimated']);
    }
    await visit(api, anna, bella, brand.rooms.b.id); // Bella's own browser, on the same network
    const device = await buy(async () => {});
    await on.run(COMMISSION_CHECK_JOB);
    const [open] = (await api.ok(listCommissionHolds, { as: finance, query: { signal: 'same_device' } })).items;
    expect(open?.orderId).toBe(device.order.id);
    const before = await on.owed(bella.personId);
    expect((await decide(confirmCommissionHold, open?.id)).status).toBe(200);
    expect(await on.owed(bella.personId)).toBe(before - 1_000n);
    expect((await on.entries(device.order.id)).map(({ event, amount, state }) => [event, amount, state])).toEqual([
      ['paid', 1_000n, 'reversed'],
      ['voided', -1_000n, 'reversed'],
    ]);
    await on.orders.refund(device.order, [10_000]);
    expect(await on.owed(bella.personId)).toBe(before - 1_000n); // nothing is taken twice
    const acts = await sql<{
      action: string;
    }>`SELECT action FROM audit_log WHERE action LIKE 'commission-hold:%' AND reason = '已电话核实'`;
    expect(acts).toHaveLength(3);
    expect(await on.audit()).toEqual([]);
  });

  it('A5 K7 nobody decides a hold of an order they earn of or bought', async () => {
    await using on = await scene();
    const { api, brand, anna, sql } = on;
    const { finance, admin } = brand.staff;
    const order = await on.sold(finance, anna, brand.rooms.a, [10_000]);
    await sql`INSERT INTO commission_holds (id, order_id, beneficiary_id, org_path, signals, state, opened_at)
      SELECT gen_random_uuid(), id, ${finance.personId}, org_path, '[{"kind":"same_payer","count":1,"refs":[],"firstAt":null,"lastAt":null}]', 'open', now() FROM orders`;
    const [hold] = (await api.ok(listCommissionHolds, { as: admin })).items;
    expect(hold?.orderId).toBe(order.id);
    const decide = (route: typeof releaseCommissionHold | typeof confirmCommissionHold, as: typeof admin) =>
      api.call(route, { as, params: { id: hold?.id ?? '' }, body: { reason: '已电话核实' } });
    for (const route of [releaseCommissionHold, confirmCommissionHold])
      expect(await decide(route, finance)).toMatchObject({
        status: 403,
        problem: { code: 'conflict_of_interest', facts: { reason: 'beneficiary' } },
      });
    await sql`UPDATE people SET phone = (SELECT phone FROM people WHERE id = ${anna.personId}) WHERE id = ${admin.personId}`;
    expect((await decide(releaseCommissionHold, admin)).problem).toMatchObject({ facts: { reason: 'buyer' } });
    await sql`UPDATE people SET phone = NULL WHERE id = ${admin.personId}`;
    expect((await decide(releaseCommissionHold, admin)).status).toBe(200);
  });

  it('K4 K7 a hold stops what is open of an order, and never what takes back paid commission', async () => {
    await using on = await scene();
    const { brand, anna, bella, sql, api } = on;
    const order = await on.sold(bella, anna, brand.rooms.a, [10_000, 5_000]);
    await on.run(COMMISSION_CHECK_JOB);
    await on.orders.receive(order);
    api.clock.advanceSeconds(16 * DAY);
    await on.run(COMMISSION_THAW_JOB);
    const asked = { beneficiaryId: bella.personId, storePath: null, withAllMinus: true };
    const take = (lineId: string) =>
      on.db.transaction((tx) => claim(tx, { ...asked, lineId, at: api.clock.now(), upTo: api.clock.now() }));
    expect((await take(crypto.randomUUID())).sumFen).toBe(1_500n);
    await on.orders.refund(order, [10_000]);
    const newer = await on.sold(bella, anna, brand.rooms.b, [4_000]);
    // Signs are seen now, on both orders.
    const address = { province: '', city: '', district: '', street: '', recipient: '张', phone: '13912345678' };
    await sql`UPDATE orders SET address = ${address}::jsonb`;
    await sql`UPDATE people SET phone = '13912345678' WHERE id = ${bella.personId}`;
    await sql`UPDATE commission_checks SET checked_at = NULL`;
    await on.run(COMMISSION_CHECK_JOB);
    expect((await on.entries(newer.id)).map(({ state }) => state)).toEqual(['held']);
    expect((await on.entries(order.id)).map(({ state, amount }) => [state, amount])).toEqual([
      ['claimed', 1_000n],
      ['claimed', 500n],
      ['settleable', -1_000n],
    ]);
    expect((await take(crypto.randomUUID())).carriedFen).toBe(-1_000n);
    expect(await on.audit()).toEqual([]);
  });

  it('K7 what is held goes on when its last hold is decided, and counts for its month again', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, chris, sql } = on;
    await on.publish(terms({ levelTwoBps: 200, levelTwoEnabled: true }));
    await visit(api, chris, bella, brand.rooms.a.id);
    const soldAndHeld = async (room: typeof brand.rooms.a) => {
      const order = await on.sold(bella, anna, room, [10_000]);
      for (const { personId } of [bella, chris])
        await sql`INSERT INTO commission_holds (id, order_id, beneficiary_id, org_path, signals, state, opened_at)
          VALUES (gen_random_uuid(), ${order.id}, ${personId}, ${brand.stores.a.path},
            '[{"kind":"same_phone","count":1,"refs":[],"firstAt":null,"lastAt":null}]', 'open', now())`;
      await sql`WITH h AS (UPDATE commission_entries SET state = 'held', held_reason = 'same_phone'
          WHERE order_id = ${order.id} RETURNING id)
        INSERT INTO commission_transitions (entry_id, from_state, to_state, event, at)
        SELECT id, 'estimated', 'held', 'hold', now() FROM h`;
      return order;
    };
    const order = await soldAndHeld(brand.rooms.a);
    await sql`DELETE FROM commission_bonus_marks`;
    const states = async () => (await on.entries(order.id)).map(({ level, state }) => [level, state]);
    const marks = () => sql<{ id: string }>`SELECT beneficiary_id AS id FROM commission_bonus_marks`;
    const { items } = await api.ok(listCommissionHolds, { as: brand.staff.finance });
    const holdOf = (personId: string) => items.find(({ beneficiary }) => beneficiary.id === personId)?.id ?? '';
    const release = (personId: string) =>
      api.ok(releaseCommissionHold, {
        as: brand.staff.finance,
        params: { id: holdOf(personId) },
        body: { reason: '已电话核实' },
      });
    await release(chris.personId);
    expect(await states()).toEqual([
      [1, 'held'],
      [2, 'held'],
    ]);
    await sql`DELETE FROM commission_bonus_marks`;
    // The other one needs no decision any more: nothing is left of it.
    await on.orders.refund(order, [10_000]);
    expect((await states()).slice(0, 2)).toEqual([
      [1, 'reversed'],
      [2, 'reversed'],
    ]);
    expect((await marks()).map(({ id }) => id)).toContain(bella.personId);

    // One of two confirmed voids all that is held of the order: the other one is about nothing any more.
    api.clock.advanceSeconds(120);
    await soldAndHeld(brand.rooms.b);
    const desk = async () => (await api.ok(listCommissionHolds, { as: brand.staff.finance })).items;
    const [hold] = await desk();
    expect(await desk()).toHaveLength(2);
    await api.ok(confirmCommissionHold, {
      as: brand.staff.finance,
      params: { id: hold?.id ?? '' },
      body: { reason: '同一手机号' },
    });
    expect(await desk()).toEqual([]);
    expect(await on.audit()).toEqual([]);
  });

  it('K7 a crowd from one network is a sign; refunded meanwhile it needs no decision', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, sql } = on;
    const order = await on.sold(bella, anna, brand.rooms.a, [10_000]);
    const crowd = (count: number) => sql`
      WITH who AS (INSERT INTO people (id, kind, name, created_at) SELECT gen_random_uuid(), 'guest', '访客', now() FROM generate_series(1, ${count}::int) RETURNING id)
      INSERT INTO touches (id, link_id, sharer_id, visitor_id, room_id, channel, link_issued_at, ip_hash, agent_hash, at)
      SELECT gen_random_uuid(), t.link_id, t.sharer_id, who.id, t.room_id, t.channel, t.link_issued_at, t.ip_hash, 'other', t.at
      FROM who, (SELECT * FROM touches WHERE visitor_id = ${anna.personId} LIMIT 1) t`;
    await crowd(BURST_VISITORS - 2);
    await on.run(COMMISSION_CHECK_JOB);
    expect((await on.entries(order.id)).map(({ state }) => state)).toEqual(['estimated']); // one short of a crowd
    await crowd(1);
    await sql`UPDATE commission_checks SET checked_at = NULL`;
    await on.run(COMMISSION_CHECK_JOB);
    const [hold] = (await api.ok(listCommissionHolds, { as: brand.staff.finance })).items;
    expect(hold?.signals).toMatchObject([{ kind: 'touch_burst', count: BURST_VISITORS }]);
    await on.orders.refund(order, [10_000]);
    expect((await api.ok(listCommissionHolds, { as: brand.staff.finance })).items).toEqual([]);
    expect((await on.entries(order.id)).map(({ state }) => state)).toEqual(['reversed', 'reversed']);
    expect(await on.audit()).toEqual([]);
  });
});
