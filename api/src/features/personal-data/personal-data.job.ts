/**
 * Works on requests that are due, one step in one transaction together with its count: a process that dies loses a step at most,
 * and several processes work on different requests.
 *
 * - export: waiting → (all steps) → ready → expired, when its parts are deleted
 * - deletion: waiting → closed, when nothing stands in its way: nobody signs in any more → after the last access token has run
 *   out, all steps → done
 * A product that has learned of more tables begins a request again that it finds half done: every step may be done twice.
 */
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { blocksOf, CLOSING_SECONDS, EXPORT_LIFE_HOURS, RETRY_DAYS } from './deletion.policy.ts';
import * as rows from './personal-data.repository.ts';
import { exportStep, forgetStep, STEPS } from './steps.ts';

export const DATA_REQUESTS_JOB = 'data-requests';
const EVERY_MS = 2_000;
const DAY_MS = 86_400_000;

export function scheduleDataRequests(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  jobs: Jobs;
  hqPath: () => Promise<string>;
}): void {
  const { db, clock } = deps;
  type Worked = { id: string; goesOn: boolean };

  async function waitOn(tx: Tx, id: string, dueAt: Date, blocks: readonly string[]): Promise<Worked> {
    await tx`UPDATE data_requests SET due_at = ${dueAt}, blocks = ${JSON.stringify(blocks)}::jsonb WHERE id = ${id}`;
    return { id, goesOn: false };
  }

  async function makeFile(tx: Tx, due: rows.Due, ids: readonly string[], at: Date): Promise<Worked> {
    const { id, stepsDone } = due;
    const part = await exportStep(tx, stepsDone, ids);
    if (part.rows > 0) {
      await tx`INSERT INTO data_export_parts (request_id, no, name, rows, content)
        VALUES (${id}, ${stepsDone}, ${part.name}, ${part.rows}, ${part.content})
        ON CONFLICT (request_id, no) DO UPDATE SET name = excluded.name, rows = excluded.rows, content = excluded.content`;
    }
    const isLast = stepsDone + 1 === STEPS;
    const expiresAt = isLast ? new Date(at.getTime() + EXPORT_LIFE_HOURS * 3_600_000) : null;
    await tx`UPDATE data_requests SET steps_done = steps_done + 1, rows = rows + ${part.rows},
      bytes = bytes + ${part.rows > 0 ? Buffer.byteLength(part.content) : 0}, expires_at = ${expiresAt},
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
      await rows.closeAccount(tx, ids, at);
      await tx`UPDATE data_requests SET state = 'closed' WHERE id = ${id}`;
      return waitOn(tx, id, new Date(at.getTime() + CLOSING_SECONDS * 1_000), []);
    }
    const changed = await forgetStep(tx, stepsDone, ids);
    const isLast = stepsDone + 1 === STEPS;
    await tx`UPDATE data_requests SET steps_done = steps_done + 1, rows = rows + ${changed},
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

  async function step(tx: Tx, seen: readonly string[]): Promise<Worked | undefined> {
    const at = clock.now();
    const due = await rows.takeDue(tx, at, seen);
    if (!due) return undefined;
    if (due.steps !== STEPS) {
      await tx`DELETE FROM data_export_parts WHERE request_id = ${due.id}`;
      await tx`UPDATE data_requests SET steps = ${STEPS}, steps_done = 0, rows = 0, bytes = 0 WHERE id = ${due.id}`;
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
      const worked = await db.transaction((tx) => step(tx, resting));
      if (!worked) return;
      if (!worked.goesOn) resting.push(worked.id);
    }
  });
}
