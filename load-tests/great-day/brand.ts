/** The brand of a great day: stores with teams, a room each or two, headquarters with its programme; and links handed on five deep. */
import { createShareLink } from '@walnut-live/contracts';
import type { Principal } from '../../api/src/platform/principal.ts';
import {
  type Brand,
  type FixtureRoom,
  makeRoom,
  makeStaff,
  makeUnit,
  type StoreTeam,
  seedBrand,
  type Unit,
} from '../../api/src/testing/fixtures.ts';
import { type LifeSize, openShop, type Shop } from '../../e2e/kit/fault-life.ts';
import type { FaultWorld } from '../../e2e/kit/fault-world.ts';
import type { DaySize } from './plan.ts';

/** People between the guide's link and the last who opened one. */
const DEEP = 5;

export interface DayRoom {
  readonly shop: Shop;
  /** With this room's store in the place of store A, which is whose shop a life is lived in. */
  readonly brand: Brand;
}
export interface DayBrand {
  readonly brand: Brand;
  readonly rooms: readonly DayRoom[];
  readonly programme: FixtureRoom;
  readonly life: LifeSize;
}

export async function seedDay(world: FaultWorld, size: DaySize): Promise<DayBrand> {
  const brand = await seedBrand(world);
  const teams: [Unit, StoreTeam][] = [
    [brand.stores.a, brand.staff.a],
    [brand.stores.b, brand.staff.b],
    [brand.stores.c, brand.staff.c],
    [brand.stores.d, brand.staff.d],
  ];
  for (let n = teams.length; n < size.stores; n++) {
    const unit = await makeUnit(world, 'store', `hq.east.store${n + 1}`, `核桃小店 ${n + 1}`, brand.channels.east);
    teams.push([
      unit,
      {
        manager: await makeStaff(world, 'store_manager', unit, `${unit.name}店长`),
        guide: await makeStaff(world, 'guide', unit, `${unit.name}导购`),
        secondGuide: await makeStaff(world, 'guide', unit, `${unit.name}导购二`),
        assistant: await makeStaff(world, 'assistant', unit, `${unit.name}助播`),
      },
    ]);
  }
  const { buyers, wishes, seconds } = size;
  const life: LifeSize = {
    ...{ people: buyers, wishes, faults: false, pauseMs: (seconds * 1_000 * 1.6) / (1 + wishes) },
    pieces: { walnuts: buyers * 2, milk: buyers * 4, box: buyers, gift: 3 },
  };
  const rooms: DayRoom[] = [];
  for (let n = 0; n < size.rooms; n++) {
    const [unit, team] = teams[n % size.stores] as [Unit, StoreTeam];
    const own = { ...brand, stores: { ...brand.stores, a: unit }, staff: { ...brand.staff, a: team } };
    rooms.push({ brand: own, shop: await openShop(world, own, life) });
  }
  const programme = await makeRoom(world, { orgUnit: brand.hq, host: brand.staff.operations, title: '总部新品发布' });
  return { brand, rooms, programme, life };
}

/** The guide's link opened by one, whose own link is opened by the next, and so on. */
export async function handOn(world: FaultWorld, { shop, brand }: DayRoom): Promise<void> {
  let sharer: Principal = brand.staff.a.guide;
  for (const [step, visitor] of shop.people.slice(0, DEEP).entries()) {
    const link = await world.ok(createShareLink, { as: sharer, body: { roomId: shop.room.id } });
    const answer = await fetch(`${world.url}${link.path}`, {
      redirect: 'manual',
      headers: {
        cookie: await world.visitorCookie(visitor.personId),
        'x-forwarded-for': `100.64.${step}.${shop.people.length}`,
        'user-agent': 'Mozilla/5.0 (iPhone) MicroMessenger/8.0',
      },
    });
    if (answer.status !== 302) throw new Error(`a link answered ${answer.status}`);
    sharer = visitor;
  }
}
