import { getBinding } from '@walnut-live/contracts';
import { describe, expect, it, test } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { createAttributedOrders } from '../../testing/attributed-orders.ts';
import { makeConsumer, makeGuest, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { visit } from '../../testing/visits.ts';
import { type Binding, bindingTerms, decideBinding, ownerBySharer, type Sharer } from './bindings.policy.ts';
import { nameFor } from './names.policy.ts';

const DAY_SECONDS = 86_400;
const NOW = new Date('2026-11-22T00:00:00Z');
const days = (n: number) => new Date(NOW.getTime() + n * DAY_SECONDS * 1000);

describe('A2 the rules without a database', () => {
  it.each([
    [180, 365, 'store', days(180), days(365)],
    [-1, -1, 'store', null, null],
    [0, 0, 'store', NOW, NOW],
    [-1, 365, 'hq', NOW, days(365)],
    [180, -1, 'channel', NOW, null],
  ] as const)('A2 protect %i, valid %i days at a %s', (protectDays, validDays, kind, protectUntil, validUntil) => {
    expect(bindingTerms({ protectDays, validDays }, kind, NOW)).toEqual({ protectUntil, validUntil });
  });

  const bond = (more: Partial<Binding> = {}): Binding => ({
    id: 'b',
    storeId: 'a',
    guideId: 'g',
    boundAt: days(-1),
    protectUntil: days(1),
    validUntil: days(9),
    ...more,
  });
  it.each([
    ['nobody’s yet', undefined, 'x', 'bind'],
    ['protected', bond(), 'x', 'keep'],
    ['protected for ever', bond({ protectUntil: null }), 'x', 'keep'],
    ['protection over', bond({ protectUntil: NOW }), 'x', 'replace'],
    ['protection over, the same owner', bond({ protectUntil: NOW }), 'a', 'keep'],
    ['no longer valid, though protected', bond({ validUntil: NOW, protectUntil: null }), 'a', 'replace'],
    ['valid for ever', bond({ validUntil: null, protectUntil: null }), 'x', 'keep'],
  ] as const)('A2 %s', (_what, current, storeId, decision) => {
    expect(decideBinding(current, { storeId, guideId: 'g' }, NOW)).toBe(decision);
  });

  const room = { orgUnitId: 'room-store', hostId: 'host' };
  it.each<[string, Sharer, string]>([
    ['a guide', { id: 's', kind: 'staff', unit: { id: 'a', kind: 'store' }, owner: null }, 'sharer_store a s'],
    ['HQ staff', { id: 's', kind: 'staff', unit: { id: 'hq', kind: 'hq' }, owner: null }, 'room_store room-store host'],
    [
      'a customer of a store',
      { id: 's', kind: 'consumer', unit: null, owner: { storeId: 'b', guideId: 'g' } },
      'sharer_owner b g',
    ],
    ['nobody’s customer', { id: 's', kind: 'guest', unit: null, owner: null }, 'room_store room-store host'],
  ])('A2 %s wins customers for', (_what, sharer, wanted) => {
    const { owner, reason } = ownerBySharer(sharer, room);
    expect(`${reason} ${owner.storeId} ${owner.guideId}`).toBe(wanted);
  });

  test.each([
    ['hq_analyst', 'hq', null, '林小桃'],
    ['store_manager', 'hq.a.s1', 'hq.a.s1', '林小桃'],
    ['store_manager', 'hq.a.s1', 'hq.a.s2', '林*'],
    ['store_manager', 'hq.a.s1', null, '林*'],
    ['channel_manager', 'hq.a', 'hq.a.s2', '林小桃'],
    ['channel_manager', 'hq.a', 'hq.ab.s2', '林*'],
    ['guide', 'hq.a.s1', 'hq.a.s1', '林*'],
  ] as const)('Z6 %s of %s reads a customer of %s as %s', (role, orgPath, ownerPath, wanted) => {
    const person = { id: 'p', name: '林小桃', kind: 'consumer', ownerPath };
    expect(nameFor({ role, orgPath }, person).name).toBe(wanted);
    expect(nameFor({ role, orgPath }, { ...person, kind: 'staff' }).name).toBe('林小桃');
  });
});

async function scene() {
  const api = await startTestApi();
  const brand = await seedBrand(api);
  const { sql } = api.api.platform.db;
  return {
    api,
    brand,
    ...brand.consumers,
    sql,
    orders: createAttributedOrders(api),
    binding: (person: Principal, as: Principal = person) => api.ok(getBinding, { params: { id: person.personId }, as }),
    inviterOf: async (person: Principal) =>
      (await sql<{ inviter_id: string }>`SELECT inviter_id FROM invite_edges WHERE invitee_id = ${person.personId}`)[0]
        ?.inviter_id ?? null,
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

describe('owner binding', () => {
  it('A2 a guide’s link binds to their store; a later link of another store earns credit but not the customer', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, orders } = on;
    await visit(api, brand.staff.a.guide, anna, brand.rooms.b.id);
    const bound = await on.binding(anna);
    expect(bound).toMatchObject({
      store: { path: brand.stores.a.path },
      guide: { id: brand.staff.a.guide.personId },
      reason: 'sharer_store',
      inviter: { id: brand.staff.a.guide.personId },
    });
    expect(new Date(bound.protectedUntil ?? 0).getTime() - new Date(bound.boundAt ?? 0).getTime()).toBe(
      180 * DAY_SECONDS * 1000,
    );
    await visit(api, brand.staff.b.guide, anna, brand.rooms.b.id);
    expect(await on.binding(anna)).toEqual(bound);
    const order = await orders.place(anna, brand.rooms.b);
    expect(order.credit).toMatchObject({ reason: 'share_link', inviter: { id: brand.staff.b.guide.personId } });

    await visit(api, anna, bella, brand.rooms.b.id); // a customer brings customers to their own store
    expect(await on.binding(bella)).toMatchObject({
      store: { path: brand.stores.a.path },
      reason: 'sharer_owner',
      inviter: { id: anna.personId },
    });
  });

  it('A2 nobody’s customer shares for the room; without a touch the first order binds, and does not count for itself', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, chris, orders } = on;
    await visit(api, anna, bella, brand.rooms.a.id);
    expect(await on.binding(bella)).toMatchObject({
      store: { path: brand.stores.a.path },
      guide: { id: brand.staff.a.guide.personId },
      reason: 'room_store',
    });
    const order = await orders.place(chris, brand.rooms.b);
    expect(order.credit.reason).toBe('room_guide');
    expect(await on.binding(chris)).toMatchObject({
      store: { path: brand.stores.b.path },
      reason: 'first_order',
      inviter: null,
    });
    expect((await orders.place(chris, brand.rooms.a)).credit).toMatchObject({
      reason: 'owner_guide',
      inviter: { id: brand.staff.b.guide.personId },
    });
    expect(await on.binding(anna)).toMatchObject({ store: null, guide: null, boundAt: null });
  });

  it('A2 after protection the next touch takes over, after validity it binds anew; history is kept', async () => {
    await using on = await scene();
    const { api, brand, anna, sql } = on;
    const { a, b } = brand.staff;
    await visit(api, a.guide, anna, brand.rooms.a.id);
    api.clock.advanceSeconds(181 * DAY_SECONDS);
    await visit(api, b.guide, anna, brand.rooms.a.id);
    expect(await on.binding(anna)).toMatchObject({
      store: { path: brand.stores.b.path },
      guide: { id: b.guide.personId },
    });
    api.clock.advanceSeconds(366 * DAY_SECONDS);
    expect(await on.binding(anna)).toMatchObject({ store: null });
    await visit(api, b.guide, anna, brand.rooms.a.id);
    expect(await on.binding(anna)).toMatchObject({ store: { path: brand.stores.b.path } });
    const rows = await sql<{ ended_at: Date | null }>`SELECT ended_at FROM owner_bindings ORDER BY bound_at`;
    expect(rows.map((row) => row.ended_at !== null)).toEqual([true, true, false]);
  });

  it('A2 a bond to HQ is not protected: the first store takes the customer over', async () => {
    await using on = await scene();
    const { api, brand, anna, bella } = on;
    await visit(api, bella, anna, brand.rooms.hq.id);
    expect(await on.binding(anna)).toMatchObject({ store: { kind: 'hq' }, reason: 'room_store' });
    api.clock.advanceSeconds(1);
    await visit(api, brand.staff.c.guide, anna, brand.rooms.hq.id);
    expect(await on.binding(anna)).toMatchObject({ store: { path: brand.stores.c.path } });
  });

  it('A5 own visits, inactive sharers and colleagues bind nobody', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, sql } = on;
    await visit(api, anna, anna, brand.rooms.a.id);
    await sql`UPDATE people SET active = false WHERE id = ${bella.personId}`;
    await visit(api, bella, anna, brand.rooms.a.id);
    await visit(api, anna, brand.staff.a.guide, brand.rooms.a.id);
    expect(await sql`SELECT 1 FROM owner_bindings`).toEqual([]);
    expect(await sql`SELECT 1 FROM invite_edges`).toEqual([]);
    expect(await sql`SELECT 1 FROM touches`).toHaveLength(3);
  });

  it('A2 parallel first touches leave one bond and one inviter', async () => {
    await using on = await scene();
    const { api, brand, anna, sql } = on;
    const sharers = [
      brand.staff.a.guide,
      brand.staff.b.guide,
      brand.staff.c.guide,
      brand.staff.d.guide,
      on.bella,
      on.chris,
    ];
    await Promise.all(sharers.map((sharer) => visit(api, sharer, anna, brand.rooms.a.id)));
    expect(await sql`SELECT 1 FROM owner_bindings WHERE ended_at IS NULL`).toHaveLength(1);
    expect(await sql`SELECT 1 FROM owner_bindings`).toHaveLength(1);
    expect(await sql`SELECT 1 FROM invite_edges`).toHaveLength(1);
  });
});

