/** The brand of a season: headquarters, channels, stores, guides, customers, one room per store. Written with plain SQL. */
import { randomUUID } from 'node:crypto';
import type { Principal, StaffPrincipal } from '../../api/src/platform/principal.ts';
import {
  type FixtureProduct,
  type FixtureRoom,
  makeProduct,
  makeRoom,
  makeStaff,
  makeStock,
  makeUnit,
  type Unit,
} from '../../api/src/testing/fixtures.ts';
import type { Place } from '../../api/src/testing/reference-model.ts';
import type { FaultWorld } from './fault-world.ts';

const STORES_PER_CHANNEL = 10;
const PIECES = 10_000_000;

export interface SeasonSize {
  readonly stores: number;
  readonly guides: number;
  readonly consumers: number;
  readonly orders: number;
}
export interface Customer extends Principal {
  readonly phone: string;
  readonly street: string;
}
export interface SeasonBrand {
  readonly hq: Unit;
  readonly finance: StaffPrincipal;
  readonly admin: StaffPrincipal;
  readonly operations: StaffPrincipal;
  readonly guides: readonly StaffPrincipal[];
  readonly rooms: readonly FixtureRoom[];
  readonly products: readonly FixtureProduct[];
  readonly customers: readonly Customer[];
  readonly staffPlaces: ReadonlyMap<string, Place>;
  readonly roomPlaces: ReadonlyMap<string, Place>;
}

export async function seedSeason(world: FaultWorld, size: SeasonSize): Promise<SeasonBrand> {
  const hq = await makeUnit(world, 'hq', 'hq', '山核记总部', undefined);
  const finance = await makeStaff(world, 'hq_finance', hq, '总部财务');
  const admin = await makeStaff(world, 'hq_admin', hq, '总部管理员');
  const operations = await makeStaff(world, 'hq_operations', hq, '总部运营');
  const products = [
    await makeProduct(world, '核桃乳 240ml', { priceFen: 593, role: 'traffic' }),
    await makeProduct(world, '核桃仁 200g', { priceFen: 3_907 }),
    await makeProduct(world, '核桃油 500ml', { priceFen: 8_911 }),
    await makeProduct(world, '核桃乳家庭装 24 罐', { priceFen: 11_903, role: 'family' }),
  ];
  for (const { sku } of products) await makeStock(world, sku.id, hq, PIECES);

  const guides: StaffPrincipal[] = [];
  const rooms: FixtureRoom[] = [];
  const staffPlaces = new Map<string, Place>();
  const roomPlaces = new Map<string, Place>();
  let channel = hq;
  for (let n = 0; n < size.stores; n++) {
    if (n % STORES_PER_CHANNEL === 0)
      channel = await makeUnit(world, 'channel', `hq.channel${n}`, `渠道 ${n / STORES_PER_CHANNEL + 1}`, hq);
    const store = await makeUnit(world, 'store', `${channel.path}.store${n}`, `门店 ${n + 1}`, channel);
    const team: StaffPrincipal[] = [];
    for (let m = n; m < size.guides; m += size.stores)
      team.push(await makeStaff(world, 'guide', store, `导购 ${m + 1}`));
    for (const { personId } of team) staffPlaces.set(personId, { store: store.id, guide: personId });
    const [host] = team;
    if (!host) throw new Error('a store without a guide');
    const room = await makeRoom(world, { orgUnit: store, host, products });
    roomPlaces.set(room.id, { store: store.id, guide: host.personId });
    guides.push(...team);
    rooms.push(room);
  }

  const customers = Array.from({ length: size.consumers }, (_, n): Customer => {
    const name = `顾客 ${n + 1}`;
    return {
      ...{ personId: randomUUID(), kind: 'consumer', name },
      ...{ phone: `13${String(100_000_000 + n)}`, street: `山核桃路 ${n + 1} 号` },
    };
  });
  const ids = customers.map(({ personId }) => personId);
  const phones = customers.map(({ phone }) => phone);
  await world.api.platform.db.sql`INSERT INTO people (id, kind, name, phone, sandbox_account, created_at)
    SELECT id, 'consumer', '顾客 ' || n, phone, id::text, ${world.clock.now()}
    FROM unnest(${ids}::uuid[], ${phones}::text[]) WITH ORDINALITY AS c (id, phone, n)`;
  return { hq, finance, admin, operations, guides, rooms, products, customers, staffPlaces, roomPlaces };
}
