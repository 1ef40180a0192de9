/**
 * Signs of fraud in an order (rule K7): each a statement that counts facts of the buyer that are the beneficiary's too. What is kept
 * as evidence names orders and touches; no phone and no address (rule Z6).
 */
import type { CommissionSignal } from '@walnut-live/contracts';
import type { Tx } from '../../platform/db.ts';
import { selvesOf } from '../identity/index.ts';

/** How long a browser on a network is taken for the same device. */
const DEVICE_DAYS = 30;
/** So many different visitors of one sharer from one network, so close together, are a burst. */
export const BURST_VISITORS = 20;
const BURST_MINUTES = 10;
/** Clicks so long before the order count as how its buyer came. */
const CAME_HOURS = 24;
const REFS_KEPT = 10;

type Row = { count: number; refs: string[] | null; firstAt: Date | null; lastAt: Date | null };
type Kind = CommissionSignal['kind'];

export interface Suspects {
  readonly orderId: string;
  readonly buyerId: string;
  readonly beneficiaryId: string;
  readonly placedAt: Date;
}

export async function signalsOf(
  tx: Tx,
  { orderId, buyerId, beneficiaryId, placedAt }: Suspects,
): Promise<CommissionSignal[]> {
  const [one] = await tx<{ id: string }>`
    SELECT b.id FROM people b JOIN people s ON coalesce(s.merged_into, s.id) = coalesce(b.merged_into, b.id)
    WHERE b.id = ${buyerId} AND s.id = ${beneficiaryId}`;
  // Buying for oneself by one account is a matter of policy, not of signs.
  if (one) return [];
  const [buyer, sharer] = [await selvesOf(tx, buyerId), await selvesOf(tx, beneficiaryId)];
  // By two accounts with one phone it is a sign, and that phone is all of it: what is the buyer's own proves nothing more.
  const theirs = sharer.filter((id) => !buyer.includes(id));
  const deviceSince = new Date(placedAt.getTime() - DEVICE_DAYS * 86_400_000);
  const cameSince = new Date(placedAt.getTime() - CAME_HOURS * 3_600_000);
  const phone = await tx<Row>`
    SELECT count(*)::int AS count, array_agg(o.id) AS refs, min(o.placed_at) AS "firstAt", max(o.placed_at) AS "lastAt"
    FROM orders o JOIN people b ON b.id = o.person_id
    WHERE o.id = ${orderId} AND EXISTS (
      SELECT 1 FROM people s WHERE s.id = ANY(${sharer}::uuid[]) AND s.phone IN (o.address->>'phone', b.phone)
      UNION ALL SELECT 1 FROM addresses a WHERE a.person_id = ANY(${sharer}::uuid[]) AND a.phone IN (o.address->>'phone', b.phone))`;
  const address = await tx<Row>`
    WITH target AS (SELECT regexp_replace(concat(address->>'province', address->>'city', address->>'district', address->>'street'), '[[:space:],，.。#-]', '', 'g') AS place
      FROM orders WHERE id = ${orderId} AND length(address->>'street') > 0),
    own AS (
      SELECT o.id, o.placed_at AS at, concat(o.address->>'province', o.address->>'city', o.address->>'district', o.address->>'street') AS place
      FROM orders o WHERE o.person_id = ANY(${theirs}::uuid[])
      UNION ALL SELECT a.id, a.updated_at, concat(a.province, a.city, a.district, a.street) FROM addresses a WHERE a.person_id = ANY(${theirs}::uuid[]))
    SELECT count(*)::int AS count, (array_agg(own.id ORDER BY own.at DESC))[1:${REFS_KEPT}] AS refs, min(own.at) AS "firstAt", max(own.at) AS "lastAt"
    FROM own, target WHERE regexp_replace(own.place, '[[:space:],，.。#-]', '', 'g') = target.place`;
  const device = await tx<Row>`
    SELECT count(DISTINCT b.id)::int AS count, (array_agg(DISTINCT b.id))[1:${REFS_KEPT}] AS refs, min(b.at) AS "firstAt", max(b.at) AS "lastAt"
    FROM touches b JOIN touches s ON s.ip_hash = b.ip_hash AND s.agent_hash = b.agent_hash
    WHERE b.visitor_id = ANY(${buyer}::uuid[]) AND s.visitor_id = ANY(${theirs}::uuid[])
      AND b.at BETWEEN ${deviceSince} AND ${placedAt} AND s.at BETWEEN ${deviceSince} AND ${placedAt}`;
  const payer = await tx<Row>`
    SELECT count(*)::int AS count, NULL::uuid[] AS refs, min(b.seen_at) AS "firstAt", max(b.seen_at) AS "lastAt"
    FROM wechat_accounts b JOIN wechat_accounts s ON s.app_id = b.app_id AND s.openid = b.openid
    WHERE b.person_id = ANY(${buyer}::uuid[]) AND s.person_id = ANY(${theirs}::uuid[])`;
  const identity = await tx<Row>`
    SELECT count(*)::int AS count, NULL::uuid[] AS refs, min(b.checked_at) AS "firstAt", max(b.checked_at) AS "lastAt"
    FROM adult_checks b JOIN adult_checks s ON s.subject = b.subject
    WHERE b.person_id = ANY(${buyer}::uuid[]) AND s.person_id = ANY(${theirs}::uuid[])`;
  const burst = await tx<Row>`
    WITH came AS (SELECT ip_hash, at FROM touches WHERE visitor_id = ANY(${buyer}::uuid[]) AND sharer_id = ANY(${sharer}::uuid[])
      AND at BETWEEN ${cameSince} AND ${placedAt}),
    crowd AS (
      SELECT t.id, t.visitor_id, t.at FROM touches t WHERE t.sharer_id = ANY(${sharer}::uuid[])
        AND EXISTS (SELECT 1 FROM came WHERE came.ip_hash = t.ip_hash
          AND t.at BETWEEN came.at - make_interval(mins => ${BURST_MINUTES}) AND came.at + make_interval(mins => ${BURST_MINUTES})))
    SELECT count(DISTINCT coalesce(p.merged_into, p.id))::int AS count, (array_agg(c.id ORDER BY c.at))[1:${REFS_KEPT}] AS refs,
      min(c.at) AS "firstAt", max(c.at) AS "lastAt"
    FROM crowd c JOIN people p ON p.id = c.visitor_id`;
  const seen: readonly (readonly [Kind, Row | undefined, number])[] = [
    ['same_phone', phone[0], 1],
    ['same_address', address[0], 1],
    ['same_device', device[0], 1],
    ['same_payer', payer[0], 1],
    ['same_identity', identity[0], 1],
    ['touch_burst', burst[0], BURST_VISITORS],
  ];
  return seen.flatMap(([kind, row, from]) =>
    row && row.count >= from
      ? [
          {
            ...{ kind, count: row.count, refs: row.refs ?? [] },
            ...{ firstAt: row.firstAt?.toISOString() ?? null, lastAt: row.lastAt?.toISOString() ?? null },
          },
        ]
      : [],
  );
}
