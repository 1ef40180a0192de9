/** The audit log (append-only by trigger): who did what to what, where in the organisation, and why. */
import type { Clock, Random } from './clock.ts';
import type { Sql } from './db.ts';

export interface AuditFact {
  /** Null when the system acted by itself. */
  readonly actorId: string | null;
  /** Past tense like a room event: `product:changed`. */
  readonly action: string;
  /** Kind and id: `product:0198…`. */
  readonly target: string;
  readonly orgPath: string;
  readonly reason?: string;
  /** What changed; no phones, addresses or secrets (rule Z6). */
  readonly detail?: Record<string, unknown>;
}

/** Write it in the transaction of the change itself. */
export async function writeAudit(tx: Sql, deps: { clock: Clock; random: Random }, fact: AuditFact): Promise<void> {
  await tx`INSERT INTO audit_log (id, actor_id, action, target, org_path, reason, detail, at)
    VALUES (${deps.random.id()}, ${fact.actorId}, ${fact.action}, ${fact.target}, ${fact.orgPath}, ${fact.reason ?? ''},
      ${JSON.stringify(fact.detail ?? {})}::jsonb, ${deps.clock.now()})`;
}
