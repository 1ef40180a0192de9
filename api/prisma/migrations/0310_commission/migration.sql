-- Commission: rules with rates, what becomes of an entry, the hold desk, bonuses. See docs/26-commission.md.

-- ── rules (K1, K2, K5) ──────────────────────────────────────────────────────────────────────────────────────────────
-- A version is never changed. Between `published_at` and `effective_from` its rises are in force and its cuts are announced.
ALTER TABLE commission_rules
  ADD COLUMN level_two_enabled BOOLEAN NOT NULL DEFAULT false,
  -- Lines that say more than the two rates for everything; checked by the api (contracts: CommissionRate).
  ADD COLUMN rates JSONB NOT NULL DEFAULT '[]',
  ADD COLUMN tiers JSONB NOT NULL DEFAULT '[]',
  ADD COLUMN freeze_days INTEGER NOT NULL DEFAULT 15,
  ADD COLUMN lock_days INTEGER NOT NULL DEFAULT 30,
  ADD COLUMN notice_days INTEGER NOT NULL DEFAULT 2,
  ADD COLUMN published_at TIMESTAMPTZ(3),
  ADD COLUMN published_by UUID,
  ADD COLUMN reason TEXT NOT NULL DEFAULT '',
  ADD CONSTRAINT commission_rules_lists CHECK (jsonb_typeof(rates) = 'array' AND jsonb_typeof(tiers) = 'array'),
  -- K3: never inside the seven days within which goods go back without a reason.
  ADD CONSTRAINT commission_rules_days CHECK (freeze_days BETWEEN 7 AND 365 AND lock_days BETWEEN 0 AND 365 AND notice_days BETWEEN 0 AND 90),
  ADD CONSTRAINT commission_rules_published CHECK (published_at IS NULL OR published_at <= effective_from);
CREATE TRIGGER commission_rules_append_only BEFORE UPDATE OR DELETE ON commission_rules FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- The one draft of the brand; `revision` refuses a second writer who saw less.
CREATE TABLE commission_drafts (
  id INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  rule JSONB NOT NULL,
  saved_at TIMESTAMPTZ(3) NOT NULL,
  saved_by UUID NOT NULL,
  CONSTRAINT commission_drafts_pkey PRIMARY KEY (id),
  CONSTRAINT commission_drafts_one CHECK (id = 1)
);

-- ── entries (K1–K4) ─────────────────────────────────────────────────────────────────────────────────────────────────
ALTER TABLE commission_entries
  -- The order in which entries were made.
  ADD COLUMN seq BIGSERIAL NOT NULL,
  -- Instead of a rate: for every piece that was not sent back.
  ADD COLUMN fixed_fen BIGINT,
  -- Why this rate: the line that won, those that lost, and what the person and the product were then.
  ADD COLUMN rate_trace JSONB,
  -- When the freeze is over; set with the receipt.
  ADD COLUMN settleable_at TIMESTAMPTZ(3),
  -- Why it is held; empty when it is not.
  ADD COLUMN held_reason TEXT NOT NULL DEFAULT '',
  -- The line of a settlement that claimed it.
  ADD COLUMN settlement_line_id UUID,
  DROP CONSTRAINT commission_entries_event,
  DROP CONSTRAINT commission_entries_basis,
  ADD CONSTRAINT commission_entries_event CHECK (event IN ('paid', 'refunded', 'ruled', 'voided')),
  ADD CONSTRAINT commission_entries_basis CHECK (basis_fen >= 0 AND bps BETWEEN 0 AND 10000
    AND CASE event WHEN 'paid' THEN amount_fen >= 0 WHEN 'ruled' THEN true ELSE amount_fen <= 0 END),
  ADD CONSTRAINT commission_entries_fixed CHECK (fixed_fen IS NULL OR (fixed_fen > 0 AND bps = 0)),
  -- NOT VALID: entries of before may say less.
  ADD CONSTRAINT commission_entries_frozen CHECK (state <> 'frozen' OR settleable_at IS NOT NULL) NOT VALID,
  ADD CONSTRAINT commission_entries_held CHECK ((state = 'held') = (held_reason <> '')) NOT VALID,
  ADD CONSTRAINT commission_entries_line CHECK ((state IN ('claimed', 'paid')) = (settlement_line_id IS NOT NULL)) NOT VALID;
DROP INDEX commission_entries_order_item_id_level_event_event_ref_key;
-- A ruling takes from one person and gives to another, of the same item.
CREATE UNIQUE INDEX commission_entries_once ON commission_entries (order_item_id, level, event, event_ref, beneficiary_id);
CREATE UNIQUE INDEX commission_entries_paid_once ON commission_entries (order_item_id, level) WHERE event = 'paid';
CREATE INDEX commission_entries_thaw ON commission_entries (settleable_at, id) WHERE state = 'frozen';
CREATE INDEX commission_entries_claimable ON commission_entries (beneficiary_id, settleable_at) WHERE state = 'settleable';
CREATE INDEX commission_entries_settlement ON commission_entries (settlement_line_id) WHERE settlement_line_id IS NOT NULL;

-- K3, K4: what an entry says never changes; where it stands does, by these steps alone (commission-states.policy.ts).
CREATE OR REPLACE FUNCTION commission_entry_keeps_its_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR (to_jsonb(OLD) - '{state,settleable_at,held_reason,settlement_line_id}'::text[])
      <> (to_jsonb(NEW) - '{state,settleable_at,held_reason,settlement_line_id}'::text[]) THEN
    RAISE EXCEPTION '% keep their facts', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN (
      'estimated>frozen', 'estimated>held', 'estimated>reversed', 'frozen>settleable', 'frozen>held', 'frozen>reversed',
      'settleable>claimed', 'settleable>held', 'settleable>reversed', 'claimed>settleable', 'claimed>paid',
      'held>estimated', 'held>frozen', 'held>reversed') THEN
    RAISE EXCEPTION '% cannot go from % to %', TG_TABLE_NAME, OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;

