-- Settlement of commission and transfers of it to people (rules K4, K8). See docs/28-settlement.md.

-- What settlement and withdrawal go by; the newest whose time has come counts.
CREATE TABLE settlement_terms (
  version INTEGER NOT NULL,
  -- Below it nobody is paid; what is due is carried forward.
  minimum_fen BIGINT NOT NULL,
  -- What a person may withdraw in one day of China, in money and in transfers.
  day_cap_fen BIGINT NOT NULL,
  day_transfers INTEGER NOT NULL,
  -- From here on the receiver's real name goes with a transfer.
  real_name_from_fen BIGINT NOT NULL,
  withholding JSONB NOT NULL,
  effective_from TIMESTAMPTZ(3) NOT NULL,
  set_by UUID,
  reason TEXT NOT NULL,
  CONSTRAINT settlement_terms_pkey PRIMARY KEY (version),
  CONSTRAINT settlement_terms_sums CHECK (minimum_fen > 0 AND day_cap_fen >= minimum_fen AND day_transfers > 0 AND real_name_from_fen > 0)
);
INSERT INTO settlement_terms VALUES (1, 100, 2000000, 10, 200000,
  '{"appliesTo": "consumers", "exemptFen": 80000, "deductUntilFen": 400000, "deductFen": 80000, "deductBps": 2000,
    "bands": [{"overFen": 0, "bps": 2000, "quickFen": 0}, {"overFen": 2000000, "bps": 3000, "quickFen": 200000}, {"overFen": 5000000, "bps": 4000, "quickFen": 700000}]}',
  '2020-01-01T00:00:00Z', NULL, 'initial');
CREATE TRIGGER settlement_terms_append_only BEFORE UPDATE OR DELETE ON settlement_terms FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Who collects the money of a store's orders, and headquarters' share of its goods. A store without a row: headquarters, no share.
CREATE TABLE store_settlement_modes (
  id UUID NOT NULL,
  org_unit_id UUID NOT NULL,
  mode TEXT NOT NULL,
  hq_share_bps INTEGER NOT NULL,
  since TIMESTAMPTZ(3) NOT NULL,
  set_by UUID NOT NULL,
  reason TEXT NOT NULL,
  CONSTRAINT store_settlement_modes_pkey PRIMARY KEY (id),
  CONSTRAINT store_settlement_modes_terms CHECK (mode IN ('hq_collects', 'store_collects') AND hq_share_bps BETWEEN 0 AND 10000)
);
CREATE INDEX store_settlement_modes_org_unit_id_since_idx ON store_settlement_modes (org_unit_id, since);
CREATE TRIGGER store_settlement_modes_append_only BEFORE UPDATE OR DELETE ON store_settlement_modes FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE settlement_runs (
  id UUID NOT NULL,
  title TEXT NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  up_to TIMESTAMPTZ(3) NOT NULL,
  state TEXT NOT NULL,
  created_by UUID NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  preview_id UUID,
  previewed_by UUID,
  approved_by UUID,
  approved_at TIMESTAMPTZ(3),
  pay_started_by UUID,
  pay_started_at TIMESTAMPTZ(3),
  ended_at TIMESTAMPTZ(3),
  CONSTRAINT settlement_runs_pkey PRIMARY KEY (id),
  CONSTRAINT settlement_runs_state CHECK (state IN ('draft', 'previewed', 'approved', 'paying', 'paid', 'closed', 'cancelled')
    AND (state NOT IN ('previewed', 'approved', 'paying', 'paid', 'closed') OR (preview_id IS NOT NULL AND previewed_by IS NOT NULL))
    AND (state NOT IN ('approved', 'paying', 'paid', 'closed') OR (approved_by IS NOT NULL AND approved_at IS NOT NULL))
    AND (state NOT IN ('paying', 'paid', 'closed') OR (pay_started_by IS NOT NULL AND pay_started_at IS NOT NULL))
    AND (state IN ('paid', 'closed', 'cancelled')) = (ended_at IS NOT NULL)),
  -- Two-person rule: who prepared a run does not approve it.
  CONSTRAINT settlement_runs_two_people CHECK (approved_by IS NULL OR (approved_by <> created_by AND approved_by <> previewed_by))
);
CREATE INDEX settlement_runs_created_at_idx ON settlement_runs (created_at, id);
CREATE INDEX settlement_runs_paying ON settlement_runs (pay_started_at) WHERE state = 'paying';

