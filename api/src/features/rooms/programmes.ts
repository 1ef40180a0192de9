/** Programmes: rooms whose picture the rooms further down may show, and putting one on the air in many stores at once. */
import type {
  Bag,
  listProgrammes,
  listRelays,
  OrgUnitRef,
  pushRelays,
  ReplyOf,
  RoomState,
} from '@walnut-live/contracts';
import type { z } from 'zod';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { writeRoomEvents } from '../../platform/outbox.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { RoomStage } from '../room-stage/index.ts';
import { createRoomsRepository, toRoomView } from './rooms.repository.ts';

/** Programmes a list shows at most. */
const LIST_LIMIT = 100;
const RELAYS_LIMIT = 1_000;

type UnitRef = z.infer<typeof OrgUnitRef>;
interface RelayRow {
  roomId: string;
  title: string;
  state: RoomState;
  unitId: string;
  unitKind: UnitRef['kind'];
  unitPath: string;
  unitName: string;
  hostId: string;
  hostName: string;
}

/** Units in the order of `ids`, each with the person who would host there: its manager first, then its longest-serving guide. */
async function unitsWithHosts(sql: Sql, ids: readonly string[]) {
  return sql<UnitRef & { hostId: string | null }>`
    SELECT u.id, u.kind, u.path, u.name, (
        SELECT s.person_id FROM staff_accounts s JOIN people p ON p.id = s.person_id
        WHERE s.org_unit_id = u.id AND s.active AND p.active AND s.role IN ('store_manager', 'guide')
        ORDER BY s.role DESC, s.created_at, s.person_id LIMIT 1
      ) AS "hostId"
    FROM org_units u WHERE u.id = ANY(${[...ids]}::uuid[]) ORDER BY u.path`;
}

export function createProgrammes(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  stage: RoomStage;
  viewersNow: (roomId: string) => number;
  readBag: (roomId: string) => Promise<Bag>;
  fillBag: (tx: Tx, roomId: string, productIds: readonly string[]) => Promise<void>;
}) {
  const { db, clock, random, stage, viewersNow } = deps;

  async function programme(principal: StaffPrincipal, roomId: string, permission: 'rooms:read' | 'rooms:write') {
    const room = await createRoomsRepository(db.sql).find(roomId);
    if (!room) throw new AppError('not_found');
    requireScope(principal, permission, room.orgPath);
    return room;
  }

  return {
    async list({ staff }: StaffPrincipal): Promise<ReplyOf<typeof listProgrammes>> {
      const rows = await db.sql<{ id: string; openTo: string[]; relays: number }>`
        SELECT r.id, r.open_to AS "openTo",
          (SELECT count(*)::int FROM rooms x WHERE x.relay_of = r.id AND x.state <> 'ended') AS relays
        FROM rooms r WHERE r.state <> 'ended' AND cardinality(r.open_to) > 0
          AND (r.org_path = ${staff.orgPath} OR r.org_path LIKE ${staff.orgPath} || '.%' OR (
            ${staff.orgPath} LIKE r.org_path || '.%'
            AND EXISTS (SELECT FROM unnest(r.open_to) AS open(path)
              WHERE ${staff.orgPath} = open.path OR ${staff.orgPath} LIKE open.path || '.%' OR open.path LIKE ${staff.orgPath} || '.%')))
        ORDER BY r.state, coalesce(r.started_at, r.scheduled_at, r.created_at) DESC, r.id LIMIT ${LIST_LIMIT}`;
      const items = await Promise.all(
        rows.map(async ({ id, openTo, relays }) => {
          const room = await createRoomsRepository(db.sql).find(id);
          return room ? [{ room: toRoomView(room, viewersNow(id)), openTo, relays }] : [];
        }),
      );
      return { items: items.flat() };
    },

    /**
     * One room per store, made once: a second call (or a second person) finds the rooms of the first. The rival is kept
     * out by a unique index, and one refused row does not undo the others.
     */
    async push(
      principal: StaffPrincipal,
      roomId: string,
      orgUnitIds: readonly string[],
    ): Promise<ReplyOf<typeof pushRelays>> {
      const source = await programme(principal, roomId, 'rooms:write');
      const productIds = (await deps.readBag(roomId)).items.map(({ product }) => product.id);
      const items = await db.transaction(async (tx) => {
        const units = await unitsWithHosts(tx, orgUnitIds);
        const outcomes: ReplyOf<typeof pushRelays>['items'] = [];
        const made: string[] = [];
        for (const { hostId, ...orgUnit } of units) {
          const told = (outcome: 'created' | 'existing' | 'no_host' | 'not_open', id: string | null) =>
            outcomes.push({ orgUnit, outcome, roomId: id });
          const open = await stage.lockProgramme(tx, roomId, orgUnit.path).catch((error: unknown) => {
            if (error instanceof AppError && error.code === 'not_found') return undefined;
            throw error;
          });
          if (!open) told('not_open', null);
          else if (hostId === null) told('no_host', null);
          else {
            const id = random.id();
            const at = clock.now();
            const live = open.state === 'live';
            const [row] = await tx<{ id: string }>`
              INSERT INTO rooms (id, org_unit_id, org_path, host_id, title, cover_url, state, stream_id, relay_of, relay_pushed,
                stage_at, scheduled_at, started_at, created_at)
              VALUES (${id}, ${orgUnit.id}, ${orgUnit.path}, ${hostId}, ${source.title}, ${source.coverUrl},
                ${live ? 'live' : 'scheduled'}, ${random.id()}, ${roomId}, true, ${at}, ${source.scheduledAt}, ${live ? at : null}, ${at})
              ON CONFLICT (relay_of, org_unit_id) WHERE relay_pushed AND state <> 'ended' DO NOTHING RETURNING id`;
            if (row) {
              await deps.fillBag(tx, id, productIds);
              if (live) made.push(id);
              told('created', id);
            } else {
              const [known] = await tx<{ id: string }>`SELECT id FROM rooms
                WHERE relay_of = ${roomId} AND org_unit_id = ${orgUnit.id} AND relay_pushed AND state <> 'ended'`;
              told('existing', known?.id ?? null);
            }
          }
        }
        const at = clock.now().toISOString();
        await writeRoomEvents(
          tx,
          clock,
          made.map((id) => ({ roomId: id, event: { kind: 'room:started', at } })),
        );
        return outcomes;
      });
      return { items };
    },

    async relays(principal: StaffPrincipal, roomId: string): Promise<ReplyOf<typeof listRelays>> {
      await programme(principal, roomId, 'rooms:read');
      const rows = await db.sql<RelayRow>`
        SELECT r.id AS "roomId", r.title, r.state, u.id AS "unitId", u.kind AS "unitKind", u.path AS "unitPath",
          u.name AS "unitName", h.id AS "hostId", h.name AS "hostName"
        FROM rooms r JOIN org_units u ON u.id = r.org_unit_id JOIN people h ON h.id = r.host_id
        WHERE r.relay_of = ${roomId} ORDER BY r.state <> 'live', u.path, r.id LIMIT ${RELAYS_LIMIT}`;
      const stages = await stage.readMany(rows.map((row) => row.roomId));
      return {
        items: rows.map((row) => ({
          roomId: row.roomId,
          title: row.title,
          state: row.state,
          orgUnit: { id: row.unitId, kind: row.unitKind, path: row.unitPath, name: row.unitName },
          host: { id: row.hostId, name: row.hostName },
          shows: stages.get(row.roomId)?.shows ?? 'relay',
          viewersNow: viewersNow(row.roomId),
        })),
      };
    },
  };
}
export type Programmes = ReturnType<typeof createProgrammes>;
