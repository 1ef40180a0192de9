/** Terms of group buys: made, listed and stopped by staff. A campaign never changes; a wrong one is stopped and another made. */
import {
  type BodyOf,
  type createGroupCampaign,
  type GroupCampaign,
  may,
  type stopGroupCampaign,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { CsvColumn } from '../../platform/csv.ts';
import { decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import { refuseGroupPrice } from './group-buys.policy.ts';
import {
  type CampaignRow,
  campaignIds,
  findCampaign,
  readCampaigns,
  readFigures,
  toCampaign,
} from './group-buys.repository.ts';

const CSV_PAGE = 200;
const DAY_MS = 86_400_000;

export interface CampaignsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly guard: Pick<ClaimGuard, 'requireClean'>;
}

export function createCampaigns(deps: CampaignsDeps) {
  const { db, clock, random } = deps;
  const audit = (tx: Tx, actorId: string, row: CampaignRow, action: string, reason = '') =>
    writeAudit(tx, deps, {
      ...{ actorId, action, target: `group-campaign:${row.id}`, orgPath: row.orgPath, reason },
      detail: { title: row.title, skuId: row.sku.id, priceFen: Number(row.priceFen), size: row.size, hours: row.hours },
    });
  const maySeeFigures = (principal: StaffPrincipal) => may(principal.staff.role, 'reports:read');

  async function shown(principal: StaffPrincipal, ids: readonly string[]): Promise<GroupCampaign[]> {
    const [rows, figures] = await Promise.all([
      readCampaigns(db.sql, ids),
      maySeeFigures(principal) ? readFigures(db.sql, ids) : undefined,
    ]);
    return rows.map((row) => toCampaign(row, figures?.get(row.id) ?? null));
  }

  async function page(principal: StaffPrincipal, query: { cursor?: string | undefined; limit: number }) {
    const ids = await campaignIds(db.sql, principal.staff.orgPath, decodeTimeCursor(query.cursor), query.limit + 1);
    const items = await shown(principal, ids.slice(0, query.limit));
    const last = items.at(-1);
    const more = ids.length > query.limit && last !== undefined;
    return { items, nextCursor: more ? encodeTimeCursor({ at: new Date(last.createdAt), id: last.id }) : null };
  }

  async function inScope(
    principal: StaffPrincipal,
    id: string,
    right: 'rooms:read' | 'offers:write',
  ): Promise<CampaignRow> {
    const row = await findCampaign(db.sql, id);
    if (!row) throw new AppError('not_found');
    requireScope(principal, right, row.orgPath);
    return row;
  }

  return {
    page,
    inScope,
    async *all(principal: StaffPrincipal): AsyncGenerator<GroupCampaign> {
      let cursor: string | undefined;
      do {
        const found = await page(principal, { cursor, limit: CSV_PAGE });
        yield* found.items;
        cursor = found.nextCursor ?? undefined;
      } while (cursor !== undefined);
    },

    /** In the transaction of its idempotency key. @throws AppError not_found, below_price_floor (S6), invalid_request, words_refused */
    async create(tx: Tx, principal: StaffPrincipal, body: BodyOf<typeof createGroupCampaign>): Promise<GroupCampaign> {
      const [unit] = await tx<{ path: string }>`SELECT path FROM org_units WHERE id = ${body.orgUnitId}`;
      if (!unit) throw new AppError('not_found');
      requireScope(principal, 'offers:write', unit.path);
      // Locked: either this sees a raised floor, or the one who raises it sees this campaign.
      const [sku] = await tx<{ productId: string; priceFen: bigint; floorPriceFen: bigint | null }>`
        SELECT product_id AS "productId", price_fen AS "priceFen", floor_price_fen AS "floorPriceFen" FROM skus WHERE id = ${body.skuId} FOR SHARE`;
      if (!sku) throw new AppError('not_found', { facts: { skuId: body.skuId } });
      const refusal = refuseGroupPrice(BigInt(body.priceFen), sku);
      if (refusal)
        throw new AppError(refusal.code, {
          facts: { ...refusal.facts },
          ...(refusal.code === 'invalid_request' ? { issues: [{ path: '/priceFen', issue: 'not_below_price' }] } : {}),
        });
      const id = random.id();
      const { personId } = principal;
      // Rule Z3. What was refused stays in the correction log although this transaction does not.
      await deps.guard.requireClean(
        { place: 'play', target: `group-campaign:${id}`, orgPath: unit.path, roomId: null, personId },
        [body.title],
      );
      const now = clock.now();
      const startsAt = new Date(Math.max(now.getTime(), body.startsAt ? Date.parse(body.startsAt) : 0));
      const endsAt = new Date(startsAt.getTime() + body.days * DAY_MS);
      await tx`
        INSERT INTO group_campaigns (id, org_unit_id, org_path, product_id, sku_id, title, price_fen, size, hours, max_groups,
          per_person, starts_at, ends_at, created_by, created_at)
        VALUES (${id}, ${body.orgUnitId}, ${unit.path}, ${sku.productId}, ${body.skuId}, ${body.title}, ${body.priceFen}, ${body.size},
          ${body.hours}, ${body.maxGroups}, ${body.perPerson}, ${startsAt}, ${endsAt}, ${personId}, ${now})`;
      const row = await findCampaign(tx, id);
      if (!row) throw new Error('a new row is gone');
      await audit(tx, personId, row, 'group-campaign:created');
      return toCampaign(row, maySeeFigures(principal) ? ((await readFigures(tx, [id])).get(id) ?? null) : null);
    },

    /** @throws AppError not_found */
    async stop(principal: StaffPrincipal, id: string, body: BodyOf<typeof stopGroupCampaign>): Promise<GroupCampaign> {
      const row = await inScope(principal, id, 'offers:write');
      await db.transaction(async (tx) => {
        const stopped = await tx`
          UPDATE group_campaigns SET stopped_at = ${clock.now()} WHERE id = ${id} AND stopped_at IS NULL RETURNING id`;
        if (stopped.length === 1) await audit(tx, principal.personId, row, 'group-campaign:stopped', body.reason);
      });
      const [after] = await shown(principal, [id]);
      if (!after) throw new Error('a row is gone');
      return after;
    },
  };
}

/** Amounts stay integers of fen: a spreadsheet must be able to sum them. */
export const campaignColumns: readonly CsvColumn<GroupCampaign>[] = [
  { title: 'title', value: (c) => c.title },
  { title: 'unitPath', value: (c) => c.orgUnit.path },
  { title: 'unit', value: (c) => c.orgUnit.name },
  { title: 'product', value: (c) => c.product.title },
  { title: 'sku', value: (c) => c.sku.name },
  { title: 'priceFen', value: (c) => c.priceFen },
  { title: 'size', value: (c) => c.size },
  { title: 'hours', value: (c) => c.hours },
  { title: 'maxGroups', value: (c) => c.maxGroups },
  { title: 'perPerson', value: (c) => c.perPerson },
  { title: 'open', value: (c) => c.figures?.open },
  { title: 'complete', value: (c) => c.figures?.complete },
  { title: 'expired', value: (c) => c.figures?.expired },
  { title: 'buyers', value: (c) => c.figures?.buyers },
  { title: 'pieces', value: (c) => c.figures?.pieces },
  { title: 'paidFen', value: (c) => c.figures?.paidFen },
  { title: 'refundedFen', value: (c) => c.figures?.refundedFen },
  { title: 'startsAt', value: (c) => c.startsAt },
  { title: 'endsAt', value: (c) => c.endsAt },
  { title: 'stoppedAt', value: (c) => c.stoppedAt },
];
