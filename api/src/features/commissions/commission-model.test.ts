/**
 * Random seasons against a model that was written apart from the product: orders, partial refunds, receipts, rulings, payouts and new
 * versions in any order. Whatever happened, what everybody is owed is what the model says, to the fen (rules K1, K2, K4, K5).
 */
import type { CommissionTerms } from '@walnut-live/contracts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TestOrder } from '../../testing/attributed-orders.ts';
import { DAY, scene, terms } from '../../testing/commission-scene.ts';
import { COMMISSION_CHECK_JOB, COMMISSION_THAW_JOB, claim, markPaid } from './index.ts';

// ── the model: what a person with paper and pencil would do ──
interface Sale {
  paidAt: number;
  store: string;
  items: { fen: number; refunded: number }[];
  who: string | null;
}
interface Version {
  terms: CommissionTerms;
  published: number;
  full: number;
}
/** Hundredths of a percent for a sale at a store: every version that counted then says something, the best is taken. */
function rateThen(versions: Version[], level: 1 | 2, sale: Sale): number {
  let first = 0;
  versions.forEach((version, n) => {
    if (version.full <= sale.paidAt) first = n;
  });
  const said = versions.slice(first).filter((version) => version.published <= sale.paidAt);
  return Math.max(
    ...said.map(({ terms: by }) => {
      if (level === 2 && !by.levelTwoEnabled) return 0;
      const line = by.rates.find((one) => one.level === level && one.storePath === sale.store);
      return line?.bps ?? (level === 1 ? by.levelOneBps : by.levelTwoBps);
    }),
  );
}
function owedBy(versions: Version[], sales: Sale[], inviter: Record<string, string>): Record<string, number> {
  const owed: Record<string, number> = {};
  for (const sale of sales)
    for (const level of [1, 2] as const) {
      const who = level === 1 ? sale.who : sale.who === null ? null : (inviter[sale.who] ?? null);
      if (who === null) continue;
      for (const { fen, refunded } of sale.items)
        owed[who] = (owed[who] ?? 0) + Math.floor(((fen - refunded) * rateThen(versions, level, sale)) / 10_000);
    }
  return owed;
}

const act = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('sell' as const),
      store: fc.nat(1),
      fen: fc.tuple(fc.integer({ min: 1, max: 30_000 }), fc.integer({ min: 1, max: 900 })),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('refund' as const),
      sale: fc.nat(20),
      item: fc.nat(1),
      part: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rule' as const), sale: fc.nat(20), to: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('receive' as const), sale: fc.nat(20) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      one: fc.integer({ min: 0, max: 2_000 }),
      two: fc.option(fc.integer({ min: 0, max: 500 })),
      atB: fc.option(fc.integer({ min: 0, max: 3_000 })),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pay' as const), to: fc.nat(2) }) },
);

