/** The rows of tasks, and the people who count for them. */
import type { CouponUsage } from '@walnut-live/contracts';
import type { z } from 'zod';
import type { Sql } from '../../platform/db.ts';

/** New people who came from one network with the same kind of browser and count for one inviter: more are not taken for people. */
const COUNTED_PER_DEVICE = 3;

export interface TaskRow {
  id: string;
  title: string;
  unitId: string;
  unitKind: 'hq' | 'channel' | 'store';
  orgPath: string;
  unitName: string;
  startsAt: Date;
  endsAt: Date;
  stoppedAt: Date | null;
}
export interface TierRow {
  id: string;
  taskId: string;
  threshold: number;
  couponKindId: string;
  kindTitle: string;
  usage: z.infer<typeof CouponUsage>;
  offFen: bigint;
  stock: number;
  granted: number;
}

export function createTaskRows(sql: Sql) {
  return {
    async read(ids: readonly string[]): Promise<TaskRow[]> {
      return sql<TaskRow>`
        SELECT t.id, t.title, u.id AS "unitId", u.kind AS "unitKind", t.org_path AS "orgPath", u.name AS "unitName",
          t.starts_at AS "startsAt", t.ends_at AS "endsAt", t.stopped_at AS "stoppedAt"
        FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted (id, at) JOIN invite_tasks t ON t.id = wanted.id
        JOIN org_units u ON u.id = t.org_unit_id ORDER BY wanted.at`;
    },
    async tiers(taskIds: readonly string[]): Promise<TierRow[]> {
      return sql<TierRow>`
        SELECT i.id, i.task_id AS "taskId", i.threshold, i.coupon_kind_id AS "couponKindId", k.title AS "kindTitle", k.usage,
          k.off_fen AS "offFen", i.stock, i.granted
        FROM invite_task_tiers i JOIN coupon_kinds k ON k.id = i.coupon_kind_id
        WHERE i.task_id = ANY(${taskIds}::uuid[]) ORDER BY i.threshold`;
    },
    async taskOfTier(tierId: string): Promise<string | undefined> {
      const [row] = await sql<{
        taskId: string;
      }>`SELECT task_id AS "taskId" FROM invite_task_tiers WHERE id = ${tierId}`;
      return row?.taskId;
    },
    async listed(scope: string, after: { at: Date; id: string } | undefined, limit: number) {
      return sql<{ id: string; at: Date }>`
        SELECT id, created_at AS at FROM invite_tasks WHERE (org_path = ${scope} OR org_path LIKE ${`${scope}.%`})
          AND (${after?.id ?? null}::uuid IS NULL OR (created_at, id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
        ORDER BY created_at DESC, id DESC LIMIT ${limit}`;
    },
    /** Of the unit and those above it; of headquarters for who belongs nowhere. */
    async runningAt(path: string | null, now: Date): Promise<string[]> {
      const rows = await sql<{ id: string }>`
        SELECT id FROM invite_tasks WHERE stopped_at IS NULL AND starts_at <= ${now} AND ends_at > ${now}
          AND (org_path = ${path}::text OR ${path}::text LIKE org_path || '.%' OR (${path}::text IS NULL AND strpos(org_path, '.') = 0))
        ORDER BY ends_at, id`;
      return rows.map(({ id }) => id);
    },

    /**
     * How many new people somebody brought who count for a task: signed in with a phone, whose account began with the task or
     * later, whom this person brought first, outside WeChat (rule Z5), who are no staff and had no account before, and not more than a few from one device
     * (rule A7: people, not visits). Without a person: of everybody.
     */
    async invited(task: TaskRow, personId: string | null): Promise<number> {
      const [row] = await sql<{ count: bigint }>`
        SELECT count(*) AS count FROM (
          SELECT row_number() OVER (PARTITION BY coalesce(i.merged_into, i.id), t.ip_hash, t.agent_hash ORDER BY e.at, e.invitee_id) AS at_device
          FROM invite_edges e JOIN touches t ON t.id = e.touch_id JOIN rooms r ON r.id = t.room_id
          JOIN people p ON p.id = e.invitee_id JOIN people i ON i.id = e.inviter_id
          WHERE e.at >= ${task.startsAt} AND e.at < ${task.endsAt} AND (r.org_path = ${task.orgPath} OR r.org_path LIKE ${`${task.orgPath}.%`})
            AND (${personId}::uuid IS NULL OR e.inviter_id IN (SELECT id FROM people WHERE id = ${personId}::uuid OR merged_into = ${personId}::uuid))
            AND p.kind = 'consumer' AND p.active AND p.merged_into IS NULL AND p.phone IS NOT NULL AND p.created_at >= ${task.startsAt}
            AND NOT p.came_back
            AND NOT t.in_wechat AND t.channel NOT IN ('wechat', 'moments')
            AND NOT EXISTS (SELECT FROM people s JOIN staff_accounts a ON a.person_id = s.id AND a.active WHERE s.phone = p.phone AND s.kind = 'staff')
        ) counted WHERE at_device <= ${COUNTED_PER_DEVICE}`;
      return Number(row?.count ?? 0n);
    },
    async winners(taskId: string): Promise<number> {
      const [row] = await sql<{ count: bigint }>`
        SELECT count(DISTINCT person_id) AS count FROM invite_task_grants WHERE task_id = ${taskId}`;
      return Number(row?.count ?? 0n);
    },
    async grantedTo(taskIds: readonly string[], personId: string): Promise<Set<string>> {
      const rows = await sql<{ tierId: string }>`
        SELECT tier_id AS "tierId" FROM invite_task_grants WHERE task_id = ANY(${taskIds}::uuid[]) AND person_id = ${personId}`;
      return new Set(rows.map(({ tierId }) => tierId));
    },

    /** What a claim needs to know of who makes it. Locks them: one claim of a person at a time. */
    async lockClaimer(personId: string) {
      const [row] = await sql<{ valid: boolean; isInsider: boolean }>`
        SELECT p.active AND p.merged_into IS NULL AND p.kind = 'consumer' AS valid,
          EXISTS (SELECT FROM people s JOIN staff_accounts a ON a.person_id = s.id AND a.active WHERE s.phone = p.phone AND s.kind = 'staff') AS "isInsider"
        FROM people p WHERE p.id = ${personId} FOR UPDATE`;
      return row;
    },
    /** One less in stock; false when there is none. */
    async takeOne(tierId: string): Promise<boolean> {
      const rows =
        await sql`UPDATE invite_task_tiers SET granted = granted + 1 WHERE id = ${tierId} AND granted < stock RETURNING id`;
      return rows.length > 0;
    },
    async grant(given: {
      tierId: string;
      taskId: string;
      personId: string;
      couponId: string;
      invited: number;
      at: Date;
    }): Promise<void> {
      await sql`INSERT INTO invite_task_grants (tier_id, task_id, person_id, coupon_id, invited, granted_at)
        VALUES (${given.tierId}, ${given.taskId}, ${given.personId}, ${given.couponId}, ${given.invited}, ${given.at})`;
    },
    async insert(task: {
      id: string;
      orgUnitId: string;
      orgPath: string;
      title: string;
      startsAt: Date;
      endsAt: Date;
      by: string;
      at: Date;
    }): Promise<void> {
      await sql`INSERT INTO invite_tasks (id, org_unit_id, org_path, title, starts_at, ends_at, created_by, created_at)
        VALUES (${task.id}, ${task.orgUnitId}, ${task.orgPath}, ${task.title}, ${task.startsAt}, ${task.endsAt}, ${task.by}, ${task.at})`;
    },
    async insertTier(tier: { id: string; taskId: string; threshold: number; couponKindId: string; stock: number }) {
      await sql`INSERT INTO invite_task_tiers (id, task_id, threshold, coupon_kind_id, stock)
        VALUES (${tier.id}, ${tier.taskId}, ${tier.threshold}, ${tier.couponKindId}, ${tier.stock})`;
    },
    async stop(id: string, reason: string, at: Date): Promise<boolean> {
      const rows = await sql`UPDATE invite_tasks SET stopped_at = ${at}, stop_reason = ${reason}
        WHERE id = ${id} AND stopped_at IS NULL RETURNING id`;
      return rows.length > 0;
    },
    async unitPath(id: string): Promise<string | undefined> {
      const [row] = await sql<{ path: string }>`SELECT path FROM org_units WHERE id = ${id}`;
      return row?.path;
    },
    async kindPath(id: string): Promise<{ orgPath: string; active: boolean } | undefined> {
      const [row] = await sql<{ orgPath: string; active: boolean }>`
        SELECT org_path AS "orgPath", active FROM coupon_kinds WHERE id = ${id}`;
      return row;
    },
  };
}
