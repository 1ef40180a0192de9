/** The rows of the content library. */
import type { Content, ContentKind, ContentWithFigures } from '@walnut-live/contracts';
import { fenToWire } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';

export interface ContentRow {
  id: string;
  kind: ContentKind;
  title: string;
  body: string;
  fileId: string | null;
  mediaType: Content['mediaType'];
  unitId: string;
  unitKind: 'hq' | 'channel' | 'store';
  orgPath: string;
  unitName: string;
  roomId: string;
  roomTitle: string;
  roomIsForAll: boolean;
  roomState: 'scheduled' | 'live' | 'ended';
  roomCover: string;
  productId: string | null;
  productTitle: string | null;
  productPicture: string | null;
  productPriceFen: bigint | null;
  couponKindId: string | null;
  couponTitle: string | null;
  couponOffFen: bigint | null;
  couponMinSpendFen: bigint | null;
  couponLeft: number | null;
  couponOpen: boolean | null;
  byId: string;
  byName: string;
  publishedAt: Date;
  withdrawnAt: Date | null;
}

const NEUTRAL_COVER = '/pictures/brand-mark.svg';

export const toContent = (row: ContentRow): Content => ({
  ...{ id: row.id, kind: row.kind, title: row.title, body: row.body, mediaType: row.mediaType },
  fileUrl: row.fileId === null ? null : `/api/v1/contents/${row.id}/file`,
  orgUnit: { id: row.unitId, kind: row.unitKind, path: row.orgPath, name: row.unitName },
  room: { id: row.roomId, title: row.roomTitle, state: row.roomState, coverUrl: row.roomCover },
  product:
    row.productId === null
      ? null
      : {
          ...{ id: row.productId, title: row.productTitle ?? '', pictureUrl: row.productPicture ?? '' },
          priceFen: fenToWire(row.productPriceFen ?? 0n),
        },
  coupon:
    row.couponKindId === null
      ? null
      : {
          ...{ kindId: row.couponKindId, title: row.couponTitle ?? '', left: row.couponLeft ?? 0 },
          ...{ offFen: fenToWire(row.couponOffFen ?? 0n), minSpendFen: fenToWire(row.couponMinSpendFen ?? 0n) },
          open: row.couponOpen === true,
        },
  publishedAt: row.publishedAt.toISOString(),
});

/** For whoever asks: a room that is not for everybody shows neither its title nor its cover. */
export const toPublicContent = (row: ContentRow): Content => {
  const content = toContent(row);
  if (row.roomIsForAll) return content;
  return { ...content, room: { ...content.room, title: row.unitName, coverUrl: NEUTRAL_COVER } };
};

export type Figures = ContentWithFigures['figures'];