CREATE TABLE settlement_run_events (
  id BIGSERIAL NOT NULL,
  run_id UUID NOT NULL,
  from_state TEXT,
  to_state TEXT NOT NULL,
  event TEXT NOT NULL,
  -- Null: the system.
  actor_id UUID,
  reason TEXT NOT NULL DEFAULT '',
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT settlement_run_events_pkey PRIMARY KEY (id)
);
ALTER TABLE settlement_run_events ADD CONSTRAINT settlement_run_events_run_id_fkey FOREIGN KEY (run_id) REFERENCES settlement_runs (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX settlement_run_events_run_id_idx ON settlement_run_events (run_id);
CREATE TRIGGER settlement_run_events_append_only BEFORE UPDATE OR DELETE ON settlement_run_events FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What a run would pay, as it was shown; `hash` names all its figures.
CREATE TABLE settlement_previews (
  id UUID NOT NULL,
  run_id UUID NOT NULL,
  no INTEGER NOT NULL,
  hash TEXT NOT NULL,
  made_by UUID NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT settlement_previews_pkey PRIMARY KEY (id)
);
ALTER TABLE settlement_previews ADD CONSTRAINT settlement_previews_run_id_fkey FOREIGN KEY (run_id) REFERENCES settlement_runs (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE UNIQUE INDEX settlement_previews_run_id_no_key ON settlement_previews (run_id, no);

CREATE TABLE settlement_preview_lines (
  preview_id UUID NOT NULL,
  person_id UUID NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT,
  entries INTEGER NOT NULL,
  positive_fen BIGINT NOT NULL,
  negative_fen BIGINT NOT NULL,
  gross_fen BIGINT NOT NULL,
  held_fen BIGINT NOT NULL,
  withheld_fen BIGINT NOT NULL,
  net_fen BIGINT NOT NULL,
  -- [{ storeId, amountFen, entries }]
  stores JSONB NOT NULL,
  CONSTRAINT settlement_preview_lines_pkey PRIMARY KEY (preview_id, person_id),
  CONSTRAINT settlement_preview_lines_sums CHECK (outcome IN ('pay', 'carried') AND (outcome = 'carried') = (reason IS NOT NULL)
    AND positive_fen >= 0 AND negative_fen <= 0 AND gross_fen = positive_fen + negative_fen AND withheld_fen >= 0 AND net_fen >= 0
    AND (outcome = 'carried' OR net_fen = gross_fen - withheld_fen))
);
ALTER TABLE settlement_preview_lines ADD CONSTRAINT settlement_preview_lines_preview_id_fkey FOREIGN KEY (preview_id) REFERENCES settlement_previews (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX settlement_preview_lines_order ON settlement_preview_lines (preview_id, net_fen, person_id);

-- One person's due of one run, or of one withdrawal (then without a run). Entries name the line that claimed them.
CREATE TABLE settlement_lines (
  id UUID NOT NULL,
  run_id UUID,
  person_id UUID NOT NULL,
  source TEXT NOT NULL,
  state TEXT NOT NULL,
  -- What was approved; a claim is never more.
  approved_fen BIGINT,
  gross_fen BIGINT NOT NULL DEFAULT 0,
  withheld_fen BIGINT NOT NULL DEFAULT 0,
  net_fen BIGINT NOT NULL DEFAULT 0,
  entries INTEGER NOT NULL DEFAULT 0,
  -- Why nothing was claimed, or why it was given back.
  reason TEXT,
  created_at TIMESTAMPTZ(3) NOT NULL,
  claimed_at TIMESTAMPTZ(3),
  ended_at TIMESTAMPTZ(3),
  CONSTRAINT settlement_lines_pkey PRIMARY KEY (id),
  CONSTRAINT settlement_lines_state CHECK (source IN ('commission', 'rewards') AND state IN ('due', 'claimed', 'carried', 'paid', 'returned')
    AND (run_id IS NULL) = (approved_fen IS NULL) AND (state IN ('carried', 'paid', 'returned')) = (ended_at IS NOT NULL)),
  CONSTRAINT settlement_lines_sums CHECK (gross_fen >= 0 AND withheld_fen >= 0 AND net_fen = gross_fen - withheld_fen AND net_fen >= 0
    AND (state NOT IN ('claimed', 'paid') OR (net_fen > 0 AND claimed_at IS NOT NULL)) AND (approved_fen IS NULL OR gross_fen <= approved_fen))
);
ALTER TABLE settlement_lines ADD CONSTRAINT settlement_lines_run_id_fkey FOREIGN KEY (run_id) REFERENCES settlement_runs (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE UNIQUE INDEX settlement_lines_run_id_person_id_key ON settlement_lines (run_id, person_id);
CREATE INDEX settlement_lines_person_id_created_at_idx ON settlement_lines (person_id, created_at);
CREATE INDEX settlement_lines_due ON settlement_lines (run_id, id) WHERE state = 'due';

-- What of a line came from orders of which store.
CREATE TABLE settlement_line_stores (
  line_id UUID NOT NULL,
  store_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  amount_fen BIGINT NOT NULL,
  entries INTEGER NOT NULL,
  CONSTRAINT settlement_line_stores_pkey PRIMARY KEY (line_id, store_id)
);
ALTER TABLE settlement_line_stores ADD CONSTRAINT settlement_line_stores_line_id_fkey FOREIGN KEY (line_id) REFERENCES settlement_lines (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX settlement_line_stores_scope ON settlement_line_stores (org_path text_pattern_ops, line_id);

-- The name a provider asks for with large transfers, as its owner told it.
CREATE TABLE payout_accounts (
  person_id UUID NOT NULL,
  real_name TEXT NOT NULL,
  updated_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT payout_accounts_pkey PRIMARY KEY (person_id)
);

-- Rule K8: a transfer to a person under one number, written before its provider hears of it and kept over every retry.
CREATE TABLE payout_bills (
  id UUID NOT NULL,
  bill_no TEXT NOT NULL,
  line_id UUID NOT NULL,
  run_id UUID,
  person_id UUID NOT NULL,
  source TEXT NOT NULL,
  provider TEXT NOT NULL,
  open_id TEXT NOT NULL,
  real_name TEXT,
  gross_fen BIGINT NOT NULL,
  withheld_fen BIGINT NOT NULL,
  net_fen BIGINT NOT NULL,
  state TEXT NOT NULL,
  provider_ref TEXT,
  acceptance TEXT,
  fail_reason TEXT,
  -- Since when the provider may know of it; null: it was provably never told.
  told_at TIMESTAMPTZ(3),
  attempts INTEGER NOT NULL DEFAULT 0,
  last_error TEXT,
  next_ask_at TIMESTAMPTZ(3),
  created_at TIMESTAMPTZ(3) NOT NULL,
  ended_at TIMESTAMPTZ(3),
  -- When its provider said the same of it after its end.
  checked_at TIMESTAMPTZ(3),
  CONSTRAINT payout_bills_pkey PRIMARY KEY (id),
  CONSTRAINT payout_bills_state CHECK (state IN ('created', 'moving', 'waiting', 'succeeded', 'failed', 'cancelled')
    AND (state IN ('succeeded', 'failed', 'cancelled')) = (ended_at IS NOT NULL) AND (state <> 'succeeded' OR told_at IS NOT NULL)),
  CONSTRAINT payout_bills_sums CHECK (net_fen > 0 AND withheld_fen >= 0 AND net_fen = gross_fen - withheld_fen)
);
ALTER TABLE payout_bills ADD CONSTRAINT payout_bills_line_id_fkey FOREIGN KEY (line_id) REFERENCES settlement_lines (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE UNIQUE INDEX payout_bills_bill_no_key ON payout_bills (bill_no);
-- Another bill of a line is made only when the ones before it are dead.
CREATE UNIQUE INDEX payout_bills_one_alive ON payout_bills (line_id) WHERE state NOT IN ('failed', 'cancelled');
CREATE INDEX payout_bills_line_id_idx ON payout_bills (line_id);
CREATE INDEX payout_bills_person_id_created_at_idx ON payout_bills (person_id, created_at, id);
CREATE INDEX payout_bills_created_at_idx ON payout_bills (created_at, id);
CREATE INDEX payout_bills_due ON payout_bills (next_ask_at) WHERE next_ask_at IS NOT NULL;
CREATE INDEX payout_bills_unchecked ON payout_bills (ended_at) WHERE ended_at IS NOT NULL AND checked_at IS NULL;

CREATE FUNCTION payout_bill_keeps_its_facts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  moving TEXT[] := ARRAY['state', 'provider_ref', 'acceptance', 'fail_reason', 'told_at', 'attempts', 'last_error', 'next_ask_at', 'ended_at', 'checked_at'];
BEGIN
  IF TG_OP = 'DELETE' OR (to_jsonb(OLD) - moving) <> (to_jsonb(NEW) - moving)
    OR (OLD.ended_at IS NOT NULL AND (OLD.state <> NEW.state OR OLD.ended_at <> NEW.ended_at))
    OR (OLD.told_at IS NOT NULL AND NEW.told_at IS DISTINCT FROM OLD.told_at) THEN
    RAISE EXCEPTION 'payout_bills keep their facts and their ends' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payout_bills_facts BEFORE UPDATE OR DELETE ON payout_bills FOR EACH ROW EXECUTE FUNCTION payout_bill_keeps_its_facts();

CREATE TABLE payout_bill_events (
  id BIGSERIAL NOT NULL,
  bill_id UUID NOT NULL,
  from_state TEXT,
  to_state TEXT NOT NULL,
  event TEXT NOT NULL,
  -- Null: the system or the provider.
  actor_id UUID,
  reason TEXT NOT NULL DEFAULT '',
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT payout_bill_events_pkey PRIMARY KEY (id)
);
ALTER TABLE payout_bill_events ADD CONSTRAINT payout_bill_events_bill_id_fkey FOREIGN KEY (bill_id) REFERENCES payout_bills (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX payout_bill_events_bill_id_idx ON payout_bill_events (bill_id);
CREATE TRIGGER payout_bill_events_append_only BEFORE UPDATE OR DELETE ON payout_bill_events FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What a provider says of a transfer that our books do not.
CREATE TABLE payout_differences (
  id UUID NOT NULL,
  provider TEXT NOT NULL,
  bill_no TEXT NOT NULL,
  bill_id UUID,
  kind TEXT NOT NULL,
  our_state TEXT,
  our_fen BIGINT,
  their_state TEXT,
  their_fen BIGINT,
  state TEXT NOT NULL DEFAULT 'open',
  reason TEXT,
  -- Null: the system found it gone.
  resolved_by UUID,
  found_at TIMESTAMPTZ(3) NOT NULL,
  resolved_at TIMESTAMPTZ(3),
  CONSTRAINT payout_differences_pkey PRIMARY KEY (id),
  CONSTRAINT payout_differences_state CHECK (kind IN ('unknown_bill', 'amount_differs', 'state_differs', 'number_taken', 'stuck')
    AND state IN ('open', 'resolved') AND (state = 'resolved') = (resolved_at IS NOT NULL))
);
CREATE UNIQUE INDEX payout_differences_open ON payout_differences (provider, bill_no, kind) WHERE state = 'open';
CREATE INDEX payout_differences_found_at_idx ON payout_differences (found_at, id);

-- A store's account of a period: from where its last one ended, so every movement stands in one of them.
CREATE TABLE store_statements (
  id UUID NOT NULL,
  run_id UUID NOT NULL,
  store_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  mode TEXT NOT NULL,
  hq_share_bps INTEGER NOT NULL,
  since TIMESTAMPTZ(3) NOT NULL,
  until TIMESTAMPTZ(3) NOT NULL,
  orders INTEGER NOT NULL,
  paid_fen BIGINT NOT NULL,
  -- Of what was paid.
  shipping_fen BIGINT NOT NULL,
  refunds INTEGER NOT NULL,
  refunded_fen BIGINT NOT NULL,
  -- Of what went back.
  shipping_refunded_fen BIGINT NOT NULL,
  commission_fen BIGINT NOT NULL,
  hq_share_fen BIGINT NOT NULL,
  -- Positive: headquarters pays the store; negative: the store pays headquarters.
  due_fen BIGINT NOT NULL,
  state TEXT NOT NULL,
  issued_at TIMESTAMPTZ(3) NOT NULL,
  settled_by UUID,
  settled_at TIMESTAMPTZ(3),
  -- Of the bank transfer between the two.
  reference TEXT,
  CONSTRAINT store_statements_pkey PRIMARY KEY (id),
  CONSTRAINT store_statements_state CHECK (mode IN ('hq_collects', 'store_collects') AND state IN ('issued', 'settled') AND since <= until
    AND (state = 'settled') = (settled_at IS NOT NULL) AND (state = 'settled') = (settled_by IS NOT NULL)),
  CONSTRAINT store_statements_sums CHECK (due_fen = CASE mode WHEN 'hq_collects' THEN paid_fen - refunded_fen ELSE 0 END - commission_fen - hq_share_fen)
);
ALTER TABLE store_statements ADD CONSTRAINT store_statements_run_id_fkey FOREIGN KEY (run_id) REFERENCES settlement_runs (id) ON DELETE RESTRICT ON UPDATE CASCADE;
-- No two accounts of a store begin or end together, so none is written twice.
CREATE UNIQUE INDEX store_statements_store_id_since_key ON store_statements (store_id, since);
CREATE INDEX store_statements_scope ON store_statements (org_path text_pattern_ops, until);
CREATE INDEX store_statements_until_idx ON store_statements (until, id);
CREATE INDEX store_statements_run_id_idx ON store_statements (run_id);
