-- Commission: what waits is worked out once for all, a bonus waits for its own store and not for ever, and a negative entry that
-- something open covers is no claw-back. See docs/26-commission.md.

-- ── disputes (K3) ────────────────────────────────────────────────────────────────────────────────────────────────────
-- As 0380 made it, found from what is open: few of all orders.
CREATE INDEX orders_refunding ON orders (id) WHERE state = 'refunding';
CREATE INDEX order_items_refunding ON order_items (order_id) WHERE refunding_fen > 0;
CREATE INDEX after_sales_open ON after_sales (order_id)
  WHERE state IN ('requested', 'escalated', 'awaiting_goods', 'goods_on_way', 'to_replace', 'refunding');
CREATE INDEX credit_appeals_open_order ON credit_appeals (order_id) WHERE state = 'open';
CREATE OR REPLACE VIEW orders_in_dispute AS
  SELECT id AS order_id FROM orders WHERE state = 'refunding'
  UNION SELECT order_id FROM order_items WHERE refunding_fen > 0
  UNION SELECT order_id FROM after_sales
    WHERE state IN ('requested', 'escalated', 'awaiting_goods', 'goods_on_way', 'to_replace', 'refunding')
  UNION SELECT order_id FROM credit_appeals WHERE state = 'open';

-- ── claw-backs (K4) ──────────────────────────────────────────────────────────────────────────────────────────────────
-- Of a negative entry in this state: something of its group was handed out, and nothing open beside it covers it
-- (commissions.policy.ts: isClawBack).
CREATE FUNCTION commission_is_uncovered(item UUID, of_level INTEGER, who UUID, stands TEXT) RETURNS BOOLEAN LANGUAGE sql STABLE AS $$
  SELECT coalesce(bool_or(h.state IN ('claimed', 'paid')), false)
    AND coalesce(sum(h.amount_fen) FILTER (WHERE h.state = stands), 0) < 0
  FROM commission_entries h WHERE h.order_item_id = item AND h.level = of_level AND h.beneficiary_id = who
$$;
-- As 0331 made it; whether a bonus waits depends on the moment, and whoever reads asks with theirs.
CREATE OR REPLACE VIEW commission_parts AS
  SELECT e.id, 'entry' AS kind, e.order_id, e.beneficiary_id, e.store_id, e.org_path, e.amount_fen, e.state, coalesce(e.settleable_at, e.at) AS settleable_at,
    e.at, e.settlement_line_id,
    CASE WHEN e.amount_fen < 0 THEN commission_is_uncovered(e.order_item_id, e.level, e.beneficiary_id, e.state) ELSE false END AS is_against
  FROM commission_entries e
  UNION ALL
  SELECT b.id, 'bonus', NULL, b.beneficiary_id, b.store_id, b.org_path, b.amount_fen, b.state, b.at, b.at, b.settlement_line_id, false
  FROM commission_bonuses b;
DROP FUNCTION commission_bonus_waits;

-- ── bonuses that wait (K3, K6) ───────────────────────────────────────────────────────────────────────────────────────
-- Ids of bonuses that are not claimable yet, of these people (all of one's selves) or of everybody: a sale of the month at the store
-- is not settleable yet or in dispute. No longer than 45 days after the month in China: what is lost later is taken back by a part of
-- its own. What is held does not count for the bonus and holds nothing up; an open rest below zero is a claw-back and never waits (K4).
CREATE FUNCTION commission_bonuses_waiting(people_ids UUID[], moment TIMESTAMPTZ) RETURNS TABLE (bonus_id UUID) LANGUAGE sql STABLE AS $$
  WITH open AS MATERIALIZED (
    SELECT b.id, coalesce(p.merged_into, p.id) AS person_id, b.store_id, b.period, b.amount_fen
    FROM commission_bonuses b JOIN people p ON p.id = b.beneficiary_id
    WHERE b.state = 'settleable' AND (people_ids IS NULL OR b.beneficiary_id = ANY(people_ids))
      AND moment < ((b.period || '-01')::timestamp + interval '1 month' + interval '45 days') AT TIME ZONE 'Asia/Shanghai'),
  months AS MATERIALIZED (
    SELECT person_id, store_id, period, (period || '-01')::timestamp AT TIME ZONE 'Asia/Shanghai' AS begins,
      ((period || '-01')::timestamp + interval '1 month') AT TIME ZONE 'Asia/Shanghai' AS ends
    FROM open GROUP BY person_id, store_id, period HAVING sum(amount_fen) > 0),
  selves AS MATERIALIZED (
    SELECT p.id, p.id AS person_id FROM people p WHERE p.id IN (SELECT person_id FROM months)
    UNION ALL SELECT p.id, p.merged_into FROM people p WHERE p.merged_into IN (SELECT person_id FROM months)),
  busy AS MATERIALIZED (
    SELECT e.beneficiary_id, e.store_id, e.order_id FROM selves s
    JOIN commission_entries e ON e.beneficiary_id = s.id AND e.level = 1 AND e.state IN ('estimated', 'frozen')
    UNION
    SELECT e.beneficiary_id, e.store_id, e.order_id FROM selves s
    JOIN commission_entries e ON e.beneficiary_id = s.id AND e.level = 1 AND e.state IN ('settleable', 'claimed', 'paid')
    WHERE e.order_id IN (SELECT d.order_id FROM orders_in_dispute d)),
  waiting AS (
    SELECT DISTINCT m.person_id, m.store_id, m.period FROM busy b JOIN selves s ON s.id = b.beneficiary_id JOIN orders o ON o.id = b.order_id
    JOIN months m ON m.person_id = s.person_id AND m.store_id = b.store_id AND o.paid_at >= m.begins AND o.paid_at < m.ends)
  SELECT open.id FROM open JOIN waiting w ON w.person_id = open.person_id AND w.store_id = open.store_id AND w.period = open.period
$$;
CREATE INDEX commission_entries_to_come ON commission_entries (beneficiary_id, order_id) WHERE level = 1 AND state IN ('estimated', 'frozen');
