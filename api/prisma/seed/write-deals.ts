/** What else a room can offer: a price by quantity, and several products for one price. */
import type { Clock, Random } from '../../src/platform/clock.ts';
import type { Tx } from '../../src/platform/db.ts';
import { demoHost, seedId } from './write-brand.ts';

const HOUR_MS = 3_600_000;
const DEAL_HOURS = 24;
/** What runs at least this long is kept as it is. */
const LEFT_HOURS = 12;

export const demoStairs = {
  ...{ sku: 'zero-1', priceFen: 660 },
  stairs: [
    { fromQuantity: 3, priceFen: 620 },
    { fromQuantity: 6, priceFen: 580 },
  ],
} as const;
export const demoBundle = {
  ...{ title: '早餐组合：核桃仁 + 6 瓶核桃乳', priceFen: 6_680, cap: 200 },
  parts: [
    { sku: 'kernels-200', quantity: 1 },
    { sku: 'milk-1', quantity: 6 },
  ],
} as const;
const skuId = (key: string) => seedId(`sku ${key}`);

/** Neither where people have changed the demo so that the terms hold no more: it is theirs. */
export async function writeDemoDeals(
  tx: Tx,
  roomId: string,
  { clock, random }: { clock: Clock; random: Random },
): Promise<void> {
  const at = clock.now();
  const lasting = new Date(at.getTime() + LEFT_HOURS * HOUR_MS);
  const endsAt = new Date(at.getTime() + DEAL_HOURS * HOUR_MS);
  await writeStairs(tx, roomId, { at, lasting, endsAt, id: random.id() });
  await writeBundle(tx, roomId, { at, lasting, endsAt, id: random.id() });
}
interface When {
  readonly at: Date;
  readonly lasting: Date;
  readonly endsAt: Date;
  readonly id: string;
}

async function writeStairs(tx: Tx, roomId: string, { at, lasting, endsAt, id }: When): Promise<void> {
  const { priceFen, stairs } = demoStairs;
  const sku = skuId(demoStairs.sku);
  const lowestFen = Math.min(...stairs.map((stair) => stair.priceFen));
  const holds = await tx`SELECT 1 FROM bag_items b JOIN skus k ON k.product_id = b.product_id
    WHERE b.room_id = ${roomId} AND k.id = ${sku} AND k.active AND k.price_fen > ${priceFen} AND coalesce(k.floor_price_fen, 0) <= ${lowestFen}
      AND NOT EXISTS (SELECT FROM offers o WHERE o.room_id = ${roomId} AND o.sku_id = ${sku} AND o.state = 'open' AND o.ends_at > ${lasting})`;
  if (holds.length === 0) return;
  await tx`WITH closed AS (
      UPDATE offers SET state = 'closed', closed_at = ${at} WHERE room_id = ${roomId} AND sku_id = ${sku} AND state = 'open' RETURNING id
    ) UPDATE offer_versions v SET superseded_at = ${at} FROM closed WHERE v.offer_id = closed.id AND v.superseded_at IS NULL`;
  const steps = JSON.stringify(stairs);
  await tx`INSERT INTO offers (id, room_id, sku_id, price_fen, version, starts_at, ends_at, state, created_by, created_at, stairs)
    VALUES (${id}, ${roomId}, ${sku}, ${priceFen}, 1, ${at}, ${endsAt}, 'open', ${demoHost().personId}, ${at}, ${steps}::jsonb)`;
  await tx`INSERT INTO offer_versions (offer_id, version, price_fen, effective_from, ends_at, stairs)
    VALUES (${id}, 1, ${priceFen}, ${at}, ${endsAt}, ${steps}::jsonb)`;
}

async function writeBundle(tx: Tx, roomId: string, { at, lasting, endsAt, id }: When): Promise<void> {
  const { title, priceFen, cap, parts } = demoBundle;
  const skus = parts.map(({ sku }) => skuId(sku));
  const quantities = parts.map(({ quantity }) => quantity);
  const [holds] = await tx<{ parts: number; shelf: bigint; floor: bigint; open: boolean }>`
    SELECT count(*)::int AS parts, coalesce(sum(k.price_fen * w.quantity), 0)::bigint AS shelf,
      coalesce(sum(coalesce(k.floor_price_fen, 0) * w.quantity), 0)::bigint AS floor,
      EXISTS (SELECT FROM bundles o WHERE o.room_id = ${roomId} AND o.title = ${title} AND o.state = 'open' AND o.ends_at > ${lasting}) AS open
    FROM unnest(${skus}::uuid[], ${quantities}::int[]) AS w (sku_id, quantity)
    JOIN skus k ON k.id = w.sku_id AND k.active JOIN bag_items b ON b.product_id = k.product_id AND b.room_id = ${roomId}`;
  if (!holds || holds.open || holds.parts < parts.length || holds.shelf <= priceFen || holds.floor > priceFen) return;
  await tx`UPDATE bundles SET state = 'closed', closed_at = ${at} WHERE room_id = ${roomId} AND title = ${title} AND state = 'open'`;
  await tx`INSERT INTO bundles (id, room_id, title, price_fen, starts_at, ends_at, cap, state, created_by, created_at)
    VALUES (${id}, ${roomId}, ${title}, ${priceFen}, ${at}, ${endsAt}, ${cap}, 'open', ${demoHost().personId}, ${at})`;
  await tx`INSERT INTO bundle_parts (bundle_id, sku_id, position, quantity)
    SELECT ${id}::uuid, sku_id, n - 1, quantity FROM unnest(${skus}::uuid[], ${quantities}::int[]) WITH ORDINALITY AS w (sku_id, quantity, n)`;
}