-- Every step of every entry, the first with it.
CREATE TABLE commission_transitions (
  id BIGSERIAL NOT NULL,
  entry_id UUID NOT NULL,
  from_state TEXT,
  to_state TEXT NOT NULL,
  event TEXT NOT NULL,
  actor_id UUID,
  reason TEXT NOT NULL DEFAULT '',
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT commission_transitions_pkey PRIMARY KEY (id),
  CONSTRAINT commission_transitions_entry_id_fkey FOREIGN KEY (entry_id) REFERENCES commission_entries (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE INDEX commission_transitions_of ON commission_transitions (entry_id, id);
CREATE TRIGGER commission_transitions_append_only BEFORE UPDATE OR DELETE ON commission_transitions FOR EACH ROW EXECUTE FUNCTION refuse_change();
INSERT INTO commission_transitions (entry_id, to_state, event, at) SELECT id, state, 'posted', at FROM commission_entries ORDER BY at, id;

-- ── bonuses by month (K6) ───────────────────────────────────────────────────────────────────────────────────────────
-- Signed parts; those of a person, store and month sum to what the month's sales, net of refunds, are worth now.
CREATE TABLE commission_bonuses (
  id UUID NOT NULL,
  beneficiary_id UUID NOT NULL,
  store_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  -- A month in China, by the day an order was paid: 2026-11
  period TEXT NOT NULL,
  no INTEGER NOT NULL,
  net_fen BIGINT NOT NULL,
  tier INTEGER NOT NULL,
  bps INTEGER NOT NULL,
  amount_fen BIGINT NOT NULL,
  rule_version INTEGER NOT NULL,
  state TEXT NOT NULL,
  settlement_line_id UUID,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT commission_bonuses_pkey PRIMARY KEY (id),
  CONSTRAINT commission_bonuses_state CHECK (state IN ('settleable', 'claimed', 'paid')),
  CONSTRAINT commission_bonuses_line CHECK ((state IN ('claimed', 'paid')) = (settlement_line_id IS NOT NULL)),
  CONSTRAINT commission_bonuses_period CHECK (period ~ '^\d{4}-(0[1-9]|1[0-2])$'),
  CONSTRAINT commission_bonuses_sums CHECK (net_fen >= 0 AND tier >= 0 AND bps BETWEEN 0 AND 10000 AND no > 0 AND amount_fen <> 0)
);
CREATE UNIQUE INDEX commission_bonuses_no ON commission_bonuses (beneficiary_id, store_id, period, no);
CREATE INDEX commission_bonuses_claimable ON commission_bonuses (beneficiary_id, at) WHERE state = 'settleable';
CREATE INDEX commission_bonuses_settlement ON commission_bonuses (settlement_line_id) WHERE settlement_line_id IS NOT NULL;
CREATE INDEX commission_bonuses_scope ON commission_bonuses (org_path text_pattern_ops, at);
CREATE TRIGGER commission_bonuses_facts BEFORE UPDATE OR DELETE ON commission_bonuses FOR EACH ROW EXECUTE FUNCTION commission_entry_keeps_its_facts();

-- Months of people that must be looked at (again).
CREATE TABLE commission_bonus_marks (
  beneficiary_id UUID NOT NULL,
  period TEXT NOT NULL,
  marked_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT commission_bonus_marks_pkey PRIMARY KEY (beneficiary_id, period)
);

-- ── hold desk (K7) ──────────────────────────────────────────────────────────────────────────────────────────────────
-- Paid orders whose commission is looked at for signs of fraud; nothing is settleable before.
CREATE TABLE commission_checks (
  order_id UUID NOT NULL,
  due_at TIMESTAMPTZ(3) NOT NULL,
  checked_at TIMESTAMPTZ(3),
  CONSTRAINT commission_checks_pkey PRIMARY KEY (order_id)
);
CREATE INDEX commission_checks_open ON commission_checks (due_at, order_id) WHERE checked_at IS NULL;

CREATE TABLE commission_holds (
  id UUID NOT NULL,
  order_id UUID NOT NULL,
  beneficiary_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  -- What was seen: kind and evidence, without phones and addresses.
  signals JSONB NOT NULL,
  state TEXT NOT NULL,
  opened_at TIMESTAMPTZ(3) NOT NULL,
  decided_at TIMESTAMPTZ(3),
  decided_by UUID,
  reason TEXT NOT NULL DEFAULT '',
  CONSTRAINT commission_holds_pkey PRIMARY KEY (id),
  CONSTRAINT commission_holds_state CHECK (state IN ('open', 'released', 'confirmed', 'moot')),
  CONSTRAINT commission_holds_decided CHECK ((state = 'open') = (decided_at IS NULL) AND (state NOT IN ('released', 'confirmed') OR (reason <> '' AND decided_by IS NOT NULL))),
  CONSTRAINT commission_holds_signals CHECK (jsonb_typeof(signals) = 'array' AND jsonb_array_length(signals) > 0)
);
CREATE UNIQUE INDEX commission_holds_open ON commission_holds (order_id, beneficiary_id) WHERE state = 'open';
CREATE INDEX commission_holds_desk ON commission_holds (state, opened_at, id);