it('K1 K2 K4 K5 random seasons: what everybody is owed is what the model says, and the auditor agrees', async () => {
  await using on = await scene();
  const { api, brand, anna, bella, chris, orders, db, sql } = on;
  const stores = [brand.rooms.a, brand.rooms.b];
  const people = [bella.personId, chris.personId, null];
  // Chris brought Bella.
  await sql`INSERT INTO invite_edges (invitee_id, inviter_id, touch_id, at) VALUES (${bella.personId}, ${chris.personId}, ${crypto.randomUUID()}, ${api.clock.now()})`;
  const inviter = { [bella.personId]: chris.personId };
  const versions: Version[] = [{ terms: terms(), published: 0, full: 0 }];
  const sales: (Sale & { order: TestOrder; received: boolean })[] = [];

  const wait = async (days: number) => {
    api.clock.advanceSeconds(days * DAY);
    await on.run(COMMISSION_CHECK_JOB);
    await on.run(COMMISSION_THAW_JOB);
  };
  const payOut = (beneficiaryId: string) => {
    const [lineId, at] = [crypto.randomUUID(), api.clock.now()];
    return db.transaction(async (tx) => {
      await claim(tx, { lineId, beneficiaryId, storePath: null, upTo: at, at });
      await markPaid(tx, { lineId, at });
    });
  };

  // One long season: what was paid out, ruled and published before stays for what comes after.
  for (const season of fc.sample(fc.array(act, { minLength: 14, maxLength: 14 }), { numRuns: 4, seed: 20_261_123 })) {
    for (const step of season) {
      api.clock.advanceSeconds(90);
      const sale = 'sale' in step ? sales[step.sale % Math.max(1, sales.length)] : undefined;
      if (step.do === 'sell') {
        const room = stores[step.store] ?? brand.rooms.a;
        const order = await orders.place(anna, room, step.fen);
        await orders.pay(order);
        const [paid] = await sql<{ at: Date }>`SELECT paid_at AS at FROM orders WHERE id = ${order.id}`;
        const items = step.fen.map((fen) => ({ fen, refunded: 0 }));
        sales.push({
          order,
          items,
          received: false,
          store: room.orgUnit.path,
          paidAt: paid?.at.getTime() ?? 0,
          who: null,
        });
        await orders.credit(order, bella.personId);
        Object.assign(sales.at(-1) ?? {}, { who: bella.personId });
      } else if (step.do === 'refund' && sale) {
        const item = sale.items[step.item];
        const fen = item ? Math.ceil(((item.fen - item.refunded) * step.part) / 4) : 0;
        if (item && fen > 0) {
          await orders.refund(sale.order, step.item === 0 ? [fen, 0] : [0, fen]);
          item.refunded += fen;
        }
      } else if (step.do === 'rule' && sale) {
        sale.who = people[step.to] ?? null;
        await orders.credit(sale.order, sale.who);
      } else if (step.do === 'receive' && sale && !sale.received) {
        sale.received = true;
        await orders.receive(sale.order);
      } else if (step.do === 'publish') {
        const latest = versions.at(-1);
        const wanted = terms({
          ...{ levelOneBps: step.one, levelTwoEnabled: step.two !== null, levelTwoBps: step.two ?? 0 },
          rates: step.atB === null ? [] : [{ level: 1, storePath: brand.stores.b.path, bps: step.atB }],
        });
        if (JSON.stringify(wanted) === JSON.stringify(latest?.terms)) continue;
        const rule = await on.publish(wanted);
        versions.push({
          terms: wanted,
          published: Date.parse(rule.publishedAt ?? ''),
          full: Date.parse(rule.effectiveFrom),
        });
      } else if (step.do === 'wait') {
        await wait(step.days);
      } else if (step.do === 'pay') {
        await payOut(people[step.to] ?? bella.personId);
      }
    }
    // The season ends: what is left is received, thaws and is paid, so that the next one takes back from what was paid.
    for (const sale of sales.filter(({ received }) => !received)) {
      sale.received = true;
      await orders.receive(sale.order);
    }
    await wait(20);
    await payOut(bella.personId);
    await payOut(chris.personId);
    const wanted = owedBy(versions, sales, inviter);
    expect([await on.owed(bella.personId), await on.owed(chris.personId)]).toEqual([
      BigInt(wanted[bella.personId] ?? 0),
      BigInt(wanted[chris.personId] ?? 0),
    ]);
    expect(await on.audit()).toEqual([]);
  }
  // The season was one: money was paid out, entries stood against it, several versions counted.
  const [seen] = await sql<{ paid: bigint; against: bigint; versions: bigint }>`
    SELECT count(*) FILTER (WHERE state = 'paid') AS paid, count(*) FILTER (WHERE state IN ('settleable', 'paid') AND amount_fen < 0) AS against,
      count(DISTINCT rule_version) AS versions FROM commission_entries`;
  expect(seen).toMatchObject({ versions: expect.toSatisfy((n: bigint) => n > 1n) });
  expect([Number(seen?.paid), Number(seen?.against)].every((n) => n > 0)).toBe(true);
});
