/** A whole cascade of reposts through bonds, edges, credit, commission and the invite graph, against the log it came from. */
import { networkChain, networkDiagnosis, networkPerson } from '@walnut-live/contracts';
import { expect, it } from 'vitest';
import { auditLedger } from '../../ledger/index.ts';
import { createAttributedOrders } from '../../testing/attributed-orders.ts';
import { seedBrand } from '../../testing/fixtures.ts';
import { createInviteForest } from '../../testing/invite-forest.ts';
import { type Cascade, repostCascade } from '../../testing/repost-cascade.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

const PEOPLE = 260;
const SEED = 20_261_123;
const BUYERS = 24;
const FEN = 10_000;
const [LEVEL_ONE_BPS, LEVEL_TWO_BPS] = [1_000, 200];

/** Who stands above somebody, the nearest first. */
function above({ inviters }: Cascade, person: number): number[] {
  const chain: number[] = [];
  for (let next = inviters[person] ?? -1; next >= 0; next = inviters[next] ?? -1) chain.push(next);
  return chain;
}

async function play(api: TestApi, cascade: Cascade, ids: readonly string[], room: { id: string }, owner: object) {
  const { db, clock } = api.api.platform;
  const { bindings } = createAttributedOrders(api);
  const start = clock.now().getTime() - (cascade.visits.length + 1) * 60_000;
  const log = cascade.visits.map(({ visitor, sharer, minute }) => ({
    ...{
      id: crypto.randomUUID(),
      visitorId: ids[visitor] ?? '',
      sharerId: ids[sharer] ?? '',
      linkId: ids[sharer] ?? '',
    },
    at: new Date(start + minute * 60_000),
  }));
  await db.transaction(async (tx) => {
    // A link has its sharer's own id here: any will do.
    await tx`INSERT INTO share_links (id, sharer_id, room_id, channel, created_at)
      SELECT id, id, ${room.id}, 'moments', ${new Date(start)} FROM unnest(${ids}::uuid[]) AS i (id)`;
    await tx`INSERT INTO touches (id, link_id, sharer_id, visitor_id, room_id, channel, link_issued_at, ip_hash, agent_hash, at)
      SELECT id, link_id, sharer_id, visitor_id, ${room.id}, 'moments', at, '', '', at
      FROM unnest(${log.map((one) => one.id)}::uuid[], ${log.map((one) => one.linkId)}::uuid[], ${log.map((one) => one.sharerId)}::uuid[],
        ${log.map((one) => one.visitorId)}::uuid[], ${log.map((one) => one.at)}::timestamptz[])
        AS t (id, link_id, sharer_id, visitor_id, at)`;
    for (const touch of log) await bindings.onTouch(tx, { ...touch, room: owner as never });
  });
}

