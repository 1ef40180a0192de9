/** One of each thing around a room of a store, for tests that ask who may touch them. */
import { randomUUID } from 'node:crypto';
import type { Principal } from '../platform/principal.ts';
import type { StoreTeam, Unit } from './fixtures.ts';
import { makeRoom } from './fixtures.ts';
import type { TestApi } from './test-api.ts';

export interface ThingsAroundRooms {
  readonly conferenceId: string;
  readonly invitationId: string;
  readonly materialId: string;
  readonly markId: string;
  readonly trainingId: string;
  readonly cardId: string;
}

export async function makeAroundRooms(
  api: TestApi,
  { unit, team, customer }: { unit: Unit; team: StoreTeam; customer: Principal },
): Promise<ThingsAroundRooms> {
  const { sql } = api.api.platform.db;
  const at = api.clock.now();
  const by = team.manager.personId;
  const room = await makeRoom(api, { orgUnit: unit, host: team.guide });
  await sql`UPDATE rooms SET kind = 'conference', audience = 'invited' WHERE id = ${room.id}`;
  const [invitationId, materialId, markId, trainingId, cardId] = Array.from({ length: 5 }, () => randomUUID()) as [
    string,
    string,
    string,
    string,
    string,
  ];
  await sql`INSERT INTO room_invitations (id, room_id, kind, name, person_id, invited_by, created_at)
    VALUES (${invitationId}, ${room.id}, 'person', '', ${customer.personId}, ${by}, ${at})`;
  await sql`INSERT INTO conference_materials (id, room_id, title, url, added_by, added_at)
    VALUES (${materialId}, ${room.id}, '政策', 'https://example.com', ${by}, ${at})`;
  await sql`INSERT INTO customer_marks (id, person_id, kind, org_unit_id, org_path, reason, marked_by, marked_at)
    VALUES (${markId}, ${customer.personId}, 'koc', ${unit.id}, ${unit.path}, '常客', ${by}, ${at})`;
  await sql`INSERT INTO guide_trainings (id, guide_id, title, trained_on, org_path, verified_by, verified_at)
    VALUES (${trainingId}, ${team.guide.personId}, '产品培训', '2026-01-05', ${unit.path}, ${by}, ${at})`;
  await sql`INSERT INTO drain_cards (id, kind, org_unit_id, org_path, title, link, created_by, created_at, updated_at)
    VALUES (${cardId}, 'store_group', ${unit.id}, ${unit.path}, '进群', 'https://example.com', ${by}, ${at}, ${at})`;
  return { conferenceId: room.id, invitationId, materialId, markId, trainingId, cardId };
}
