import type { GuardCorrection, GuardPlace, TermAction, TermKind } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';

export interface NewCorrection {
  id: string;
  place: GuardPlace;
  target: string;
  orgPath: string;
  roomId: string | null;
  personId: string;
  kind: TermKind;
  term: string;
  action: TermAction;
  outcome: 'blocked' | 'masked' | 'shown';
  text: string;
  listVersion: number;
  at: Date;
}
interface Row extends Omit<GuardCorrection, 'at' | 'person' | 'room'> {
  at: Date;
  personId: string;
  personName: string;
  roomId: string | null;
  roomTitle: string | null;
}

export function createCorrectionsRepository(sql: Sql) {
  return {
    /** A message that is sent again makes no second row. */
    async insert(row: NewCorrection): Promise<void> {
      await sql`INSERT INTO guard_corrections (id, place, target, org_path, room_id, person_id, kind, term, action, outcome, text, list_version, at)
        SELECT ${row.id}::uuid, ${row.place}::text, ${row.target}::text, ${row.orgPath}::text, ${row.roomId}::uuid, ${row.personId}::uuid,
          ${row.kind}::text, ${row.term}::text, ${row.action}::text, ${row.outcome}::text, ${row.text}::text, ${row.listVersion}::int, ${row.at}::timestamptz
        WHERE ${row.place}::text <> 'chat' OR NOT EXISTS (
          SELECT 1 FROM guard_corrections WHERE target = ${row.target} AND term = ${row.term} AND outcome = ${row.outcome})`;
    },

    async page(filter: {
      scope: string;
      place?: GuardPlace | undefined;
      outcome?: string | undefined;
      kind?: TermKind | undefined;
      search?: string | undefined;
      after?: { at: Date; id: string } | undefined;
      limit: number;
    }): Promise<(GuardCorrection & { readonly position: { at: Date; id: string } })[]> {
      const { scope, place = null, outcome = null, kind = null, after, limit } = filter;
      const search = filter.search === undefined ? null : `%${filter.search.replaceAll(/[\\%_]/g, '\\$&')}%`;
      const rows = await sql<Row>`
        SELECT c.id, c.at, c.place, c.person_id AS "personId", p.name AS "personName", c.org_path AS "orgPath", c.room_id AS "roomId",
          r.title AS "roomTitle", c.term, c.kind, c.outcome, c.text, c.list_version AS "listVersion"
        FROM guard_corrections c JOIN people p ON p.id = c.person_id LEFT JOIN rooms r ON r.id = c.room_id
        WHERE (c.org_path = ${scope} OR c.org_path LIKE ${`${scope}.%`})
          AND (${place}::text IS NULL OR c.place = ${place}) AND (${outcome}::text IS NULL OR c.outcome = ${outcome})
          AND (${kind}::text IS NULL OR c.kind = ${kind})
          AND (${search}::text IS NULL OR c.text ILIKE ${search} OR c.term ILIKE ${search} OR p.name ILIKE ${search})
          AND (${after?.at ?? null}::timestamptz IS NULL OR (c.at, c.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
        ORDER BY c.at DESC, c.id DESC LIMIT ${limit}`;
      return rows.map(({ personId, personName, roomId, roomTitle, at, ...row }) => ({
        ...row,
        at: at.toISOString(),
        person: { id: personId, name: personName },
        room: roomId === null ? null : { id: roomId, title: roomTitle ?? '' },
        position: { at, id: row.id },
      }));
    },
  };
}
