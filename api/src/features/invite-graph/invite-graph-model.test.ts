/** Random lives of a forest against a model that walks it anew for every figure. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Brand, type FixtureRoom, seedBrand } from '../../testing/fixtures.ts';
import { createInviteForest } from '../../testing/invite-forest.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { createBindingsService } from '../bindings/bindings.service.ts';
import { auditInviteGraph, createGraphKeeping, INVITE_GRAPH_JOB } from './index.ts';

const PEOPLE = 12;
const DAY_SECONDS = 86_400;

let api: TestApi;
let brand: Brand;
let forest: ReturnType<typeof createInviteForest>;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
  forest = createInviteForest(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const who = fc.nat({ max: PEOPLE - 1 });
const where = fc.constantFrom('a' as const, 'b' as const, 'hq' as const);
const fen = fc.integer({ min: 1, max: 50_000 });
const step = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('bring' as const), who, by: who, where }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('buy' as const), who, where, fen }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('refund' as const), which: fc.nat({ max: 20 }), fen }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('become' as const), who, other: who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 4, arbitrary: fc.constant({ do: 'follow' as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface ModelOrder {
  id: string;
  who: number;
  room: FixtureRoom;
  paid: number;
  refunded: number;
}
interface Figures {
  people: number;
  orders: number;
  gross: number;
  refunded: number;
}

/** Plays the steps; answers who is who and what was bought. Edges are read from the database, for their rules are others' tests. */
async function play(steps: readonly Step[]) {
  const { db, clock, random } = api.api.platform;
  const bindings = createBindingsService({ db, clock, random });
  const ids = await forest.people(PEOPLE, 'guest');
  const became = new Map<number, number>();
  const orders: ModelOrder[] = [];
  const isSomebody = (n: number) => !became.has(n);
  for (const one of steps) {
    if (one.do === 'bring' && isSomebody(one.who) && isSomebody(one.by)) {
      const room = brand.rooms[one.where];
      const touch = { id: await forest.touchOf(room), at: clock.now() };
      const room_ = { orgUnitId: room.orgUnit.id, hostId: room.host.personId };
      await db.transaction((tx) =>
        bindings.onTouch(tx, {
          ...touch,
          visitorId: ids[one.who] as string,
          sharerId: ids[one.by] as string,
          room: room_,
        }),
      );
    } else if (one.do === 'buy' && isSomebody(one.who)) {
      const room = brand.rooms[one.where];
      const id = await forest.paidOrder(ids[one.who] as string, room, one.fen);
      orders.push({ id, who: one.who, room, paid: one.fen, refunded: 0 });
    } else if (one.do === 'refund' && orders.length > 0) {
      const order = orders[one.which % orders.length] as ModelOrder;
      const back = Math.min(one.fen, order.paid - order.refunded);
      await forest.refund(order.id, back);
      order.refunded += back;
    } else if (one.do === 'become' && one.who !== one.other && isSomebody(one.who) && isSomebody(one.other)) {
      await db.transaction(async (tx) => {
        await bindings.onGuestBecamePerson(tx, ids[one.who] as string, ids[one.other] as string);
        await tx`UPDATE people SET merged_into = ${ids[one.other]} WHERE id = ${ids[one.who]}`;
        await tx`UPDATE people SET merged_into = ${ids[one.other]} WHERE merged_into = ${ids[one.who]}`;
      });
      became.set(one.who, one.other);
    } else if (one.do === 'leave') {
      await db.sql`DELETE FROM invite_edges WHERE invitee_id = ${ids[one.who]}`;
    } else if (one.do === 'wait') api.clock.advanceSeconds(one.days * DAY_SECONDS);
    else if (one.do === 'follow') await forest.follow();
  }
  const now = (n: number): number => (became.has(n) ? now(became.get(n) as number) : n);
  return { ids, orders: orders.map((order) => ({ ...order, who: now(order.who) })) };
}

