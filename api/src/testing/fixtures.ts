/**
 * A small brand written with plain SQL, so that a feature's tests need no other feature:
 * HQ, two channels with two stores each, one account per role and store, products with stock, rooms, a few customers.
 */
import { randomUUID } from 'node:crypto';
import type { StaffRole } from '@walnut-live/contracts';
import type { Clock } from '../platform/clock.ts';
import type { Db, Sql } from '../platform/db.ts';
import type { Principal, StaffPrincipal } from '../platform/principal.ts';

export interface Unit {
  readonly id: string;
  readonly kind: 'hq' | 'channel' | 'store';
  readonly path: string;
  readonly name: string;
}
export interface FixtureSku {
  readonly id: string;
  readonly name: string;
  readonly priceFen: number;
  readonly floorPriceFen: number | null;
}
export interface FixtureProduct {
  readonly id: string;
  readonly title: string;
  readonly sku: FixtureSku;
}
export interface FixtureRoom {
  readonly id: string;
  readonly streamId: string;
  readonly title: string;
  readonly orgUnit: Unit;
  readonly host: StaffPrincipal;
}
export interface StoreTeam {
  readonly manager: StaffPrincipal;
  readonly guide: StaffPrincipal;
  readonly secondGuide: StaffPrincipal;
  readonly assistant: StaffPrincipal;
}
export type Brand = Awaited<ReturnType<typeof seedBrand>>;

/** A running api, in this process or beside it, as far as its database and clock. */
export interface Seeded {
  readonly api: { readonly platform: { readonly db: Db } };
  readonly clock: Clock;
}
const sqlOf = (api: Seeded): Sql => api.api.platform.db.sql;

/** Pieces on hand at the start: every store has its own milk, HQ shares the family pack, only store A has kernels. */
export const FIXTURE_STOCK = { milkPerStore: 100, familyAtHq: 500, kernelsAtStoreA: 10 } as const;

/** The whole brand. `rooms.a`, `rooms.b` and `rooms.hq` are live with a bag of all products; `rooms.scheduledA` is scheduled with an empty bag. */
export async function seedBrand(api: Seeded) {
  const hq = await makeUnit(api, 'hq', 'hq', '山核记总部', undefined);
  const east = await makeUnit(api, 'channel', 'hq.east', '华东渠道', hq);
  const north = await makeUnit(api, 'channel', 'hq.north', '华北渠道', hq);
  const stores = {
    a: await makeUnit(api, 'store', 'hq.east.hangzhou', '杭州湖滨店', east),
    b: await makeUnit(api, 'store', 'hq.east.shanghai', '上海静安店', east),
    c: await makeUnit(api, 'store', 'hq.north.beijing', '北京朝阳店', north),
    d: await makeUnit(api, 'store', 'hq.north.tianjin', '天津和平店', north),
  };
  const team = async (unit: Unit): Promise<StoreTeam> => ({
    manager: await makeStaff(api, 'store_manager', unit, `${unit.name}店长`),
    guide: await makeStaff(api, 'guide', unit, `${unit.name}导购`),
    secondGuide: await makeStaff(api, 'guide', unit, `${unit.name}导购二`),
    assistant: await makeStaff(api, 'assistant', unit, `${unit.name}助播`),
  });
  const staff = {
    admin: await makeStaff(api, 'hq_admin', hq, '总部管理员'),
    operations: await makeStaff(api, 'hq_operations', hq, '总部运营'),
    analyst: await makeStaff(api, 'hq_analyst', hq, '总部分析'),
    finance: await makeStaff(api, 'hq_finance', hq, '总部财务'),
    compliance: await makeStaff(api, 'hq_compliance', hq, '总部合规'),
    integrator: await makeStaff(api, 'integrator', hq, '订单对接'),
    channelEast: await makeStaff(api, 'channel_manager', east, '华东经销商'),
    channelNorth: await makeStaff(api, 'channel_manager', north, '华北经销商'),
    a: await team(stores.a),
    b: await team(stores.b),
    c: await team(stores.c),
    d: await team(stores.d),
  };
  const products = {
    milk: await makeProduct(api, '核桃乳 240ml', { priceFen: 590, floorPriceFen: 390, role: 'traffic' }),
    family: await makeProduct(api, '核桃乳家庭装 24 罐', { priceFen: 11_900, floorPriceFen: 8_900, role: 'family' }),
    kernels: await makeProduct(api, '核桃仁 200g', { priceFen: 3_900, floorPriceFen: null, role: 'main' }),
  };
  for (const unit of Object.values(stores)) {
    await makeStock(api, products.milk.sku.id, unit, FIXTURE_STOCK.milkPerStore);
  }
  await makeStock(api, products.family.sku.id, hq, FIXTURE_STOCK.familyAtHq);
  await makeStock(api, products.kernels.sku.id, stores.a, FIXTURE_STOCK.kernelsAtStoreA);
  const all = Object.values(products);
  const rooms = {
    a: await makeRoom(api, { orgUnit: stores.a, host: staff.a.guide, products: all }),
    b: await makeRoom(api, { orgUnit: stores.b, host: staff.b.guide, products: all }),
    hq: await makeRoom(api, { orgUnit: hq, host: staff.operations, products: all }),
    scheduledA: await makeRoom(api, { orgUnit: stores.a, host: staff.a.guide, state: 'scheduled' }),
  };
  const consumers = {
    anna: await makeConsumer(api, '安然'),
    bella: await makeConsumer(api, '贝贝'),
    chris: await makeConsumer(api, '陈晨'),
  };
  return { hq, channels: { east, north }, stores, staff, products, rooms, consumers, guest: await makeGuest(api) };
}

