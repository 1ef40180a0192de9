/**
 * Works on requests that are due, one step in one transaction together with its count: a process that dies loses a step at most,
 * and several processes work on different requests.
 *
 * - export: waiting → (all steps) → ready → expired, when its parts are deleted
 * - deletion: waiting → closed, when nothing stands in its way: nobody signs in any more → after the last access token has run
 *   out, all steps → done
 * One that fails is put off, with what went wrong, and holds up no other. The first step goes through all rooms and is many.
 * A product that has learned of more tables begins a request again that it finds half done: every step may be done twice.
 */
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { type Db, sqlState, type Tx } from '../../platform/db.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import { blocksOf, CLOSING_SECONDS, EXPORT_LIFE_HOURS, RETRY_DAYS } from './deletion.policy.ts';
import * as rows from './personal-data.repository.ts';
import type { RoomPlace } from './room-words.ts';
import { exportStep, forgetStep, STEPS } from './steps.ts';

export const DATA_REQUESTS_JOB = 'data-requests';
const EVERY_MS = 2_000;
const DAY_MS = 86_400_000;

export function scheduleDataRequests(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  jobs: Jobs;
  log: Logger;
  hqPath: () => Promise<string>;
  onForgotten: (tx: Tx, ids: readonly string[]) => Promise<void>;
}): void {
  const { db, clock } = deps;
  type Worked = { id: string; goesOn: boolean };

  async function waitOn(tx: Tx, id: string, dueAt: Date, blocks: readonly string[]): Promise<Worked> {
    await tx`UPDATE data_requests SET due_at = ${dueAt}, blocks = ${JSON.stringify(blocks)}::jsonb WHERE id = ${id}`;
    return { id, goesOn: false };
  }

  const placeOf = ({ roomId, roomSeq }: rows.Due): RoomPlace => ({ roomId, seq: roomSeq });
  /** The step is not over; the next turn goes on from there. */
  async function rest(tx: Tx, { id }: rows.Due, changed: number, next: RoomPlace, bytes = 0): Promise<Worked> {
    await tx`UPDATE data_requests SET rows = rows + ${changed}, bytes = bytes + ${bytes}, room_id = ${next.roomId}, room_seq = ${next.seq},
      failures = 0, next_try_at = NULL WHERE id = ${id}`;
    return { id, goesOn: true };
  }

  async function makeFile(tx: Tx, due: rows.Due, ids: readonly string[], at: Date): Promise<Worked> {
    const { id, stepsDone } = due;
    const part = await exportStep(tx, stepsDone, ids, placeOf(due));
    if (part.rows > 0) {
      // Of a step that goes on there is some already: both are JSON arrays.
      await tx`INSERT INTO data_export_parts AS p (request_id, no, name, rows, content)
        VALUES (${id}, ${stepsDone}, ${part.name}, ${part.rows}, ${part.content})
        ON CONFLICT (request_id, no) DO UPDATE SET rows = p.rows + excluded.rows,
          content = left(p.content, -1) || ', ' || substr(excluded.content, 2)`;
    }
    const bytes = part.rows > 0 ? Buffer.byteLength(part.content) : 0;
    if (part.next !== null) return rest(tx, due, part.rows, part.next, bytes);
    const isLast = stepsDone + 1 === STEPS;
    const expiresAt = isLast ? new Date(at.getTime() + EXPORT_LIFE_HOURS * 3_600_000) : null;
    await tx`UPDATE data_requests SET steps_done = steps_done + 1, rows = rows + ${part.rows}, failures = 0, next_try_at = NULL,
      bytes = bytes + ${bytes}, expires_at = ${expiresAt},
      state = ${isLast ? 'ready' : 'waiting'}, ended_at = ${isLast ? at : null} WHERE id = ${id}`;
    return { id, goesOn: !isLast };
  }

  async function forget(tx: Tx, due: rows.Due, ids: readonly string[], at: Date): Promise<Worked> {
    const { id, personId, stepsDone } = due;
    // Until the first row is gone it is looked at once more: somebody may have bought with their last access token.
    if (stepsDone === 0) {
      const blocks = blocksOf(await rows.openMatters(tx, ids));
      if (blocks.length > 0) return waitOn(tx, id, new Date(at.getTime() + RETRY_DAYS * DAY_MS), blocks);
    }
    if (due.state === 'waiting') {
      await deps.onForgotten(tx, ids);
      await rows.closeAccount(tx, ids, at);
      await tx`UPDATE data_requests SET state = 'closed' WHERE id = ${id}`;
      return waitOn(tx, id, new Date(at.getTime() + CLOSING_SECONDS * 1_000), []);
    }
    const { rows: changed, next } = await forgetStep(tx, stepsDone, ids, placeOf(due));
    if (next !== null) return rest(tx, due, changed, next);
    const isLast = stepsDone + 1 === STEPS;
    await tx`UPDATE data_requests SET steps_done = steps_done + 1, rows = rows + ${changed}, failures = 0, next_try_at = NULL,
      state = ${isLast ? 'done' : 'closed'}, ended_at = ${isLast ? at : null} WHERE id = ${id}`;
    if (isLast) {
      // Files that were made of them before; what the rows say is gone, so must these be.
      await tx`DELETE FROM data_export_parts WHERE request_id IN (SELECT id FROM data_requests WHERE person_id = ${personId})`;
      await tx`UPDATE data_requests SET state = 'expired' WHERE person_id = ${personId} AND state = 'ready'`;
      await writeAudit(tx, deps, {
        ...{
          actorId: null,
          action: 'personal-data:deleted',
          target: `person:${personId}`,
          orgPath: await deps.hqPath(),
        },
        detail: { request: id },
      });
    }
    return { id, goesOn: !isLast };
  }

  async function step(tx: Tx, wanted: string): Promise<Worked> {
    const at = clock.now();
    const due = await rows.takeDue(tx, wanted, at);
    if (!due) return { id: wanted, goesOn: false };
    if (due.steps !== STEPS) {
      await tx`DELETE FROM data_export_parts WHERE request_id = ${due.id}`;
      await tx`UPDATE data_requests SET steps = ${STEPS}, steps_done = 0, rows = 0, bytes = 0, room_id = NULL, room_seq = -1 WHERE id = ${due.id}`;
      return { id: due.id, goesOn: true };
    }
    const ids = await rows.idsOf(tx, due.personId);
    return due.kind === 'export' ? makeFile(tx, due, ids, at) : forget(tx, due, ids, at);
  }

  async function expire(): Promise<void> {
    await db.transaction(async (tx) => {
      const over = await tx<{ id: string }>`UPDATE data_requests SET state = 'expired'
        WHERE state = 'ready' AND expires_at <= ${clock.now()} RETURNING id`;
      const ids = over.map(({ id }) => id);
      if (ids.length > 0) await tx`DELETE FROM data_export_parts WHERE request_id = ANY(${ids}::uuid[])`;
    });
  }

  deps.jobs.every(DATA_REQUESTS_JOB, EVERY_MS, async () => {
    await expire();
    const resting: string[] = [];
    for (;;) {
      const id = await rows.nextDue(db.sql, clock.now(), resting);
      if (id === undefined) return;
      try {
        const worked = await db.transaction((tx) => step(tx, id));
        if (!worked.goesOn) resting.push(worked.id);
      } catch (error) {
        resting.push(id);
        // A message of the database quotes the row: only its code is kept.
        await rows.putOff(
          db.sql,
          id,
          sqlState(error) ?? (error instanceof Error ? error.name : 'unknown'),
          clock.now(),
        );
        deps.log.error({ err: error, request: id }, 'a request about one person failed, and is tried again later');
      }
    }
  });
}
