/** What people did, counted for a batch of them: one statement a metric, whatever number of people and of days. */
import type { TagCondition, TagMetric } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';
import { countKey } from './tags.policy.ts';

interface Counted {
  readonly personId: string;
  readonly days: number;
  readonly counted: bigint;
}
type Count = (sql: Sql, people: readonly string[], days: readonly number[], now: Date) => Promise<Counted[]>;

/** A guest who became a customer did what the customer did (rule A7). */
const counts: Record<TagMetric, Count> = {
  watched_minutes: (sql, people, days, now) => sql<Counted>`
    SELECT p.id AS "personId", d.days, coalesce(w.minutes, 0)::bigint AS counted
    FROM unnest(${people}::uuid[]) AS p(id) CROSS JOIN unnest(${days}::int[]) AS d(days) CROSS JOIN LATERAL (
      SELECT floor(sum(extract(epoch FROM upper(s) - greatest(lower(s), ${now}::timestamptz - make_interval(hours => 24 * d.days)))) / 60) AS minutes
      FROM (SELECT unnest(range_agg(w.spans)) AS s FROM room_watches w
        WHERE w.person_id IN (SELECT g.id FROM people g WHERE g.id = p.id OR g.merged_into = p.id)
          AND w.counted_to > ${now}::timestamptz - make_interval(hours => 24 * d.days)) spans
      WHERE upper(s) > ${now}::timestamptz - make_interval(hours => 24 * d.days)) w`,
  visits: (sql, people, days, now) => sql<Counted>`
    SELECT p.id AS "personId", d.days, w.rooms AS counted
    FROM unnest(${people}::uuid[]) AS p(id) CROSS JOIN unnest(${days}::int[]) AS d(days) CROSS JOIN LATERAL (
      SELECT count(DISTINCT w.room_id) AS rooms FROM room_watches w
      WHERE w.person_id IN (SELECT g.id FROM people g WHERE g.id = p.id OR g.merged_into = p.id)
        AND w.counted_to > ${now}::timestamptz - make_interval(hours => 24 * d.days)) w`,
  asked: (sql, people, days, now) => sql<Counted>`
    SELECT p.id AS "personId", d.days, coalesce(w.messages, 0)::bigint AS counted
    FROM unnest(${people}::uuid[]) AS p(id) CROSS JOIN unnest(${days}::int[]) AS d(days) CROSS JOIN LATERAL (
      SELECT sum(w.messages) AS messages FROM room_watches w
      WHERE w.person_id IN (SELECT g.id FROM people g WHERE g.id = p.id OR g.merged_into = p.id)
        AND w.counted_to > ${now}::timestamptz - make_interval(hours => 24 * d.days)) w`,
  bought: (sql, people, days, now) => sql<Counted>`
    SELECT p.id AS "personId", d.days, o.orders AS counted
    FROM unnest(${people}::uuid[]) AS p(id) CROSS JOIN unnest(${days}::int[]) AS d(days) CROSS JOIN LATERAL (
      SELECT count(*) AS orders FROM orders o WHERE o.person_id = p.id AND o.refunded_fen < o.paid_fen
        AND o.paid_at > ${now}::timestamptz - make_interval(hours => 24 * d.days)) o`,
  spent_yuan: (sql, people, days, now) => sql<Counted>`
    SELECT p.id AS "personId", d.days, coalesce(div(o.fen, 100), 0)::bigint AS counted
    FROM unnest(${people}::uuid[]) AS p(id) CROSS JOIN unnest(${days}::int[]) AS d(days) CROSS JOIN LATERAL (
      SELECT sum(o.paid_fen - o.shipping_fen - (o.refunded_fen - o.shipping_refunded_fen)) AS fen FROM orders o WHERE o.person_id = p.id
        AND o.paid_at > ${now}::timestamptz - make_interval(hours => 24 * d.days)) o`,
  shared: (sql, people, days, now) => sql<Counted>`
    SELECT p.id AS "personId", d.days, t.people AS counted
    FROM unnest(${people}::uuid[]) AS p(id) CROSS JOIN unnest(${days}::int[]) AS d(days) CROSS JOIN LATERAL (
      SELECT count(DISTINCT coalesce(v.merged_into, v.id)) AS people FROM touches t JOIN people v ON v.id = t.visitor_id
      WHERE t.sharer_id IN (SELECT g.id FROM people g WHERE g.id = p.id OR g.merged_into = p.id) AND coalesce(v.merged_into, v.id) <> p.id
        AND t.at > ${now}::timestamptz - make_interval(hours => 24 * d.days)) t`,
  brought_orders: (sql, people, days, now) => sql<Counted>`
    SELECT p.id AS "personId", d.days, o.orders AS counted
    FROM unnest(${people}::uuid[]) AS p(id) CROSS JOIN unnest(${days}::int[]) AS d(days) CROSS JOIN LATERAL (
      SELECT count(*) AS orders FROM order_credits c JOIN orders o ON o.id = c.order_id
      WHERE c.person_id = p.id AND o.person_id <> p.id AND o.refunded_fen < o.paid_fen
        AND o.paid_at > ${now}::timestamptz - make_interval(hours => 24 * d.days)) o`,
};

/** By person, then by `countKey`: everything the conditions ask for. */
export async function countAll(
  sql: Sql,
  people: readonly string[],
  conditions: readonly TagCondition[],
  now: Date,
): Promise<Map<string, Map<string, number>>> {
  const byPerson = new Map(people.map((id) => [id, new Map<string, number>()]));
  const daysOf = new Map<TagMetric, Set<number>>();
  for (const { metric, days } of conditions) daysOf.set(metric, (daysOf.get(metric) ?? new Set()).add(days));
  for (const [metric, days] of daysOf)
    for (const row of await counts[metric](sql, people, [...days], now))
      byPerson.get(row.personId)?.set(countKey({ metric, days: row.days }), Number(row.counted));
  return byPerson;
}