/** What the model says of one person: figures by unit and steps below. */
function below(id: string, children: Map<string, { id: string; unit: string }[]>, orders: Map<string, ModelOrder[]>) {
  const sums = new Map<string, Figures>();
  const add = (unit: string, level: number, more: Partial<Figures>) => {
    const key = `${unit} ${level}`;
    const sum = sums.get(key) ?? { people: 0, orders: 0, gross: 0, refunded: 0 };
    for (const [name, value] of Object.entries(more)) sum[name as keyof Figures] += value;
    sums.set(key, sum);
  };
  const walk = (person: string, level: number): void => {
    for (const order of orders.get(person) ?? [])
      add(order.room.orgUnit.id, level, { orders: 1, gross: order.paid, refunded: order.refunded });
    for (const child of children.get(person) ?? []) {
      add(child.unit, level + 1, { people: 1 });
      walk(child.id, level + 1);
    }
  };
  walk(id, 0);
  return sums;
}

async function expectAsModel({ ids, orders }: Awaited<ReturnType<typeof play>>): Promise<void> {
  const { db } = api.api.platform;
  const edges = await db.sql<{ invitee: string; inviter: string; unit: string }>`
    SELECT e.invitee_id AS invitee, e.inviter_id AS inviter, r.org_unit_id AS unit FROM invite_edges e
    JOIN touches t ON t.id = e.touch_id JOIN rooms r ON r.id = t.room_id WHERE e.invitee_id = ANY(${ids}::uuid[])`;
  const children = Map.groupBy(
    edges.map(({ invitee, inviter, unit }) => ({ id: invitee, unit, inviter })),
    ({ inviter }) => inviter,
  );
  const bought = Map.groupBy(orders, ({ who: n }) => ids[n] as string);
  const rows = await db.sql<{
    id: string;
    unit: string;
    level: number;
    people: number;
    orders: number;
    gross: bigint;
    refunded: bigint;
  }>`
    SELECT person_id AS id, unit_id AS unit, level, people, orders, gross_fen AS gross, refunded_fen AS refunded FROM invite_rollups
    WHERE person_id = ANY(${ids}::uuid[]) AND (level > 0 OR orders > 0)`;
  for (const id of ids) {
    const held = rows
      .filter((row) => row.id === id)
      .map((row) => {
        const people = row.level === 0 ? 0 : row.people; // whether they were brought themselves is said by the edges
        return [
          `${row.unit} ${row.level}`,
          { people, orders: row.orders, gross: Number(row.gross), refunded: Number(row.refunded) },
        ] as const;
      });
    expect(new Map(held)).toEqual(below(id, children, bought));
  }
}

it('A5 A7 whatever happens in whatever order, figures by level and unit are those of a walk over the forest, and a rebuild says the same', async () => {
  const { db, clock } = api.api.platform;
  const keeping = createGraphKeeping({ db, clock });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const played = await play(steps);
      await forest.follow();
      await expectAsModel(played);
      expect(await auditInviteGraph(db, clock.now())).toEqual([]);
      // Told once more, nothing changes.
      await db.sql`INSERT INTO invite_news (person_id) SELECT unnest(${played.ids}::uuid[])`;
      await forest.follow();
      await expectAsModel(played);
      await keeping.rebuild();
      await expectAsModel(played);
    }),
    { numRuns: 12 },
  );
  expect(await auditInviteGraph(db, clock.now())).toEqual([]);
});

it('A5 a cascade of seventy: figures reach the first, what is deeper than the last level is in the last level', async () => {
  const { db, clock } = api.api.platform;
  const chain = await forest.people(71);
  await forest.chain(chain, brand.rooms.a);
  const [first, last] = [chain[0] as string, chain.at(-1) as string];
  const order = await forest.paidOrder(last, brand.rooms.b, 9_900);
  await forest.refund(order, 900);
  await forest.follow();
  const [node] =
    await db.sql`SELECT people, orders, gross_fen, refunded_fen FROM invite_nodes WHERE person_id = ${first}`;
  expect(node).toEqual({ people: 70, orders: 1, gross_fen: 9_900n, refunded_fen: 900n });
  const levels = await db.sql<{ level: number; people: number }>`
    SELECT level, sum(people)::int AS people FROM invite_rollups WHERE person_id = ${first} AND level > 0 GROUP BY level ORDER BY level`;
  expect(levels.at(0)).toEqual({ level: 1, people: 1 });
  expect(levels.at(-1)).toEqual({ level: 64, people: 7 });
  // The middle of it goes elsewhere, with all below.
  const [middle, elsewhere] = [chain[35] as string, await forest.people(1)];
  await db.sql`UPDATE invite_edges SET inviter_id = ${elsewhere[0]} WHERE invitee_id = ${middle}`;
  await forest.follow();
  const people = await db.sql<{ id: string; people: number }>`
    SELECT person_id AS id, people FROM invite_nodes WHERE person_id = ANY(${[first, elsewhere[0]]}::uuid[])`;
  expect(new Map(people.map((one) => [one.id, one.people]))).toEqual(
    new Map([
      [first, 34],
      [elsewhere[0], 36],
    ]),
  );
  expect(await auditInviteGraph(db, clock.now())).toEqual([]);
});

