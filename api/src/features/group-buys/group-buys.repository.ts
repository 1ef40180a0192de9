/** Reading campaigns and groups. Every function runs on the statement source it is given. */
import type { GroupBuy, GroupBuyState, GroupBuyTerms, GroupCampaign } from '@walnut-live/contracts';
import { fenToWire } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql } from '../../platform/db.ts';
import { maskName } from '../../platform/masks.policy.ts';

interface TermsRow {
  readonly title: string;
  readonly product: GroupBuyTerms['product'];
  readonly sku: GroupBuyTerms['sku'];
  readonly priceFen: bigint;
  readonly shelfPriceFen: bigint;
  readonly size: number;
  readonly perPerson: number;
}
const toTerms = (row: TermsRow): GroupBuyTerms => ({
  title: row.title,
  product: row.product,
  sku: row.sku,
  priceFen: fenToWire(row.priceFen),
  shelfPriceFen: fenToWire(row.shelfPriceFen),
  size: row.size,
  perPerson: row.perPerson,
});

export interface CampaignRow extends TermsRow {
  readonly id: string;
  readonly orgUnit: GroupCampaign['orgUnit'];
  readonly orgPath: string;
  readonly hours: number;
  readonly maxGroups: number | null;
  readonly groups: number;
  readonly floorPriceFen: bigint | null;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly stoppedAt: Date | null;
  readonly createdAt: Date;
}
export type Figures = NonNullable<GroupCampaign['figures']>;

export const toCampaign = (row: CampaignRow, figures: Figures | null): GroupCampaign => ({
  ...toTerms(row),
  id: row.id,
  orgUnit: row.orgUnit,
  hours: row.hours,
  maxGroups: row.maxGroups,
  groups: row.groups,
  startsAt: row.startsAt.toISOString(),
  endsAt: row.endsAt.toISOString(),
  stoppedAt: row.stoppedAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
  figures,
});
export const toRoomCampaign = (row: CampaignRow) => ({
  ...toTerms(row),
  id: row.id,
  hours: row.hours,
  endsAt: row.endsAt.toISOString(),
  left: row.maxGroups === null ? null : row.maxGroups - row.groups,
});

export async function readCampaigns(sql: Sql, ids: readonly string[]): Promise<CampaignRow[]> {
  return sql<CampaignRow>`
    SELECT c.id, json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit", c.org_path AS "orgPath",
      c.title, json_build_object('id', p.id, 'title', p.title, 'pictureUrl', p.picture_url) AS product,
      json_build_object('id', s.id, 'name', s.name) AS sku, c.price_fen AS "priceFen", s.price_fen AS "shelfPriceFen",
      s.floor_price_fen AS "floorPriceFen", c.size, c.per_person AS "perPerson", c.hours, c.max_groups AS "maxGroups", c.groups,
      c.starts_at AS "startsAt", c.ends_at AS "endsAt", c.stopped_at AS "stoppedAt", c.created_at AS "createdAt"
    FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted (id, n) JOIN group_campaigns c ON c.id = wanted.id
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
    SELECT id FROM group_campaigns WHERE (org_path = ${orgPath} OR org_path LIKE ${`${orgPath}.%`})
      AND (${after?.at ?? null}::timestamptz IS NULL OR (created_at, id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
    ORDER BY created_at DESC, id DESC LIMIT ${limit}`;
  return rows.map(({ id }) => id);
}

/** Campaigns in force in a room of this path, of products that lie in its bag and are on sale. */
export async function campaignsInRoom(
  sql: Sql,
  room: { id: string; orgPath: string },
  at: Date,
  limit: number,
): Promise<CampaignRow[]> {
  const rows = await sql<{ id: string }>`
    SELECT c.id FROM group_campaigns c JOIN bag_items b ON b.room_id = ${room.id} AND b.product_id = c.product_id
    JOIN products p ON p.id = c.product_id AND p.status = 'on_sale' JOIN skus s ON s.id = c.sku_id AND s.active
    WHERE (c.org_path = ${room.orgPath} OR ${room.orgPath} LIKE c.org_path || '.%')
      AND c.stopped_at IS NULL AND c.starts_at <= ${at} AND c.ends_at > ${at}
    ORDER BY b.position, length(c.org_path) DESC, c.created_at DESC LIMIT ${limit}`;
  return readCampaigns(
    sql,
    rows.map(({ id }) => id),
  );
}

