-- Settlement of commission: a run finds what is held beside what is settleable without reading all that was ever paid; and holds that
-- nothing is left of are closed. See docs/26-commission.md.
-- The index is built in one scan, for whose time no entry is written: an upgrade of a large brand is for the hours without lives.
CREATE INDEX commission_entries_held ON commission_entries (beneficiary_id, order_id) WHERE state = 'held';

-- ── holds of nothing (K4, K7) ────────────────────────────────────────────────────────────────────────────────────────
-- 0380 let claw-backs go on that had been held; where nothing else was held of whom the hold is about, nobody needs to decide it. What is
-- held of others of the order with it goes on where the order stands, as held.ts does.
WITH ended AS (
  UPDATE commission_holds h SET state = 'moot', decided_at = now()
  WHERE h.state = 'open' AND NOT EXISTS (SELECT 1 FROM commission_entries e
    WHERE e.order_id = h.order_id AND e.beneficiary_id = h.beneficiary_id AND e.state = 'held')
  RETURNING h.id, h.order_id),
rest AS (
  SELECT e.id, o.received_at + make_interval(days => greatest(coalesce(r.freeze_days, 15), 7)) AS ends FROM commission_entries e
  JOIN orders o ON o.id = e.order_id LEFT JOIN commission_rules r ON r.version = e.rule_version
  WHERE e.state = 'held' AND e.order_id IN (SELECT order_id FROM ended) AND NOT EXISTS (SELECT 1 FROM commission_holds h
    WHERE h.order_id = e.order_id AND h.state = 'open' AND h.id NOT IN (SELECT id FROM ended))),
moved AS (
  UPDATE commission_entries e SET held_reason = '', state = CASE WHEN rest.ends IS NULL THEN 'estimated' ELSE 'frozen' END, settleable_at = rest.ends
  FROM rest WHERE e.id = rest.id RETURNING e.id, e.state, e.level, e.order_id, e.beneficiary_id),
marked AS (
  INSERT INTO commission_bonus_marks (beneficiary_id, period, marked_at)
  SELECT DISTINCT coalesce(p.merged_into, p.id), to_char(coalesce(o.paid_at, now()) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM'), now()
  FROM moved m JOIN people p ON p.id = m.beneficiary_id JOIN orders o ON o.id = m.order_id WHERE m.level = 1
  ON CONFLICT (beneficiary_id, period) DO UPDATE SET marked_at = EXCLUDED.marked_at)
INSERT INTO commission_transitions (entry_id, from_state, to_state, event, reason, at)
  SELECT id, 'held', state, CASE state WHEN 'frozen' THEN 'release_received' ELSE 'release' END, 'migration 0400', now() FROM moved;
