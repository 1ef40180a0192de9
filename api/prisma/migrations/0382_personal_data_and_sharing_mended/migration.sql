-- Newcomers, requests about one person, retention, exports, figures: see docs/29-reports.md, 30-sharing.md, 31-staff-and-audit.md.

-- By what somebody is known again who makes an account anew: keyed hashes, of nobody by id. One chance each.
CREATE TABLE newcomer_marks (
  kind TEXT NOT NULL,
  hash TEXT NOT NULL,
  slot SMALLINT NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT newcomer_marks_pkey PRIMARY KEY (kind, hash, slot),
  CONSTRAINT newcomer_marks_kind CHECK (kind IN ('phone', 'wechat', 'identity', 'device')),
  CONSTRAINT newcomer_marks_slot CHECK (slot = 0 OR (kind = 'device' AND slot BETWEEN 0 AND 2))
);
-- An account whose phone was that of one that was closed for good: no newcomer.
ALTER TABLE people ADD COLUMN came_back BOOLEAN NOT NULL DEFAULT false;

-- How far a request is in the rooms' logs, and what went wrong with it: each waits for itself.
ALTER TABLE data_requests
  ADD COLUMN room_id UUID,
  ADD COLUMN room_seq BIGINT NOT NULL DEFAULT -1,
  ADD COLUMN failures INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN last_error TEXT NOT NULL DEFAULT '',
  ADD COLUMN next_try_at TIMESTAMPTZ(3);

-- The same of each kind of retention; a kind without trouble has no row.
CREATE TABLE retention_troubles (
  kind TEXT NOT NULL,
  failures INTEGER NOT NULL,
  last_error TEXT NOT NULL,
  next_try_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT retention_troubles_pkey PRIMARY KEY (kind)
);

-- Z1 counts from when the transaction was over: its last step, its last refund and its last case.
CREATE FUNCTION order_over_before(of UUID, moment TIMESTAMPTZ) RETURNS BOOLEAN LANGUAGE sql STABLE AS $$
  SELECT o.state IN ('received', 'cancelled', 'expired', 'forfeited', 'refunded')
    AND greatest(o.placed_at, o.paid_at, o.shipped_at, o.received_at, o.closed_at) < moment
    AND NOT EXISTS (SELECT FROM order_transitions h WHERE h.order_id = o.id AND h.at >= moment)
    AND NOT EXISTS (SELECT FROM refunds r WHERE r.order_id = o.id AND coalesce(r.finished_at, 'infinity') >= moment)
    AND NOT EXISTS (SELECT FROM after_sales a WHERE a.order_id = o.id AND coalesce(a.closed_at, 'infinity') >= moment)
  FROM orders o WHERE o.id = of
$$;

-- One writer of a file: who takes it raises the fence, and a writer before it writes nothing more.
ALTER TABLE report_exports ADD COLUMN fence INTEGER NOT NULL DEFAULT 0, ALTER COLUMN bytes TYPE BIGINT;
