/**
 * The brand's attribution policy, version by version (rules A2–A5, Z5). A version is never changed: whoever decides something
 * keeps the number it was decided by (rule A4). Versions come into force in their order, so that the newest that has begun is the
 * one in force.
 */
import {
  type AttributionPolicyView,
  type BodyOf,
  getAttributionPolicy,
  putAttributionPolicy,
  type ReplyOf,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import { policyAt } from './bindings.repository.ts';

type Row = Omit<AttributionPolicyView, 'effectiveFrom' | 'madeAt'> & { effectiveFrom: Date; madeAt: Date };

/** The newest first. */
const versionsOf = (sql: Sql): Promise<Row[]> =>
  sql<Row>`SELECT a.version, a.credit_window_seconds AS "creditWindowSeconds", a.protect_days AS "protectDays",
      a.valid_days AS "validDays", a.self_purchase_commission AS "selfPurchaseCommission",
      a.share_reward_channels AS "shareRewardChannels", a.effective_from AS "effectiveFrom", a.reason,
      CASE WHEN p.id IS NOT NULL THEN json_build_object('id', p.id, 'name', p.name) END AS by, a.made_at AS "madeAt"
    FROM attribution_policies a LEFT JOIN people p ON p.id = a.by_id ORDER BY a.version DESC`;

export function bindAttributionPolicies(bind: Binder, deps: { db: Db; clock: Clock; random: Random }): void {
  const { db, clock } = deps;

  async function read(sql: Sql): Promise<ReplyOf<typeof getAttributionPolicy>> {
    const { version } = await policyAt(sql, clock.now());
    const versions = await versionsOf(sql);
    return {
      inForce: version,
      versions: versions.map((row) => ({
        ...row,
        effectiveFrom: row.effectiveFrom.toISOString(),
        madeAt: row.madeAt.toISOString(),
      })),
    };
  }

  function change(principal: StaffPrincipal, body: BodyOf<typeof putAttributionPolicy>) {
    return db.transaction(async (tx) => {
      const now = clock.now();
      const [newest] = await versionsOf(tx);
      if (newest?.version !== body.seenVersion)
        throw new AppError('state_conflict', { facts: { version: newest?.version } });
      const from = body.effectiveFrom === undefined ? now : new Date(body.effectiveFrom);
      // The past is decided already, and what is announced for later is not overtaken by what comes after it.
      const earliest = newest.effectiveFrom > now ? newest.effectiveFrom : now;
      if (from < earliest) throw new AppError('too_early', { facts: { earliest: earliest.toISOString() } });
      const version = newest.version + 1;
      const { creditWindowSeconds, protectDays, validDays, selfPurchaseCommission } = body;
      const shareRewardChannels = [...new Set(body.shareRewardChannels)];
      const made = await tx`
        INSERT INTO attribution_policies (version, credit_window_seconds, protect_days, valid_days, self_purchase_commission,
          share_reward_channels, effective_from, reason, by_id, made_at)
        VALUES (${version}, ${creditWindowSeconds}, ${protectDays}, ${validDays}, ${selfPurchaseCommission},
          ${shareRewardChannels}::text[], ${from}, ${body.reason}, ${principal.personId}, ${now})
        ON CONFLICT (version) DO NOTHING RETURNING version`;
      if (made.length === 0) throw new AppError('state_conflict');
      const terms = { creditWindowSeconds, protectDays, validDays, selfPurchaseCommission, shareRewardChannels };
      await writeAudit(tx, deps, {
        ...{
          actorId: principal.personId,
          action: 'attribution-policy:changed',
          target: `attribution-policy:${version}`,
        },
        ...{ orgPath: principal.staff.orgPath, reason: body.reason },
        detail: {
          from: Object.fromEntries(Object.keys(terms).map((key) => [key, newest[key as keyof Row]])),
          to: terms,
        },
      });
      return read(tx);
    });
  }

  bind(getAttributionPolicy, async () => read(db.sql));
  bind(putAttributionPolicy, async ({ principal, body }) => change(principal, body));
}
