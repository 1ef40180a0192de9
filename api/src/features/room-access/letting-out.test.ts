/** Who may not stay loses the picture with the place: through a relay too, whoever notices it, and soon. */
import { invite, revokeInvitation, setAudience } from '@walnut-live/contracts';
import { expect, test, vi } from 'vitest';
import { seedBrand } from '../../testing/fixtures.ts';
import { configFor, startMediaServer } from '../../testing/media-stand-in.ts';
import { enterRoom } from '../../testing/room-client.ts';
import { place, shelfLine } from '../../testing/shop.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { CROWDED_TEST_MS, LONG, PATIENCE_MS } from '../../testing/two-nodes.ts';

vi.setConfig({ testTimeout: CROWDED_TEST_MS });

const revocation = (personId: string, streamId: string) => ({
  path: '/control/revocations',
  body: { personId, streamId },
});

test('an invitation to a programme that is taken back lets out who watches it through a relay, by person and by number', async () => {
  const media = await startMediaServer();
  await using api = await startTestApi(configFor(media.port));
  const { rooms, staff, consumers } = await seedBrand(api);
  const { sql } = api.api.platform.db;
  await sql`UPDATE rooms SET audience = 'invited' WHERE id = ${rooms.hq.id}`;
  await sql`UPDATE rooms SET relay_of = ${rooms.hq.id} WHERE id = ${rooms.b.id}`;
  const phoneOf = async (id: string) =>
    (await sql<{ phone: string }>`SELECT phone FROM people WHERE id = ${id}`)[0]?.phone ?? '';
  const { items } = await api.ok(invite, {
    params: { id: rooms.hq.id },
    as: staff.operations,
    body: {
      items: [
        { kind: 'person', personId: consumers.anna.personId },
        { kind: 'phone', phone: await phoneOf(consumers.bella.personId), name: '贝拉' },
        { kind: 'person', personId: consumers.chris.personId },
      ],
    },
  });
  await using anna = await enterRoom(api, rooms.b.id, consumers.anna);
  await using bella = await enterRoom(api, rooms.b.id, consumers.bella);
  await using chris = await enterRoom(api, rooms.b.id, consumers.chris);
  for (const [no, out, { personId }] of [
    [0, anna, consumers.anna],
    [1, bella, consumers.bella],
  ] as const) {
    await api.ok(revokeInvitation, { params: { id: items[no]?.invitation.id ?? '' }, as: staff.operations });
    await out.waitFor('goodbye', () => out.closed[0] === 'not_in_audience', PATIENCE_MS);
    await vi.waitFor(() => expect(media.orders).toContainEqual(revocation(personId, rooms.hq.streamId)), LONG);
  }
  expect(chris.socket.connected).toBe(true);
  expect(JSON.stringify(media.orders)).not.toContain(consumers.chris.personId);
});

test('what only time or a refund changes ends the picture too, when the look at everybody finds it', async () => {
  const media = await startMediaServer();
  await using api = await startTestApi(configFor(media.port));
  const { rooms, consumers, products } = await seedBrand(api);
  const { sql } = api.api.platform.db;
  for (const buyer of [consumers.anna, consumers.bella]) {
    const order = await place(api, buyer, rooms.a, [shelfLine(products.milk)]);
    await sql`UPDATE orders SET state = 'paid', paid_at = ${api.clock.now()}, paid_fen = total_fen WHERE id = ${order.id}`;
  }
  await sql`UPDATE rooms SET audience = 'members' WHERE id = ${rooms.a.id}`;
  await sql`INSERT INTO customer_marks (id, person_id, kind, org_unit_id, org_path, reason, marked_by, marked_at)
    SELECT gen_random_uuid(), p.id, 'member', r.org_unit_id, r.org_path, '老顾客', p.id, now() FROM people p, rooms r
    WHERE p.id = ${consumers.anna.personId} AND r.id = ${rooms.a.id}`;
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  await using bella = await enterRoom(api, rooms.a.id, consumers.bella);
  await sql`UPDATE orders SET refunded_fen = paid_fen`;
  await api.api.roomSockets.checkStandings();
  await bella.waitFor('goodbye', () => bella.closed[0] === 'not_in_audience', PATIENCE_MS);
  const ended = revocation(consumers.bella.personId, rooms.a.streamId);
  await vi.waitFor(() => expect(media.orders).toContainEqual(ended), LONG);
  expect(anna.socket.connected).toBe(true);
  expect(JSON.stringify(media.orders)).not.toContain(consumers.anna.personId);
});

test('who is there loses the picture before the thousands who once were', async () => {
  const media = await startMediaServer();
  await using api = await startTestApi(configFor(media.port));
  const { rooms, staff, consumers } = await seedBrand(api);
  const { sql } = api.api.platform.db;
  const visitors = 600;
  await sql`WITH once AS (
      INSERT INTO people (id, kind, name, created_at) SELECT gen_random_uuid(), 'guest', '', now() FROM generate_series(1, ${visitors}::int) RETURNING id
    ) INSERT INTO room_visits (room_id, person_id, first_at, last_at)
      SELECT ${rooms.a.id}::uuid, id, now() - interval '1 hour', now() - interval '1 hour' FROM once`;
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  await vi.waitFor(async () => {
    const visits = await sql`SELECT 1 FROM room_visits WHERE person_id = ${consumers.anna.personId}`;
    expect(visits).toHaveLength(1);
  }, LONG);
  await api.ok(setAudience, { params: { id: rooms.a.id }, body: { audience: 'invited' }, as: staff.a.guide });
  await anna.waitFor('goodbye', () => anna.closed[0] === 'not_in_audience', PATIENCE_MS);
  await vi.waitFor(() => {
    const ended = media.orders.map(({ body }) => (body as { personId: string }).personId);
    expect(new Set(ended).size).toBe(visitors + 1);
    expect(ended.indexOf(consumers.anna.personId)).toBeLessThan(visitors / 10);
  }, LONG);
});
