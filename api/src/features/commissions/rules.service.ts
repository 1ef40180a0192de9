/**
 * Versions of the rule (rule K5): a draft is saved, checked and published with a reason; nobody changes what was published.
 *
 * Model: one draft row with a revision; a version is a row that never changes. What a version raises is in force from its publishing,
 * what it cuts from `effectiveFrom`; until then every version since the last one in force in full counts, and each sale earns the best
 * of them.
 */
import {
  type BodyOf,
  type CommissionDraft,
  type CommissionRule,
  type CommissionTerms,
  type getCommissionRules,
  may,
  type publishCommissionRules,
  type ReplyOf,
  type saveCommissionDraft,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import { inForce } from './rates.policy.ts';
import { cuts, effectiveFromOf, problemsOf, termsOf } from './rule-changes.policy.ts';
import * as rows from './rules.repository.ts';

/** The brand's rules and its hold desk are headquarters' alone. */
export function requireHeadquarters(principal: StaffPrincipal): void {
  if (principal.staff.orgPath.includes('.')) throw new AppError('forbidden');
}

export const ruleView = (row: rows.RuleRow): CommissionRule => ({
  version: row.version,
  ...termsOf(row),
  publishedAt: row.publishedAt?.toISOString() ?? null,
  effectiveFrom: row.effectiveFrom.toISOString(),
  publishedBy: row.publisherId === null ? null : { id: row.publisherId, name: row.publisherName ?? '' },
  reason: row.reason,
});

export function createRulesService(deps: { db: Db; clock: Clock; random: Random }) {
  const { db, clock } = deps;

  async function latestOf(sql: Sql): Promise<rows.RuleRow> {
    const [latest] = await rows.listRules(sql, null, 1);
    if (!latest) throw new Error('there is no commission rule');
    return latest;
  }
  /** Whether the terms take something from what counts now, and from when on they would be in force in full. */
  async function planOf(sql: Sql, terms: CommissionTerms, at: Date) {
    const counting = inForce(await rows.rulesInForce(sql, at), at);
    const isCut = counting.some((rule) => cuts(rule, terms));
    return { isCut, effectiveFrom: effectiveFromOf(at, isCut, counting) };
  }
  async function draftView(sql: Sql, draft: rows.DraftRow): Promise<CommissionDraft> {
    const { revision, terms } = draft;
    const [known, latest] = [await rows.knownNames(sql, terms.rates), await latestOf(sql)];
    const { isCut, effectiveFrom } = await planOf(sql, terms, clock.now());
    return {
      ...{
        revision,
        terms,
        savedAt: draft.savedAt.toISOString(),
        savedBy: { id: draft.savedBy, name: draft.saverName },
      },
      problems: problemsOf(terms, known, ruleView(latest)),
      cuts: isCut,
      effectiveFrom: effectiveFrom.toISOString(),
    };
  }

  return {
    async read(principal: StaffPrincipal): Promise<ReplyOf<typeof getCommissionRules>> {
      const at = clock.now();
      const [base, ...announced] = await rows.rulesInForce(db.sql, at);
      if (!base) throw new Error('no commission rule is in force');
      const mayWrite = may(principal.staff.role, 'commission:write') && !principal.staff.orgPath.includes('.');
      const draft = mayWrite ? await rows.readDraft(db.sql) : undefined;
      const lines = [base, ...announced, ...(draft ? [draft.terms] : [])].flatMap(({ rates }) => rates);
      return {
        ...ruleView(base),
        products: await rows.productsOf(db.sql, lines),
        announced: announced.map(ruleView),
        draft: draft ? await draftView(db.sql, draft) : null,
      };
    },

    async versions(before: number | undefined, limit: number) {
      const found = await rows.listRules(db.sql, before ?? null, limit + 1);
      const items = found.slice(0, limit).map(ruleView);
      return { items, next: found.length > limit ? (items.at(-1)?.version ?? null) : null };
    },

    async save(principal: StaffPrincipal, body: BodyOf<typeof saveCommissionDraft>): Promise<CommissionDraft> {
      requireHeadquarters(principal);
      return db.transaction(async (tx) => {
        const saved = await rows.writeDraft(tx, { ...body, at: clock.now(), by: principal.personId });
        if (!saved) throw new AppError('conflict', { facts: { revision: (await rows.readDraft(tx))?.revision ?? 0 } });
        const draft = await rows.readDraft(tx);
        if (!draft) throw new Error('a new draft is gone');
        await writeAudit(tx, deps, {
          ...{ actorId: principal.personId, action: 'commission-rules:saved', target: 'commission-rules:draft' },
          ...{ orgPath: principal.staff.orgPath, detail: { revision: draft.revision } },
        });
        return draftView(tx, draft);
      });
    },

    /** In the transaction of its idempotency key. @throws AppError not_found, conflict, state_conflict */
    async publish(
      tx: Tx,
      principal: StaffPrincipal,
      { revision, reason }: BodyOf<typeof publishCommissionRules>,
    ): Promise<CommissionRule> {
      requireHeadquarters(principal);
      // One at a time: who publishes holds the draft.
      const draft = await rows.lockDraft(tx);
      if (!draft) throw new AppError('not_found');
      if (draft.revision !== revision) throw new AppError('conflict', { facts: { revision: draft.revision } });
      const at = clock.now();
      const { terms } = draft;
      const before = await latestOf(tx);
      const problems = problemsOf(terms, await rows.knownNames(tx, terms.rates), ruleView(before));
      if (problems.length > 0) throw new AppError('state_conflict', { facts: { problems } });
      const { isCut, effectiveFrom } = await planOf(tx, terms, at);
      const version = before.version + 1;
      await rows.insertRule(tx, {
        version,
        terms,
        publishedAt: at,
        effectiveFrom,
        publishedBy: principal.personId,
        reason,
      });
      await rows.dropDraft(tx);
      await writeAudit(tx, deps, {
        ...{
          actorId: principal.personId,
          action: 'commission-rules:published',
          target: `commission-rules:${version}`,
          reason,
        },
        orgPath: principal.staff.orgPath,
        detail: { isCut, effectiveFrom: effectiveFrom.toISOString(), before: ruleView(before), after: terms },
      });
      return ruleView(await latestOf(tx));
    },
  };
}
export type RulesService = ReturnType<typeof createRulesService>;