it('A7 who was not seen for 30 days is not active, and is again when they are back in a room or come by a link', async () => {
  const { db, clock, jobs } = api.api.platform;
  const [root, one, two] = (await forest.people(3)) as [string, string, string];
  await forest.bring(root, [one, two], brand.rooms.a);
  await forest.paidOrder(one, brand.rooms.a, 100);
  await forest.follow();
  const figures = async () => {
    const [row] = await db.sql`SELECT active, fresh_30, fresh_60 FROM invite_nodes WHERE person_id = ${root}`;
    return row;
  };
  expect(await figures()).toEqual({ active: 1, fresh_30: 2, fresh_60: 2 });
  api.clock.advanceSeconds(31 * DAY_SECONDS);
  await forest.follow();
  expect(await figures()).toEqual({ active: 0, fresh_30: 0, fresh_60: 2 });
  const now = clock.now();
  await db.sql`INSERT INTO room_watches (room_id, person_id, spans, counted_to) VALUES (${brand.rooms.a.id}, ${two}, '{}', ${now})`;
  await jobs.runNow('invite-graph: who is back in rooms');
  await jobs.runNow(INVITE_GRAPH_JOB);
  expect(await figures()).toEqual({ active: 1, fresh_30: 0, fresh_60: 2 });
  await db.sql`INSERT INTO touches (id, link_id, sharer_id, visitor_id, room_id, channel, link_issued_at, ip_hash, agent_hash, at)
    SELECT ${randomUUID()}, link_id, sharer_id, ${one}, room_id, channel, link_issued_at, '', '', ${now} FROM touches WHERE id = ${await forest.touchOf(brand.rooms.a)}`;
  await forest.follow();
  expect(await figures()).toEqual({ active: 2, fresh_30: 0, fresh_60: 2 });
  api.clock.advanceSeconds(31 * DAY_SECONDS);
  await forest.follow();
  expect(await figures()).toEqual({ active: 0, fresh_30: 0, fresh_60: 0 });
  expect(await auditInviteGraph(db, clock.now())).toEqual([]);
});

it('who is told of after somebody was hung under them begins with what that brought', async () => {
  const { db, clock } = api.api.platform;
  const [top, middle, below] = (await forest.people(3)) as [string, string, string];
  const touchId = await forest.touchOf(brand.rooms.a);
  // News are taken by so many: those of the last may come before those of whom they stand under.
  await db.transaction(async (tx) => {
    await tx`INSERT INTO invite_edges (invitee_id, inviter_id, touch_id, at)
      SELECT invitee, inviter, ${touchId}::uuid, ${clock.now()}::timestamptz
      FROM unnest(${[below, middle]}::uuid[], ${[middle, top]}::uuid[]) AS e (invitee, inviter)`;
    await tx`DELETE FROM invite_news WHERE person_id = ANY(${[top, middle]}::uuid[])`;
  });
  await forest.follow();
  await db.sql`INSERT INTO invite_news (person_id) VALUES (${top}), (${middle})`;
  await forest.follow();
  const [row] = await db.sql<{ people: number }>`SELECT people FROM invite_nodes WHERE person_id = ${top}`;
  expect(row?.people).toBe(2);
  expect(await auditInviteGraph(db, clock.now())).toEqual([]);
});
