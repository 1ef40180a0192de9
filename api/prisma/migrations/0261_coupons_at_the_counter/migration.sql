-- Coupons that staff take at a counter: something off there, or a gift for coming (到店礼). Rule S10: once.

ALTER TABLE coupon_kinds ADD COLUMN usage TEXT NOT NULL DEFAULT 'order',
  ADD CONSTRAINT coupon_kinds_usage CHECK (usage IN ('order', 'store', 'gift')),
  DROP CONSTRAINT coupon_kinds_terms,
  ADD CONSTRAINT coupon_kinds_terms CHECK (off_fen > 0 AND valid_days > 0 AND total > 0 AND per_person > 0
    AND CASE usage WHEN 'gift' THEN min_spend_fen = 0 ELSE min_spend_fen > off_fen END);

CREATE OR REPLACE FUNCTION coupon_kind_keeps_its_word() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR (NEW.active AND NOT OLD.active)
    OR (OLD.org_unit_id, OLD.org_path, OLD.title, OLD.off_fen, OLD.min_spend_fen, OLD.valid_days, OLD.total, OLD.per_person, OLD.newcomers_only, OLD.below_floor, OLD.usage)
      IS DISTINCT FROM (NEW.org_unit_id, NEW.org_path, NEW.title, NEW.off_fen, NEW.min_spend_fen, NEW.valid_days, NEW.total, NEW.per_person, NEW.newcomers_only, NEW.below_floor, NEW.usage) THEN
    RAISE EXCEPTION 'a coupon keeps its terms' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;

ALTER TABLE coupons ADD COLUMN usage TEXT NOT NULL DEFAULT 'order',
  -- What its QR code says; 16 digits that nobody guesses.
  ADD COLUMN code TEXT,
  ADD COLUMN redeemed_by UUID,
  ADD COLUMN redeemed_unit_id UUID,
  DROP CONSTRAINT coupons_state,
  DROP CONSTRAINT coupons_terms,
  ADD CONSTRAINT coupons_usage CHECK (usage IN ('order', 'store', 'gift') AND (usage = 'order') = (code IS NULL)),
  ADD CONSTRAINT coupons_terms CHECK (off_fen > 0 AND claimed_at < expires_at AND CASE usage WHEN 'gift' THEN min_spend_fen = 0 ELSE min_spend_fen > off_fen END),
  ADD CONSTRAINT coupons_state CHECK (
    CASE state
      WHEN 'held' THEN num_nonnulls(order_id, used_at, redeemed_by, redeemed_unit_id) = 0
      WHEN 'used' THEN usage = 'order' AND num_nonnulls(order_id, used_at) = 2 AND num_nonnulls(redeemed_by, redeemed_unit_id) = 0
      WHEN 'redeemed' THEN usage <> 'order' AND order_id IS NULL AND num_nonnulls(used_at, redeemed_by, redeemed_unit_id) = 3
      ELSE false END),
  ADD CONSTRAINT coupons_redeemed_unit_id_fkey FOREIGN KEY (redeemed_unit_id) REFERENCES org_units (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE UNIQUE INDEX coupons_code_key ON coupons (code);
CREATE INDEX coupons_redeemed_unit_id_used_at_idx ON coupons (redeemed_unit_id, used_at);

-- What was redeemed at a counter stays redeemed.
CREATE FUNCTION coupon_stays_redeemed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'redeemed' THEN
    RAISE EXCEPTION 'a redeemed coupon stays as it is' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER coupons_redeemed BEFORE UPDATE OR DELETE ON coupons FOR EACH ROW EXECUTE FUNCTION coupon_stays_redeemed();
