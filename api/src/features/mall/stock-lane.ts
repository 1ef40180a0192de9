/**
 * Stock between here and the mall, by the mode that was configured.
 *
 * ours: what is for sale here is told when it differs from what was told last.
 * mall: what is on hand there becomes what is on hand here. Its figures know our orders up to `ordersThrough`; pieces of later
 * paid orders are taken off, read under the lock of the stock's row, so that no sale is forgotten or counted twice. What orders
 * hold stays held (S1): a figure below it is cut there and counted as refused.
 */
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { insertMovement, tellRooms } from '../catalogue/index.ts';
import type { Counts } from './lanes.ts';
import type { LevelHere, Mall, MallLevel } from './port.ts';

/** Levels of one message, and of one transaction that holds their rows. */
const TOLD_AT_ONCE = 200;
const TAKEN_AT_ONCE = 50;
const MOST_BATCHES = 100;

interface Target extends MallLevel {
  readonly skuId: string;
  readonly unitId: string;
  readonly path: string;
}

export function createStockLane(deps: { db: Db; clock: Clock; random: Random; mall: Mall }) {
  const { db, clock, random, mall } = deps;

  async function tell(counts: Counts, stop: AbortSignal): Promise<void> {
    for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
      const rows = await db.sql<LevelHere & { skuId: string; unitId: string }>`
        SELECT s.sku_id AS "skuId", s.org_unit_id AS "unitId", k.code AS "skuCode", s.org_path AS unit, s.on_hand - s.reserved AS available
        FROM stocks s JOIN skus k ON k.id = s.sku_id LEFT JOIN mall_levels l ON l.sku_id = s.sku_id AND l.org_unit_id = s.org_unit_id
        WHERE k.code IS NOT NULL AND l.available IS DISTINCT FROM s.on_hand - s.reserved
        ORDER BY s.sku_id, s.org_unit_id LIMIT ${TOLD_AT_ONCE}`;
      if (rows.length === 0) return;
      await mall.putStock(
        rows.map(({ skuCode, unit, available }) => ({ skuCode, unit, available })),
        stop,
      );
      await db.sql`INSERT INTO mall_levels (sku_id, org_unit_id, available, at)
        SELECT sku_id, unit_id, available, ${clock.now()}::timestamptz
        FROM unnest(${rows.map(({ skuId }) => skuId)}::uuid[], ${rows.map(({ unitId }) => unitId)}::uuid[],
          ${rows.map(({ available }) => available)}::int[]) AS told (sku_id, unit_id, available)
        ON CONFLICT (sku_id, org_unit_id) DO UPDATE SET available = excluded.available, at = excluded.at`;
      counts.seen += rows.length;
      counts.changed += rows.length;
    }
  }

  /** What the levels are about; those of SKUs or units that are not here are missing. The later of two for the same wins. */
  async function targetsOf(levels: readonly MallLevel[]): Promise<Target[]> {
    const rows = await db.sql<{ n: number; skuId: string; unitId: string; path: string }>`
      SELECT w.n::int AS n, k.id AS "skuId", u.id AS "unitId", u.path
      FROM unnest(${levels.map(({ skuCode }) => skuCode)}::text[], ${levels.map(({ unit }) => unit)}::text[])
        WITH ORDINALITY AS w (code, unit, n)
      JOIN skus k ON k.code = w.code
      JOIN org_units u ON u.path = w.unit OR (w.unit IS NULL AND u.parent_id IS NULL)
      ORDER BY w.n`;
    const found = rows.flatMap(({ n, ...row }) => {
      const level = levels[n - 1];
      return level ? [{ ...level, ...row }] : [];
    });
    return [...new Map(found.map((target) => [`${target.skuId} ${target.unitId}`, target])).values()];
  }

  async function takeChunk(tx: Tx, targets: readonly Target[], through: bigint, counts: Counts): Promise<void> {
    const at = clock.now();
    const skuIds = targets.map(({ skuId }) => skuId);
    const unitIds = targets.map(({ unitId }) => unitId);
    await tx`INSERT INTO stocks (sku_id, org_unit_id, org_path, on_hand, updated_at)
      SELECT sku_id, unit_id, path, 0, ${at}::timestamptz
      FROM unnest(${skuIds}::uuid[], ${unitIds}::uuid[], ${targets.map(({ path }) => path)}::text[]) AS t (sku_id, unit_id, path)
      ORDER BY sku_id, unit_id ON CONFLICT DO NOTHING`;
    const rows = await tx<{ skuId: string; unitId: string; onHand: number; reserved: number }>`
      SELECT s.sku_id AS "skuId", s.org_unit_id AS "unitId", s.on_hand AS "onHand", s.reserved FROM stocks s
      JOIN unnest(${skuIds}::uuid[], ${unitIds}::uuid[]) AS t (sku_id, unit_id) ON t.sku_id = s.sku_id AND t.unit_id = s.org_unit_id
      ORDER BY s.sku_id, s.org_unit_id FOR UPDATE OF s`;
    // After the lock: whoever sold before us has written their fact, whoever comes later takes off by themselves.
    const sold = await tx<{ skuId: string; unitId: string; pieces: number }>`
      SELECT i.sku_id AS "skuId", i.stock_unit_id AS "unitId", sum(i.quantity)::int AS pieces
      FROM domain_events e JOIN order_items i ON i.order_id = (e.data->>'orderId')::uuid
      WHERE e.type = 'order.paid' AND (e.no > ${through} OR e.no IS NULL) AND i.sku_id = ANY(${skuIds}::uuid[])
      GROUP BY i.sku_id, i.stock_unit_id`;
    const soldOf = new Map(sold.map(({ skuId, unitId, pieces }) => [`${skuId} ${unitId}`, pieces]));
    const wantedOf = new Map(targets.map((target) => [`${target.skuId} ${target.unitId}`, target]));
    for (const { skuId, unitId, onHand, reserved } of rows) {
      const key = `${skuId} ${unitId}`;
      const target = wantedOf.get(key);
      if (!target) continue;
      const wanted = target.onHand - (soldOf.get(key) ?? 0);
      if (wanted < reserved) counts.refused += 1;
      const becomes = Math.max(wanted, reserved);
      if (becomes === onHand) continue;
      counts.changed += 1;
      await tx`UPDATE stocks SET on_hand = ${becomes}, updated_at = ${at} WHERE sku_id = ${skuId} AND org_unit_id = ${unitId}`;
      const moved = { skuId, orgUnitId: unitId, delta: becomes - onHand, reason: 'mall' as const, actorId: null, at };
      await insertMovement(tx, { id: random.id(), ...moved });
      await tellRooms(tx, clock, skuId, { id: unitId, path: target.path });
    }
  }

  return {
    tell,
    async take(levels: readonly MallLevel[], through: bigint, counts: Counts): Promise<void> {
      const targets = await targetsOf(levels);
      counts.seen += levels.length;
      counts.refused += Math.max(
        0,
        new Set(levels.map(({ skuCode, unit }) => `${skuCode} ${unit}`)).size - targets.length,
      );
      for (let from = 0; from < targets.length; from += TAKEN_AT_ONCE) {
        const chunk = targets.slice(from, from + TAKEN_AT_ONCE);
        await db.transaction((tx) => takeChunk(tx, chunk, through, counts));
      }
    },
  };
}
