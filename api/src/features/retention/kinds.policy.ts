/**
 * What is kept how long (rule Z1). The kinds that the law names are kept three years at least: a policy can only lengthen that, and
 * a CHECK of the database says the same. Each kind is a few sweeps: which rows are too old, and what becomes of them.
 *
 * Money is never swept: orders and after-sale cases lose what tells of a person (addresses, remarks, words, pictures), their sums
 * stand in the books for good.
 */
import { LEGAL_DAYS, type RetentionKind, type RetentionTable } from '@walnut-live/contracts';

export interface Sweep {
  readonly table: RetentionTable;
  /** Key columns of the table. */
  readonly key: string;
  /** FROM and WHERE of rows that are too old; the moment is `$before`, the table is `t`. */
  readonly old: string;
  /** What is the age of a row. */
  readonly age: string;
  /** Instead of deleting: columns and their values. */
  readonly erase?: string;
}
export interface Kind {
  readonly leastDays: number;
  readonly defaultDays: number;
  readonly byLaw: boolean;
  /** Replays: their own job deletes files and rows by this policy. */
  readonly sweeps: readonly Sweep[];
}

const law = (sweeps: readonly Sweep[]): Kind => ({
  leastDays: LEGAL_DAYS,
  defaultDays: LEGAL_DAYS,
  byLaw: true,
  sweeps,
});
const own = (leastDays: number, defaultDays: number, sweeps: readonly Sweep[]): Kind => ({
  ...{ leastDays, defaultDays, byLaw: false, sweeps },
});

/** Longer than credit windows, appeals and the months a bonus is worked out for. */
const TOUCHES_LEAST_DAYS = 400;
const FIGURES_LEAST_DAYS = 90;
const YEAR_DAYS = 400;
const WEEK_DAYS = 7;

const ERASED = `'{"recipient": "", "phone": "", "street": ""}'::jsonb`;
/** The transaction was over long ago: its receipt, refunds and cases, not only the day it was placed. */
const orderOver = `t.placed_at < $before AND order_over_before(t.id, $before)`;