export async function makeUnit(api: Seeded, kind: Unit['kind'], path: string, name: string, parent: Unit | undefined) {
  const unit: Unit = { id: randomUUID(), kind, path, name };
  await sqlOf(
    api,
  )`INSERT INTO org_units (id, parent_id, kind, path, name, legal_name, licence_no, address, service_phone, created_at)
    VALUES (${unit.id}, ${parent?.id ?? null}, ${kind}, ${path}, ${name}, ${`${name}食品有限公司`}, '91330000TEST000001', '测试路 1 号', '400-000-0000', ${api.clock.now()})`;
  return unit;
}

/** An account without a usable password; sign-in tests make their own by the identity feature. */
export async function makeStaff(api: Seeded, role: StaffRole, unit: Unit, name: string): Promise<StaffPrincipal> {
  const personId = randomUUID();
  const sql = sqlOf(api);
  await sql`INSERT INTO people (id, kind, name, created_at) VALUES (${personId}, 'staff', ${name}, ${api.clock.now()})`;
  await sql`INSERT INTO staff_accounts (person_id, username, password_hash, role, org_unit_id, org_path, created_at)
    VALUES (${personId}, ${`${role}-${personId.slice(0, 8)}`}, '-', ${role}, ${unit.id}, ${unit.path}, ${api.clock.now()})`;
  return { personId, kind: 'staff', name, staff: { role, orgUnitId: unit.id, orgPath: unit.path } };
}

export async function makeConsumer(api: Seeded, name = '顾客'): Promise<Principal> {
  const personId = randomUUID();
  const phone = `139${String(Math.floor(Math.random() * 1e8)).padStart(8, '0')}`;
  await sqlOf(api)`INSERT INTO people (id, kind, name, phone, sandbox_account, created_at)
    VALUES (${personId}, 'consumer', ${name}, ${phone}, ${personId}, ${api.clock.now()})`;
  return { personId, kind: 'consumer', name };
}

export async function makeGuest(api: Seeded, name = '访客'): Promise<Principal> {
  const personId = randomUUID();
  await sqlOf(
    api,
  )`INSERT INTO people (id, kind, name, created_at) VALUES (${personId}, 'guest', ${name}, ${api.clock.now()})`;
  return { personId, kind: 'guest', name };
}

/** A product on sale with one SKU and no stock. */
export async function makeProduct(
  api: Seeded,
  title: string,
  terms: { priceFen: number; floorPriceFen?: number | null; role?: 'traffic' | 'main' | 'family' | 'gift' },
): Promise<FixtureProduct> {
  const sql = sqlOf(api);
  const now = api.clock.now();
  const product: FixtureProduct = {
    id: randomUUID(),
    title,
    sku: { id: randomUUID(), name: '标准装', priceFen: terms.priceFen, floorPriceFen: terms.floorPriceFen ?? null },
  };
  await sql`INSERT INTO products (id, title, subtitle, description, picture_url, role, status, created_at, updated_at)
    VALUES (${product.id}, ${title}, '', '', '/pictures/none.svg', ${terms.role ?? 'main'}, 'on_sale', ${now}, ${now})`;
  await sql`INSERT INTO skus (id, product_id, name, price_fen, floor_price_fen)
    VALUES (${product.sku.id}, ${product.id}, ${product.sku.name}, ${product.sku.priceFen}, ${product.sku.floorPriceFen})`;
  await sql`SELECT refresh_product_snapshots(ARRAY[${product.id}::uuid], ${now})`;
  return product;
}

