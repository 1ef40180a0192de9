-- Commission, mended: what waits for a dispute, months of people who were guests, entries of before 0310, claw-backs that were held. See docs/26-commission.md.

-- ── disputes and bonuses (K3, K6) ────────────────────────────────────────────────────────────────────────────────────
-- Orders whose commission must wait: money is on its way back, a case is open (after-sales.policy.ts: openStates), or somebody
-- appealed against the credit.
CREATE VIEW orders_in_dispute AS
  SELECT o.id AS order_id FROM orders o
  WHERE o.state = 'refunding'
    OR EXISTS (SELECT 1 FROM order_items i WHERE i.order_id = o.id AND i.refunding_fen > 0)
    OR EXISTS (SELECT 1 FROM after_sales a WHERE a.order_id = o.id
      AND a.state IN ('requested', 'escalated', 'awaiting_goods', 'goods_on_way', 'to_replace', 'refunding'))
    OR EXISTS (SELECT 1 FROM credit_appeals c WHERE c.order_id = o.id AND c.state = 'open');

-- Whether what is open of a month's bonus at a store waits: a sale of the month is not settleable yet or in dispute. What is held does
-- not count for the bonus and holds nothing up; an open rest below zero is a claw-back and never waits (K4).
CREATE FUNCTION commission_bonus_waits(beneficiary UUID, store UUID, month TEXT) RETURNS BOOLEAN LANGUAGE sql STABLE AS $$
  WITH selves AS (
    SELECT s.id FROM people p JOIN people s ON coalesce(p.merged_into, p.id) IN (s.id, s.merged_into) WHERE p.id = beneficiary)
  SELECT (SELECT coalesce(sum(b.amount_fen), 0) > 0 FROM commission_bonuses b
      WHERE b.beneficiary_id IN (SELECT id FROM selves) AND b.store_id = store AND b.period = month AND b.state = 'settleable')
    AND EXISTS (SELECT 1 FROM commission_entries e JOIN orders o ON o.id = e.order_id
      WHERE e.beneficiary_id IN (SELECT id FROM selves) AND e.level = 1
        AND o.paid_at >= (month || '-01')::timestamp AT TIME ZONE 'Asia/Shanghai'
        AND o.paid_at < ((month || '-01')::timestamp + interval '1 month') AT TIME ZONE 'Asia/Shanghai'
        AND (e.state IN ('estimated', 'frozen') OR (e.state NOT IN ('held', 'reversed')
          AND EXISTS (SELECT 1 FROM orders_in_dispute d WHERE d.order_id = e.order_id))))
$$;

-- As 0331 made it; a bonus that waits is frozen to whoever settles or reads.
CREATE OR REPLACE VIEW commission_parts AS
  SELECT e.id, 'entry' AS kind, e.order_id, e.beneficiary_id, e.store_id, e.org_path, e.amount_fen, e.state, coalesce(e.settleable_at, e.at) AS settleable_at,
    e.at, e.settlement_line_id,
    e.amount_fen < 0 AND EXISTS (SELECT 1 FROM commission_entries h WHERE h.order_item_id = e.order_item_id AND h.level = e.level
      AND h.beneficiary_id = e.beneficiary_id AND h.state IN ('claimed', 'paid')) AS is_against
  FROM commission_entries e
  UNION ALL
  SELECT b.id, 'bonus', NULL, b.beneficiary_id, b.store_id, b.org_path, b.amount_fen,
    CASE WHEN b.state = 'settleable' AND commission_bonus_waits(b.beneficiary_id, b.store_id, b.period) THEN 'frozen' ELSE b.state END,
    b.at, b.at, b.settlement_line_id, false
  FROM commission_bonuses b;

