/** Templates of stores as rows; their terms as JSON of the columns that are copied. */
import type { TemplateKind } from '@walnut-live/contracts';
import { chinaDayOf } from '../../platform/china-day.policy.ts';
import type { Sql, Tx } from '../../platform/db.ts';
import type { Held, Template } from './templates.policy.ts';

export interface Unit {
  readonly id: string;
  readonly kind: 'hq' | 'channel' | 'store';
  readonly path: string;
  readonly name: string;
}
export interface Store extends Unit {
  /** Whom a schedule is given to: a guide of the store, else its manager. */
  readonly hostId: string | null;
}

export async function unitOf(sql: Sql, id: string): Promise<Unit | undefined> {
  const [row] = await sql<Unit>`SELECT id, kind, path, name FROM org_units WHERE id = ${id} AND kind = 'store'`;
  return row;
}

/** Stores that are open, without one; all, or those of `ids`. */
export const storesOf = (sql: Sql, ids: readonly string[] | null, without: string): Promise<Store[]> => sql<Store>`
  SELECT u.id, u.kind, u.path, u.name, (SELECT s.person_id FROM staff_accounts s JOIN people p ON p.id = s.person_id AND p.active
    WHERE s.org_unit_id = u.id AND s.active AND s.role IN ('guide', 'store_manager')
    ORDER BY s.role = 'guide' DESC, s.created_at, s.person_id LIMIT 1) AS "hostId"
  FROM org_units u WHERE u.kind = 'store' AND u.closed_at IS NULL AND u.id <> ${without}
    AND (${ids}::uuid[] IS NULL OR u.id = ANY(${ids}::uuid[])) ORDER BY u.path COLLATE "C"`;

/** Until the transaction ends nobody changes or ends a schedule: what the plan says of it is what is done. */
export async function holdSlots(tx: Tx): Promise<void> {
  await tx`SELECT FROM room_slots WHERE state = 'active' ORDER BY id FOR UPDATE`;
}

/** What these stores have; days of schedules that are over are none. */
export const heldBy = (
  sql: Sql,
  units: readonly string[],
  kinds: readonly TemplateKind[],
  at: Date,
): Promise<(Held & { unitId: string })[]> => {
  const today = chinaDayOf(at);
  return sql<Held & { unitId: string }>`
  SELECT * FROM (
    SELECT s.org_unit_id AS "unitId", 'room_slots' AS kind, s.id::text AS id, s.title AS name, false AS "inUse", s.created_at AS at,
      jsonb_build_object('coverUrl', s.cover_url, 'weekdays', s.weekdays, 'startMinute', s.start_minute, 'zone', s.zone, 'minutes', s.duration_minutes,
        'products', s.product_ids, 'until', s.until_date, 'exceptions', (SELECT coalesce(jsonb_agg(d ORDER BY d), '[]') FROM unnest(s.exceptions) d
          WHERE d >= ${today}::date))::text AS terms
    FROM room_slots s WHERE s.state = 'active' AND (s.until_date IS NULL OR s.until_date >= ${today}::date)
    UNION ALL
    SELECT k.org_unit_id, 'coupon_kinds', k.id::text, k.title,
      EXISTS (SELECT FROM invite_task_tiers t JOIN invite_tasks v ON v.id = t.task_id WHERE t.coupon_kind_id = k.id AND v.stopped_at IS NULL AND v.ends_at > ${at})
        OR EXISTS (SELECT FROM points_exchanges x WHERE x.kind_id = k.id AND x.active)
        OR EXISTS (SELECT FROM member_levels l WHERE l.coupon_kind_id = k.id AND l.version = (SELECT max(version) FROM member_levels))
        OR EXISTS (SELECT FROM coupon_drops d WHERE d.kind_id = k.id AND d.state = 'running')
        OR EXISTS (SELECT FROM content_items i WHERE i.coupon_kind_id = k.id AND i.withdrawn_at IS NULL), k.created_at,
      jsonb_build_object('offFen', k.off_fen, 'minSpendFen', k.min_spend_fen, 'validDays', k.valid_days, 'total', k.total, 'perPerson', k.per_person,
        'newcomersOnly', k.newcomers_only, 'listed', k.listed, 'belowFloor', k.below_floor, 'usage', k.usage, 'stacking', k.stacking,
        'stackGroup', k.stack_group)::text
    FROM coupon_kinds k WHERE k.active
    UNION ALL
    SELECT r.org_unit_id, 'alert_rules', r.kind, r.kind, false, r.set_at,
      jsonb_build_object('enabled', r.enabled, 'threshold', r.threshold, 'minutes', r.cool_down_minutes)::text
    FROM alert_rules r
    UNION ALL
    SELECT r.org_unit_id, 'shipping_rule', r.version::text, 'shipping_rule', false, r.at, r.terms::text
    FROM shipping_rules r WHERE r.terms IS NOT NULL AND r.version = (SELECT max(version) FROM shipping_rules n WHERE n.org_unit_id = r.org_unit_id)
  ) held WHERE "unitId" = ANY(${units}::uuid[]) AND kind = ANY(${kinds}::text[]) ORDER BY "unitId", kind, at DESC, id`;
};

