/** Dealer conferences (L6): material for who may enter, and who was there. Who may enter is the room's audience: the invited. */
import {
  type AttendanceLine,
  addMaterial,
  getMaterialFile,
  listAttendance,
  listMaterials,
  MAX_MATERIALS,
  type Material,
  removeMaterial,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { CsvColumn } from '../../platform/csv.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Binder, written } from '../../platform/http.ts';
import { createLimit } from '../../platform/limits.ts';
import { sendPersonalCsv } from '../../platform/personal-csv.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { nameFor } from '../bindings/index.ts';
import type { Files } from '../files/index.ts';
import { type AttendanceRow, createConferencesRepository, type MaterialRow } from './conferences.repository.ts';

/** Of one person: a conference has a handful of files, each is wanted once or twice. */
const DOWNLOADS_PER_MINUTE = 30;

const toMaterial = (row: MaterialRow): Material => ({
  id: row.id,
  title: row.title,
  url: row.url,
  file:
    row.fileName === null || row.mediaType === null
      ? null
      : { name: row.fileName, mediaType: row.mediaType, bytes: row.bytes ?? 0 },
  addedAt: row.addedAt.toISOString(),
});

const columns: readonly CsvColumn<AttendanceLine>[] = [
  { title: '邀请名单 invited as', value: (line) => line.invitedAs },
  { title: '邀请状态 invitation', value: (line) => line.invitation },
  { title: '到场 name', value: (line) => line.person?.name },
  { title: '首次进入 first', value: (line) => line.firstAt },
  { title: '最后在场 last', value: (line) => line.lastAt },
  { title: '在场分钟 minutes', value: (line) => Math.round(line.watchedSeconds / 6) / 10 },
];

export function createConferences(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  files: Files;
  findRoom: (roomId: string) => Promise<{ id: string; orgPath: string; kind: 'live' | 'conference' }>;
}) {
  const { bind, db, clock, files } = deps;
  const rows = createConferencesRepository(db.sql);
  const downloads = createLimit({ points: DOWNLOADS_PER_MINUTE, seconds: 60 });

  async function conference(roomId: string) {
    const room = await deps.findRoom(roomId);
    if (room.kind !== 'conference') throw new AppError('state_conflict', { facts: { kind: room.kind } });
    return room;
  }
  async function managed(principal: StaffPrincipal, roomId: string, permission: 'rooms:write' | 'rooms:operate') {
    const room = await deps.findRoom(roomId);
    requireScope(principal, permission, room.orgPath);
    return conference(roomId);
  }

  const stateOf = (row: AttendanceRow): AttendanceLine['invitation'] => {
    if (row.invitedAs === null) return null;
    if (row.revokedAt) return 'revoked';
    if (row.redeemedAt || row.firstAt) return 'redeemed';
    return row.expiresAt && row.expiresAt <= clock.now() ? 'expired' : 'open';
  };

  bind(listMaterials, async ({ params }) => {
    await deps.findRoom(params.id);
    return { items: (await rows.materials(params.id)).map(toMaterial) };
  });
  bind(addMaterial, async ({ principal, params, body }) => {
    const room = await managed(principal, params.id, 'rooms:write');
    if ((body.fileId === null) === (body.url === null))
      throw new AppError('invalid_request', { issues: [{ path: '/fileId', issue: 'file_or_link' }] });
    if (body.fileId !== null) await files.mine(db.sql, body.fileId, 'material', principal.personId);
    const id = deps.random.id();
    await db.transaction(async (tx) => {
      const mine = createConferencesRepository(tx);
      await tx`SELECT id FROM rooms WHERE id = ${room.id} FOR UPDATE`; // the list has a bound
      if ((await mine.materials(room.id)).length >= MAX_MATERIALS) throw new AppError('limit_exceeded');
      await mine.addMaterial({ id, roomId: room.id, ...body, by: principal.personId, at: clock.now() });
      await writeAudit(tx, deps, {
        ...{ actorId: principal.personId, action: 'material:added', target: `room:${room.id}`, orgPath: room.orgPath },
        detail: { material: id, title: body.title },
      });
    });
    const made = (await rows.materials(room.id)).find((material) => material.id === id);
    if (!made) throw new AppError('not_found');
    return toMaterial(made);
  });
  bind(removeMaterial, async ({ principal, params }) => {
    const room = await managed(principal, params.id, 'rooms:write');
    await db.transaction(async (tx) => {
      if (!(await createConferencesRepository(tx).removeMaterial(room.id, params.materialId, clock.now()))) return;
      await writeAudit(tx, deps, {
        ...{ actorId: principal.personId, action: 'material:removed', target: `room:${room.id}` },
        ...{ orgPath: room.orgPath, detail: { material: params.materialId } },
      });
    });
    return undefined;
  });
  bind(getMaterialFile, async ({ principal, params, res }) => {
    await downloads.take(principal.personId);
    const material = (await rows.materials(params.id)).find(({ id }) => id === params.materialId);
    if (!material?.fileId) throw new AppError('not_found');
    await files.send(res, material.fileId, ['material'], material.fileName ?? material.title);
    return written;
  });
  bind(listAttendance, async ({ principal, params, query, res }) => {
    const room = await managed(principal, params.id, 'rooms:operate');
    const found = await rows.attendance(room.id);
    const items = found.map(
      (row): AttendanceLine => ({
        person:
          row.personId === null
            ? null
            : nameFor(principal.staff, {
                id: row.personId,
                name: row.personName ?? '',
                kind: row.personKind ?? 'consumer',
                ownerPath: row.ownerPath,
              }),
        invitedAs: row.invitedAs,
        invitation: stateOf(row),
        firstAt: row.firstAt?.toISOString() ?? null,
        lastAt: row.lastAt?.toISOString() ?? null,
        watchedSeconds: row.seconds ?? 0,
      }),
    );
    if (query.format === 'csv') {
      await sendPersonalCsv(res, deps, {
        ...{ by: principal, target: `room:${room.id}`, filter: { list: 'attendance' }, columns, rows: items },
        fileName: `attendance-${room.id}`,
      });
      return written;
    }
    return {
      invited: items.filter(({ invitation }) => invitation !== null && invitation !== 'revoked').length,
      came: new Set(items.flatMap(({ person, firstAt }) => (person && firstAt ? [person.id] : []))).size,
      items,
    };
  });
}
export { type AttendanceBook, createAttendanceBook } from './attendance.ts';