-- Months of people who were guests are reckoned anew as one person's; what was paid twice is taken back by a part of its own.
INSERT INTO commission_bonus_marks (beneficiary_id, period, marked_at)
  SELECT DISTINCT g.merged_into, m.period, now() FROM people g
  JOIN LATERAL (
    SELECT b.period FROM commission_bonuses b WHERE b.beneficiary_id = g.id
    UNION SELECT k.period FROM commission_bonus_marks k WHERE k.beneficiary_id = g.id
    UNION SELECT to_char(o.paid_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') FROM commission_entries e JOIN orders o ON o.id = e.order_id
      WHERE e.beneficiary_id = g.id AND e.level = 1 AND o.paid_at IS NOT NULL) m ON true
  WHERE g.merged_into IS NOT NULL
  ON CONFLICT DO NOTHING;

-- ── pieces of jobs that failed ───────────────────────────────────────────────────────────────────────────────────────
-- Each waits on its own, longer each time, and keeps what went wrong; what stands behind it goes on.
ALTER TABLE commission_bonus_marks ADD COLUMN failures INTEGER NOT NULL DEFAULT 0, ADD COLUMN retry_at TIMESTAMPTZ(3), ADD COLUMN problem TEXT NOT NULL DEFAULT '';
ALTER TABLE commission_checks ADD COLUMN failures INTEGER NOT NULL DEFAULT 0, ADD COLUMN retry_at TIMESTAMPTZ(3), ADD COLUMN problem TEXT NOT NULL DEFAULT '';
ALTER TABLE customer_transfers ADD COLUMN failures INTEGER NOT NULL DEFAULT 0, ADD COLUMN retry_at TIMESTAMPTZ(3), ADD COLUMN problem TEXT NOT NULL DEFAULT '';

-- ── entries of before 0310 (K3, K7) ──────────────────────────────────────────────────────────────────────────────────
-- Their orders were received before anything told commission so: the freeze runs from the receipt, by their own version. Their first
-- steps were made by 0310. None of them was looked at for fraud: they wait for that.
WITH late AS (
  SELECT e.id, o.received_at + make_interval(days => greatest(coalesce(r.freeze_days, 15), 7)) AS ends FROM commission_entries e
  JOIN orders o ON o.id = e.order_id LEFT JOIN commission_rules r ON r.version = e.rule_version
  WHERE e.state = 'estimated' AND o.received_at IS NOT NULL),
moved AS (
  UPDATE commission_entries e SET state = 'frozen', settleable_at = late.ends FROM late WHERE e.id = late.id RETURNING e.id)
INSERT INTO commission_transitions (entry_id, from_state, to_state, event, reason, at)
  SELECT id, 'estimated', 'frozen', 'receive', 'migration 0380', now() FROM moved;
UPDATE commission_entries e SET settleable_at = coalesce(o.received_at, e.at) + make_interval(days => greatest(coalesce(r.freeze_days, 15), 7))
  FROM orders o, commission_rules r
  WHERE o.id = e.order_id AND r.version = e.rule_version AND e.state = 'frozen' AND e.settleable_at IS NULL;
INSERT INTO commission_checks (order_id, due_at)
  SELECT DISTINCT order_id, now() FROM commission_entries WHERE state IN ('estimated', 'frozen')
  ON CONFLICT DO NOTHING;

-- ── claw-backs (K4, K7) ──────────────────────────────────────────────────────────────────────────────────────────────
-- What stands against paid commission is never held; what was goes on at the next thaw, which does not wait for disputes.
WITH moved AS (
  UPDATE commission_entries e SET state = 'frozen', settleable_at = now(), held_reason = ''
  WHERE e.state = 'held' AND e.amount_fen < 0
    AND EXISTS (SELECT 1 FROM commission_entries h WHERE h.order_item_id = e.order_item_id AND h.level = e.level
      AND h.beneficiary_id = e.beneficiary_id AND h.state IN ('claimed', 'paid'))
    AND NOT EXISTS (SELECT 1 FROM commission_entries h WHERE h.order_item_id = e.order_item_id AND h.level = e.level
      AND h.beneficiary_id = e.beneficiary_id AND h.state = 'held' AND h.amount_fen >= 0)
  RETURNING e.id)
INSERT INTO commission_transitions (entry_id, from_state, to_state, event, reason, at)
  SELECT id, 'held', 'frozen', 'release_received', 'migration 0380', now() FROM moved;
