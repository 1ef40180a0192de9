/** Random histories: whatever happens in whatever order, the roll-ups say what plain SQL says of the facts. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addDays, chinaDayStart } from '../../platform/china-day.policy.ts';
import { type Brand, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { createReportKeeping } from './keeping.ts';
import { wholeDays } from './periods.policy.ts';
import * as plain from './reports.repository.ts';
import * as rolled from './rollups.repository.ts';

const PEOPLE = 7;
/** The last days of a month and the first of the next ones, so that months are whole and cut. */
const FIRST_DAY = '2026-01-27';
const DAYS = 70;
const HOUR_MS = 3_600_000;

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const who = fc.nat({ max: PEOPLE - 1 });
const where = fc.constantFrom('a' as const, 'b' as const, 'hq' as const);
const hour = fc.nat({ max: DAYS * 24 - 1 });
const fen = fc.integer({ min: 1, max: 9_000 });
const which = fc.nat({ max: 30 });
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('visit' as const), who, by: who, where, hour }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('buy' as const), who, by: fc.option(who), where, hour, fen }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pay' as const), which, hour }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('earn' as const), which, who, fen: fc.integer({ min: -500, max: 500 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('refund' as const), which, fen }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rule' as const), which, who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('become' as const), who, other: who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unbind' as const), who }) },
  { weight: 4, arbitrary: fc.constant({ do: 'count' as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const atHour = (n: number): Date => new Date(chinaDayStart(FIRST_DAY).getTime() + n * HOUR_MS);

async function play(steps: readonly Step[]): Promise<void> {
  const { db, clock } = api.api.platform;
  const { sql } = db;
  const keeping = createReportKeeping({ db, clock });
  const ids = Array.from({ length: PEOPLE }, () => randomUUID());
  await sql`INSERT INTO people (id, kind, name, created_at) SELECT i, 'guest', '过客', now() FROM unnest(${ids}::uuid[]) i`;
  const became = new Set<number>();
  const orders: string[] = [];
  const id = (n: number) => ids[n] as string;
  for (const one of steps) {
    if (one.do === 'visit') {
      const [link, touch, at, room] = [randomUUID(), randomUUID(), atHour(one.hour), brand.rooms[one.where]];
      await sql`INSERT INTO share_links (id, sharer_id, room_id, channel, product_id, created_at) VALUES (${link}, ${id(one.by)}, ${room.id}, 'copy', ${link}, ${at})`;
      await sql`INSERT INTO touches (id, link_id, sharer_id, visitor_id, room_id, channel, link_issued_at, ip_hash, agent_hash, at)
        VALUES (${touch}, ${link}, ${id(one.by)}, ${id(one.who)}, ${room.id}, 'copy', ${at}, '', '', ${at})`;
      if (one.who !== one.by)
        await sql`INSERT INTO invite_edges (invitee_id, inviter_id, touch_id, at) VALUES (${id(one.who)}, ${id(one.by)}, ${touch}, ${at}) ON CONFLICT DO NOTHING`;
    } else if (one.do === 'buy') {
      const [order, room] = [randomUUID(), brand.rooms[one.where]];
      await sql`INSERT INTO orders (id, order_no, person_id, room_id, org_unit_id, org_path, state, items_fen, discount_fen, shipping_fen,
          total_fen, address, placed_at, expires_at)
        VALUES (${order}, ${order}, ${id(one.who)}, ${one.fen % 3 === 0 ? null : room.id}, ${room.orgUnit.id}, ${room.orgUnit.path}, 'pending_payment',
          ${one.fen}, 0, 0, ${one.fen}, '{}', ${atHour(one.hour)}, ${atHour(one.hour)})`;
      await sql`INSERT INTO order_credits (order_id, reason, person_id, org_unit_id, org_path, rule_version, trace, decided_at)
        VALUES (${order}, 'store', ${one.by === null ? null : id(one.by)}, ${room.orgUnit.id}, ${room.orgUnit.path}, 1, '[]', ${atHour(one.hour)})`;
      orders.push(order);
    } else if (one.do === 'pay' && orders.length > 0) {
      const order = orders[one.which % orders.length];
      await sql`UPDATE orders SET state = 'paid', paid_at = ${atHour(one.hour)}, paid_fen = total_fen WHERE id = ${order} AND paid_at IS NULL`;
    } else if (one.do === 'earn' && orders.length > 0) {
      const order = orders[one.which % orders.length];
      await sql`INSERT INTO commission_entries (id, order_id, order_item_id, beneficiary_id, store_id, org_path, level, event, event_ref, basis_fen, bps,
          amount_fen, rule_version, state, at)
        SELECT ${randomUUID()}, id, ${randomUUID()}, ${id(one.who)}, org_unit_id, org_path, 1, ${one.fen < 0 ? 'refunded' : 'paid'}, ${randomUUID()},
          0, 0, ${one.fen}, 1, 'estimated', placed_at FROM orders WHERE id = ${order}`;
    } else if (one.do === 'refund' && orders.length > 0) {
      const order = orders[one.which % orders.length];
      await sql`UPDATE orders SET refunded_fen = least(paid_fen, refunded_fen + ${one.fen}) WHERE id = ${order} AND paid_at IS NOT NULL`;
    } else if (one.do === 'rule' && orders.length > 0) {
      const order = orders[one.which % orders.length];
      await db.transaction(async (tx) => {
        const [old] = await tx<{
          version: number;
        }>`UPDATE order_credit_versions SET current = false WHERE order_id = ${order} AND current RETURNING version`;
        await tx`INSERT INTO order_credit_versions (order_id, reason, person_id, org_unit_id, org_path, rule_version, trace, decided_at, version, ruling_id)
          SELECT id, 'ruling', ${id(one.who)}, org_unit_id, org_path, 1, '[]', placed_at, ${(old?.version ?? 0) + 1}, ${randomUUID()} FROM orders WHERE id = ${order}`;
      });
    } else if (one.do === 'become' && one.who !== one.other && !became.has(one.who) && !became.has(one.other)) {
      became.add(one.who);
      await sql`UPDATE people SET merged_into = ${id(one.other)} WHERE merged_into = ${id(one.who)} OR id = ${id(one.who)}`;
    } else if (one.do === 'unbind') await sql`DELETE FROM invite_edges WHERE invitee_id = ${id(one.who)}`;
    else if (one.do === 'count') await keeping.follow(true);
  }
  // The api's own job may be counting: what it has taken is waited for.
  await keeping.follow(true);
}

interface Asked {
  scope: { id: string; path: string };
  roomId: string | null;
  from: string | null;
  to: string | null;
}
const nothing = (row: plain.Figures) =>
  [row.visitors, row.newCustomers, row.orders, row.gmvFen, row.refundedFen, row.commissionFen].every((n) => n === 0n);
const figures = ({
  id,
  visitors,
  newCustomers,
  orders,
  gmvFen,
  refundedFen,
  commissionFen,
}: plain.Figures & { id: string }) => ({
  ...{ id, visitors, newCustomers, orders, gmvFen, refundedFen, commissionFen },
});

async function expectSame({ scope, roomId, from, to }: Asked): Promise<void> {
  const { sql } = api.api.platform.db;
  const range = { from: from === null ? null : chinaDayStart(from), to: to === null ? null : chinaDayStart(to) };
  const facts = await plain.inviterFigures(
    sql,
    { ...range, scope: scope.path, roomId, inviterId: null, search: null, nameScope: 'hq' },
    ...(['gmv', null, 1_000] as const),
  );
  const period = wholeDays(range);
  if (!period) throw new Error('not whole days');
  const asked = { scopeId: roomId ?? scope.id, period, only: null };
  const counted = await rolled.rankedInviters(sql, asked, 'gmv', null, 1_000);
  expect(counted.page.map(figures)).toEqual(facts.page.filter((row) => !nothing(row)).map(figures));
  expect(counted.totals).toEqual(facts.totals);
  const only = counted.page.slice(0, 3).map(({ id }) => id);
  const some = await rolled.rankedInviters(sql, { ...asked, only }, 'gmv', null, 1_000);
  expect(some.page.map(figures)).toEqual(counted.page.slice(0, 3).map(figures));
}

it('A7 whatever happens in whatever order, roll-ups of any scope and range are what plain SQL says of the facts; a rebuild finds no drift', {
  timeout: 180_000,
}, async () => {
  const { db, clock } = api.api.platform;
  const { hq, channelEast } = { hq: brand.rooms.hq.orgUnit, channelEast: brand.staff.channelEast.staff };
  if (!channelEast) throw new Error('no channel');
  const scopes: readonly { scope: Asked['scope']; roomId: string | null }[] = [
    { scope: hq, roomId: null },
    { scope: { id: channelEast.orgUnitId, path: channelEast.orgPath }, roomId: null },
    { scope: brand.stores.b, roomId: null },
    { scope: hq, roomId: brand.rooms.a.id },
  ];
  const day = fc.option(fc.nat({ max: DAYS }).map((n) => addDays(FIRST_DAY, n)));
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 15, maxLength: 60 }),
      fc.array(fc.tuple(day, day), { minLength: 3, maxLength: 3 }),
      async (steps, ranges) => {
        await play(steps);
        for (const one of scopes)
          for (const [from, to] of [[null, null] as const, ...ranges]) await expectSame({ ...one, from, to });
      },
    ),
    // A slow machine tries fewer histories, but never none.
    { numRuns: 12, interruptAfterTimeLimit: 60_000, endOnFailure: true },
  );
  const keeping = createReportKeeping({ db, clock });
  const drift = await keeping.rebuild(false);
  expect(drift).toEqual(['visits', 'parts', 'returns', 'sums'].map((what) => ({ what, missing: 0, wrong: 0 })));

  // What was spoilt is found and made right, and nothing else is touched.
  await db.sql`UPDATE report_sums SET orders = orders + 1 WHERE grain = 'd' AND start = (SELECT min(start) FROM report_sums WHERE grain = 'd')`;
  await db.sql`DELETE FROM report_visits WHERE visitor_id = (SELECT visitor_id FROM report_visits LIMIT 1)`;
  const found = await keeping.rebuild(true);
  expect(found.find(({ what }) => what === 'sums')?.wrong).toBeGreaterThan(0);
  expect(found.find(({ what }) => what === 'visits')).toMatchObject({ wrong: 0 });
  expect((await keeping.rebuild(false)).every(({ missing, wrong }) => missing + wrong === 0)).toBe(true);

  // A unit that goes elsewhere in the tree: read from the facts until all is counted anew.
  await db.sql`UPDATE org_units SET path = path || '-old' WHERE id = ${brand.stores.b.id}`;
  expect(await keeping.upToDate()).toBeNull();
  await keeping.turn();
  expect(await keeping.upToDate()).not.toBeNull();
});
