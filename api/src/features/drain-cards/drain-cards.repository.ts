import type { DrainCardKind, ShownDrainCard } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';

type UnitKind = 'hq' | 'channel' | 'store';
export interface CardRow {
  id: string;
  kind: DrainCardKind;
  unitId: string;
  unitKind: UnitKind;
  unitPath: string;
  unitName: string;
  guideId: string | null;
  guideName: string | null;
  title: string;
  hint: string;
  link: string | null;
  pictureId: string | null;
  expiresAt: Date | null;
  updatedAt: Date;
}
export interface CardFigures {
  impressions: number;
  taps: number;
  people: number;
  tappers: number;
}
export interface CardTerms {
  readonly id: string;
  readonly kind: DrainCardKind;
  readonly orgUnitId: string;
  readonly orgPath: string;
  readonly guideId: string | null;
  readonly title: string;
  readonly hint: string;
  readonly link: string | null;
  readonly pictureId: string | null;
  readonly expiresAt: Date | null;
  readonly by: string;
  readonly at: Date;
}

export function createDrainCardsRepository(sql: Sql) {
  return {
    /** Cards of a scope with what they brought; people are counted as people: a guest who signed in is one with them. */
    async list(scope: string, id: string | null): Promise<(CardRow & CardFigures)[]> {
      return sql<CardRow & CardFigures>`
        SELECT c.id, c.kind, u.id AS "unitId", u.kind AS "unitKind", u.path AS "unitPath", u.name AS "unitName", c.guide_id AS "guideId",
          g.name AS "guideName", c.title, c.hint, c.link, c.picture_id AS "pictureId", c.expires_at AS "expiresAt", c.updated_at AS "updatedAt",
          f.impressions, f.taps, f.people, f.tappers
        FROM drain_cards c JOIN org_units u ON u.id = c.org_unit_id LEFT JOIN people g ON g.id = c.guide_id,
          LATERAL (SELECT coalesce(sum(d.impressions), 0)::int AS impressions, coalesce(sum(d.taps), 0)::int AS taps,
              count(DISTINCT coalesce(p.merged_into, p.id))::int AS people,
              count(DISTINCT coalesce(p.merged_into, p.id)) FILTER (WHERE d.taps > 0)::int AS tappers
            FROM drain_card_people d JOIN people p ON p.id = d.person_id WHERE d.card_id = c.id) AS f
        WHERE c.removed_at IS NULL AND (c.org_path = ${scope} OR c.org_path LIKE ${scope} || '.%')
          AND (${id}::uuid IS NULL OR c.id = ${id}) ORDER BY c.org_path, c.kind, c.created_at LIMIT 1000`;
    },
    async find(id: string): Promise<{ orgPath: string; kind: DrainCardKind; guideId: string | null } | undefined> {
      const [row] = await sql<{ orgPath: string; kind: DrainCardKind; guideId: string | null }>`
        SELECT org_path AS "orgPath", kind, guide_id AS "guideId" FROM drain_cards WHERE id = ${id}`;
      return row;
    },
    async pictureOf(kind: DrainCardKind, orgUnitId: string, guideId: string | null) {
      const [row] = await sql<{ pictureId: string | null; expiresAt: Date | null }>`
        SELECT picture_id AS "pictureId", expires_at AS "expiresAt" FROM drain_cards
        WHERE kind = ${kind} AND org_unit_id = ${orgUnitId} AND guide_id IS NOT DISTINCT FROM ${guideId}::uuid AND removed_at IS NULL`;
      return row;
    },
    async findUnit(id: string): Promise<{ path: string; kind: UnitKind } | undefined> {
      const [row] = await sql<{ path: string; kind: UnitKind }>`SELECT path, kind FROM org_units WHERE id = ${id}`;
      return row;
    },
    async worksIn(personId: string, orgUnitId: string): Promise<boolean> {
      return (
        (
          await sql`SELECT 1 FROM staff_accounts s JOIN people p ON p.id = s.person_id
            WHERE s.person_id = ${personId} AND s.org_unit_id = ${orgUnitId} AND s.active AND p.active`
        ).length > 0
      );
    },
    /** One card a place: whoever comes second changes what the first made. */
    async put(card: CardTerms): Promise<string> {
      const [row] = await sql<{ id: string }>`
        INSERT INTO drain_cards (id, kind, org_unit_id, org_path, guide_id, title, hint, link, picture_id, expires_at, created_by, created_at, updated_at)
        VALUES (${card.id}, ${card.kind}, ${card.orgUnitId}, ${card.orgPath}, ${card.guideId}, ${card.title}, ${card.hint}, ${card.link},
          ${card.pictureId}, ${card.expiresAt}, ${card.by}, ${card.at}, ${card.at})
        ON CONFLICT (kind, org_unit_id, coalesce(guide_id, '00000000-0000-0000-0000-000000000000')) WHERE removed_at IS NULL
        DO UPDATE SET title = EXCLUDED.title, hint = EXCLUDED.hint, link = EXCLUDED.link, picture_id = EXCLUDED.picture_id,
          expires_at = EXCLUDED.expires_at, updated_at = EXCLUDED.updated_at RETURNING id`;
      return row?.id ?? card.id;
    },
    async remove(id: string, at: Date): Promise<boolean> {
      const rows =
        await sql`UPDATE drain_cards SET removed_at = ${at} WHERE id = ${id} AND removed_at IS NULL RETURNING id`;
      return rows.length === 1;
    },

    async shown(roomId: string): Promise<ShownDrainCard | null> {
      const [row] = await sql<{ kind: DrainCardKind; shownAt: Date }>`
        SELECT kind, shown_at AS "shownAt" FROM room_drain_cards WHERE room_id = ${roomId}`;
      return row ? { kind: row.kind, shownAt: row.shownAt.toISOString() } : null;
    },
    /** True when it changed what the room shows. */
    async show(roomId: string, kind: DrainCardKind | null, by: string, at: Date): Promise<boolean> {
      if (kind === null)
        return (await sql`DELETE FROM room_drain_cards WHERE room_id = ${roomId} RETURNING room_id`).length === 1;
      const rows =
        await sql`INSERT INTO room_drain_cards AS d (room_id, kind, shown_by, shown_at) VALUES (${roomId}, ${kind}, ${by}, ${at})
        ON CONFLICT (room_id) DO UPDATE SET kind = EXCLUDED.kind, shown_by = EXCLUDED.shown_by, shown_at = EXCLUDED.shown_at
        WHERE d.kind <> EXCLUDED.kind RETURNING room_id`;
      return rows.length === 1;
    },

    /** Whom the viewer belongs to, and whom the room. */
    async context(roomId: string, personId: string, at: Date) {
      const [row] = await sql<{
        unitPath: string;
        hostId: string;
        hostIsThere: boolean;
        bondKind: UnitKind | null;
        bondPath: string | null;
        bondGuide: string | null;
        guideIsThere: boolean;
      }>`
        SELECT u.path AS "unitPath", r.host_id AS "hostId",
          EXISTS (SELECT FROM staff_accounts s JOIN people h ON h.id = s.person_id
            WHERE s.person_id = r.host_id AND s.active AND h.active AND s.org_unit_id = r.org_unit_id) AS "hostIsThere",
          bu.kind AS "bondKind", bu.path AS "bondPath", b.guide_id AS "bondGuide",
          EXISTS (SELECT FROM staff_accounts s JOIN people g ON g.id = s.person_id
            WHERE s.person_id = b.guide_id AND s.active AND g.active AND s.org_unit_id = b.store_id) AS "guideIsThere"
        FROM rooms r JOIN org_units u ON u.id = r.org_unit_id
          LEFT JOIN people raw ON raw.id = ${personId}
          LEFT JOIN owner_bindings b ON b.customer_id = coalesce(raw.merged_into, raw.id) AND b.ended_at IS NULL
            AND (b.valid_until IS NULL OR b.valid_until > ${at})
          LEFT JOIN org_units bu ON bu.id = b.store_id
        WHERE r.id = ${roomId}`;
      return row;
    },
    /** Cards that are good now, of a unit and those above it. */
    async goodAlong(path: string, at: Date): Promise<CardRow[]> {
      return sql<CardRow>`
        SELECT c.id, c.kind, u.id AS "unitId", u.kind AS "unitKind", u.path AS "unitPath", u.name AS "unitName", c.guide_id AS "guideId",
          g.name AS "guideName", c.title, c.hint, c.link, c.picture_id AS "pictureId", c.expires_at AS "expiresAt", c.updated_at AS "updatedAt"
        FROM drain_cards c JOIN org_units u ON u.id = c.org_unit_id LEFT JOIN people g ON g.id = c.guide_id
        WHERE c.removed_at IS NULL AND (c.expires_at IS NULL OR c.expires_at > ${at}) AND (u.path = ${path} OR ${path} LIKE u.path || '.%')`;
    },
    async count(mark: { cardId: string; roomId: string; personId: string; tapped: boolean; at: Date }): Promise<void> {
      const [impressions, taps] = mark.tapped ? [0, 1] : [1, 0];
      await sql`INSERT INTO drain_card_people AS d (card_id, room_id, person_id, impressions, taps, first_at, last_at)
        VALUES (${mark.cardId}, ${mark.roomId}, ${mark.personId}, ${impressions}, ${taps}, ${mark.at}, ${mark.at})
        ON CONFLICT (card_id, room_id, person_id) DO UPDATE SET impressions = d.impressions + EXCLUDED.impressions,
          taps = d.taps + EXCLUDED.taps, last_at = EXCLUDED.last_at`;
    },
  };
}
