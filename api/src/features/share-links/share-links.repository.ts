import type { Sql, Tx } from '../../platform/db.ts';
import type { ShareChannel } from './share-token.policy.ts';

export interface LinkTarget {
  readonly roomId: string;
  readonly productId: string | null;
  readonly contentId: string | null;
  readonly groupBuyId: string | null;
  readonly channel: ShareChannel;
}
export interface LinkRow extends LinkTarget {
  readonly id: string;
  readonly sharerId: string;
  readonly depth: number;
  readonly createdAt: Date;
}
export interface RoomFacts {
  id: string;
  orgUnitId: string;
  orgPath: string;
  hostId: string;
}

export async function findRoom(sql: Sql, roomId: string): Promise<RoomFacts | undefined> {
  const [row] = await sql<RoomFacts>`
    SELECT id, org_unit_id AS "orgUnitId", org_path AS "orgPath", host_id AS "hostId" FROM rooms WHERE id = ${roomId}`;
  return row;
}

export async function isInBag(sql: Sql, roomId: string, productId: string): Promise<boolean> {
  const rows = await sql`SELECT 1 FROM bag_items WHERE room_id = ${roomId} AND product_id = ${productId}`;
  return rows.length > 0;
}

/** What is published: where it leads and whose it is. */
export async function findContent(sql: Sql, contentId: string) {
  const [row] = await sql<{ roomId: string; orgPath: string }>`
    SELECT room_id AS "roomId", org_path AS "orgPath" FROM content_items WHERE id = ${contentId} AND withdrawn_at IS NULL`;
  return row;
}
export async function roomOfGroup(sql: Sql, groupBuyId: string): Promise<string | undefined> {
  const [row] = await sql<{ roomId: string }>`SELECT room_id AS "roomId" FROM group_buys WHERE id = ${groupBuyId}`;
  return row?.roomId;
}

export async function findLink(sql: Sql, sharerId: string, target: LinkTarget): Promise<LinkRow | undefined> {
  const [row] = await sql<LinkRow>`
    SELECT id, sharer_id AS "sharerId", room_id AS "roomId", product_id AS "productId", content_id AS "contentId",
      group_buy_id AS "groupBuyId", channel, depth, created_at AS "createdAt"
    FROM share_links WHERE sharer_id = ${sharerId} AND room_id = ${target.roomId} AND channel = ${target.channel}
      AND product_id IS NOT DISTINCT FROM ${target.productId}::uuid AND content_id IS NOT DISTINCT FROM ${target.contentId}::uuid
      AND group_buy_id IS NOT DISTINCT FROM ${target.groupBuyId}::uuid`;
  return row;
}
/** With who its sharer is now, and the room it leads to. */
export async function readLink(sql: Sql, id: string) {
  const [row] = await sql<LinkRow & { personId: string; orgPath: string }>`
    SELECT l.id, l.sharer_id AS "sharerId", l.room_id AS "roomId", l.product_id AS "productId", l.content_id AS "contentId",
      l.group_buy_id AS "groupBuyId", l.channel, l.depth, l.created_at AS "createdAt",
      coalesce(p.merged_into, p.id) AS "personId", r.org_path AS "orgPath"
    FROM share_links l JOIN people p ON p.id = l.sharer_id JOIN rooms r ON r.id = l.room_id WHERE l.id = ${id}`;
  return row;
}

/**
 * The link is made once; its parent is the link by which the sharer last came to this room or this content, if somebody brought
 * them. That is read from their touches; nobody says it of themselves.
 */
export async function insertLink(
  sql: Sql,
  link: { id: string; sharerId: string; target: LinkTarget; at: Date },
): Promise<void> {
  const { target } = link;
  await sql`
    INSERT INTO share_links (id, sharer_id, room_id, product_id, content_id, group_buy_id, channel, parent_link_id, depth, created_at)
    SELECT ${link.id}::uuid, ${link.sharerId}::uuid, ${target.roomId}::uuid, ${target.productId}::uuid, ${target.contentId}::uuid,
      ${target.groupBuyId}::uuid, ${target.channel}, came.id, coalesce(came.depth + 1, 0), ${link.at}::timestamptz
    FROM (SELECT) one LEFT JOIN LATERAL (
      SELECT l.id, l.depth FROM touches t JOIN share_links l ON l.id = t.link_id
      WHERE t.visitor_id IN (SELECT id FROM people WHERE id = ${link.sharerId} OR merged_into = ${link.sharerId})
        AND t.sharer_id NOT IN (SELECT id FROM people WHERE id = ${link.sharerId} OR merged_into = ${link.sharerId})
        AND (t.room_id = ${target.roomId} OR l.content_id = ${target.contentId}::uuid)
      ORDER BY t.at DESC, t.id DESC LIMIT 1
    ) came ON true
    ON CONFLICT DO NOTHING`;
}

/** True when the token's link is one of ours and says the same as the token. */
export async function isKnownLink(
  sql: Sql,
  facts: { linkId: string; sharerId: string; roomId: string },
): Promise<boolean> {
  const rows = await sql`
    SELECT 1 FROM share_links WHERE id = ${facts.linkId} AND sharer_id = ${facts.sharerId} AND room_id = ${facts.roomId}`;
  return rows.length > 0;
}