it('A5 K2 A7 a cascade over fifty deep: one forest, two paid levels at most, and the graph says what the log says', async () => {
  await using api = await startTestApi();
  const { staff, rooms } = await seedBrand(api);
  const { sql } = api.api.platform.db;
  const cascade = repostCascade(PEOPLE, SEED);
  const { visits, inviters, depths } = cascade;

  // The shape: deep, and a few bring most.
  const deepest = depths.indexOf(Math.max(...depths));
  expect(depths[deepest]).toBeGreaterThan(50);
  const brought = inviters.map((_, person) => inviters.filter((inviter) => inviter === person).length);
  const top = [...brought].sort((a, b) => b - a).slice(0, PEOPLE / 20);
  expect(top.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(PEOPLE / 3);
  expect(brought.filter((n) => n === 0).length).toBeGreaterThan(PEOPLE / 3);

  const forest = createInviteForest(api);
  const ids = await forest.people(PEOPLE);
  const id = (person: number) => ids[person] ?? '';
  const { host, orgUnit } = rooms.a;
  await play(api, cascade, ids, rooms.a, { id: rooms.a.id, orgUnitId: orgUnit.id, hostId: host.personId });

  // The edges are the first visits; whoever is above somebody and opens their post closes no ring.
  const edges = await sql<{
    invitee: string;
    inviter: string;
  }>`SELECT invitee_id AS invitee, inviter_id AS inviter FROM invite_edges`;
  const found = new Map(edges.map(({ invitee, inviter }) => [invitee, inviter]));
  expect(found.size).toBe(PEOPLE - 1);
  for (let person = 1; person < PEOPLE; person++) expect(found.get(id(person))).toBe(id(inviters[person] ?? -1));

  // Two levels are paid, whoever buys, however deep: the last to bring them here, and who brought that one.
  await sql`INSERT INTO commission_rules (version, level_one_bps, level_two_bps, effective_from, level_two_enabled)
    VALUES (2, ${LEVEL_ONE_BPS}, ${LEVEL_TWO_BPS}, ${new Date(api.clock.now().getTime() - 1_000)}, true)`;
  const orders = createAttributedOrders(api);
  const buyers = [...depths.keys()].sort((a, b) => (depths[b] ?? 0) - (depths[a] ?? 0) || a - b).slice(0, BUYERS);
  for (const buyer of buyers) {
    const order = await orders.place({ personId: id(buyer), kind: 'consumer', name: '' }, rooms.a, [FEN]);
    await orders.pay(order);
    const first = visits.findLast(({ visitor, sharer }) => visitor === buyer && sharer !== buyer)?.sharer ?? -1;
    expect(order.credit).toMatchObject({ reason: 'share_link', inviter: { id: id(first) } });
    const second = inviters[first] ?? -1;
    const paid = await sql<{ level: number; id: string; fen: bigint }>`
      SELECT level, beneficiary_id AS id, sum(amount_fen)::bigint AS fen FROM commission_entries WHERE order_id = ${order.id}
      GROUP BY 1, 2 ORDER BY 1`;
    expect(paid).toEqual([
      { level: 1, id: id(first), fen: BigInt((FEN * LEVEL_ONE_BPS) / 10_000) },
      ...(second < 0 || second === buyer
        ? []
        : [{ level: 2, id: id(second), fen: BigInt((FEN * LEVEL_TWO_BPS) / 10_000) }]),
    ]);
  }
  expect(await auditLedger(api.api.platform.db)).toMatchObject({ ok: true });
  const [levels] = await sql`SELECT max(level) AS deepest, min(level) AS first FROM commission_entries`;
  expect(levels).toEqual({ deepest: 2, first: 1 });

  // The graph, at any depth.
  await forest.follow();
  const chains = [...depths.keys()].map((person) => above(cascade, person));
  const below = (top: number) => chains.flatMap((chain) => (chain.includes(top) ? [chain.indexOf(top) + 1] : []));
  const wanted = [0, ...brought.keys()].sort((a, b) => (brought[b] ?? 0) - (brought[a] ?? 0)).slice(0, 4);
  for (const person of [...wanted, deepest, chains[deepest]?.[25] ?? 0]) {
    const answer = await api.ok(networkPerson, { as: staff.admin, params: { id: id(person) } });
    const steps = below(person);
    const byLevel = Map.groupBy(steps, (step) => step);
    expect(answer.below.people).toBe(steps.length);
    expect(answer.levels.map(({ level, people }) => [level, people])).toEqual(
      [...byLevel].map(([level, some]) => [level, some.length]).sort(([a = 0], [b = 0]) => a - b),
    );
    const sales = buyers.filter((buyer) => chains[buyer]?.includes(person)).length;
    expect([answer.below.orders, answer.below.gmvFen]).toEqual([sales, sales * FEN]);
  }
  const chain = await api.ok(networkChain, { as: staff.admin, params: { id: id(deepest) } });
  expect(chain.items.map(({ person }) => person.id)).toEqual(chains[deepest]?.map(id));
  const diagnosis = await api.ok(networkDiagnosis, { as: staff.admin, query: { personId: id(0) } });
  expect(diagnosis).toMatchObject({ people: PEOPLE - 1, depth: depths[deepest] });
}, 120_000);
