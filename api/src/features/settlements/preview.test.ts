/** What a run would pay is read in one statement, however many orders are in dispute. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Sql } from '../../platform/db.ts';
import { seedBrand } from '../../testing/fixtures.ts';
import { type PostedEntry, postEntry } from '../../testing/settlements.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { duesOf } from './preview.repository.ts';

it('K3 K4 one statement: disputes are left out, claw-backs are not, what is owed elsewhere is offset, what is held is told apart', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { db } = api.api.platform;
  const { a, b } = brand.stores;
  const { anna, bella, chris } = brand.consumers;
  const at = new Date(api.clock.now().getTime() - 3_600_000);
  const post = (
    who: typeof anna,
    store: typeof a,
    amountFen: bigint,
    more: Partial<Parameters<typeof postEntry>[1]> = {},
  ) => postEntry(api.api.platform, { personId: who.personId, store, amountFen, at, ...more });
  const dispute = (entry: PostedEntry) =>
    db.transaction(async (tx) => {
      // Its order is nobody's, as `postEntry` makes it.
      await tx`SET LOCAL session_replication_role = replica`;
      await tx`INSERT INTO credit_appeals (id, order_id, org_path, person_id, role, text, version, state, at)
        SELECT ${randomUUID()}::uuid, order_id, org_path, beneficiary_id, 'sharer', '我的', 1, 'open', ${at}::timestamptz
        FROM commission_entries WHERE id = ${entry.id}`;
    });
  const sold = await post(anna, a, 1_000n);
  await dispute(await post(anna, a, 500n));
  await post(anna, a, 70n, { state: 'held' });
  const elsewhere = await post(anna, b, 300n);
  await post(anna, b, -40n, { against: await post(anna, b, 40n, { state: 'estimated' }) });
  // Paid, and taken back while its order is in dispute: nothing delays that.
  const paid = await post(anna, a, 200n);
  await db.transaction(async (tx) => {
    await tx`SET LOCAL session_replication_role = replica`;
    await tx`UPDATE commission_entries SET state = 'paid', settlement_line_id = ${randomUUID()} WHERE id = ${paid.id}`;
  });
  await dispute(await post(anna, a, -200n, { against: paid }));
  await post(bella, b, 900n);
  await post(chris, a, 5n, { state: 'held' });

  let statements = 0;
  let most = 0;
  const counting: Sql = (strings, ...values) => {
    statements += 1;
    most = Math.max(most, ...values.map((value) => (Array.isArray(value) ? value.length : 0)));
    return db.sql(strings, ...values);
  };
  const run = { scope: a.path, upTo: api.clock.now(), withParts: true, at: api.clock.now() };
  const dues = await duesOf(counting, run);
  expect([statements, most]).toEqual([1, 0]); // no ids go through this process
  const none = { positiveFen: 0n, negativeFen: 0n };
  expect(dues.toSorted((x, y) => Number(y.heldFen - x.heldFen))).toEqual([
    {
      ...{ personId: anna.personId, kind: 'consumer', heldFen: 70n, partIds: [sold.id] },
      stores: expect.toSatisfy((stores: readonly { storeId: string }[]) => {
        const of = (storeId: string) => stores.find((store) => store.storeId === storeId);
        expect(of(a.id)).toEqual({ ...none, storeId: a.id, positiveFen: 1_000n, negativeFen: -200n, entries: 2 });
        expect(of(b.id)).toEqual({ ...none, storeId: b.id, negativeFen: -40n, entries: 1 });
        return stores.length === 2;
      }),
    },
    { personId: chris.personId, kind: 'consumer', stores: [], heldFen: 5n, partIds: [] },
  ]);
  const everything = await duesOf(db.sql, { ...run, scope: brand.hq.path });
  const hers = everything.find(({ personId }) => personId === anna.personId);
  expect(hers?.partIds.toSorted()).toEqual([sold.id, elsewhere.id].toSorted());
});
