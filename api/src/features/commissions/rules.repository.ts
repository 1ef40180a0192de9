/** Rows of rules: versions are never changed, the draft is one row. */
import type { CommissionTerms } from '@walnut-live/contracts';
import type { Sql, Tx } from '../../platform/db.ts';
import type { RateLine, Rule } from './rates.policy.ts';
import type { KnownNames } from './rule-changes.policy.ts';

export interface RuleRow extends Rule {
  readonly publisherId: string | null;
  readonly publisherName: string | null;
  readonly reason: string;
}
const DRAFT = 1;

/** Every version that can count at a moment: the last one in force in full and all that were published since. */
export async function rulesInForce(sql: Sql, at: Date): Promise<RuleRow[]> {
  return sql<RuleRow>`
    SELECT r.version, r.level_one_bps AS "levelOneBps", r.level_two_bps AS "levelTwoBps", r.level_two_enabled AS "levelTwoEnabled",
      r.rates, r.tiers, r.freeze_days AS "freezeDays", r.lock_days AS "lockDays", r.notice_days AS "noticeDays",
      r.effective_from AS "effectiveFrom", r.published_at AS "publishedAt", r.published_by AS "publisherId",
      p.name AS "publisherName", r.reason
    FROM commission_rules r LEFT JOIN people p ON p.id = r.published_by
    WHERE r.version >= (SELECT max(version) FROM commission_rules WHERE effective_from <= ${at})
      AND coalesce(r.published_at, r.effective_from) <= ${at}
    ORDER BY r.version`;
}
/** The newest first, of those before a version. */
export async function listRules(sql: Sql, before: number | null, limit: number): Promise<RuleRow[]> {
  return sql<RuleRow>`
    SELECT r.version, r.level_one_bps AS "levelOneBps", r.level_two_bps AS "levelTwoBps", r.level_two_enabled AS "levelTwoEnabled",
      r.rates, r.tiers, r.freeze_days AS "freezeDays", r.lock_days AS "lockDays", r.notice_days AS "noticeDays",
      r.effective_from AS "effectiveFrom", r.published_at AS "publishedAt", r.published_by AS "publisherId",
      p.name AS "publisherName", r.reason
    FROM commission_rules r LEFT JOIN people p ON p.id = r.published_by
    WHERE ${before}::int IS NULL OR r.version < ${before} ORDER BY r.version DESC LIMIT ${limit}`;
}
/** How long entries of these versions stay frozen. */
export async function freezeDaysOf(sql: Sql, versions: readonly number[]): Promise<Map<number, number>> {
  const found = await sql<{ version: number; days: number }>`
    SELECT version, freeze_days AS days FROM commission_rules WHERE version = ANY(${versions}::int[])`;
  return new Map(found.map(({ version, days }) => [version, days]));
}

export interface NewRule {
  version: number;
  terms: CommissionTerms;
  publishedAt: Date;
  effectiveFrom: Date;
  publishedBy: string;
  reason: string;
}
export async function insertRule(tx: Tx, { version, terms, ...rule }: NewRule): Promise<void> {
  await tx`INSERT INTO commission_rules (version, level_one_bps, level_two_bps, level_two_enabled, rates, tiers, freeze_days, lock_days,
      notice_days, published_at, effective_from, published_by, reason)
    VALUES (${version}, ${terms.levelOneBps}, ${terms.levelTwoBps}, ${terms.levelTwoEnabled}, ${JSON.stringify(terms.rates)}::jsonb,
      ${JSON.stringify(terms.tiers)}::jsonb, ${terms.freezeDays}, ${terms.lockDays}, ${terms.noticeDays}, ${rule.publishedAt},
      ${rule.effectiveFrom}, ${rule.publishedBy}, ${rule.reason})`;
}

export interface DraftRow {
  revision: number;
  terms: CommissionTerms;
  savedAt: Date;
  savedBy: string;
  saverName: string;
}
export async function readDraft(sql: Sql): Promise<DraftRow | undefined> {
  const [row] = await sql<DraftRow>`
    SELECT d.revision, d.rule AS terms, d.saved_at AS "savedAt", d.saved_by AS "savedBy", p.name AS "saverName"
    FROM commission_drafts d JOIN people p ON p.id = d.saved_by WHERE d.id = ${DRAFT}`;
  return row;
}
export async function lockDraft(tx: Tx): Promise<DraftRow | undefined> {
  await tx`SELECT 1 FROM commission_drafts WHERE id = ${DRAFT} FOR UPDATE`;
  return readDraft(tx);
}
/** False when somebody else saved meanwhile. */
export async function writeDraft(
  tx: Tx,
  draft: { revision: number; terms: CommissionTerms; at: Date; by: string },
): Promise<boolean> {
  const terms = JSON.stringify(draft.terms);
  const written =
    draft.revision === 0
      ? await tx`INSERT INTO commission_drafts (id, revision, rule, saved_at, saved_by)
          VALUES (${DRAFT}, 1, ${terms}::jsonb, ${draft.at}, ${draft.by}) ON CONFLICT DO NOTHING RETURNING id`
      : await tx`UPDATE commission_drafts SET revision = revision + 1, rule = ${terms}::jsonb, saved_at = ${draft.at}, saved_by = ${draft.by}
          WHERE id = ${DRAFT} AND revision = ${draft.revision} RETURNING id`;
  return written.length === 1;
}
export async function dropDraft(tx: Tx): Promise<void> {
  await tx`DELETE FROM commission_drafts WHERE id = ${DRAFT}`;
}

export async function productsOf(sql: Sql, rates: readonly RateLine[]): Promise<{ id: string; title: string }[]> {
  const ids = [...new Set(rates.flatMap(({ productId }) => (productId === undefined ? [] : [productId])))];
  return sql<{
    id: string;
    title: string;
  }>`SELECT id, title FROM products WHERE id = ANY(${ids}::uuid[]) ORDER BY title, id`;
}
export async function knownNames(sql: Sql, rates: readonly RateLine[]): Promise<KnownNames> {
  const ids = rates.flatMap(({ productId }) => (productId === undefined ? [] : [productId]));
  const paths = rates.flatMap(({ storePath }) => (storePath === undefined ? [] : [storePath]));
  const products = await sql<{ id: string }>`SELECT id FROM products WHERE id = ANY(${ids}::uuid[])`;
  const units = await sql<{ path: string }>`SELECT path FROM org_units WHERE path = ANY(${paths}::text[])`;
  return { products: new Set(products.map(({ id }) => id)), paths: new Set(units.map(({ path }) => path)) };
}
