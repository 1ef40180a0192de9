-- A run pays what was settleable when it was approved: entries and bonuses that become settleable later belong to the next one.
-- See docs/28-settlement.md. Ids of what adds to the sum; null for lines of before and for withdrawals.
ALTER TABLE settlement_lines ADD COLUMN approved_parts UUID[];
