/** Members: levels and their rules, customers of a scope, and what was given away. Standings: standings.ts. */
import {
  type BodyOf,
  fenToWire,
  getMemberRules,
  getMembership,
  listCustomers,
  type MemberRules,
  type Membership,
  myMembership,
  reportDiscounts,
  setMemberRules,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { sendCsv } from '../../platform/csv.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Binder, written } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import type { GrantCoupon } from '../coupons/index.ts';
import { customersOf, knownCustomer } from './customers.ts';
import { discountColumns, discountReport } from './discount-report.ts';
import { levelAfter, levelOf } from './members.policy.ts';
import {
  enrolBuyers,
  insertRules,
  readMoves,
  readRules,
  readStanding,
  toLevel,
  toRules,
} from './members.repository.ts';
import { createStandings } from './standings.ts';

export { knownCustomer, pickCustomers } from './customers.ts';
export { rateOf } from './members.policy.ts';
export { readRules, readStanding } from './members.repository.ts';
export { auditMembers } from './members-audit.ts';
export { MEMBERS_JOB } from './standings.ts';

const HISTORY = 20;

export interface MembersDeps {
  readonly bind: Binder;
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly jobs: Jobs;
  readonly guard: Pick<ClaimGuard, 'requireClean'>;
  readonly grant: GrantCoupon;
}

export function createMembers(deps: MembersDeps) {
  const { bind, db, clock } = deps;
  const standings = createStandings(deps);

  async function membership(sql: Sql, personId: string): Promise<Membership> {
    const [rules, standing, moves] = await Promise.all([
      readRules(sql),
      readStanding(sql, personId),
      readMoves(sql, personId, HISTORY),
    ]);
    const rank = standing?.rank ?? 0;
    const levels = rules?.levels ?? [];
    const [level, next] = [levelOf(rank, levels), levelAfter(rank, levels)];
    return {
      rank,
      level: level ? toLevel(level) : null,
      next: next ? toLevel(next) : null,
      spendFen: fenToWire(standing?.spendFen ?? 0n),
      since: standing?.since.toISOString() ?? null,
      nextCheckAt: standing?.nextCheckAt?.toISOString() ?? null,
      rules: rules ? toRules(rules) : null,
      history: moves.map((move) => ({ ...move, spendFen: fenToWire(move.spendFen), at: move.at.toISOString() })),
    };
  }

  /** In the transaction of its idempotency key. @throws AppError conflict: others made a version meanwhile */
  async function setRules(
    tx: Tx,
    principal: StaffPrincipal,
    { version, levels, ...terms }: BodyOf<typeof setMemberRules>,
  ): Promise<MemberRules> {
    const { personId, staff } = principal;
    if (staff.orgPath.includes('.')) throw new AppError('forbidden');
    await deps.guard.requireClean(
      { place: 'play', target: `member-rules:${version + 1}`, orgPath: staff.orgPath, roomId: null, personId },
      levels.map(({ name }) => name),
    );
    const before = await readRules(tx);
    if ((before?.version ?? 0) !== version)
      throw new AppError('conflict', { facts: { version: before?.version ?? 0 } });
    for (const { couponKindId } of levels) {
      if (couponKindId === null) continue;
      const [kind] = await tx`SELECT 1 FROM coupon_kinds WHERE id = ${couponKindId} AND active`;
      if (!kind) throw new AppError('not_found', { facts: { couponKindId } });
    }
    const now = clock.now();
    if (!(await insertRules(tx, { ...terms, version: version + 1, madeBy: personId, madeAt: now }, levels)))
      throw new AppError('conflict', { facts: { version: version + 1 } });
    await enrolBuyers(tx, { version: version + 1, windowDays: terms.windowDays }, now);
    await writeAudit(tx, deps, {
      ...{
        actorId: personId,
        action: 'member-rules:set',
        target: `member-rules:${version + 1}`,
        orgPath: staff.orgPath,
      },
      ...{ reason: terms.reason, detail: { ...terms, levels } },
    });
    const rules = await readRules(tx);
    if (!rules) throw new Error('a new row is gone');
    return toRules(rules);
  }

  bind(getMemberRules, async () => {
    const rules = await readRules(db.sql);
    return { rules: rules ? toRules(rules) : null };
  });
  bind(setMemberRules, ({ tx, principal, body }) => setRules(tx, principal, body));
  bind(myMembership, ({ principal }) => membership(db.sql, principal.personId));
  bind(getMembership, async ({ principal, params }) => {
    const person = await knownCustomer(db.sql, principal, params.id);
    return { person, membership: await membership(db.sql, params.id) };
  });
  bind(listCustomers, ({ principal, query }) => customersOf(db.sql, principal, query));
  bind(reportDiscounts, async ({ principal, query, res }) => {
    const report = await discountReport(deps, principal, query);
    if (query.format !== 'csv') return report;
    await sendCsv(res, `discounts-${report.at.slice(0, 10)}.csv`, discountColumns, report.items);
    return written;
  });

  return { onOrderPaid: standings.onOrderPaid, onOrderRefunded: standings.onOrderRefunded };
}
export type Members = ReturnType<typeof createMembers>;
