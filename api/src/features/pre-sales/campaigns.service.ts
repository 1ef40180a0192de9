/** Terms of pre-sales: made, listed and stopped by staff. A campaign never changes; a wrong one is stopped and another made. */
import {
  type BodyOf,
  type createPreSale,
  MAX_PRE_SALE_DAYS,
  MAX_SHIP_DAYS,
  MIN_BALANCE_MINUTES,
  may,
  type PreSaleCampaign,
  type stopPreSale,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { CsvColumn } from '../../platform/csv.ts';
import { decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import { refuseAmounts, refuseWindows, type TermsRefusal } from './pre-sales.policy.ts';
import {
  type CampaignRow,
  campaignIds,
  findCampaign,
  readCampaigns,
  readFigures,
  toCampaign,
} from './pre-sales.repository.ts';

const CSV_PAGE = 200;

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
      ...{ actorId, action, target: `pre-sale:${row.id}`, orgPath: row.orgPath, reason },
      detail: {
        title: row.title,
        skuId: row.sku.id,
        priceFen: Number(row.priceFen),
        depositFen: Number(row.depositFen),
        worthFen: Number(row.worthFen),
      },
    });
  const maySeeFigures = (principal: StaffPrincipal) => may(principal.staff.role, 'reports:read');

  async function shown(principal: StaffPrincipal, ids: readonly string[]): Promise<PreSaleCampaign[]> {
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
    async *all(principal: StaffPrincipal): AsyncGenerator<PreSaleCampaign> {
      let cursor: string | undefined;
      do {
        const found = await page(principal, { cursor, limit: CSV_PAGE });
        yield* found.items;
        cursor = found.nextCursor ?? undefined;
      } while (cursor !== undefined);
    },

    /** In the transaction of its idempotency key. @throws AppError not_found, below_price_floor (S6), invalid_request, words_refused */
    async create(tx: Tx, principal: StaffPrincipal, body: BodyOf<typeof createPreSale>): Promise<PreSaleCampaign> {
      const [unit] = await tx<{ path: string }>`SELECT path FROM org_units WHERE id = ${body.orgUnitId}`;
      if (!unit) throw new AppError('not_found');
      requireScope(principal, 'offers:write', unit.path);
      const [sku] = await tx<{ productId: string; priceFen: bigint; floorPriceFen: bigint | null }>`
        SELECT product_id AS "productId", price_fen AS "priceFen", floor_price_fen AS "floorPriceFen" FROM skus WHERE id = ${body.skuId}`;
      if (!sku) throw new AppError('not_found', { facts: { skuId: body.skuId } });
      const now = clock.now();
      const windows = {
        startsAt: new Date(Math.max(now.getTime(), body.startsAt ? Date.parse(body.startsAt) : 0)),
        depositUntil: new Date(body.depositUntil),
        balanceFrom: new Date(body.balanceFrom),
        balanceUntil: new Date(body.balanceUntil),
        shipsBy: new Date(body.shipsBy),
      };
      const { priceFen, depositFen, worthFen = depositFen } = body;
      const amounts = { priceFen: BigInt(priceFen), depositFen: BigInt(depositFen), worthFen: BigInt(worthFen) };
      const limits = { days: MAX_PRE_SALE_DAYS, balanceMinutes: MIN_BALANCE_MINUTES, shipDays: MAX_SHIP_DAYS };
      const refusal = refuseWindows(windows, limits) ?? refuseAmounts(amounts, sku);
      if (refusal) throw refused(refusal);
      const id = random.id();
      const { personId } = principal;
      // Rule Z3. What was refused stays in the correction log although this transaction does not.
      await deps.guard.requireClean(
        { place: 'play', target: `pre-sale:${id}`, orgPath: unit.path, roomId: null, personId },
        [body.title],
      );
      await tx`
        INSERT INTO pre_sale_campaigns (id, org_unit_id, org_path, product_id, sku_id, title, price_fen, deposit_fen, worth_fen,
          keeps_deposit, cap, per_person, starts_at, deposit_until, balance_from, balance_until, ships_by, created_by, created_at)
        VALUES (${id}, ${body.orgUnitId}, ${unit.path}, ${sku.productId}, ${body.skuId}, ${body.title}, ${priceFen}, ${depositFen},
          ${worthFen}, ${body.keepsDeposit}, ${body.cap}, ${body.perPerson}, ${windows.startsAt}, ${windows.depositUntil},
          ${windows.balanceFrom}, ${windows.balanceUntil}, ${windows.shipsBy}, ${personId}, ${now})`;
      const row = await findCampaign(tx, id);
      if (!row) throw new Error('a new row is gone');
      await audit(tx, personId, row, 'pre-sale:created');
      return toCampaign(row, maySeeFigures(principal) ? ((await readFigures(tx, [id])).get(id) ?? null) : null);
    },

    /** @throws AppError not_found */
    async stop(principal: StaffPrincipal, id: string, body: BodyOf<typeof stopPreSale>): Promise<PreSaleCampaign> {
      const row = await inScope(principal, id, 'offers:write');
      await db.transaction(async (tx) => {
        const stopped = await tx`
          UPDATE pre_sale_campaigns SET stopped_at = ${clock.now()} WHERE id = ${id} AND stopped_at IS NULL RETURNING id`;
        if (stopped.length === 1) await audit(tx, principal.personId, row, 'pre-sale:stopped', body.reason);
      });
      const [after] = await shown(principal, [id]);
      if (!after) throw new Error('a row is gone');
      return after;
    },
  };
}