describe('invite edges', () => {
  it('A5 no loop, however long, also when both click at once; the first inviter stays', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, chris, inviterOf } = on;
    const roomId = brand.rooms.a.id;
    await visit(api, anna, bella, roomId);
    await visit(api, bella, chris, roomId);
    await visit(api, chris, anna, roomId); // would close the circle
    expect(await inviterOf(anna)).toBeNull();
    await visit(api, chris, bella, roomId);
    expect(await inviterOf(bella)).toBe(anna.personId);

    const pair = [await makeConsumer(api, '甲'), await makeConsumer(api, '乙')] as const;
    await Promise.all([visit(api, pair[0], pair[1], roomId), visit(api, pair[1], pair[0], roomId)]);
    const both = [await inviterOf(pair[0]), await inviterOf(pair[1])];
    expect(both.filter((id) => id !== null)).toHaveLength(1);
  });
});

describe('a guest who became somebody', () => {
  it('A1 bond and inviter move to a person who has none', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, orders, inviterOf } = on;
    const guest = await makeGuest(api);
    const friend = await makeConsumer(api, '朋友');
    await visit(api, bella, guest, brand.rooms.a.id);
    await visit(api, guest, friend, brand.rooms.a.id);
    await merge(on, guest, anna);
    expect(await on.binding(anna)).toMatchObject({
      store: { path: brand.stores.a.path },
      inviter: { id: bella.personId },
    });
    expect(await inviterOf(guest)).toBeNull();
    expect(await inviterOf(friend)).toBe(anna.personId);
    expect((await orders.place(anna, brand.rooms.a)).credit).toMatchObject({
      reason: 'share_link',
      inviter: { id: bella.personId },
    });
  });

  it('A1 a person keeps what they have; what would make a loop or invite themselves is dropped', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, chris, sql, inviterOf } = on;
    const guest = await makeGuest(api);
    await visit(api, brand.staff.b.guide, anna, brand.rooms.b.id);
    await visit(api, brand.staff.a.guide, guest, brand.rooms.a.id);
    await visit(api, guest, bella, brand.rooms.a.id);
    await visit(api, bella, chris, brand.rooms.a.id);
    await merge(on, guest, anna);
    expect(await on.binding(anna)).toMatchObject({
      store: { path: brand.stores.b.path },
      inviter: { id: brand.staff.b.guide.personId },
    });
    expect(await inviterOf(bella)).toBe(anna.personId);
    expect(await sql`SELECT 1 FROM owner_bindings WHERE customer_id = ${guest.personId} AND ended_at IS NULL`).toEqual(
      [],
    );

    const own = await makeGuest(api);
    const late = await makeConsumer(api, '晚来');
    await visit(api, own, late, brand.rooms.a.id);
    await merge(on, own, late);
    expect(await inviterOf(late)).toBeNull();
    const below = await makeGuest(api);
    await visit(api, chris, below, brand.rooms.a.id);
    await merge(on, below, late);
    expect(await inviterOf(late)).toBe(chris.personId);
  });

  async function merge(on: Awaited<ReturnType<typeof scene>>, guest: Principal, person: Principal) {
    await on.api.api.platform.db.transaction(async (tx) => {
      await tx`UPDATE people SET merged_into = ${person.personId} WHERE id = ${guest.personId}`;
      await on.orders.bindings.onGuestBecamePerson(tx, guest.personId, person.personId);
    });
  }
});

test('GET /customers/:id/binding: my own, or a customer of the scope', async () => {
  await using on = await scene();
  const { api, brand, anna, bella, chris, orders } = on;
  await visit(api, bella, anna, brand.rooms.a.id);
  const read = async (as: Principal, person = anna) =>
    (await api.call(getBinding, { params: { id: person.personId }, as })).status;
  const { a, b, admin, channelEast, channelNorth, finance } = brand.staff;
  expect([await read(anna), await read(bella), await read(brand.guest)]).toEqual([200, 404, 401]);
  expect([await read(admin), await read(a.manager), await read(channelEast)]).toEqual([200, 200, 200]);
  expect([await read(b.manager), await read(channelNorth), await read(a.guide), await read(finance)]).toEqual([
    404, 404, 403, 403,
  ]);
  expect([await read(admin, chris), await read(a.manager, chris), await read(admin, a.guide)]).toEqual([200, 404, 404]);
  await orders.place(anna, brand.rooms.b);
  expect(await read(b.manager)).toBe(200);
  expect((await on.binding(anna, a.manager)).inviter).toEqual({ id: bella.personId, name: '贝*' });
  expect((await on.binding(anna, admin)).inviter).toEqual({ id: bella.personId, name: '贝贝' });
});
