/** Rows of reviews, their campaigns and prizes. */
import type { Review, ReviewCampaign } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql } from '../../platform/db.ts';
import { deadStates, type PrizeOrderFacts } from './reviews.policy.ts';

export interface ReviewRow {
  readonly id: string;
  readonly orderId: string;
  readonly orderNo: string;
  readonly personId: string;
  readonly personName: string;
  readonly personKind: string;
  /** Whose customer they are now. */
  readonly guideId: string | null;
  readonly orgPath: string;
  readonly orgUnit: Review['orgUnit'];
  readonly items: Review['items'];
  readonly stars: number;
  readonly text: string;
  readonly pictureIds: string[];
  readonly state: Review['state'];
  readonly reason: string;
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
  readonly prizeOrder: (PrizeOrderFacts & { id: string }) | null;
}
export const readReviews = (sql: Sql, ids: readonly string[]) => sql<ReviewRow>`
  SELECT r.id, r.order_id AS "orderId", o.order_no AS "orderNo", r.person_id AS "personId", p.name AS "personName", p.kind AS "personKind",
    (SELECT ob.guide_id FROM owner_bindings ob WHERE ob.customer_id = p.id AND ob.ended_at IS NULL) AS "guideId",
    r.org_path AS "orgPath", json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit",
    (SELECT json_agg(json_build_object('title', i.title, 'skuName', i.sku_name) ORDER BY i.position)
      FROM order_items i WHERE i.order_id = o.id) AS items, r.stars, r.text,
    coalesce((SELECT json_agg(f.file_id ORDER BY f.position) FROM review_pictures f WHERE f.review_id = r.id), '[]') AS "pictureIds",
    r.state, r.reason, r.created_at AS "createdAt", r.decided_at AS "decidedAt",
    (SELECT json_build_object('id', q.id, 'state', q.state, 'sent', q.shipped_at IS NOT NULL) FROM review_prizes z JOIN orders q ON q.id = z.order_id
      WHERE z.review_id = r.id ORDER BY z.at DESC, z.order_id DESC LIMIT 1) AS "prizeOrder"
  FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted (id, n) JOIN reviews r ON r.id = wanted.id JOIN orders o ON o.id = r.order_id
  JOIN org_units u ON u.id = o.org_unit_id JOIN people p ON p.id = r.person_id ORDER BY wanted.n`;

export async function reviewOfOrder(sql: Sql, orderId: string): Promise<ReviewRow | undefined> {
  const [found] = await sql<{ id: string }>`SELECT id FROM reviews WHERE order_id = ${orderId}`;
  return found && (await readReviews(sql, [found.id]))[0];
}

/** Whether its buyer kept any of it, and whether a case of it is open: steady while the order is locked. */
export async function readGoods(sql: Sql, orderId: string): Promise<{ kept: boolean; caseOpen: boolean }> {
  const [goods] = await sql<{ kept: boolean; caseOpen: boolean }>`
    SELECT EXISTS (SELECT 1 FROM order_items i WHERE i.order_id = ${orderId} AND i.amount_fen > i.refunded_fen + i.refunding_fen) AS kept,
      EXISTS (SELECT 1 FROM after_sales a WHERE a.order_id = ${orderId} AND a.closed_at IS NULL) AS "caseOpen"`;
  if (!goods) throw new Error('a statement without a row');
  return goods;
}

/** Ids of one page, the newest first. */
export async function reviewIds(
  sql: Sql,
  filter: { orgPath: string; state: Review['state'] | undefined },
  after: TimeCursor | undefined,
  limit: number,
): Promise<string[]> {
  const { orgPath, state = null } = filter;
  const rows = await sql<{ id: string }>`
    SELECT id FROM reviews WHERE (org_path = ${orgPath} OR org_path LIKE ${`${orgPath}.%`}) AND (${state}::text IS NULL OR state = ${state}::text)
      AND (${after?.id ?? null}::uuid IS NULL OR (created_at, id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
    ORDER BY created_at DESC, id DESC LIMIT ${limit}`;
  return rows.map(({ id }) => id);
}

export interface CampaignRow extends Omit<ReviewCampaign, 'startsAt' | 'endsAt' | 'stoppedAt' | 'createdAt'> {
  readonly orgPath: string;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly stoppedAt: Date | null;
  readonly createdAt: Date;
}
export const readCampaigns = (sql: Sql, ids: readonly string[]) => sql<CampaignRow>`
  SELECT c.id, c.org_path AS "orgPath", json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit",
    c.title, json_build_object('id', p.id, 'title', p.title, 'pictureUrl', p.picture_url) AS product,
    json_build_object('id', s.id, 'name', s.name, 'priceFen', s.price_fen) AS sku, c.total,
    (SELECT count(*)::int FROM review_prizes z JOIN orders o ON o.id = z.order_id
      WHERE z.campaign_id = c.id AND NOT o.state = ANY(${[...deadStates]}::text[])
        AND (o.state <> 'refunded' OR o.shipped_at IS NOT NULL)) AS taken,
    c.starts_at AS "startsAt", c.ends_at AS "endsAt", c.stopped_at AS "stoppedAt", c.created_at AS "createdAt"
  FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted (id, n) JOIN review_campaigns c ON c.id = wanted.id
  JOIN org_units u ON u.id = c.org_unit_id JOIN skus s ON s.id = c.sku_id JOIN products p ON p.id = s.product_id ORDER BY wanted.n`;
export const toCampaign = ({ orgPath: _, ...row }: CampaignRow): ReviewCampaign => ({
  ...row,
  startsAt: row.startsAt.toISOString(),
  endsAt: row.endsAt.toISOString(),
  stoppedAt: row.stoppedAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
});
export async function campaignIds(
  sql: Sql,
  path: string,
  after: TimeCursor | undefined,
  limit: number,
): Promise<string[]> {
  const rows = await sql<{ id: string }>`
    SELECT id FROM review_campaigns WHERE (org_path = ${path} OR org_path LIKE ${`${path}.%`})
      AND (${after?.id ?? null}::uuid IS NULL OR (created_at, id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
    ORDER BY created_at DESC, id DESC LIMIT ${limit}`;
  return rows.map(({ id }) => id);
}
/** The newest one that runs for orders of the unit, of something on sale, and has a prize left. */
export async function campaignFor(sql: Sql, orgPath: string, at: Date): Promise<CampaignRow | undefined> {
  const rows = await sql<{ id: string }>`
    SELECT c.id FROM review_campaigns c JOIN skus s ON s.id = c.sku_id JOIN products p ON p.id = s.product_id
    WHERE c.stopped_at IS NULL AND c.starts_at <= ${at} AND c.ends_at > ${at} AND s.active AND p.status = 'on_sale'
      AND (c.org_path = ${orgPath} OR ${orgPath} LIKE c.org_path || '.%') ORDER BY c.created_at DESC, c.id DESC`;
  const running = await readCampaigns(
    sql,
    rows.map(({ id }) => id),
  );
  return running.find(({ taken, total }) => taken < total);
}
