-- Credits that headquarters has ruled on, appeals, versions of the attribution policy, customers who change hands by staff.
-- See docs/27-attribution.md.

-- A3, A4: every version of an order's credit; the first is the decision made with the order. What a version says never changes; that
-- another one stands now does, once. `order_credits` is, as before, the credit that stands.
ALTER TABLE order_credits RENAME TO order_credit_versions;
ALTER TABLE order_credit_versions
  ADD COLUMN version INTEGER NOT NULL DEFAULT 1,
  ADD COLUMN current BOOLEAN NOT NULL DEFAULT true,
  ADD COLUMN ruling_id UUID;
ALTER TABLE order_credit_versions DROP CONSTRAINT order_credits_pkey;
ALTER TABLE order_credit_versions ADD CONSTRAINT order_credit_versions_pkey PRIMARY KEY (order_id, version);
ALTER TABLE order_credit_versions RENAME CONSTRAINT order_credits_order_id_fkey TO order_credit_versions_order_id_fkey;
ALTER INDEX order_credits_person_id_decided_at_idx RENAME TO order_credit_versions_person_id_decided_at_idx;
CREATE UNIQUE INDEX order_credit_versions_current ON order_credit_versions (order_id) WHERE current;
ALTER TABLE order_credit_versions ADD CONSTRAINT order_credit_versions_ruling CHECK ((version = 1) = (ruling_id IS NULL));

DROP TRIGGER order_credits_append_only ON order_credit_versions;
CREATE FUNCTION order_credit_version_keeps_its_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR NOT (OLD.current AND NOT NEW.current) OR (to_jsonb(OLD) - 'current') <> (to_jsonb(NEW) - 'current') THEN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER order_credit_versions_facts BEFORE UPDATE OR DELETE ON order_credit_versions FOR EACH ROW
  EXECUTE FUNCTION order_credit_version_keeps_its_facts();

CREATE VIEW order_credits AS
  SELECT order_id, reason, person_id, org_unit_id, org_path, touch_id, rule_version, trace, decided_at
  FROM order_credit_versions WHERE current;

CREATE TABLE credit_rulings (
  id UUID NOT NULL,
  order_id UUID NOT NULL,
  -- The version of the credit that it made.
  version INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL,
  by_id UUID NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT credit_rulings_pkey PRIMARY KEY (id),
  CONSTRAINT credit_rulings_outcome CHECK (outcome IN ('upheld', 'changed')),
  CONSTRAINT credit_rulings_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX credit_rulings_order_id_version_key ON credit_rulings (order_id, version);
CREATE TRIGGER credit_rulings_append_only BEFORE UPDATE OR DELETE ON credit_rulings FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE credit_appeals (
  id UUID NOT NULL,
  order_id UUID NOT NULL,
  -- Of the order.
  org_path TEXT NOT NULL,
  person_id UUID NOT NULL,
  role TEXT NOT NULL,
  text TEXT NOT NULL,
  -- The version of the credit that it is about.
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  ruling_id UUID,
  at TIMESTAMPTZ(3) NOT NULL,
  closed_at TIMESTAMPTZ(3),
  CONSTRAINT credit_appeals_pkey PRIMARY KEY (id),
  CONSTRAINT credit_appeals_role CHECK (role IN ('sharer', 'owner_guide', 'room_guide', 'store_manager')),
  CONSTRAINT credit_appeals_state CHECK (state IN ('open', 'upheld', 'changed')),
  CONSTRAINT credit_appeals_closed CHECK ((state = 'open') = (closed_at IS NULL) AND (state = 'open') = (ruling_id IS NULL)),
  CONSTRAINT credit_appeals_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT credit_appeals_ruling_id_fkey FOREIGN KEY (ruling_id) REFERENCES credit_rulings (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
-- Once per party and version of the credit: who was answered asks again only about a new answer.
CREATE UNIQUE INDEX credit_appeals_order_id_person_id_version_key ON credit_appeals (order_id, person_id, version);
CREATE INDEX credit_appeals_org_path ON credit_appeals (org_path text_pattern_ops, at);
CREATE INDEX credit_appeals_open ON credit_appeals (at) WHERE state = 'open';
CREATE INDEX credit_appeals_person_id_at_idx ON credit_appeals (person_id, at);

-- Z5: channels that are always inside WeChat cannot be named.
ALTER TABLE attribution_policies
  ADD COLUMN share_reward_channels TEXT[] NOT NULL DEFAULT '{copy,poster,other}',
  ADD COLUMN reason TEXT NOT NULL DEFAULT '',
  ADD COLUMN by_id UUID,
  ADD COLUMN made_at TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  ADD CONSTRAINT attribution_policies_z5 CHECK (share_reward_channels <@ ARRAY['copy', 'poster', 'other']),
  ADD CONSTRAINT attribution_policies_terms CHECK (credit_window_seconds > 0 AND protect_days >= -1 AND (valid_days = -1 OR valid_days > 0));
CREATE TRIGGER attribution_policies_append_only BEFORE UPDATE OR DELETE ON attribution_policies FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- All customers of a guide in one store, given to others; a job moves them.
CREATE TABLE customer_transfers (
  id UUID NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  from_id UUID NOT NULL,
  to_ids UUID[] NOT NULL,
  reason TEXT NOT NULL,
  state TEXT NOT NULL,
  total INTEGER NOT NULL,
  moved INTEGER NOT NULL DEFAULT 0,
  by_id UUID NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  ended_at TIMESTAMPTZ(3),
  CONSTRAINT customer_transfers_pkey PRIMARY KEY (id),
  CONSTRAINT customer_transfers_state CHECK (state IN ('running', 'done', 'stopped') AND (state = 'running') = (ended_at IS NULL)),
  CONSTRAINT customer_transfers_figures CHECK (0 <= moved AND moved <= total AND cardinality(to_ids) > 0),
  CONSTRAINT customer_transfers_org_unit_id_fkey FOREIGN KEY (org_unit_id) REFERENCES org_units (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX customer_transfers_running ON customer_transfers (from_id, org_unit_id) WHERE state = 'running';
CREATE INDEX customer_transfers_org_path ON customer_transfers (org_path text_pattern_ops, at);

-- Who moved the customer, why, and by which transfer.
ALTER TABLE owner_bindings ADD COLUMN by_id UUID, ADD COLUMN why TEXT NOT NULL DEFAULT '', ADD COLUMN transfer_id UUID,
  DROP CONSTRAINT owner_bindings_reason,
  ADD CONSTRAINT owner_bindings_reason CHECK (reason IN ('sharer_store', 'sharer_owner', 'room_store', 'first_order', 'transferred', 'hq_ruling')),
  ADD CONSTRAINT owner_bindings_act CHECK ((reason IN ('transferred', 'hq_ruling')) = (by_id IS NOT NULL)),
  ADD CONSTRAINT owner_bindings_transfer CHECK ((reason = 'transferred') = (transfer_id IS NOT NULL));
CREATE INDEX owner_bindings_transfer_id ON owner_bindings (transfer_id, customer_id) WHERE transfer_id IS NOT NULL;
