/** What a poster is made of, from the rows as they are now. */
import { mediaIdOf } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';
import type { PosterFacts } from './poster.policy.ts';

interface Row {
  kind: PosterFacts['kind'];
  title: string;
  subtitle: string;
  coverUrl: string;
  fileId: string | null;
  state: PosterFacts['room']['state'];
  scheduledAt: Date | null;
  store: string;
  brand: string;
  sharerName: string;
  isGuide: boolean;
  priceFen: bigint | null;
  listPriceFen: bigint | null;
  listPriceBasis: string | null;
  baselineFen: bigint | null;
  groupSize: number | null;
}

/** `fileId`: of the picture of an item of the content library, which is then the cover. */
export async function readFacts(
  sql: Sql,
  linkId: string,
  at: Date,
): Promise<{ facts: PosterFacts; fileId: string | null } | undefined> {
  const [row] = await sql<Row>`
    SELECT CASE WHEN g.id IS NOT NULL THEN 'group_buy' WHEN c.id IS NOT NULL THEN 'content' WHEN p.id IS NOT NULL THEN 'product' ELSE 'room' END AS kind,
      coalesce(k.title, c.title, p.title, r.title) AS title,
      CASE WHEN g.id IS NOT NULL THEN p.title WHEN c.id IS NOT NULL THEN c.body WHEN p.id IS NOT NULL THEN p.subtitle ELSE u.name END AS subtitle,
      coalesce(p.picture_url, r.cover_url) AS "coverUrl", f.id AS "fileId",
      r.state, r.scheduled_at AS "scheduledAt", u.name AS store, hq.name AS brand,
      w.name AS "sharerName", w.kind = 'staff' AS "isGuide",
      CASE WHEN g.id IS NOT NULL THEN g.price_fen ELSE cheapest.price_fen END AS "priceFen",
      cheapest.list_price_fen AS "listPriceFen", cheapest.list_price_basis AS "listPriceBasis",
      CASE WHEN g.id IS NULL THEN cheapest.baseline_fen END AS "baselineFen", g.size AS "groupSize"
    FROM share_links l
    JOIN people s ON s.id = l.sharer_id JOIN people w ON w.id = coalesce(s.merged_into, s.id)
    JOIN rooms r ON r.id = l.room_id JOIN org_units u ON u.id = r.org_unit_id
    JOIN org_units hq ON hq.path = split_part(u.path, '.', 1)
    LEFT JOIN content_items c ON c.id = l.content_id AND c.withdrawn_at IS NULL
    LEFT JOIN stored_files f ON f.id = c.file_id AND f.media_type LIKE 'image/%'
    LEFT JOIN group_buys g ON g.id = l.group_buy_id LEFT JOIN group_campaigns k ON k.id = g.campaign_id
    LEFT JOIN products p ON p.id = coalesce(k.product_id, c.product_id, l.product_id)
    LEFT JOIN LATERAL (
      SELECT coalesce(o.price_fen, x.price_fen) AS price_fen, x.list_price_fen, x.list_price_basis, o.baseline_fen
      FROM skus x LEFT JOIN offers o ON o.room_id = r.id AND o.sku_id = x.id AND o.state = 'open' AND o.starts_at <= ${at} AND o.ends_at > ${at}
      WHERE x.product_id = p.id AND x.active AND (k.sku_id IS NULL OR x.id = k.sku_id)
      ORDER BY coalesce(o.price_fen, x.price_fen), x.position LIMIT 1
    ) cheapest ON true
    WHERE l.id = ${linkId}`;
  if (!row) return undefined;
  const number = (fen: bigint | null) => (fen === null ? null : Number(fen));
  return {
    fileId: row.fileId,
    facts: {
      ...{ kind: row.kind, title: row.title, subtitle: row.subtitle, coverUrl: row.coverUrl },
      room: { state: row.state, scheduledAt: row.scheduledAt },
      ...{ store: row.store, brand: row.brand, sharer: { name: row.sharerName, isGuide: row.isGuide } },
      price:
        row.priceFen === null
          ? null
          : {
              priceFen: Number(row.priceFen),
              listPriceFen: number(row.listPriceFen),
              listPriceBasis: row.listPriceBasis,
              baselineFen: number(row.baselineFen),
              groupSize: row.groupSize,
            },
    },
  };
}

/** Bytes of a cover that lies in the database; undefined for one that does not, or is gone. */
export async function readCover(sql: Sql, url: string, fileId: string | null): Promise<Buffer | undefined> {
  const mediaId = mediaIdOf(url);
  if (fileId === null && mediaId === undefined) return undefined;
  const [row] =
    fileId === null
      ? await sql<{ content: Buffer }>`
          SELECT content FROM media_renditions WHERE picture_id = ${mediaId ?? null}::uuid ORDER BY for_width DESC LIMIT 1`
      : await sql<{ content: Buffer }>`SELECT content FROM stored_files WHERE id = ${fileId}`;
  return row?.content;
}
