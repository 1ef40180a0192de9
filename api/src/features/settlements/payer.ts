/**
 * Runs that pay, line by line (rule K8): each line is claimed and becomes a bill in a transaction of its own. Nothing is kept in
 * memory, so whoever comes after a process that died goes on where it stopped; a line that is claimed is nobody's to claim. One
 * that fails says why on its row and waits; those behind it, and runs that are through, go on.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { eachOnItsOwn, retryAt } from '../../platform/each.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Claimed, ClaimLine } from '../payouts/index.ts';
import * as rows from './runs.repository.ts';

const BATCH = 200;

export function createPayer(deps: {
  db: Db;
  clock: Clock;
  log: Logger;
  claimLine: ClaimLine;
  /** Where a process may die; tests let it. */
  faultAt?: ((point: 'line locked' | 'line claimed' | 'run finished') => void) | undefined;
}) {
  const { db, clock, log } = deps;
  const faultAt = deps.faultAt ?? (() => undefined);

  /** Undefined: it is not (or no more) in this state. */
  async function claim(
    tx: Tx,
    id: string,
    state: 'due' | 'returned',
    actorId: string | null,
  ): Promise<Claimed | undefined> {
    const line = await rows.lockLine(tx, id, state);
    if (!line) return undefined;
    faultAt('line locked');
    return deps.claimLine(tx, {
      ...{ id, runId: line.runId, person: { id: line.personId, kind: line.personKind }, source: 'commission' },
      ...{ scope: line.orgPath, upTo: line.upTo, mostFen: line.approvedFen, onlyIds: line.approvedParts },
      ...{ termsVersion: line.termsVersion, actorId: actorId ?? line.payStartedById },
    });
  }

  return {
    claim,
    /** @throws AggregateError when the turn is through and something of it failed */
    async runDue(): Promise<void> {
      const problems: unknown[] = [];
      const keep = (problem: unknown) => void problems.push(problem);
      for (let left = BATCH; left > 0; ) {
        const at = clock.now();
        const due = await rows.dueLines(db.sql, at, left);
        if (due.length === 0) break;
        await eachOnItsOwn(
          due,
          async ({ id }) => {
            await db.transaction((tx) => claim(tx, id, 'due', null));
            faultAt('line claimed');
          },
          ({ id, failures }, problem) => rows.putOffLine(db.sql, id, retryAt(at, failures + 1), problem),
        ).catch(keep);
        left -= due.length;
      }
      const end = async ({ id, hasReturned }: { id: string; hasReturned: boolean }) => {
        const how = hasReturned ? 'close' : 'finish';
        const done = await db.transaction((tx) =>
          rows.step(tx, id, how, { actorId: null, reason: '', at: clock.now() }),
        );
        if (done) log.info({ runId: id, how }, 'a settlement run has ended');
        faultAt('run finished');
      };
      await eachOnItsOwn(await rows.finishedRuns(db.sql), end, async () => undefined).catch(keep);
      if (problems.length === 1) throw problems[0];
      if (problems.length > 1) throw new AggregateError(problems, 'lines or runs of settlement failed');
    },
  };
}
export type Payer = ReturnType<typeof createPayer>;