export async function readFigures(sql: Sql, ids: readonly string[]): Promise<Map<string, Figures>> {
  const rows = await sql<
    { id: string; paidFen: bigint; refundedFen: bigint } & Record<
      'open' | 'complete' | 'expired' | 'buyers' | 'pieces',
      number
    >
  >`
    SELECT wanted.id,
      (SELECT count(*)::int FROM group_buys g WHERE g.campaign_id = wanted.id AND g.state = 'open') AS open,
      (SELECT count(*)::int FROM group_buys g WHERE g.campaign_id = wanted.id AND g.state = 'complete') AS complete,
      (SELECT count(*)::int FROM group_buys g WHERE g.campaign_id = wanted.id AND g.state = 'expired') AS expired,
      t.buyers, t.pieces, t.paid AS "paidFen", t.refunded AS "refundedFen"
    FROM unnest(${ids}::uuid[]) AS wanted (id)
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE g.state = 'complete' AND s.state = 'paid')::int AS buyers,
        coalesce(sum(s.quantity) FILTER (WHERE g.state = 'complete' AND s.state = 'paid'), 0)::int AS pieces,
        coalesce(sum(o.paid_fen), 0)::bigint AS paid, coalesce(sum(o.refunded_fen), 0)::bigint AS refunded
      FROM group_buys g JOIN group_seats s ON s.group_id = g.id JOIN orders o ON o.id = s.order_id
      WHERE g.campaign_id = wanted.id) t`;
  return new Map(
    rows.map(({ id, paidFen, refundedFen, ...counts }) => [
      id,
      { ...counts, paidFen: fenToWire(paidFen), refundedFen: fenToWire(refundedFen) },
    ]),
  );
}

export interface GroupRow extends TermsRow {
  readonly id: string;
  readonly campaignId: string;
  readonly roomId: string;
  readonly state: GroupBuyState;
  readonly held: number;
  readonly paid: number;
  readonly members: readonly { name: string; opener: boolean }[] | null;
  readonly openedAt: Date;
  readonly deadlineAt: Date;
  readonly endedAt: Date | null;
}
export const toGroup = (row: GroupRow): GroupBuy => ({
  ...toTerms(row),
  id: row.id,
  campaignId: row.campaignId,
  roomId: row.roomId,
  state: row.state,
  held: row.held,
  paid: row.paid,
  members: (row.members ?? []).map(({ name, opener }) => ({ name: maskName(name), opener })),
  openedAt: row.openedAt.toISOString(),
  deadlineAt: row.deadlineAt.toISOString(),
  endedAt: row.endedAt?.toISOString() ?? null,
});

export async function readGroups(sql: Sql, ids: readonly string[]): Promise<GroupRow[]> {
  return sql<GroupRow>`
    SELECT g.id, g.campaign_id AS "campaignId", g.room_id AS "roomId", g.state, g.held, g.paid, g.opened_at AS "openedAt",
      g.deadline_at AS "deadlineAt", g.ended_at AS "endedAt", c.title,
      json_build_object('id', p.id, 'title', p.title, 'pictureUrl', p.picture_url) AS product,
      json_build_object('id', s.id, 'name', s.name) AS sku, g.price_fen AS "priceFen", s.price_fen AS "shelfPriceFen", g.size,
      c.per_person AS "perPerson",
      (SELECT json_agg(json_build_object('name', m.name, 'opener', t.person_id = g.opener_id) ORDER BY t.paid_at, t.order_id)
        FROM group_seats t JOIN people m ON m.id = t.person_id WHERE t.group_id = g.id AND t.state = 'paid') AS members
    FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted (id, n) JOIN group_buys g ON g.id = wanted.id
    JOIN group_campaigns c ON c.id = g.campaign_id JOIN products p ON p.id = c.product_id JOIN skus s ON s.id = c.sku_id
    ORDER BY wanted.n`;
}
export async function findGroup(sql: Sql, id: string): Promise<GroupRow | undefined> {
  return (await readGroups(sql, [id]))[0];
}

/** Open groups of a room with a free seat that somebody has paid for already, those that miss the fewest people first. */
export async function groupsToJoin(sql: Sql, roomId: string, at: Date, limit: number): Promise<GroupRow[]> {
  const rows = await sql<{ id: string }>`
    SELECT id FROM group_buys WHERE room_id = ${roomId} AND state = 'open' AND deadline_at > ${at} AND paid > 0 AND held < size
    ORDER BY size - held, deadline_at, id LIMIT ${limit}`;
  return readGroups(
    sql,
    rows.map(({ id }) => id),
  );
}
export async function groupsOfCampaign(
  sql: Sql,
  campaignId: string,
  filter: { state: GroupBuyState | undefined; after: TimeCursor | undefined; limit: number },
): Promise<GroupRow[]> {
  const { state = null, after, limit } = filter;
  const rows = await sql<{ id: string }>`
    SELECT id FROM group_buys WHERE campaign_id = ${campaignId} AND (${state}::text IS NULL OR state = ${state}::text)
      AND (${after?.at ?? null}::timestamptz IS NULL OR (opened_at, id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
    ORDER BY opened_at DESC, id DESC LIMIT ${limit}`;
  return readGroups(
    sql,
    rows.map(({ id }) => id),
  );
}

/** The newest seat of a person in a group that was not merely let go. */
export async function seatOf(
  sql: Sql,
  groupId: string,
  personId: string,
): Promise<{ orderId: string; state: 'held' | 'paid' | 'refunded' } | undefined> {
  const [seat] = await sql<{ orderId: string; state: 'held' | 'paid' | 'refunded' }>`
    SELECT order_id AS "orderId", state FROM group_seats
    WHERE group_id = ${groupId} AND person_id = ${personId} AND state <> 'released' ORDER BY taken_at DESC LIMIT 1`;
  return seat;
}
