/**
 * Hosts' identities (rule Z2): somebody else of the staff has seen a document; kept is which kind and the day the host turns 16.
 * Before each live it is looked at and what was found is written down with the room; where headquarters' rules ask for an identity
 * or a training, a live without is refused.
 */
import {
  getHostRecord,
  getHostRules,
  type HostRecord,
  isWithin,
  revokeHost,
  setHostRules,
  verifyHost,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import { chinaDayOf } from '../../platform/china-day.policy.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { type Principal, requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { lacksOf, type Needs, sixteenOn } from './hosts.policy.ts';

const CHECKS_SHOWN = 10;

interface Facts {
  identityId: string | null;
  document: 'id_card' | 'passport' | 'permit' | null;
  sixteenOn: string | null;
  verifiedBy: string | null;
  verifiedByName: string | null;
  verifiedAt: Date | null;
  trainings: number;
}
const readFacts = async (sql: Sql, personId: string): Promise<Facts> => {
  const [row] = await sql<Facts>`
    SELECT i.id AS "identityId", i.document, i.sixteen_on::text AS "sixteenOn", i.verified_by AS "verifiedBy",
      v.name AS "verifiedByName", i.verified_at AS "verifiedAt",
      (SELECT count(*)::int FROM guide_trainings t WHERE t.guide_id = p.id AND t.revoked_at IS NULL) AS trainings
    FROM people p LEFT JOIN host_identities i ON i.person_id = p.id AND i.revoked_at IS NULL LEFT JOIN people v ON v.id = i.verified_by
    WHERE p.id = ${personId}`;
  if (!row) throw new AppError('not_found');
  return row;
};
/** Nothing is asked for until headquarters says so. */
const readRules = async (sql: Sql): Promise<Needs & { version: number }> => {
  const [row] = await sql<Needs & { version: number }>`SELECT version, identity_needed AS "identityNeeded",
    training_needed AS "trainingNeeded" FROM host_rules ORDER BY version DESC LIMIT 1`;
  return row ?? { version: 0, identityNeeded: false, trainingNeeded: false };
};

/** Looks at the host of a live that begins, in its transaction. @throws AppError host_not_cleared with what is missing */
export async function checkHost(tx: Tx, clock: Clock, room: { id: string; hostId: string }): Promise<void> {
  const [facts, rules] = [await readFacts(tx, room.hostId), await readRules(tx)];
  const missing = lacksOf(facts, rules, chinaDayOf(clock.now()));
  if (missing.length > 0) throw new AppError('host_not_cleared', { facts: { missing, hostId: room.hostId } });
  await tx`INSERT INTO host_checks (room_id, person_id, identity, trainings, rule_version, at)
    VALUES (${room.id}, ${room.hostId}, ${facts.identityId === null ? 'missing' : 'verified'}, ${facts.trainings}, ${rules.version},
      ${clock.now()}) ON CONFLICT DO NOTHING`;
}

export function createHosts(deps: { bind: Binder; db: Db; clock: Clock; random: Random }): void {
  const { bind, db, clock, random } = deps;

  async function orgPathOf(sql: Sql, principal: Principal, id: string): Promise<string> {
    const [row] = await sql<{
      orgPath: string;
    }>`SELECT org_path AS "orgPath" FROM staff_accounts WHERE person_id = ${id}`;
    if (!row || !isWithin(row.orgPath, principal.staff?.orgPath ?? '')) throw new AppError('not_found');
    return row.orgPath;
  }
  async function record(sql: Sql, personId: string): Promise<HostRecord> {
    const [facts, rules] = [await readFacts(sql, personId), await readRules(sql)];
    const checks = await sql<{ roomId: string; title: string; identity: 'verified' | 'missing'; at: Date }>`
      SELECT c.room_id AS "roomId", r.title, c.identity, c.at FROM host_checks c JOIN rooms r ON r.id = c.room_id
      WHERE c.person_id = ${personId} ORDER BY c.at DESC LIMIT ${CHECKS_SHOWN}`;
    const { identityId, document, verifiedBy, verifiedAt } = facts;
    const today = chinaDayOf(clock.now());
    return {
      identity:
        identityId && document && verifiedBy && verifiedAt
          ? {
              ...{ id: identityId, document, ofAge: facts.sixteenOn !== null && facts.sixteenOn <= today },
              verifiedBy: { id: verifiedBy, name: facts.verifiedByName ?? '' },
              verifiedAt: verifiedAt.toISOString(),
            }
          : null,
      trainings: facts.trainings,
      missing: lacksOf(facts, rules, today),
      checks: checks.map((check) => ({ ...check, at: check.at.toISOString() })),
    };
  }
  async function vouch(tx: Tx, principal: StaffPrincipal, id: string): Promise<string> {
    const orgPath = await orgPathOf(tx, principal, id);
    requireScope(principal, 'staff:verify', orgPath);
    if (id === principal.personId) throw new AppError('self_action');
    return orgPath;
  }

  bind(getHostRecord, async ({ principal, params }) => {
    await orgPathOf(db.sql, principal, params.id);
    return record(db.sql, params.id);
  });
  bind(verifyHost, ({ principal, params, body }) =>
    db.transaction(async (tx) => {
      const orgPath = await vouch(tx, principal, params.id);
      const at = clock.now();
      if (body.bornOn >= chinaDayOf(at))
        throw new AppError('invalid_request', { issues: [{ path: '/bornOn', issue: 'in_the_future' }] });
      const id = random.id();
      const made = await tx`INSERT INTO host_identities (id, person_id, document, sixteen_on, verified_by, verified_at)
        VALUES (${id}, ${params.id}, ${body.document}, ${sixteenOn(body.bornOn)}::date, ${principal.personId}, ${at})
        ON CONFLICT (person_id) WHERE revoked_at IS NULL DO NOTHING RETURNING id`;
      // Another document is another act: the first is taken back with a reason.
      if (made.length === 0) throw new AppError('state_conflict', { facts: { state: 'verified' } });
      await writeAudit(tx, deps, {
        ...{ actorId: principal.personId, action: 'host:verified', target: `staff:${params.id}`, orgPath },
        detail: { document: body.document },
      });
      return record(tx, params.id);
    }),
  );
  bind(revokeHost, ({ principal, params, body }) =>
    db.transaction(async (tx) => {
      const orgPath = await vouch(tx, principal, params.id);
      const gone = await tx`UPDATE host_identities SET revoked_at = ${clock.now()}, revoked_by = ${principal.personId},
        revoke_reason = ${body.reason} WHERE person_id = ${params.id} AND revoked_at IS NULL RETURNING id`;
      if (gone.length > 0)
        await writeAudit(tx, deps, {
          ...{ actorId: principal.personId, action: 'host:revoked', target: `staff:${params.id}`, orgPath },
          reason: body.reason,
        });
      return record(tx, params.id);
    }),
  );
  bind(getHostRules, () => readRules(db.sql));
  bind(setHostRules, ({ principal, body }) =>
    db.transaction(async (tx) => {
      const { identityNeeded, trainingNeeded, reason, seenVersion } = body;
      const now = await readRules(tx);
      const made = await tx`INSERT INTO host_rules (version, identity_needed, training_needed, reason, set_by, set_at)
        SELECT ${seenVersion + 1}, ${identityNeeded}, ${trainingNeeded}, ${reason}, ${principal.personId}, ${clock.now()}
        WHERE ${now.version}::int = ${seenVersion} ON CONFLICT DO NOTHING RETURNING version`;
      if (made.length === 0) throw new AppError('state_conflict', { facts: { version: now.version } });
      await writeAudit(tx, deps, {
        ...{
          actorId: principal.personId,
          action: 'host-rules:set',
          target: 'host-rules',
          orgPath: principal.staff.orgPath,
        },
        ...{ reason, detail: { identityNeeded, trainingNeeded } },
      });
      return readRules(tx);
    }),
  );
}