export function createContentRows(sql: Sql) {
  return {
    async read(ids: readonly string[]): Promise<ContentRow[]> {
      return sql<ContentRow>`
        SELECT c.id, c.kind, c.title, c.body, c.file_id AS "fileId", f.media_type AS "mediaType", u.id AS "unitId", u.kind AS "unitKind",
          c.org_path AS "orgPath", u.name AS "unitName", r.id AS "roomId", r.title AS "roomTitle", r.state AS "roomState",
          r.cover_url AS "roomCover", r.audience = 'everyone' AS "roomIsForAll", p.id AS "productId", p.title AS "productTitle", p.picture_url AS "productPicture",
          (SELECT min(x.price_fen) FROM skus x WHERE x.product_id = p.id AND x.active) AS "productPriceFen",
          k.id AS "couponKindId", k.title AS "couponTitle", k.off_fen AS "couponOffFen", k.min_spend_fen AS "couponMinSpendFen",
          k.total - k.claimed - k.set_aside AS "couponLeft",
          k.active AND k.listed AND k.claimed + k.set_aside < k.total AS "couponOpen",
          w.id AS "byId", w.name AS "byName", c.published_at AS "publishedAt", c.withdrawn_at AS "withdrawnAt"
        FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted (id, at) JOIN content_items c ON c.id = wanted.id
        JOIN org_units u ON u.id = c.org_unit_id JOIN rooms r ON r.id = c.room_id JOIN people w ON w.id = c.created_by
        LEFT JOIN stored_files f ON f.id = c.file_id LEFT JOIN products p ON p.id = c.product_id
        LEFT JOIN coupon_kinds k ON k.id = c.coupon_kind_id ORDER BY wanted.at`;
    },

    /** `at` or above it; null: of headquarters only. `under`: of that unit and everything below it too. */
    async listed(by: {
      at: string | null;
      under: string | null;
      offers: boolean;
      after: { at: Date; id: string } | undefined;
      limit: number;
      withdrawnToo: boolean;
    }): Promise<{ id: string; at: Date }[]> {
      return sql<{ id: string; at: Date }>`
        SELECT c.id, c.published_at AS at FROM content_items c
        WHERE (c.withdrawn_at IS NULL OR ${by.withdrawnToo})
          AND (c.org_path = ${by.at}::text OR ${by.at}::text LIKE c.org_path || '.%' OR (${by.at}::text IS NULL AND ${by.under}::text IS NULL AND strpos(c.org_path, '.') = 0)
            OR c.org_path = ${by.under}::text OR c.org_path LIKE ${by.under}::text || '.%')
          AND (NOT ${by.offers} OR c.coupon_kind_id IS NOT NULL)
          AND (${by.after?.id ?? null}::uuid IS NULL OR (c.published_at, c.id) < (${by.after?.at ?? null}::timestamptz, ${by.after?.id ?? null}::uuid))
        ORDER BY c.published_at DESC, c.id DESC LIMIT ${by.limit}`;
    },

    /** Where somebody belongs as a customer now. */
    async homeOf(personId: string, at: Date): Promise<string | null> {
      const [row] = await sql<{ path: string }>`
        SELECT u.path FROM owner_bindings b JOIN org_units u ON u.id = b.store_id
        WHERE b.customer_id = ${personId} AND b.ended_at IS NULL AND (b.valid_until IS NULL OR b.valid_until > ${at})`;
      return row?.path ?? null;
    },
    async pathOfRoom(roomId: string): Promise<string | undefined> {
      const [row] = await sql<{ path: string }>`SELECT org_path AS path FROM rooms WHERE id = ${roomId}`;
      return row?.path;
    },
    async pathOfUnit(unitId: string): Promise<string | undefined> {
      const [row] = await sql<{ path: string }>`SELECT path FROM org_units WHERE id = ${unitId}`;
      return row?.path;
    },
    async isInBag(roomId: string, productId: string): Promise<boolean> {
      return (await sql`SELECT FROM bag_items WHERE room_id = ${roomId} AND product_id = ${productId}`).length > 0;
    },
    async couponKind(id: string) {
      const [row] = await sql<{ orgPath: string; isOpen: boolean }>`
        SELECT org_path AS "orgPath", active AND listed AS "isOpen" FROM coupon_kinds WHERE id = ${id}`;
      return row;
    },
    async insert(item: {
      id: string;
      orgUnitId: string;
      orgPath: string;
      kind: ContentKind;
      title: string;
      body: string;
      fileId: string | null;
      roomId: string;
      productId: string | null;
      couponKindId: string | null;
      by: string;
      at: Date;
    }): Promise<void> {
      await sql`INSERT INTO content_items (id, org_unit_id, org_path, kind, title, body, file_id, room_id, product_id, coupon_kind_id, created_by, published_at)
        VALUES (${item.id}, ${item.orgUnitId}, ${item.orgPath}, ${item.kind}, ${item.title}, ${item.body}, ${item.fileId}, ${item.roomId},
          ${item.productId}, ${item.couponKindId}, ${item.by}, ${item.at})`;
    },
    /** True for who ended it; afterwards nobody does. */
    async withdraw(id: string, by: string, reason: string, at: Date): Promise<boolean> {
      const rows =
        await sql`UPDATE content_items SET withdrawn_at = ${at}, withdrawn_by = ${by}, withdraw_reason = ${reason}
        WHERE id = ${id} AND withdrawn_at IS NULL RETURNING id`;
      return rows.length > 0;
    },

    /** What each item brought: people once, whoever they were before (rule A7); sales are paid, less what was refunded. */
    async figures(ids: readonly string[]): Promise<Map<string, Figures>> {
      const found = await sql<{ [Name in keyof Figures]: bigint } & { id: string }>`
        SELECT w.id, l.sharers, l.links, v.visitors, e.new_customers AS "newCustomers", o.orders, o.net_fen AS "netFen"
        FROM unnest(${ids}::uuid[]) AS w (id)
        CROSS JOIN LATERAL (SELECT count(*) AS links, count(DISTINCT coalesce(p.merged_into, p.id)) AS sharers
          FROM share_links s JOIN people p ON p.id = s.sharer_id WHERE s.content_id = w.id) l
        CROSS JOIN LATERAL (SELECT count(DISTINCT coalesce(p.merged_into, p.id)) AS visitors
          FROM share_links s JOIN people m ON m.id = s.sharer_id JOIN touches t ON t.link_id = s.id JOIN people p ON p.id = t.visitor_id
          WHERE s.content_id = w.id AND coalesce(p.merged_into, p.id) <> coalesce(m.merged_into, m.id)) v
        CROSS JOIN LATERAL (SELECT count(DISTINCT coalesce(p.merged_into, p.id)) AS new_customers
          FROM share_links s JOIN touches t ON t.link_id = s.id JOIN invite_edges i ON i.touch_id = t.id
          JOIN people p ON p.id = i.invitee_id WHERE s.content_id = w.id) e
        CROSS JOIN LATERAL (SELECT count(*) AS orders, coalesce(sum(o.paid_fen - o.refunded_fen), 0)::bigint AS net_fen
          FROM share_links s JOIN touches t ON t.link_id = s.id JOIN order_credits c ON c.touch_id = t.id AND c.reason = 'share_link'
          JOIN orders o ON o.id = c.order_id AND o.paid_at IS NOT NULL WHERE s.content_id = w.id) o`;
      return new Map(
        found.map(({ id, sharers, links, visitors, newCustomers, orders, netFen }) => [
          id,
          {
            ...{ sharers: Number(sharers), links: Number(links), visitors: Number(visitors) },
            ...{ newCustomers: Number(newCustomers), orders: Number(orders), netFen: fenToWire(netFen) },
          },
        ]),
      );
    },
  };
}