export async function lastTouchAt(tx: Tx, linkId: string, visitorId: string): Promise<Date | undefined> {
  const [row] = await tx<{ at: Date }>`
    SELECT at FROM touches WHERE link_id = ${linkId} AND visitor_id = ${visitorId} ORDER BY at DESC LIMIT 1`;
  return row?.at;
}

export interface TouchRow {
  id: string;
  linkId: string;
  sharerId: string;
  visitorId: string;
  roomId: string;
  productId: string | null;
  channel: ShareChannel;
  linkIssuedAt: Date;
  ipHash: string;
  agentHash: string;
  inWechat: boolean;
  at: Date;
}
export async function insertTouch(tx: Tx, touch: TouchRow): Promise<void> {
  await tx`
    INSERT INTO touches (id, link_id, sharer_id, visitor_id, room_id, product_id, channel, link_issued_at, ip_hash, agent_hash, in_wechat, at)
    VALUES (${touch.id}, ${touch.linkId}, ${touch.sharerId}, ${touch.visitorId}, ${touch.roomId}, ${touch.productId},
      ${touch.channel}, ${touch.linkIssuedAt}, ${touch.ipHash}, ${touch.agentHash}, ${touch.inWechat}, ${touch.at})`;
}

// ── what my shares brought ───────────────────────────────────────────────────────────────────────────────────────────

/** People as who they are now, myself left out; sales are paid orders credited to me by a click on one of my links, or by a ruling. */
export async function shareTotals(sql: Sql, personId: string) {
  const [row] = await sql<{
    visitors: bigint;
    newCustomers: bigint;
    orders: bigint;
    gmvFen: bigint;
    estimatedFen: bigint;
  }>`
    WITH me AS (SELECT id FROM people WHERE id = ${personId} OR merged_into = ${personId})
    SELECT
      (SELECT count(DISTINCT COALESCE(v.merged_into, v.id)) FROM touches t JOIN people v ON v.id = t.visitor_id
        WHERE t.sharer_id IN (SELECT id FROM me) AND t.visitor_id NOT IN (SELECT id FROM me)) AS visitors,
      (SELECT count(*) FROM invite_edges WHERE inviter_id IN (SELECT id FROM me)) AS "newCustomers",
      s.orders, s.gmv AS "gmvFen",
      (SELECT COALESCE(sum(amount_fen), 0)::bigint FROM commission_entries
        WHERE beneficiary_id IN (SELECT id FROM me) AND state = 'estimated') AS "estimatedFen"
    FROM (
      SELECT count(*) AS orders, COALESCE(sum(o.paid_fen), 0)::bigint AS gmv
      FROM order_credits c JOIN orders o ON o.id = c.order_id
      WHERE c.person_id IN (SELECT id FROM me) AND c.reason IN ('share_link', 'hq_ruling') AND o.paid_at IS NOT NULL
    ) s`;
  if (!row) throw new Error('share links: no totals');
  return row;
}

export type SharedLinkRow = LinkRow & {
  roomTitle: string;
  title: string;
  visitors: bigint;
  orders: bigint;
  handedOn: bigint;
};
/** My newest links with what each brought. */
export async function sharedLinks(sql: Sql, personId: string, limit: number): Promise<SharedLinkRow[]> {
  return sql<SharedLinkRow>`
    WITH me AS (SELECT id FROM people WHERE id = ${personId} OR merged_into = ${personId}),
    mine AS (
      SELECT * FROM share_links WHERE sharer_id IN (SELECT id FROM me) ORDER BY created_at DESC, id DESC LIMIT ${limit}
    )
    SELECT l.id, l.sharer_id AS "sharerId", l.room_id AS "roomId", l.product_id AS "productId", l.content_id AS "contentId",
      l.group_buy_id AS "groupBuyId", l.channel, l.depth, l.created_at AS "createdAt", r.title AS "roomTitle",
      coalesce(c.title, p.title, k.title, r.title) AS title,
      (SELECT count(*) FROM share_links b WHERE b.parent_link_id = l.id) AS "handedOn",
      (SELECT count(DISTINCT COALESCE(v.merged_into, v.id)) FROM touches t JOIN people v ON v.id = t.visitor_id
        WHERE t.link_id = l.id AND t.visitor_id NOT IN (SELECT id FROM me)) AS visitors,
      (SELECT count(*) FROM order_credits c JOIN touches t ON t.id = c.touch_id JOIN orders o ON o.id = c.order_id
        WHERE c.person_id IN (SELECT id FROM me) AND t.link_id = l.id AND o.paid_at IS NOT NULL) AS orders
    FROM mine l JOIN rooms r ON r.id = l.room_id LEFT JOIN products p ON p.id = l.product_id
    LEFT JOIN content_items c ON c.id = l.content_id LEFT JOIN group_buys g ON g.id = l.group_buy_id
    LEFT JOIN group_campaigns k ON k.id = g.campaign_id
    ORDER BY l.created_at DESC, l.id DESC`;
}
