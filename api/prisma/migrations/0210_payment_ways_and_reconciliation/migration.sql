-- How a payment is paid, once its provider was told of it, and when the provider is asked what became of it: its callback may
-- never come (S3).
ALTER TABLE payments ADD COLUMN way TEXT,
  ADD COLUMN prepared_at TIMESTAMPTZ(3),
  ADD COLUMN next_query_at TIMESTAMPTZ(3),
  ADD COLUMN queries INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN provider_state TEXT,
  ADD CONSTRAINT payments_way CHECK (way IN ('jsapi', 'h5', 'native'));
CREATE INDEX payments_to_query ON payments (next_query_at) WHERE state = 'pending' AND next_query_at IS NOT NULL;
-- Payments are listed by time.
CREATE INDEX payments_created_at_id_idx ON payments (created_at, id);
CREATE INDEX payments_captured_at_idx ON payments (captured_at) WHERE captured_fen > 0;
CREATE INDEX refunds_finished_at_idx ON refunds (finished_at) WHERE state = 'succeeded';
CREATE INDEX refunds_payment_id_idx ON refunds (payment_id);
CREATE INDEX payment_notifications_payment_id_idx ON payment_notifications (payment_id);

-- A top-up may change its way to pay: one payment at a time can still be paid.
DROP INDEX payments_top_up_id_key;
CREATE INDEX payments_top_up_id_idx ON payments (top_up_id);
CREATE UNIQUE INDEX payments_one_pending_top_up ON payments (top_up_id) WHERE state = 'pending';

-- Who somebody is to WeChat, for each app.
CREATE TABLE wechat_accounts (
  person_id UUID NOT NULL,
  app_id TEXT NOT NULL,
  openid TEXT NOT NULL,
  seen_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT wechat_accounts_pkey PRIMARY KEY (person_id, app_id)
);
ALTER TABLE wechat_accounts
  ADD CONSTRAINT wechat_accounts_person_id_fkey FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE ON UPDATE CASCADE;

-- The sandbox's own books: when money moved, for its bill; transfers to people.
ALTER TABLE sandbox_charges ADD COLUMN captured_at TIMESTAMPTZ(3);
UPDATE sandbox_charges SET captured_at = updated_at WHERE state = 'captured';
ALTER TABLE sandbox_deliveries ADD COLUMN plan TEXT NOT NULL DEFAULT 'prompt',
  ADD CONSTRAINT sandbox_deliveries_plan CHECK (plan IN ('prompt', 'delayed', 'twice', 'lost'));
CREATE TABLE sandbox_transfers (
  bill_no TEXT NOT NULL,
  openid TEXT NOT NULL,
  amount_fen BIGINT NOT NULL,
  state TEXT NOT NULL,
  fail_reason TEXT,
  created_at TIMESTAMPTZ(3) NOT NULL,
  updated_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT sandbox_transfers_pkey PRIMARY KEY (bill_no),
  CONSTRAINT sandbox_transfers_amount CHECK (amount_fen > 0),
  CONSTRAINT sandbox_transfers_state CHECK (state IN ('waiting', 'succeeded', 'failed', 'cancelled'))
);

-- Reconciliation: one run for a provider and a day in China, repeated as often as wanted.
CREATE TABLE reconciliation_runs (
  id UUID NOT NULL,
  provider TEXT NOT NULL,
  day DATE NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 1,
  payments INTEGER NOT NULL DEFAULT 0,
  payments_fen BIGINT NOT NULL DEFAULT 0,
  refunds INTEGER NOT NULL DEFAULT 0,
  refunds_fen BIGINT NOT NULL DEFAULT 0,
  error TEXT,
  started_at TIMESTAMPTZ(3) NOT NULL,
  finished_at TIMESTAMPTZ(3),
  next_try_at TIMESTAMPTZ(3),
  CONSTRAINT reconciliation_runs_pkey PRIMARY KEY (id),
  CONSTRAINT reconciliation_runs_state CHECK (state IN ('running', 'done', 'failed'))
);
CREATE UNIQUE INDEX reconciliation_runs_provider_day_key ON reconciliation_runs (provider, day);
CREATE INDEX reconciliation_runs_day_idx ON reconciliation_runs (day);

-- What the provider's bills say, as they were last read.
CREATE TABLE provider_bill_lines (
  provider TEXT NOT NULL,
  kind TEXT NOT NULL,
  number TEXT NOT NULL,
  day DATE NOT NULL,
  amount_fen BIGINT NOT NULL,
  state TEXT NOT NULL,
  provider_ref TEXT,
  CONSTRAINT provider_bill_lines_pkey PRIMARY KEY (provider, kind, number, day),
  CONSTRAINT provider_bill_lines_kind CHECK (kind IN ('payment', 'refund'))
);
CREATE INDEX provider_bill_lines_provider_day_idx ON provider_bill_lines (provider, day);

CREATE TABLE reconciliation_differences (
  id UUID NOT NULL,
  provider TEXT NOT NULL,
  day DATE NOT NULL,
  subject TEXT NOT NULL,
  number TEXT NOT NULL,
  kind TEXT NOT NULL,
  payment_id UUID,
  our_fen BIGINT,
  their_fen BIGINT,
  our_state TEXT,
  their_state TEXT,
  state TEXT NOT NULL,
  resolution TEXT,
  reason TEXT,
  resolved_by UUID,
  found_at TIMESTAMPTZ(3) NOT NULL,
  resolved_at TIMESTAMPTZ(3),
  CONSTRAINT reconciliation_differences_pkey PRIMARY KEY (id),
  CONSTRAINT reconciliation_differences_subject CHECK (subject IN ('payment', 'refund')),
  CONSTRAINT reconciliation_differences_kind CHECK (kind IN ('missing_here', 'missing_there', 'amount_differs', 'state_differs')),
  CONSTRAINT reconciliation_differences_state CHECK (state IN ('open', 'resolved') AND (state = 'resolved') = (resolved_at IS NOT NULL))
);
-- A repeated run finds the same difference, not a second one.
CREATE UNIQUE INDEX reconciliation_differences_fact ON reconciliation_differences (provider, subject, number, kind);
CREATE INDEX reconciliation_differences_provider_day_idx ON reconciliation_differences (provider, day);
CREATE INDEX reconciliation_differences_found_at_id_idx ON reconciliation_differences (found_at, id);
