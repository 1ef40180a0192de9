/**
 * Shipping rules by org unit: the terms of the nearest unit at or above a store hold there; every version stays.
 * What an order is charged is decided by shipping.policy.ts from the terms that its room is read with.
 */
import {
  getShippingRule,
  putShippingRule,
  putSkuWeight,
  quoteShipping,
  type ShippingRule,
  type ShippingTerms,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { requireScope } from '../../platform/principal.ts';
import { provinceOf } from '../addresses/index.ts';
import { DEFAULT_SHIPPING, feeFen, feeFor, namesTwice } from './shipping.policy.ts';

export { announcedShipping, DEFAULT_SHIPPING, type Shipment, shippingFen } from './shipping.policy.ts';

type Unit = ShippingRule['orgUnit'];
interface Own {
  readonly terms: ShippingTerms | null;
  readonly version: number;
  readonly at: Date;
}

export function createShipping(deps: { bind: Binder; db: Db; clock: Clock; random: Random }): void {
  const { bind, db, clock, random } = deps;

  bind(getShippingRule, async ({ principal, params }) => {
    const unit = await findUnit(db.sql, params.orgUnitId);
    requireScope(principal, 'orders:read', unit.path);
    return readRule(db.sql, unit);
  });

  bind(putShippingRule, ({ principal, params, body }) =>
    db.transaction(async (tx) => {
      const unit = await findUnit(tx, params.orgUnitId, true);
      requireScope(principal, 'stock:write', unit.path);
      if (body.terms && namesTwice(body.terms))
        throw new AppError('invalid_request', { issues: [{ path: '/terms/zones', issue: 'province_twice' }] });
      const { version } = await readRule(tx, unit);
      if (version !== body.version) throw new AppError('conflict', { facts: { version } });
      await tx`INSERT INTO shipping_rules (org_unit_id, version, org_path, terms, set_by, at)
        VALUES (${unit.id}, ${version + 1}, ${unit.path}, ${body.terms && JSON.stringify(body.terms)}::jsonb, ${principal.personId}, ${clock.now()})`;
      await writeAudit(
        tx,
        { clock, random },
        {
          ...{
            actorId: principal.personId,
            action: 'shipping:changed',
            target: `org_unit:${unit.id}`,
            orgPath: unit.path,
          },
          ...{ reason: body.reason, detail: { version: version + 1 } },
        },
      );
      return readRule(tx, unit);
    }),
  );

  bind(quoteShipping, async ({ body }) => {
    const [room] = await db.sql<{ kind: Unit['kind']; path: string; address: string; phone: string }>`
      SELECT u.kind, u.path, u.address, u.service_phone AS phone FROM rooms r JOIN org_units u ON u.id = r.org_unit_id
      WHERE r.id = ${body.roomId}`;
    if (!room) throw new AppError('not_found');
    const { terms } = await nearest(db.sql, room.path);
    const wanted = [...body.lines, ...(await partsOf(db.sql, body.roomId, body.bundles ?? []))];
    const weights = await db.sql<{ id: string; grams: number | null }>`
      SELECT id, weight_grams AS grams FROM skus WHERE id = ANY(${wanted.map(({ skuId }) => skuId)}::uuid[])`;
    const gramsOf = new Map(weights.map(({ id, grams }) => [id, grams]));
    const fee = body.to ? feeFor(terms, provinceOf(body.to)) : terms.other;
    const goodsFen = BigInt(body.goodsFen);
    const lines = wanted.map(({ skuId, quantity }) => ({ quantity, weightGrams: gramsOf.get(skuId) ?? null }));
    const from = fee?.freeFromFen ?? null;
    return {
      shippingFen: fee && Number(feeFen(fee, { goodsFen, lines })),
      freeInFen: from !== null && from > body.goodsFen ? from - body.goodsFen : null,
      freeFromFen: from,
      pickup: terms.pickup && room.kind === 'store' ? { place: room.address, phone: room.phone } : null,
    };
  });

  bind(putSkuWeight, async ({ params, body }) => {
    const rows = await db.sql`UPDATE skus SET weight_grams = ${body.grams} WHERE id = ${params.id} RETURNING id`;
    if (rows.length === 0) throw new AppError('not_found');
    return undefined;
  });
}

/** What is in these bundles of the room. @throws AppError not_found */
async function partsOf(
  sql: Sql,
  roomId: string,
  bundles: readonly { bundleId: string; quantity: number }[],
): Promise<{ skuId: string; quantity: number }[]> {
  if (bundles.length === 0) return [];
  const ids = bundles.map(({ bundleId }) => bundleId);
  const parts = await sql<{ bundleId: string; skuId: string; quantity: number }>`
    SELECT p.bundle_id AS "bundleId", p.sku_id AS "skuId", p.quantity FROM bundle_parts p JOIN bundles b ON b.id = p.bundle_id
    WHERE b.room_id = ${roomId} AND b.id = ANY(${ids}::uuid[])`;
  return bundles.flatMap(({ bundleId, quantity }) => {
    const own = parts.filter((part) => part.bundleId === bundleId);
    if (own.length === 0) throw new AppError('not_found', { facts: { bundleId } });
    return own.map((part) => ({ skuId: part.skuId, quantity: part.quantity * quantity }));
  });
}

async function findUnit(sql: Sql, id: string, lock = false): Promise<Unit> {
  const [unit] = lock
    ? await sql<Unit>`SELECT id, kind, path, name FROM org_units WHERE id = ${id} FOR NO KEY UPDATE`
    : await sql<Unit>`SELECT id, kind, path, name FROM org_units WHERE id = ${id}`;
  if (!unit) throw new AppError('not_found');
  return unit;
}

/** The terms that hold at a path, and whose they are. */
async function nearest(sql: Sql, path: string): Promise<{ terms: ShippingTerms; from: Unit | null }> {
  const [found] = await sql<{ terms: ShippingTerms; from: Unit }>`
    SELECT s.terms, json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS from
    FROM shipping_rules s JOIN org_units u ON u.id = s.org_unit_id
    WHERE (${path} = s.org_path OR ${path} LIKE s.org_path || '.%') AND s.terms IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM shipping_rules n WHERE n.org_unit_id = s.org_unit_id AND n.version > s.version)
    ORDER BY length(s.org_path) DESC LIMIT 1`;
  return found ?? { terms: DEFAULT_SHIPPING, from: null };
}

async function readRule(sql: Sql, unit: Unit): Promise<ShippingRule> {
  const [own] = await sql<Own>`
    SELECT terms, version, at FROM shipping_rules WHERE org_unit_id = ${unit.id} ORDER BY version DESC LIMIT 1`;
  const { terms, from } = await nearest(sql, unit.path);
  return {
    orgUnit: unit,
    version: own?.version ?? 0,
    own: own?.terms ?? null,
    effective: terms,
    from,
    setAt: own?.at.toISOString() ?? null,
  };
}
