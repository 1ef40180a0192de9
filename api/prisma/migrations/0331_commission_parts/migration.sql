-- Everything of commission that is settled: entries of orders, and bonuses of months.
CREATE VIEW commission_parts AS
  SELECT e.id, 'entry' AS kind, e.order_id, e.beneficiary_id, e.store_id, e.org_path, e.amount_fen, e.state, coalesce(e.settleable_at, e.at) AS settleable_at,
    e.at, e.settlement_line_id,
    -- Against what was handed out before: offset whatever becomes of its order (rule K4).
    e.amount_fen < 0 AND EXISTS (SELECT 1 FROM commission_entries h WHERE h.order_item_id = e.order_item_id AND h.level = e.level
      AND h.beneficiary_id = e.beneficiary_id AND h.state IN ('claimed', 'paid')) AS is_against
  FROM commission_entries e
  UNION ALL
  SELECT b.id, 'bonus', NULL, b.beneficiary_id, b.store_id, b.org_path, b.amount_fen, b.state, b.at, b.at, b.settlement_line_id, false
  FROM commission_bonuses b;
