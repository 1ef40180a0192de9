-- Several coupons in one order: a kind says whether it goes with others, and an order takes one of each group.

ALTER TABLE coupon_kinds
  ADD COLUMN stacking TEXT NOT NULL DEFAULT 'alone',
  ADD COLUMN stack_group TEXT NOT NULL DEFAULT 'store',
  ADD CONSTRAINT coupon_kinds_stacking CHECK (stacking IN ('alone', 'with_others') AND stack_group IN ('store', 'brand', 'member'));

CREATE OR REPLACE FUNCTION coupon_kind_keeps_its_word() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR (NEW.active AND NOT OLD.active)
    OR (OLD.org_unit_id, OLD.org_path, OLD.title, OLD.off_fen, OLD.min_spend_fen, OLD.valid_days, OLD.total, OLD.per_person, OLD.newcomers_only, OLD.below_floor, OLD.usage, OLD.stacking, OLD.stack_group)
      IS DISTINCT FROM (NEW.org_unit_id, NEW.org_path, NEW.title, NEW.off_fen, NEW.min_spend_fen, NEW.valid_days, NEW.total, NEW.per_person, NEW.newcomers_only, NEW.below_floor, NEW.usage, NEW.stacking, NEW.stack_group) THEN
    RAISE EXCEPTION 'a coupon keeps its terms' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;

-- Which coupons an order took, in the order in which they were applied, and what each took off; stays when they are given back.
-- `orders.coupon_id` is the first of them.
CREATE TABLE order_coupons (
  order_id UUID NOT NULL,
  coupon_id UUID NOT NULL,
  position INTEGER NOT NULL,
  off_fen BIGINT NOT NULL,
  CONSTRAINT order_coupons_pkey PRIMARY KEY (order_id, coupon_id),
  CONSTRAINT order_coupons_off CHECK (off_fen > 0 AND position >= 0)
);
ALTER TABLE order_coupons
  ADD CONSTRAINT order_coupons_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT order_coupons_coupon_id_fkey FOREIGN KEY (coupon_id) REFERENCES coupons (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE UNIQUE INDEX order_coupons_order_id_position_key ON order_coupons (order_id, position);
CREATE INDEX order_coupons_coupon_id_idx ON order_coupons (coupon_id);
INSERT INTO order_coupons (order_id, coupon_id, position, off_fen)
  SELECT id, coupon_id, 0, discount_fen FROM orders WHERE coupon_id IS NOT NULL;

DROP INDEX coupons_order;
CREATE INDEX coupons_order ON coupons (order_id) WHERE order_id IS NOT NULL;
