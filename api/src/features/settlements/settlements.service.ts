/**
 * Settlement runs (rules K4, K8; two-person rule).
 *
 * Model: draft → previewed → approved → paying → paid | closed, and cancelled before it pays; every step is a conditional
 * statement with a row of history and one in the audit log. A preview writes down what every person would be paid, claims
 * nothing, and has a name (hash) for all its figures. Approval is by somebody else than who prepared it, names that hash, and
 * works the figures out once more: when anything changed meanwhile it is refused; so is whoever is paid by the run, by whichever
 * of their accounts. It makes a line for everybody who is to be paid, with the sum that is never exceeded and the parts it is made
 * of, and the stores' statements; the run keeps the terms it was approved with, and each statement its store's mode. Paying claims
 * line by line, by those terms (payer.ts).
 */
import { isWithin, type SettlementState } from '@walnut-live/contracts';
import type { Ledger } from '../../ledger/index.ts';
import { writeAudit } from '../../platform/audit.ts';
import { chinaMonthOf } from '../../platform/china-day.policy.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import { selvesOf } from '../identity/index.ts';
import {
  holdTerms,
  monthsSoFar,
  NOTHING_YET,
  type Payouts,
  realNamesOf,
  termsAt,
  withholdingFor,
} from '../payouts/index.ts';
import type { Payer } from './payer.ts';
import { type Basis, hashOf, type PreviewLine, previewLine } from './preview.policy.ts';
import { duesOf, keepPreview } from './preview.repository.ts';
import { mayStep, prepared, type RunStep } from './runs.policy.ts';
import * as rows from './runs.repository.ts';
import { holdModes, listModes } from './statements.repository.ts';
import { issueStatements } from './statements.ts';

export interface SettlementsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly ledger: Ledger;
  readonly payouts: Pick<Payouts, 'accountOf' | 'claimLine'>;
}

interface Worked {
  readonly lines: readonly PreviewLine[];
  readonly basis: Basis;
  readonly hash: string;
}

