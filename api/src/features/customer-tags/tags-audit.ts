/** Whether tags say what their own facts say; tests and operators ask it. */
import type { TagFact } from '@walnut-live/contracts';
import type { Db } from '../../platform/db.ts';
import { holds } from './tags.policy.ts';

/** What is wrong, in words with ids; empty when everything agrees. One snapshot. */
export async function auditTags(db: Pick<Db, 'transaction'>): Promise<string[]> {
  return db.transaction(
    async (tx) => {
      const tags = await tx<{ id: string; why: TagFact[]; conditions: number; active: boolean }>`
        SELECT t.id, t.why, jsonb_array_length(r.conditions) AS conditions, r.active FROM customer_tags t
        JOIN tag_rules r ON r.id = t.rule_id AND r.version = t.rule_version WHERE t.ended_at IS NULL`;
      // Rule N4: no mark because of a proposal that nobody accepted.
      const koc = await tx<{ id: string }>`
        SELECT k.id FROM koc_proposals k WHERE k.state = 'accepted'
          AND NOT EXISTS (SELECT 1 FROM customer_marks m WHERE m.person_id = k.person_id AND m.kind = 'koc')`;
      return [
        ...tags
          .filter(({ why, conditions, active }) => !active || why.length !== conditions || !why.every(holds))
          .map(({ id }) => `tag ${id} is not what its rule says`),
        ...koc.map(({ id }) => `proposal ${id} was accepted and nobody was marked`),
      ];
    },
    { isolation: 'repeatable read' },
  );
}
