-- What Prisma's schema cannot say: value rules, partial uniqueness, append-only tables, the ledger's zero sum.

-- org paths: prefix search for "at or under"
CREATE INDEX org_units_path_prefix ON org_units (path text_pattern_ops);
CREATE INDEX orders_org_path_prefix ON orders (org_path text_pattern_ops, placed_at);
CREATE INDEX rooms_org_path_prefix ON rooms (org_path text_pattern_ops);

ALTER TABLE org_units ADD CONSTRAINT org_units_kind CHECK (kind IN ('hq', 'channel', 'store'));
ALTER TABLE people ADD CONSTRAINT people_kind CHECK (kind IN ('guest', 'consumer', 'staff')),
  ADD CONSTRAINT people_merge CHECK (merged_into IS NULL OR (kind = 'guest' AND merged_into <> id));
ALTER TABLE rooms ADD CONSTRAINT rooms_state CHECK (state IN ('scheduled', 'live', 'ended')),
  ADD CONSTRAINT rooms_counts CHECK (likes >= 0 AND viewers_total >= 0 AND viewers_peak >= 0);
ALTER TABLE room_moderation ADD CONSTRAINT room_moderation_kind CHECK (kind IN ('mute', 'ban'));
CREATE UNIQUE INDEX room_moderation_current ON room_moderation (room_id, person_id, kind) WHERE lifted_at IS NULL;

-- M1, S1, S5, S6
ALTER TABLE skus ADD CONSTRAINT skus_prices CHECK (price_fen > 0 AND (floor_price_fen IS NULL OR floor_price_fen > 0)),
  ADD CONSTRAINT skus_list_price CHECK (list_price_fen IS NULL OR list_price_basis IS NOT NULL); -- Z4: a struck price states its basis
ALTER TABLE stocks ADD CONSTRAINT stocks_s1 CHECK (0 <= reserved AND reserved <= on_hand);
ALTER TABLE offers ADD CONSTRAINT offers_state CHECK (state IN ('open', 'closed')),
  ADD CONSTRAINT offers_terms CHECK (price_fen > 0 AND starts_at < ends_at AND (per_person_limit IS NULL OR per_person_limit > 0)),
  ADD CONSTRAINT offers_cap CHECK (taken >= 0 AND (cap IS NULL OR taken <= cap));
CREATE UNIQUE INDEX offers_one_open ON offers (room_id, sku_id) WHERE state = 'open';
ALTER TABLE offer_purchases ADD CONSTRAINT offer_purchases_quantity CHECK (quantity >= 0);

-- S7, S8
ALTER TABLE orders ADD CONSTRAINT orders_state CHECK (state IN ('pending_payment', 'paid', 'shipped', 'received', 'cancelled', 'expired', 'refunding', 'refunded')),
  ADD CONSTRAINT orders_sums CHECK (items_fen >= 0 AND discount_fen >= 0 AND shipping_fen >= 0 AND total_fen = items_fen - discount_fen + shipping_fen
    AND 0 <= refunded_fen AND refunded_fen <= paid_fen AND paid_fen <= total_fen);
CREATE INDEX orders_due ON orders (expires_at) WHERE state = 'pending_payment';
ALTER TABLE order_items ADD CONSTRAINT order_items_sums CHECK (quantity > 0 AND unit_price_fen > 0
    AND amount_fen = unit_price_fen * quantity - discount_fen AND 0 <= refunded_fen AND refunded_fen <= amount_fen);
ALTER TABLE payments ADD CONSTRAINT payments_state CHECK (state IN ('pending', 'captured', 'closed', 'failed')),
  ADD CONSTRAINT payments_sums CHECK (amount_fen >= 0 AND 0 <= refunded_fen AND refunded_fen <= captured_fen AND captured_fen <= amount_fen);
CREATE UNIQUE INDEX payments_one_current ON payments (order_id) WHERE state IN ('pending', 'captured');
ALTER TABLE refunds ADD CONSTRAINT refunds_state CHECK (state IN ('requested', 'processing', 'succeeded', 'failed')),
  ADD CONSTRAINT refunds_amount CHECK (amount_fen > 0);
ALTER TABLE idempotency_keys ADD CONSTRAINT idempotency_keys_state CHECK (state IN ('in_flight', 'done'));
ALTER TABLE sandbox_charges ADD CONSTRAINT sandbox_charges_state CHECK (state IN ('open', 'captured', 'failed', 'closed')),
  ADD CONSTRAINT sandbox_charges_sums CHECK (0 <= refunded_fen AND refunded_fen <= amount_fen);

-- A2, A5
CREATE UNIQUE INDEX owner_bindings_current ON owner_bindings (customer_id) WHERE ended_at IS NULL;
ALTER TABLE invite_edges ADD CONSTRAINT invite_edges_self CHECK (invitee_id <> inviter_id);

-- K1, K2
ALTER TABLE commission_entries ADD CONSTRAINT commission_entries_level CHECK (level IN (1, 2)),
  ADD CONSTRAINT commission_entries_event CHECK (event IN ('paid', 'refunded')),
  ADD CONSTRAINT commission_entries_state CHECK (state IN ('estimated', 'frozen', 'settleable', 'claimed', 'paid', 'held', 'reversed'));
ALTER TABLE commission_rules ADD CONSTRAINT commission_rules_bps CHECK (level_one_bps BETWEEN 0 AND 10000 AND level_two_bps BETWEEN 0 AND 10000);

-- outbox: the publisher looks only at what is left
CREATE INDEX outbox_unpublished ON outbox (id) WHERE published_at IS NULL;

-- Append-only tables (M2, A6, audit): a correction is a new row.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE ON ledger_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_transfers_append_only BEFORE UPDATE OR DELETE ON ledger_transfers FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER touches_append_only BEFORE UPDATE OR DELETE ON touches FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER order_credits_append_only BEFORE UPDATE OR DELETE ON order_credits FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER order_transitions_append_only BEFORE UPDATE OR DELETE ON order_transitions FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- K4: what a commission entry says never changes; where it stands does.
CREATE FUNCTION commission_entry_keeps_its_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR (to_jsonb(OLD) - 'state') <> (to_jsonb(NEW) - 'state') THEN
    RAISE EXCEPTION 'commission_entries keep their facts' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER commission_entries_facts BEFORE UPDATE OR DELETE ON commission_entries FOR EACH ROW EXECUTE FUNCTION commission_entry_keeps_its_facts();

-- M2: the entries of one transfer sum to zero, checked when the transaction commits.
CREATE FUNCTION ledger_transfer_sums_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE total numeric;
BEGIN
  SELECT sum(amount_fen) INTO total FROM ledger_entries WHERE transfer_id = NEW.transfer_id;
  IF total <> 0 THEN
    RAISE EXCEPTION 'transfer % does not sum to zero', NEW.transfer_id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_entries_zero_sum AFTER INSERT ON ledger_entries DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION ledger_transfer_sums_to_zero();
ALTER TABLE ledger_entries ADD CONSTRAINT ledger_entries_chain CHECK (current_fen = previous_fen + amount_fen);

-- The first rules in force.
INSERT INTO attribution_policies VALUES (1, 86400, 180, 365, false, '2026-01-01T00:00:00Z');
INSERT INTO commission_rules VALUES (1, 1000, 0, '2026-01-01T00:00:00Z');
