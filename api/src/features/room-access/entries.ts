/**
 * Reads what the policy needs and asks it, for many people and rooms at once. A room for everyone that relays no programme
 * with a door of its own is not looked into: it costs nobody anything.
 */
import type { EntryRefusalReason, MarkKind, RoomAudience } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Sql } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { createMicroBatch } from '../../platform/micro-batch.ts';
import { type EntryPerson, type EntryRoom, mayEnter } from './room-access.policy.ts';

export interface EntryRefusal {
  readonly audience: RoomAudience;
  readonly reason: EntryRefusalReason;
  readonly store: { readonly id: string; readonly name: string };
}
/** Nobody (undefined) is a guest whom we have not met. */
export interface Wanting {
  readonly roomId: string;
  readonly personId: string | undefined;
}

interface Row {
  roomId: string;
  personId: string | null;
  isOwn: boolean;
  audience: RoomAudience;
  orgPath: string;
  startedAt: Date | null;
  storeId: string;
  storeName: string;
  kind: EntryPerson['kind'] | null;
  staffPath: string | null;
  isCohost: boolean;
  firstPaidAt: Date | null;
  isBoundBuyer: boolean;
  marks: { kind: MarkKind; orgPath: string }[] | null;
  isInvited: boolean;
}

const keyOf = (roomId: string, personId: string | null | undefined): string => `${roomId} ${personId ?? ''}`;

const toRoom = (row: Row): EntryRoom => ({
  audience: row.audience,
  orgPath: row.orgPath,
  startedAt: row.startedAt ?? undefined,
  isInvited: row.isInvited,
});
const toPerson = (row: Row): EntryPerson => ({
  kind: row.kind ?? 'guest',
  staffPath: row.staffPath ?? undefined,
  firstPaidAt: row.firstPaidAt ?? undefined,
  isBoundBuyer: row.isBoundBuyer,
  marks: row.marks ?? [],
});

/** What a refused person is told: the door, and nothing of what is behind it. */
export const refusalError = ({ audience, reason, store }: EntryRefusal): AppError =>
  new AppError('not_in_audience', { facts: { mayEnter: false, audience, reason, store } });

/** Questions about doors that are asked in one turn, together. */
const DOORS = { waitMs: 0, maxItems: 1_000, maxPending: 50_000 };

export function createEntries({ sql, clock }: { sql: Sql; clock: Clock }) {
  /** Which of these rooms have a door that is not open to everyone: their own, or that of the programme they relay. */
  async function withDoor(roomIds: readonly string[], using: Sql): Promise<Set<string>> {
    const rows = await using<{ id: string }>`
      SELECT r.id FROM rooms r
      WHERE r.id = ANY(${roomIds}::uuid[]) AND (r.audience <> 'everyone'
        OR EXISTS (SELECT FROM rooms programme WHERE programme.id = r.relay_of AND programme.audience <> 'everyone'))`;
    return new Set(rows.map(({ id }) => id));
  }
  const doors = createMicroBatch<string, boolean>({
    ...DOORS,
    async run(roomIds) {
      const found = await withDoor([...new Set(roomIds)], sql);
      return roomIds.map((roomId) => found.has(roomId));
    },
  });

  /** Of those who want to enter, who may not. */
  async function refusals(wanting: readonly Wanting[], using: Sql = sql): Promise<ReadonlyMap<string, EntryRefusal>> {
    if (wanting.length === 0) return new Map();
    const rows = await using<Row>`
      SELECT r.id AS "roomId", wanted.person_id AS "personId", door.id = r.id AS "isOwn", door.audience,
        door.org_path AS "orgPath", door.started_at AS "startedAt", u.id AS "storeId", u.name AS "storeName",
        p.kind, s.org_path AS "staffPath",
        EXISTS (SELECT FROM room_cohosts c WHERE c.room_id = r.id AND c.person_id = p.id AND c.state IN ('invited', 'accepted', 'on')) AS "isCohost",
        (SELECT min(o.paid_at) FROM orders o WHERE o.person_id = p.id) AS "firstPaidAt",
        EXISTS (SELECT FROM owner_bindings b WHERE b.customer_id = p.id AND b.ended_at IS NULL AND (b.valid_until IS NULL OR b.valid_until > ${clock.now()}))
          AND EXISTS (SELECT FROM orders o WHERE o.person_id = p.id AND o.paid_at IS NOT NULL AND o.refunded_fen < o.paid_fen) AS "isBoundBuyer",
        (SELECT jsonb_agg(jsonb_build_object('kind', m.kind, 'orgPath', m.org_path)) FROM customer_marks m
          WHERE m.ended_at IS NULL AND m.person_id = p.id) AS marks,
        EXISTS (SELECT FROM room_invitations i WHERE i.room_id = door.id AND i.revoked_at IS NULL
          AND (i.person_id = p.id OR (i.phone IS NOT NULL AND i.phone = p.phone))) AS "isInvited"
      FROM unnest(${wanting.map(({ roomId }) => roomId)}::uuid[], ${wanting.map(({ personId }) => personId ?? null)}::uuid[]) AS wanted(room_id, person_id)
      JOIN rooms r ON r.id = wanted.room_id
      LEFT JOIN rooms programme ON programme.id = r.relay_of AND programme.audience <> 'everyone'
      JOIN rooms door ON door.id IN (r.id, programme.id)
      JOIN org_units u ON u.id = r.org_unit_id
      LEFT JOIN people p ON p.id = wanted.person_id
      LEFT JOIN staff_accounts s ON s.person_id = p.id AND s.active AND p.active
      WHERE r.audience <> 'everyone' OR programme.id IS NOT NULL`;
    const pairs = new Map<string, { own?: Row; programme?: Row }>();
    for (const row of rows) {
      const key = keyOf(row.roomId, row.personId);
      const pair = pairs.get(key) ?? {};
      if (row.isOwn) pair.own = row;
      else pair.programme = row;
      pairs.set(key, pair);
    }
    const refused = new Map<string, EntryRefusal>();
    for (const [key, { own, programme }] of pairs) {
      if (!own) continue;
      const answer = mayEnter(toPerson(own), toRoom(own), programme && toRoom(programme), own.isCohost);
      if (answer.mayEnter) continue;
      const { audience, reason } = answer;
      refused.set(key, { audience, reason, store: { id: own.storeId, name: own.storeName } });
    }
    return refused;
  }

  return {
    refusals,
    refusalIn: (refused: ReadonlyMap<string, EntryRefusal>, roomId: string, personId: string | undefined) =>
      refused.get(keyOf(roomId, personId)),
    /** @throws AppError not_in_audience */
    async require(roomId: string, personId: string | undefined, using?: Sql): Promise<void> {
      const hasDoor = using ? (await withDoor([roomId], using)).has(roomId) : await doors.add(roomId);
      if (!hasDoor) return;
      const refusal = (await refusals([{ roomId, personId }], using)).get(keyOf(roomId, personId));
      if (refusal) throw refusalError(refusal);
    },
  };
}
export type Entries = ReturnType<typeof createEntries>;