export interface Writing {
  readonly store: Store;
  readonly template: Template;
  readonly held: readonly Held[];
  readonly id: string;
  readonly by: string;
  readonly at: Date;
}

/** Makes it at the store, or gives those that are there its terms. */
export async function write(tx: Tx, { store, template, held, id, by, at }: Writing): Promise<void> {
  const { name, terms } = template;
  const [first] = held;
  switch (template.kind) {
    case 'room_slots':
      if (first)
        await tx`UPDATE room_slots s SET cover_url = t ->> 'coverUrl', weekdays = ARRAY(SELECT jsonb_array_elements_text(t -> 'weekdays')::int),
            start_minute = (t ->> 'startMinute')::int, zone = t ->> 'zone', duration_minutes = (t ->> 'minutes')::int,
            product_ids = ARRAY(SELECT jsonb_array_elements_text(t -> 'products')::uuid), until_date = (t ->> 'until')::date,
            exceptions = ARRAY(SELECT jsonb_array_elements_text(t -> 'exceptions')::date), updated_at = ${at}
          FROM (SELECT ${terms}::jsonb AS t) given WHERE s.id = ${first.id}::uuid AND s.state = 'active'`;
      else
        await tx`INSERT INTO room_slots (id, org_unit_id, org_path, host_id, title, cover_url, weekdays, start_minute, zone, duration_minutes, product_ids,
            from_date, until_date, exceptions, state, created_by, created_at, updated_at)
          SELECT ${id}, ${store.id}, ${store.path}, ${store.hostId}, ${name}, t ->> 'coverUrl', ARRAY(SELECT jsonb_array_elements_text(t -> 'weekdays')::int),
            (t ->> 'startMinute')::int, t ->> 'zone', (t ->> 'minutes')::int, ARRAY(SELECT jsonb_array_elements_text(t -> 'products')::uuid),
            ${chinaDayOf(at)}::date, (t ->> 'until')::date, ARRAY(SELECT jsonb_array_elements_text(t -> 'exceptions')::date), 'active', ${by}, ${at}, ${at}
          FROM (SELECT ${terms}::jsonb AS t) given`;
      return;
    case 'coupon_kinds':
      if (first)
        await tx`UPDATE coupon_kinds SET active = false, stopped_at = ${at} WHERE id = ANY(${held.map((one) => one.id)}::uuid[]) AND active`;
      await tx`INSERT INTO coupon_kinds (id, org_unit_id, org_path, title, off_fen, min_spend_fen, valid_days, total, per_person, newcomers_only, below_floor,
          usage, stacking, stack_group, listed, created_by, created_at)
        SELECT ${id}, ${store.id}, ${store.path}, ${name}, (t ->> 'offFen')::bigint, (t ->> 'minSpendFen')::bigint, (t ->> 'validDays')::int,
          (t ->> 'total')::int, (t ->> 'perPerson')::int, (t ->> 'newcomersOnly')::boolean, (t ->> 'belowFloor')::boolean, t ->> 'usage',
          t ->> 'stacking', t ->> 'stackGroup', (t ->> 'listed')::boolean, ${by}, ${at}
        FROM (SELECT ${terms}::jsonb AS t) given`;
      return;
    case 'alert_rules':
      await tx`INSERT INTO alert_rules (org_unit_id, kind, enabled, threshold, cool_down_minutes, set_by, set_at)
        SELECT ${store.id}, ${name}, (t ->> 'enabled')::boolean, (t ->> 'threshold')::int, (t ->> 'minutes')::int, ${by}, ${at}
        FROM (SELECT ${terms}::jsonb AS t) given
        ON CONFLICT (org_unit_id, kind) DO UPDATE SET enabled = EXCLUDED.enabled, threshold = EXCLUDED.threshold,
          cool_down_minutes = EXCLUDED.cool_down_minutes, set_by = EXCLUDED.set_by, set_at = EXCLUDED.set_at`;
      return;
    case 'shipping_rule':
      await tx`INSERT INTO shipping_rules (org_unit_id, version, org_path, terms, set_by, at)
        SELECT ${store.id}::uuid, coalesce(max(version), 0) + 1, ${store.path}::text, ${terms}::jsonb, ${by}::uuid, ${at}::timestamptz
        FROM shipping_rules WHERE org_unit_id = ${store.id}`;
  }
}
