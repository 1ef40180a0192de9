/** What rewards cost for every new person: campaigns of a scope, each with the people it brought and what was spent on it. */
import { fenToWire, type RewardCost, reportRewardCosts } from '@walnut-live/contracts';
import type { Db } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import { createTaskRows } from './tasks.repository.ts';

const CAMPAIGNS = 50;

interface Row {
  kind: RewardCost['kind'];
  id: string;
  title: string;
  unitId: string;
  unitKind: 'hq' | 'channel' | 'store';
  orgPath: string;
  unitName: string;
  startsAt: Date;
  newPeople: bigint;
  newCustomers: bigint;
  costFen: bigint;
}
const each = (costFen: bigint, people: number): number | null =>
  people === 0 ? null : fenToWire(costFen / BigInt(people));

export function createRewardCosts(deps: { bind: Binder; db: Db }): void {
  const { sql } = deps.db;

  /** New people of a task are those who count for it; of a newcomer's red packet, who took it. */
  const read = (scope: string) => sql<Row>`
    SELECT c.*, u.id AS "unitId", u.kind AS "unitKind", u.name AS "unitName" FROM (
      SELECT 'newcomer_gift' AS kind, g.id, g.title, g.org_unit_id, g.org_path AS "orgPath", g.starts_at AS "startsAt",
        (SELECT count(*) FROM newcomer_gift_shares s WHERE s.gift_id = g.id) AS "newPeople",
        (SELECT count(*) FROM newcomer_gift_shares s WHERE s.gift_id = g.id AND EXISTS (SELECT FROM orders o
          WHERE o.person_id = s.person_id AND o.paid_at IS NOT NULL AND o.paid_fen > o.refunded_fen)) AS "newCustomers",
        (SELECT coalesce(sum(s.amount_fen), 0)::bigint FROM newcomer_gift_shares s WHERE s.gift_id = g.id) AS "costFen"
      FROM newcomer_gifts g
      UNION ALL
      SELECT 'invite_task', t.id, t.title, t.org_unit_id, t.org_path, t.starts_at, 0,
        (SELECT count(DISTINCT e.invitee_id) FROM invite_task_grants w JOIN invite_edges e ON e.inviter_id = w.person_id AND e.at >= t.starts_at AND e.at < t.ends_at
          WHERE w.task_id = t.id AND EXISTS (SELECT FROM orders o WHERE o.person_id = e.invitee_id AND o.paid_at IS NOT NULL AND o.paid_fen > o.refunded_fen)),
        (SELECT coalesce(sum(k.off_fen), 0)::bigint FROM invite_task_grants w JOIN coupons k ON k.id = w.coupon_id
          WHERE w.task_id = t.id AND k.state IN ('used', 'redeemed'))
      FROM invite_tasks t
    ) c JOIN org_units u ON u.id = c.org_unit_id
    WHERE c."orgPath" = ${scope} OR c."orgPath" LIKE ${`${scope}.%`}
    ORDER BY c."startsAt" DESC, c.id LIMIT ${CAMPAIGNS}`;

  deps.bind(reportRewardCosts, async ({ principal }) => {
    const tasks = createTaskRows(sql);
    const items: RewardCost[] = [];
    for (const row of await read(principal.staff.orgPath)) {
      const [task] = row.kind === 'invite_task' ? await tasks.read([row.id]) : [];
      const newPeople = task ? await tasks.invited(task, null) : Number(row.newPeople);
      items.push({
        ...{ kind: row.kind, id: row.id, title: row.title, startsAt: row.startsAt.toISOString() },
        orgUnit: { id: row.unitId, kind: row.unitKind, path: row.orgPath, name: row.unitName },
        ...{ newPeople, newCustomers: Number(row.newCustomers), costFen: fenToWire(row.costFen) },
        perNewPersonFen: each(row.costFen, newPeople),
        perNewCustomerFen: each(row.costFen, Number(row.newCustomers)),
      });
    }
    return { items };
  });
}