export function createSettlementsService(deps: SettlementsDeps & { payer: Payer }) {
  const { db, clock, random } = deps;

  /** What the run would do now, for everybody concerned. */
  async function workOut(tx: Tx, run: { orgPath: string; upTo: Date }, withParts: boolean): Promise<Worked> {
    const now = clock.now();
    const terms = await termsAt(tx, now);
    const dues = await duesOf(tx, { scope: run.orgPath, upTo: run.upTo, withParts, at: now });
    const ids = dues.map(({ personId }) => personId);
    const months = await monthsSoFar(tx, ids, now);
    const names = await realNamesOf(tx, ids);
    const lines: PreviewLine[] = [];
    for (const due of dues) {
      const { personId: id, kind } = due;
      lines.push(
        previewLine(due, {
          ...{ minimumFen: terms.minimumFen, realNameFromFen: terms.realNameFromFen, hasName: names.has(id) },
          hasAccount: (await deps.payouts.accountOf(tx, { id, kind })) !== undefined,
          withholding: (grossFen) => withholdingFor(terms.withholding, kind, grossFen, months.get(id) ?? NOTHING_YET),
        }),
      );
    }
    const modes = (await listModes(tx, run.orgPath, null))
      .filter(({ since }) => since !== null)
      .map(({ store, mode, hqShareBps }) => ({ storeId: store.id, mode, hqShareBps }));
    const basis = { terms: terms.version, taxMonth: chinaMonthOf(now), modes };
    return { lines, basis, hash: hashOf(lines, basis) };
  }

  /** @throws AppError not_found outside of the asker's part of the organisation */
  async function lock(tx: Tx, principal: StaffPrincipal, id: string, step: RunStep): Promise<rows.LockedRun> {
    const run = await rows.lockRun(tx, id);
    if (!run || !isWithin(run.orgPath, principal.staff.orgPath)) throw new AppError('not_found');
    if (!mayStep(run.state, step)) throw conflict(run.state);
    return run;
  }
  /** Who is paid decides nothing about it: somebody else does, and for an approval that is a third person. */
  const ownLine = () => new AppError('self_action', { facts: { reason: 'own_line' } });
  const conflict = (state: SettlementState) => new AppError('state_conflict', { facts: { reason: 'state', state } });
  async function take(
    tx: Tx,
    principal: StaffPrincipal,
    run: rows.LockedRun,
    step: RunStep,
    given: { reason?: string; detail?: Record<string, unknown>; previewId?: string; termsVersion?: number },
  ): Promise<void> {
    const { reason = '', detail = {}, ...facts } = given;
    const by = { actorId: principal.personId, reason, at: clock.now(), ...facts };
    if (!(await rows.step(tx, run.id, step, by))) throw conflict(run.state);
    await writeAudit(tx, deps, {
      ...{ actorId: principal.personId, action: `settlement:${step}`, target: `settlement:${run.id}` },
      ...{ orgPath: run.orgPath, reason, detail },
    });
  }

  return {
    async create(
      tx: Tx,
      principal: StaffPrincipal,
      body: { title: string; orgUnitId?: string | undefined; upTo?: string | undefined },
    ): Promise<string> {
      const at = clock.now();
      const upTo = body.upTo === undefined ? at : new Date(body.upTo);
      if (upTo > at) throw new AppError('too_early', { facts: { now: at.toISOString() } });
      const unitId = body.orgUnitId ?? principal.staff.orgUnitId;
      const [unit] = await tx<{ path: string }>`SELECT path FROM org_units WHERE id = ${unitId}`;
      if (!unit || !isWithin(unit.path, principal.staff.orgPath)) throw new AppError('not_found');
      const id = random.id();
      await rows.insertRun(tx, { id, title: body.title, unitId, orgPath: unit.path, upTo, by: principal.personId, at });
      await writeAudit(tx, deps, {
        ...{ actorId: principal.personId, action: 'settlement:create', target: `settlement:${id}`, orgPath: unit.path },
        detail: { title: body.title, upTo: upTo.toISOString() },
      });
      return id;
    },

    /** In one snapshot, so that what is shown was true at one moment. */
    async preview(principal: StaffPrincipal, id: string): Promise<void> {
      await db.transaction(
        async (tx) => {
          const run = await lock(tx, principal, id, 'preview');
          const { lines, hash } = await workOut(tx, run, false);
          const preview = { id: random.id(), runId: id, no: (run.no ?? 0) + 1, hash };
          await keepPreview(tx, { ...preview, by: principal.personId, at: clock.now() }, lines);
          await take(tx, principal, run, 'preview', {
            previewId: preview.id,
            detail: { no: preview.no, hash: preview.hash },
          });
        },
        { isolation: 'repeatable read' },
      );
    },

    /** @throws AppError self_action, state_conflict (state, another_preview, preview_stale) */
    async approve(
      tx: Tx,
      principal: StaffPrincipal,
      id: string,
      body: { hash: string; reason: string },
    ): Promise<void> {
      const run = await lock(tx, principal, id, 'approve');
      const selves = await selvesOf(tx, principal.personId);
      if (selves.some((id) => prepared(run, id)))
        throw new AppError('self_action', { facts: { reason: 'two_people' } });
      if (run.hash !== body.hash) throw new AppError('state_conflict', { facts: { reason: 'another_preview' } });
      await holdTerms(tx);
      await holdModes(tx);
      const { lines, basis, hash } = await workOut(tx, run, true);
      if (hash !== body.hash) throw new AppError('state_conflict', { facts: { reason: 'preview_stale' } });
      const payable = lines.filter(({ outcome }) => outcome === 'pay');
      if (payable.some(({ personId }) => selves.includes(personId))) throw ownLine();
      const at = clock.now();
      await rows.insertLines(
        tx,
        id,
        payable.map(({ personId, grossFen, partIds }) => ({ id: random.id(), personId, grossFen, partIds })),
        at,
      );
      const statements = await issueStatements(tx, deps, { runId: id, scope: run.orgPath, upTo: run.upTo });
      await take(tx, principal, run, 'approve', {
        ...{ reason: body.reason, termsVersion: basis.terms },
        detail: { hash: body.hash, terms: basis.terms, people: payable.length, statements },
      });
    },

    async pay(tx: Tx, principal: StaffPrincipal, id: string, reason: string): Promise<void> {
      await take(tx, principal, await lock(tx, principal, id, 'pay'), 'pay', { reason });
    },
    async cancel(tx: Tx, principal: StaffPrincipal, id: string, reason: string): Promise<void> {
      await take(tx, principal, await lock(tx, principal, id, 'cancel'), 'cancel', { reason });
    },

    /** A line that was given back, under another bill. @throws AppError self_action, state_conflict (with what hinders it) */
    async retry(tx: Tx, principal: StaffPrincipal, id: string, lineId: string, reason: string): Promise<void> {
      const run = await lock(tx, principal, id, 'reopen');
      const [line] = await rows.listLines(tx, { runId: id, id: lineId, scope: null }, undefined, 1);
      if (!line) throw new AppError('not_found');
      if ((await selvesOf(tx, principal.personId)).includes(line.personId)) throw ownLine();
      const claimed = await deps.payer.claim(tx, lineId, 'returned', principal.personId);
      if (!claimed) throw new AppError('state_conflict', { facts: { reason: 'state', state: line.state } });
      if ('carried' in claimed) throw new AppError('state_conflict', { facts: { reason: claimed.carried } });
      await take(tx, principal, run, 'reopen', { reason, detail: { lineId, billId: claimed.billId } });
    },
  };
}
export type SettlementsService = ReturnType<typeof createSettlementsService>;