export async function makeStock(api: Seeded, skuId: string, unit: Unit, onHand: number): Promise<void> {
  await sqlOf(api)`INSERT INTO stocks (sku_id, org_unit_id, org_path, on_hand, updated_at)
    VALUES (${skuId}, ${unit.id}, ${unit.path}, ${onHand}, ${api.clock.now()})`;
}

/** What rule S1 is about: pieces on hand and held; undefined where the unit has no row of its own. */
export async function readStock(api: Seeded, skuId: string, unit: Unit) {
  const [row] = await sqlOf(api)<{ onHand: number; reserved: number }>`
    SELECT on_hand AS "onHand", reserved FROM stocks WHERE sku_id = ${skuId} AND org_unit_id = ${unit.id}`;
  return row;
}

export async function makeRoom(
  api: Seeded,
  wanted: {
    orgUnit: Unit;
    host: StaffPrincipal;
    products?: readonly FixtureProduct[];
    state?: 'scheduled' | 'live' | 'ended';
    title?: string;
  },
): Promise<FixtureRoom> {
  const sql = sqlOf(api);
  const now = api.clock.now();
  const state = wanted.state ?? 'live';
  const room: FixtureRoom = {
    id: randomUUID(),
    streamId: randomUUID(),
    title: wanted.title ?? `${wanted.orgUnit.name}的直播`,
    orgUnit: wanted.orgUnit,
    host: wanted.host,
  };
  await sql`INSERT INTO rooms (id, org_unit_id, org_path, host_id, title, cover_url, state, stream_id, scheduled_at, started_at, ended_at, created_at)
    VALUES (${room.id}, ${wanted.orgUnit.id}, ${wanted.orgUnit.path}, ${wanted.host.personId}, ${room.title}, '/pictures/none.svg', ${state}, ${room.streamId},
      ${state === 'scheduled' ? new Date(now.getTime() + 3_600_000) : null}, ${state === 'scheduled' ? null : now}, ${state === 'ended' ? now : null}, ${now})`;
  for (const [position, product] of (wanted.products ?? []).entries()) {
    await sql`INSERT INTO bag_items (room_id, product_id, position) VALUES (${room.id}, ${product.id}, ${position})`;
  }
  return room;
}

/** An open offer with its first version (rule S4), as `offers.open` writes it. */
export async function makeOffer(
  api: Seeded,
  room: FixtureRoom,
  skuId: string,
  terms: { priceFen: number; cap?: number | null; perPersonLimit?: number | null; durationSeconds?: number },
): Promise<{ id: string; version: number; priceFen: number }> {
  const sql = sqlOf(api);
  const id = randomUUID();
  const now = api.clock.now();
  const endsAt = new Date(now.getTime() + (terms.durationSeconds ?? 3_600) * 1_000);
  const [cap, limit] = [terms.cap ?? null, terms.perPersonLimit ?? null];
  await sql`INSERT INTO offers (id, room_id, sku_id, price_fen, version, starts_at, ends_at, cap, per_person_limit, state, created_by, created_at)
    VALUES (${id}, ${room.id}, ${skuId}, ${terms.priceFen}, 1, ${now}, ${endsAt}, ${cap}, ${limit}, 'open', ${room.host.personId}, ${now})`;
  await sql`INSERT INTO offer_versions (offer_id, version, price_fen, effective_from, ends_at, cap, per_person_limit)
    VALUES (${id}, 1, ${terms.priceFen}, ${now}, ${endsAt}, ${cap}, ${limit})`;
  return { id, version: 1, priceFen: terms.priceFen };
}

/** An open bundle of one piece each, a fen below its shelf price, as `bundles.open` writes it. */
export async function makeBundle(api: Seeded, room: FixtureRoom, parts: readonly FixtureProduct[]): Promise<string> {
  const sql = sqlOf(api);
  const id = randomUUID();
  const now = api.clock.now();
  const priceFen = parts.reduce((sum, { sku }) => sum + sku.priceFen, -1);
  await sql`INSERT INTO bundles (id, room_id, title, price_fen, starts_at, ends_at, state, created_by, created_at)
    VALUES (${id}, ${room.id}, '组合', ${priceFen}, ${now}, ${new Date(now.getTime() + 3_600_000)}, 'open', ${room.host.personId}, ${now})`;
  for (const [position, { sku }] of parts.entries())
    await sql`INSERT INTO bundle_parts (bundle_id, sku_id, position, quantity) VALUES (${id}, ${sku.id}, ${position}, 1)`;
  return id;
}
