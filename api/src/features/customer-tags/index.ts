/** Tags of customers and who is proposed as KOC (rules N3, N4): rules as data, looked at by a job, person by person. */
import {
  type BodyOf,
  changeTagRule,
  createTagRule,
  decideKocProposal,
  getCustomerTags,
  listKocProposals,
  listTagRules,
  MAX_TAG_RULES,
  type TagCondition,
  type TagRule,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import { knownCustomer } from '../members/index.ts';
import { countAll } from './counting.ts';
import { createKocProposals } from './koc.ts';
import { whyTagged } from './tags.policy.ts';
import * as rows from './tags.repository.ts';
import { createWatchBook } from './watch-book.ts';

export { auditTags } from './tags-audit.ts';

export const TAGS_JOB = 'customer-tags-due';
const DUE_EVERY_MS = 15_000;
const BATCH = 100;
/** Windows move on although nobody does anything: everybody is looked at so often. */
const FRESH_MS = 6 * 3_600_000;
/** Tags of one person that a profile shows, ended ones included. */
const SHOWN = 50;

export function createCustomerTags(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  jobs: Jobs;
  guard: Pick<ClaimGuard, 'requireClean'>;
}) {
  const { bind, db, clock, random } = deps;
  const watchBook = createWatchBook(deps);
  const koc = createKocProposals(deps);

  /** Looks at the next customers; answers how many there were. In one transaction that holds their turns. */
  async function checkSome(now: Date): Promise<number> {
    return db.transaction(async (tx) => {
      const rules = await rows.readRuleRows(tx);
      const rulesAt = new Date(Math.max(0, ...rules.map(({ madeAt }) => madeAt.getTime())));
      const people = await rows.claimDue(tx, now, rulesAt, BATCH);
      if (people.length === 0) return 0;
      const active = rules.filter((rule) => rule.active);
      const counts = await countAll(
        tx,
        people,
        active.flatMap(({ conditions }) => conditions),
        now,
      );
      const wishes = people.flatMap((personId) =>
        active.flatMap((rule): rows.TagWish[] => {
          const why = whyTagged(rule.conditions, counts.get(personId) ?? new Map());
          return why ? [{ id: random.id(), personId, ruleId: rule.id, ruleVersion: rule.version, why }] : [];
        }),
      );
      await rows.writeTags(tx, people, wishes, now);
      await koc.consider(tx, people, now);
      await rows.checked(tx, people, now, new Date(now.getTime() + FRESH_MS));
      return people.length;
    });
  }

  /** Tags are the whole brand's language: a store does not make its own. */
  async function makeRule(
    tx: Tx,
    { personId, staff }: StaffPrincipal,
    rule: { id: string; version: number; name: string; conditions: TagCondition[]; active: boolean; reason: string },
  ): Promise<TagRule> {
    if (staff.orgPath.includes('.')) throw new AppError('forbidden');
    await deps.guard.requireClean(
      { place: 'play', target: `tag-rule:${rule.id}`, orgPath: staff.orgPath, roomId: null, personId },
      [rule.name],
    );
    const others = (await rows.readRuleRows(tx)).filter(({ id, active }) => active && id !== rule.id);
    if (rule.active && others.length >= MAX_TAG_RULES)
      throw new AppError('limit_exceeded', { facts: { limit: MAX_TAG_RULES } });
    const row = { ...rule, madeAt: clock.now(), madeBy: personId };
    if (!(await rows.insertRule(tx, row))) throw new AppError('conflict');
    await writeAudit(tx, deps, {
      ...{ actorId: personId, action: 'tag-rule:made', target: `tag-rule:${rule.id}`, orgPath: staff.orgPath },
      ...{ reason: rule.reason, detail: { ...rule } },
    });
    const [made] = await rows.readRuleRows(tx, rule.id);
    if (!made) throw new Error('a new row is gone');
    return rows.toRule(made, (await rows.countTagged(tx, staff.orgPath)).get(rule.id) ?? 0);
  }
  async function changeRule(tx: Tx, principal: StaffPrincipal, id: string, body: BodyOf<typeof changeTagRule>) {
    const [known] = await rows.readRuleRows(tx, id);
    if (!known) throw new AppError('not_found');
    if (known.version !== body.version) throw new AppError('conflict', { facts: { version: known.version } });
    return makeRule(tx, principal, { ...body, id, version: known.version + 1 });
  }

  bind(listTagRules, async ({ principal }) => {
    const [rules, people] = await Promise.all([
      rows.readRuleRows(db.sql),
      rows.countTagged(db.sql, principal.staff.orgPath),
    ]);
    return { items: rules.map((row) => rows.toRule(row, people.get(row.id) ?? 0)) };
  });
  bind(createTagRule, ({ tx, principal, body }) =>
    makeRule(tx, principal, { ...body, id: random.id(), version: 1, active: true }),
  );
  bind(changeTagRule, ({ tx, principal, params, body }) => changeRule(tx, principal, params.id, body));
  bind(getCustomerTags, async ({ principal, params }) => {
    const person = await knownCustomer(db.sql, principal, params.id);
    const [items, at] = await Promise.all([rows.tagsOf(db.sql, params.id, SHOWN), rows.checkedAt(db.sql, params.id)]);
    return { person, checkedAt: at?.toISOString() ?? null, items };
  });
  bind(listKocProposals, ({ principal, query }) => koc.list(principal, query));
  bind(decideKocProposal, ({ principal, params, body }) => koc.decide(principal, params.id, body));

  deps.jobs.every(TAGS_JOB, DUE_EVERY_MS, async () => {
    const now = clock.now();
    while ((await checkSome(now)) === BATCH);
  });

  return {
    /** A socket of a person came to a room; returns what ends it. */
    watch: watchBook.enter,
    /** A room ends whatever becomes of its tags. */
    async roomEnded(roomId: string): Promise<void> {
      await watchBook.flushQuietly();
      await rows
        .closeRoom(db.sql, roomId, clock.now())
        .catch((error: unknown) => deps.log.warn({ err: error, roomId }, 'tags: the room was not counted'));
    },
    /**
     * Paid, or refunded: buyer and whoever brought the order have news. After the commit, for the job holds rows of many people
     * and no payment waits for it; what is lost on the way is seen at the next turn all the same.
     */
    onOrderNews(tx: Tx, orderId: string): void {
      tx.afterCommit(() => rows.isDue(db.sql, orderId, clock.now()));
    },
    close: watchBook.close,
  };
}