/** Amounts stay integers of fen: a spreadsheet must be able to sum them. */
export const campaignColumns: readonly CsvColumn<PreSaleCampaign>[] = [
  { title: 'title', value: (c) => c.title },
  { title: 'unitPath', value: (c) => c.orgUnit.path },
  { title: 'unit', value: (c) => c.orgUnit.name },
  { title: 'product', value: (c) => c.product.title },
  { title: 'sku', value: (c) => c.sku.name },
  { title: 'priceFen', value: (c) => c.priceFen },
  { title: 'depositFen', value: (c) => c.depositFen },
  { title: 'worthFen', value: (c) => c.worthFen },
  { title: 'keepsDeposit', value: (c) => String(c.keepsDeposit) },
  { title: 'cap', value: (c) => c.cap },
  { title: 'taken', value: (c) => c.taken },
  { title: 'perPerson', value: (c) => c.perPerson },
  { title: 'waiting', value: (c) => c.figures?.waiting },
  { title: 'paid', value: (c) => c.figures?.paid },
  { title: 'returned', value: (c) => c.figures?.returned },
  { title: 'forfeited', value: (c) => c.figures?.forfeited },
  { title: 'lapsed', value: (c) => c.figures?.lapsed },
  { title: 'depositsFen', value: (c) => c.figures?.depositsFen },
  { title: 'paidFen', value: (c) => c.figures?.paidFen },
  { title: 'forfeitedFen', value: (c) => c.figures?.forfeitedFen },
  { title: 'refundedFen', value: (c) => c.figures?.refundedFen },
  { title: 'startsAt', value: (c) => c.startsAt },
  { title: 'depositUntil', value: (c) => c.depositUntil },
  { title: 'balanceFrom', value: (c) => c.balanceFrom },
  { title: 'balanceUntil', value: (c) => c.balanceUntil },
  { title: 'shipsBy', value: (c) => c.shipsBy },
  { title: 'stoppedAt', value: (c) => c.stoppedAt },
];

const refused = (refusal: TermsRefusal): AppError =>
  refusal.code === 'invalid_request'
    ? new AppError(refusal.code, { issues: [refusal.issue] })
    : new AppError(refusal.code, { facts: refusal.facts });
