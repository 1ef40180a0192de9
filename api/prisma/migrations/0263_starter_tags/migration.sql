-- Whose tags were made by older rules; and rules to begin with, which headquarters change or end.
CREATE INDEX customer_checks_checked_at_idx ON customer_checks (checked_at);
INSERT INTO tag_rules (id, version, name, conditions, active, reason, made_at) VALUES
  ('01900000-0000-7000-8000-000000002601', 1, '常看直播', '[{"metric":"watched_minutes","op":"at_least","value":60,"days":30}]', true, '初始规则', '2026-01-01T00:00:00Z'),
  ('01900000-0000-7000-8000-000000002602', 1, '爱提问', '[{"metric":"asked","op":"at_least","value":5,"days":30}]', true, '初始规则', '2026-01-01T00:00:00Z'),
  ('01900000-0000-7000-8000-000000002603', 1, '老顾客', '[{"metric":"bought","op":"at_least","value":3,"days":180}]', true, '初始规则', '2026-01-01T00:00:00Z'),
  ('01900000-0000-7000-8000-000000002604', 1, '爱分享', '[{"metric":"shared","op":"at_least","value":3,"days":90}]', true, '初始规则', '2026-01-01T00:00:00Z'),
  ('01900000-0000-7000-8000-000000002605', 1, '高活跃低复购', '[{"metric":"visits","op":"at_least","value":5,"days":30},{"metric":"bought","op":"at_most","value":1,"days":90}]', true, '初始规则', '2026-01-01T00:00:00Z');
