/** Reading pre-sales. Every function runs on the statement source it is given. */
import { fenToWire, type PreSaleCampaign, type PreSaleTerms } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql } from '../../platform/db.ts';

export interface CampaignRow {
  readonly id: string;
  readonly orgUnit: PreSaleCampaign['orgUnit'];
  readonly orgPath: string;
  readonly title: string;
  readonly product: PreSaleTerms['product'];
  readonly sku: PreSaleTerms['sku'];
  readonly priceFen: bigint;
  readonly shelfPriceFen: bigint;
  readonly floorPriceFen: bigint | null;
  readonly depositFen: bigint;
  readonly worthFen: bigint;
  readonly keepsDeposit: boolean;
  readonly cap: number | null;
  readonly taken: number;
  readonly perPerson: number;
  readonly startsAt: Date;
  readonly depositUntil: Date;
  readonly balanceFrom: Date;
  readonly balanceUntil: Date;
  readonly shipsBy: Date;
  readonly stoppedAt: Date | null;
  readonly createdAt: Date;
}
export type Figures = NonNullable<PreSaleCampaign['figures']>;

const toTerms = (row: CampaignRow): PreSaleTerms => ({
  id: row.id,
  title: row.title,
  product: row.product,
  sku: row.sku,
  priceFen: fenToWire(row.priceFen),
  shelfPriceFen: fenToWire(row.shelfPriceFen),
  depositFen: fenToWire(row.depositFen),
  worthFen: fenToWire(row.worthFen),
  keepsDeposit: row.keepsDeposit,
  perPerson: row.perPerson,
  startsAt: row.startsAt.toISOString(),
  depositUntil: row.depositUntil.toISOString(),
  balanceFrom: row.balanceFrom.toISOString(),
  balanceUntil: row.balanceUntil.toISOString(),
  shipsBy: row.shipsBy.toISOString(),
});
export const toCampaign = (row: CampaignRow, figures: Figures | null): PreSaleCampaign => ({
  ...toTerms(row),
  orgUnit: row.orgUnit,
  cap: row.cap,
  taken: row.taken,
  stoppedAt: row.stoppedAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
  figures,
});
export const toRoomPreSale = (row: CampaignRow) => ({
  ...toTerms(row),
  left: row.cap === null ? null : row.cap - row.taken,
});

export async function readCampaigns(sql: Sql, ids: readonly string[]): Promise<CampaignRow[]> {
  return sql<CampaignRow>`
    SELECT c.id, json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit", c.org_path AS "orgPath",
      c.title, json_build_object('id', p.id, 'title', p.title, 'pictureUrl', p.picture_url) AS product,
      json_build_object('id', s.id, 'name', s.name) AS sku, c.price_fen AS "priceFen", s.price_fen AS "shelfPriceFen",
      s.floor_price_fen AS "floorPriceFen", c.deposit_fen AS "depositFen", c.worth_fen AS "worthFen",
      c.keeps_deposit AS "keepsDeposit", c.cap, c.taken, c.per_person AS "perPerson", c.starts_at AS "startsAt",
      c.deposit_until AS "depositUntil", c.balance_from AS "balanceFrom", c.balance_until AS "balanceUntil", c.ships_by AS "shipsBy",
      c.stopped_at AS "stoppedAt", c.created_at AS "createdAt"
    FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted (id, n) JOIN pre_sale_campaigns c ON c.id = wanted.id
    JOIN org_units u ON u.id = c.org_unit_id JOIN products p ON p.id = c.product_id JOIN skus s ON s.id = c.sku_id
    ORDER BY wanted.n`;
}
export async function findCampaign(sql: Sql, id: string): Promise<CampaignRow | undefined> {
  return (await readCampaigns(sql, [id]))[0];
}

/** Ids of one page, the newest first. */
export async function campaignIds(
  sql: Sql,
  orgPath: string,
  after: TimeCursor | undefined,
  limit: number,
): Promise<string[]> {
  const rows = await sql<{ id: string }>`
    SELECT id FROM pre_sale_campaigns WHERE (org_path = ${orgPath} OR org_path LIKE ${`${orgPath}.%`})
      AND (${after?.at ?? null}::timestamptz IS NULL OR (created_at, id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
    ORDER BY created_at DESC, id DESC LIMIT ${limit}`;
  return rows.map(({ id }) => id);
}

/** Pre-sales that take deposits in this room, or soon will, of products that lie in its bag and are on sale. */
export async function campaignsInRoom(
  sql: Sql,
  room: { id: string; orgPath: string },
  at: Date,
  limit: number,
): Promise<CampaignRow[]> {
  const rows = await sql<{ id: string }>`
    SELECT c.id FROM pre_sale_campaigns c JOIN bag_items b ON b.room_id = ${room.id} AND b.product_id = c.product_id
    JOIN products p ON p.id = c.product_id AND p.status = 'on_sale' JOIN skus s ON s.id = c.sku_id AND s.active
    WHERE (c.org_path = ${room.orgPath} OR ${room.orgPath} LIKE c.org_path || '.%')
      AND c.stopped_at IS NULL AND c.deposit_until > ${at}
    ORDER BY b.position, c.starts_at, c.created_at DESC LIMIT ${limit}`;
  return readCampaigns(
    sql,
    rows.map(({ id }) => id),
  );
}

export async function readFigures(sql: Sql, ids: readonly string[]): Promise<Map<string, Figures>> {
  const rows = await sql<
    { id: string; depositsFen: bigint; paidFen: bigint; forfeitedFen: bigint; refundedFen: bigint } & Record<
      'waiting' | 'paid' | 'returned' | 'forfeited' | 'lapsed',
      number
    >
  >`
    SELECT wanted.id, count(*) FILTER (WHERE o.state = 'deposit_paid')::int AS waiting,
      count(*) FILTER (WHERE o.paid_at IS NOT NULL)::int AS paid,
      count(*) FILTER (WHERE o.state IN ('cancelled', 'expired') AND d.deposit_paid_at IS NOT NULL)::int AS returned,
      count(*) FILTER (WHERE o.state = 'forfeited')::int AS forfeited,
      count(*) FILTER (WHERE o.state IN ('expired', 'forfeited') AND d.deposit_paid_at IS NOT NULL)::int AS lapsed,
      coalesce(sum(d.deposit_fen) FILTER (WHERE d.deposit_paid_at IS NOT NULL), 0)::bigint AS "depositsFen",
      coalesce(sum(o.paid_fen - o.refunded_fen) FILTER (WHERE o.paid_at IS NOT NULL), 0)::bigint AS "paidFen",
      coalesce(sum(o.paid_fen) FILTER (WHERE o.state = 'forfeited'), 0)::bigint AS "forfeitedFen",
      coalesce(sum(o.refunded_fen), 0)::bigint AS "refundedFen"
    FROM unnest(${ids}::uuid[]) AS wanted (id) LEFT JOIN pre_sale_orders d ON d.campaign_id = wanted.id
    LEFT JOIN orders o ON o.id = d.order_id GROUP BY wanted.id`;
  return new Map(
    rows.map(({ id, depositsFen, paidFen, forfeitedFen, refundedFen, ...counts }) => [
      id,
      {
        ...counts,
        depositsFen: fenToWire(depositsFen),
        paidFen: fenToWire(paidFen),
        forfeitedFen: fenToWire(forfeitedFen),
        refundedFen: fenToWire(refundedFen),
      },
    ]),
  );
}
