import { randomUUID } from 'node:crypto';
import {
  type BodyInputOf,
  copyTemplates,
  listCouponKinds,
  listRoomSlots,
  previewTemplates,
  setAlertRule,
  type TemplateCopy,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeCouponKind } from '../../testing/coupons.ts';
import { type Brand, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { type Held, planOf, type Template } from './templates.policy.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());
const sql: TestApi['api']['platform']['db']['sql'] = (...args) => api.api.platform.db.sql(...args);

test('of one name: the same terms are left, others skipped or replaced by choice, a coupon in use is never stopped', () => {
  const coupon: Template = { kind: 'coupon_kinds', name: '满减', terms: 'a' };
  const held = (terms: string, inUse = false): Held[] => [{ ...coupon, name: ' 满减 ', terms, inUse, id: '1' }];
  const act = (there: Held[], existing: 'skip' | 'replace', template = coupon) =>
    planOf([template], there, { hasHost: false }, existing).map(({ line }) => [line.act, line.why])[0];
  expect(act([], 'skip')).toEqual(['make', null]);
  expect(act(held('a'), 'replace')).toEqual(['same', null]);
  expect(act(held('b'), 'skip')).toEqual(['skip', null]);
  expect(act(held('b'), 'replace')).toEqual(['replace', null]);
  expect(act(held('b', true), 'replace')).toEqual(['cannot', 'in_use']);
  expect(act([], 'skip', { kind: 'room_slots', name: '周二', terms: 'a' })).toEqual(['cannot', 'no_host']);
});

test('headquarters copy a store’s schedules, coupons and rules: as the preview said, once, audited, and nobody else may', async () => {
  const { staff, stores, products } = brand;
  const now = api.clock.now();
  const slot = randomUUID();
  await sql`INSERT INTO room_slots (id, org_unit_id, org_path, host_id, title, cover_url, weekdays, start_minute, zone, duration_minutes, product_ids,
      from_date, exceptions, state, created_by, created_at, updated_at)
    VALUES (${slot}, ${stores.a.id}, ${stores.a.path}, ${staff.a.guide.personId}, '工厂直播', '/pictures/room-walnut-grove.svg', '{2,5}', 1200, 'Asia/Shanghai', 90,
      ${[products.milk.id]}::uuid[], '2026-01-01', '{}', 'active', ${staff.admin.personId}, ${now}, ${now})`;
  await makeCouponKind(api, brand, stores.a, { title: '满 50 减 20', total: 100 });
  const other = await makeCouponKind(api, brand, stores.b, { title: '满 50 减 20', total: 7 });
  const rule = { kind: 'stock_low', enabled: true, threshold: 3, coolDownMinutes: 30, reason: '门店自己的' } as const;
  await api.ok(setAlertRule, { as: staff.admin, body: { ...rule, orgUnitId: stores.a.id } });
  const terms = { zones: [], excluded: [], other: { by: 'flat', feeFen: 800, freeFromFen: 9_900 }, pickup: true };
  await sql`INSERT INTO shipping_rules (org_unit_id, version, org_path, terms, set_by, at)
    VALUES (${stores.a.id}, 1, ${stores.a.path}, ${JSON.stringify(terms)}::jsonb, ${staff.admin.personId}, ${now})`;
  const wish: BodyInputOf<typeof previewTemplates> = {
    sourceId: stores.a.id,
    kinds: ['room_slots', 'coupon_kinds', 'alert_rules', 'shipping_rule'],
    to: 'all',
    existing: 'skip',
  };
  for (const as of [staff.a.manager, staff.channelEast, staff.finance])
    expect((await api.call(previewTemplates, { as, body: wish })).status).toBe(403);
  const as = staff.operations;
  for (const sourceId of [brand.hq.id, randomUUID()])
    expect((await api.call(previewTemplates, { as, body: { ...wish, sourceId } })).status).toBe(404);
  expect((await api.call(previewTemplates, { as, body: { ...wish, to: [stores.a.id] } })).status).toBe(400);

  const actsAt = (copy: TemplateCopy, storeId: string) =>
    copy.stores.find(({ orgUnit }) => orgUnit.id === storeId)?.lines.map(({ kind, act }) => `${kind} ${act}`);
  const seen = await api.ok(previewTemplates, { as, body: wish });
  expect(seen.sums).toEqual({ make: 11, replace: 0, skip: 1, same: 0, cannot: 0 });
  expect(actsAt(seen, stores.b.id)).toEqual(
    expect.arrayContaining(['coupon_kinds skip', 'room_slots make', 'alert_rules make', 'shipping_rule make']),
  );
  expect((await sql`SELECT FROM room_slots`).length).toBe(1); // looked at, not done

  const key = randomUUID();
  const copy = (existing: 'skip' | 'replace', more = {}) =>
    api.call(copyTemplates, { as, body: { ...wish, existing, reason: '开店统一' }, ...more });
  const [first, again] = [await copy('skip', { key }), await copy('skip', { key })];
  expect([first.status, again.body]).toEqual([201, first.body]);
  expect(first.body).toEqual(seen);
  // A second click of another page finds all there.
  expect((await copy('skip')).body.sums).toEqual({ make: 0, replace: 0, skip: 1, same: 11, cannot: 0 });
  const slots = (await api.ok(listRoomSlots, { as: staff.b.manager })).items;
  expect(slots).toMatchObject([
    {
      title: '工厂直播',
      weekdays: [2, 5],
      startsAt: '20:00',
      productIds: [products.milk.id],
      orgUnit: { id: stores.b.id },
      problem: null,
    },
  ]);
  expect([staff.b.guide.personId, staff.b.secondGuide.personId]).toContain(slots[0]?.hostId);

  // Replaced by choice: the coupon that was there is stopped, a schedule takes over the terms and keeps its host.
  await sql`UPDATE room_slots SET start_minute = 600, host_id = ${staff.b.manager.personId} WHERE org_unit_id = ${stores.b.id}`;
  expect((await copy('replace')).body.sums).toEqual({ make: 0, replace: 2, skip: 0, same: 10, cannot: 0 });
  expect((await api.ok(listRoomSlots, { as: staff.b.manager })).items).toMatchObject([
    { startsAt: '20:00', hostId: staff.b.manager.personId },
  ]);
  const kinds = (await api.ok(listCouponKinds, { as: staff.b.manager })).items.filter(
    ({ orgUnit }) => orgUnit.id === stores.b.id,
  );
  expect(kinds.filter(({ active }) => active)).toMatchObject([{ title: '满 50 减 20', total: 100, claimed: 0 }]);
  expect(kinds.find(({ id }) => id === other.id)?.active).toBe(false);
  // Of rivals one makes it.
  await makeCouponKind(api, brand, stores.a, { title: '新券', total: 9 });
  const rivals = await Promise.all([copy('skip'), copy('skip'), copy('skip')]);
  expect(rivals.reduce((sum, { body }) => sum + body.sums.make, 0)).toBe(3);
  const audits = await sql<{ n: number; reasons: number }>`
    SELECT count(*)::int AS n, count(DISTINCT reason)::int AS reasons FROM audit_log WHERE action = 'templates:copied' AND org_path = ${stores.b.path}`;
  expect(audits).toEqual([{ n: 3, reasons: 1 }]);
}, 60_000);

test('a coupon that is dropped in a room or offered in the material library is in use; names that are one to people are one template', async () => {
  const { staff, stores } = brand;
  const at = api.clock.now();
  const as = staff.operations;
  for (const title of ['掉落券', '素材券', '对照券']) await makeCouponKind(api, brand, stores.c, { title, total: 50 });
  await makeCouponKind(api, brand, stores.c, { title: '对照券 ', total: 60 });
  const there = new Map<string, string>();
  for (const title of ['掉落券', '素材券', '对照券'])
    there.set(title, (await makeCouponKind(api, brand, stores.d, { title, total: 9 })).id);
  await sql`INSERT INTO coupon_drops (id, kind_id, room_id, org_path, state, count, started_by, created_at, starts_at, ends_at)
    SELECT ${randomUUID()}, ${there.get('掉落券') ?? ''}, id, org_path, 'running', 3, host_id, ${at}, ${at}, ${new Date(at.getTime() + 60_000)}
    FROM rooms WHERE id = ${brand.rooms.a.id}`;
  const content = randomUUID();
  await sql`INSERT INTO content_items (id, org_unit_id, org_path, kind, title, body, room_id, coupon_kind_id, created_by, published_at)
    SELECT ${content}, ${stores.d.id}, ${stores.d.path}, 'text', '转发文案', '好喝', ${brand.rooms.a.id}, ${there.get('素材券') ?? ''}, host_id, ${at}
    FROM rooms WHERE id = ${brand.rooms.a.id}`;
  const body = { sourceId: stores.c.id, kinds: ['coupon_kinds'], to: [stores.d.id], existing: 'replace' } as const;
  const acts = async () => {
    const { stores: found } = await api.ok(previewTemplates, {
      as,
      body: { ...body, kinds: [...body.kinds], to: [...body.to] },
    });
    const lines = found[0]?.lines.filter(({ name }) => name.includes('券') && !name.includes('新')) ?? [];
    return lines.map(({ name, act, why }) => `${name.trim()} ${act} ${why ?? ''}`.trim()).sort();
  };
  expect(await acts()).toEqual(['对照券 replace', '掉落券 cannot in_use', '素材券 cannot in_use'].sort());
  await sql`UPDATE coupon_drops SET state = 'ended', ended_at = ${at}`;
  await sql`UPDATE content_items SET withdrawn_at = ${at}, withdrawn_by = ${staff.admin.personId} WHERE id = ${content}`;
  expect(await acts()).toEqual(['对照券 replace', '掉落券 replace', '素材券 replace'].sort());
}, 60_000);

test('a schedule that somebody ends at that moment is made anew, not said to be replaced', async () => {
  const { staff, stores } = brand;
  const body = {
    sourceId: stores.a.id,
    kinds: ['room_slots' as const],
    to: [stores.b.id],
    existing: 'replace' as const,
  };
  await sql`UPDATE room_slots SET start_minute = 615 WHERE org_unit_id = ${stores.b.id}`;
  let copied: ReturnType<typeof api.ok<typeof copyTemplates>> | undefined;
  await api.api.platform.db.transaction(async (tx) => {
    await tx`UPDATE room_slots SET state = 'ended' WHERE org_unit_id = ${stores.b.id}`;
    copied = api.ok(copyTemplates, { as: staff.operations, body: { ...body, reason: '开店统一' } });
    await new Promise((resolve) => setTimeout(resolve, 400));
  });
  expect((await copied)?.sums).toMatchObject({ make: 1, replace: 0 });
  expect(
    await sql`SELECT start_minute FROM room_slots WHERE org_unit_id = ${stores.b.id} AND state = 'active'`,
  ).toEqual([{ start_minute: 1200 }]);
}, 60_000);