export const kinds: Readonly<Record<RetentionKind, Kind>> = {
  replays: law([]),
  // What was said and shown in rooms, as long as no replay is left that plays it.
  room_logs: law([
    {
      ...{ table: 'room_events', key: 'room_id, seq', age: 't.at' },
      old: `t.at < $before AND EXISTS (SELECT FROM rooms r WHERE r.id = t.room_id AND r.state = 'ended' AND r.ended_at < $before)
        AND NOT EXISTS (SELECT FROM recordings c WHERE c.room_id = t.room_id AND c.state <> 'deleted')`,
    },
  ]),
  // A page that no order rests on which is open or was over within the time, and that is not the page of today.
  product_pages: law([
    {
      ...{ table: 'product_snapshots', key: 'hash', age: 't.first_at' },
      old: `t.first_at < $before AND NOT EXISTS (SELECT FROM products p WHERE p.snapshot_hash = t.hash)
        AND EXISTS (SELECT FROM product_snapshots n WHERE n.product_id = t.product_id AND n.first_at > t.first_at AND n.first_at < $before)
        AND NOT EXISTS (SELECT FROM order_items i JOIN orders o ON o.id = i.order_id
          WHERE i.product_id = t.product_id AND i.snapshot_hash = t.hash AND NOT order_over_before(o.id, $before))`,
    },
  ]),
  orders: law([
    {
      ...{ table: 'orders', key: 'id', age: 'coalesce(t.received_at, t.closed_at, t.placed_at)' },
      old: `${orderOver} AND (t.address->>'phone' <> '' OR t.remark <> '')`,
      erase: `address = t.address || ${ERASED}, remark = '', merchant_remark = ''`,
    },
    {
      ...{ table: 'order_address_changes', key: 'order_id', age: 't.at' },
      old: `t.at < $before AND order_over_before(t.order_id, $before)`,
    },
  ]),
  after_sales: law([
    {
      ...{
        table: 'after_sale_pictures',
        key: 'after_sale_id, file_id',
        age: '(SELECT a.closed_at FROM after_sales a WHERE a.id = t.after_sale_id)',
      },
      old: 'EXISTS (SELECT FROM after_sales a WHERE a.id = t.after_sale_id AND a.closed_at < $before AND order_over_before(a.order_id, $before))',
    },
    {
      ...{ table: 'after_sales', key: 'id', age: 't.closed_at' },
      old: `t.closed_at < $before AND t.note <> '' AND order_over_before(t.order_id, $before)`,
      erase: `note = ''`,
    },
  ]),
  touches: own(TOUCHES_LEAST_DAYS, LEGAL_DAYS, [
    {
      ...{ table: 'touches', key: 'id', age: 't.at' },
      // Those that a credit, an owner or an edge rests on stay with it; and none goes that the figures have not counted.
      old: `t.at < $before AND EXISTS (SELECT FROM report_state s WHERE s.moved_at IS NULL)
        AND NOT EXISTS (SELECT FROM report_news w WHERE w.kind = 'p' AND w.id = t.visitor_id) AND NOT EXISTS (SELECT FROM invite_edges e WHERE e.invitee_id = t.visitor_id AND e.touch_id = t.id)
        AND NOT EXISTS (SELECT FROM owner_bindings b WHERE b.customer_id = t.visitor_id AND b.touch_id = t.id)
        AND NOT EXISTS (SELECT FROM orders o JOIN order_credit_versions c ON c.order_id = o.id
          WHERE o.person_id = t.visitor_id AND c.touch_id = t.id)`,
    },
  ]),
  room_visits: own(FIGURES_LEAST_DAYS, YEAR_DAYS, [
    { table: 'room_visits', key: 'room_id, person_id', age: 't.last_at', old: 't.last_at < $before' },
    { table: 'room_watches', key: 'room_id, person_id', age: 't.counted_to', old: 't.counted_to < $before' },
  ]),
  // Browsers that looked in once: nobody ever knew who they were.
  guests: own(FIGURES_LEAST_DAYS, YEAR_DAYS, [
    {
      ...{ table: 'people', key: 'id', age: 't.created_at' },
      old: `t.kind = 'guest' AND t.merged_into IS NULL AND t.created_at < $before
        AND NOT EXISTS (SELECT FROM people m WHERE m.merged_into = t.id)
        AND NOT EXISTS (SELECT FROM room_visits v WHERE v.person_id = t.id)
        AND NOT EXISTS (SELECT FROM room_watches v WHERE v.person_id = t.id)
        AND NOT EXISTS (SELECT FROM chat_turns v WHERE v.person_id = t.id)
        AND NOT EXISTS (SELECT FROM room_likes v WHERE v.person_id = t.id)
        AND NOT EXISTS (SELECT FROM touches v WHERE v.visitor_id = t.id)
        AND NOT EXISTS (SELECT FROM touches v WHERE v.sharer_id = t.id)
        AND NOT EXISTS (SELECT FROM share_links v WHERE v.sharer_id = t.id)
        AND NOT EXISTS (SELECT FROM invite_edges v WHERE t.id IN (v.invitee_id, v.inviter_id))
        AND NOT EXISTS (SELECT FROM owner_bindings v WHERE v.customer_id = t.id)
        AND NOT EXISTS (SELECT FROM orders v WHERE v.person_id = t.id)
        AND NOT EXISTS (SELECT FROM consents v WHERE v.person_id = t.id)
        AND NOT EXISTS (SELECT FROM addresses v WHERE v.person_id = t.id)
        AND NOT EXISTS (SELECT FROM cart_lines v WHERE v.person_id = t.id)
        AND NOT EXISTS (SELECT FROM room_moderation v WHERE v.person_id = t.id)
        AND NOT EXISTS (SELECT FROM customer_marks v WHERE v.person_id = t.id)
        AND NOT EXISTS (SELECT FROM customer_contacts v WHERE v.person_id = t.id)
        AND NOT EXISTS (SELECT FROM customer_tags v WHERE v.person_id = t.id)
        AND NOT EXISTS (SELECT FROM data_requests v WHERE v.person_id = t.id)
        AND NOT EXISTS (SELECT FROM drain_card_people v WHERE v.person_id = t.id)
        AND NOT EXISTS (SELECT FROM poll_answers v WHERE v.person_id = t.id)
        AND NOT EXISTS (SELECT FROM chat_reports v WHERE v.author_id = t.id)
        AND NOT EXISTS (SELECT FROM guard_corrections v WHERE v.person_id = t.id)`,
    },
  ]),
  messages: own(30, YEAR_DAYS, [
    { table: 'messages', key: 'id', age: 't.created_at', old: `t.created_at < $before AND t.state <> 'waiting'` },
  ]),
  sessions: own(1, WEEK_DAYS, [
    { table: 'refresh_tokens', key: 'id', age: 't.expires_at', old: 't.expires_at < $before' },
  ]),
  idempotency_keys: own(2, WEEK_DAYS, [
    { table: 'idempotency_keys', key: 'person_id, route, key', age: 't.created_at', old: 't.created_at < $before' },
  ]),
  // What was published (the room log has it), and callbacks that were delivered.
  deliveries: own(1, WEEK_DAYS, [
    // The oldest by number, then whether they are old enough: no index on the time is needed.
    { table: 'outbox', key: 'id', age: 't.published_at', old: 't.published_at < $before' },
    { table: 'sandbox_deliveries', key: 'id', age: 't.delivered_at', old: 't.delivered_at < $before' },
  ]),
};
