-- Coupons: their terms, who holds one, and what rooms drop (rules S10, N2).

CREATE TABLE coupon_kinds (
  id UUID NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  title TEXT NOT NULL,
  off_fen BIGINT NOT NULL,
  min_spend_fen BIGINT NOT NULL,
  valid_days INTEGER NOT NULL,
  total INTEGER NOT NULL,
  -- Coupons that people hold or have used, without those of drops that still run.
  claimed INTEGER NOT NULL DEFAULT 0,
  -- In drops that still run, taken or not.
  set_aside INTEGER NOT NULL DEFAULT 0,
  per_person INTEGER NOT NULL,
  newcomers_only BOOLEAN NOT NULL,
  -- Anybody may claim one; else only drops and staff hand them out.
  listed BOOLEAN NOT NULL,
  active BOOLEAN NOT NULL DEFAULT true,
  created_by UUID NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  stopped_at TIMESTAMPTZ(3),
  CONSTRAINT coupon_kinds_pkey PRIMARY KEY (id),
  CONSTRAINT coupon_kinds_counted CHECK (claimed >= 0 AND set_aside >= 0 AND claimed + set_aside <= total),
  -- Nobody's order is ever free of charge.
  CONSTRAINT coupon_kinds_terms CHECK (off_fen > 0 AND min_spend_fen > off_fen AND valid_days > 0 AND total > 0 AND per_person > 0),
  CONSTRAINT coupon_kinds_stopped CHECK (active = (stopped_at IS NULL))
);
ALTER TABLE coupon_kinds
  ADD CONSTRAINT coupon_kinds_org_unit_id_fkey FOREIGN KEY (org_unit_id) REFERENCES org_units (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX coupon_kinds_org_path_created_at_idx ON coupon_kinds (org_path, created_at);

-- What was promised stays promised; a stopped kind stays stopped.
CREATE FUNCTION coupon_kind_keeps_its_word() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR (NEW.active AND NOT OLD.active)
    OR (OLD.org_unit_id, OLD.org_path, OLD.title, OLD.off_fen, OLD.min_spend_fen, OLD.valid_days, OLD.total, OLD.per_person, OLD.newcomers_only)
      IS DISTINCT FROM (NEW.org_unit_id, NEW.org_path, NEW.title, NEW.off_fen, NEW.min_spend_fen, NEW.valid_days, NEW.total, NEW.per_person, NEW.newcomers_only) THEN
    RAISE EXCEPTION 'a coupon keeps its terms' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER coupon_kinds_word BEFORE UPDATE OR DELETE ON coupon_kinds FOR EACH ROW EXECUTE FUNCTION coupon_kind_keeps_its_word();

-- How many of a kind somebody has had; grows only by a conditional statement.
CREATE TABLE coupon_holders (
  kind_id UUID NOT NULL,
  person_id UUID NOT NULL,
  quantity INTEGER NOT NULL,
  CONSTRAINT coupon_holders_pkey PRIMARY KEY (kind_id, person_id),
  CONSTRAINT coupon_holders_quantity CHECK (quantity > 0)
);
ALTER TABLE coupon_holders
  ADD CONSTRAINT coupon_holders_kind_id_fkey FOREIGN KEY (kind_id) REFERENCES coupon_kinds (id) ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE coupon_drops (
  id UUID NOT NULL,
  kind_id UUID NOT NULL,
  room_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  state TEXT NOT NULL,
  count INTEGER NOT NULL,
  taken INTEGER NOT NULL DEFAULT 0,
  started_by UUID NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  starts_at TIMESTAMPTZ(3) NOT NULL,
  ends_at TIMESTAMPTZ(3) NOT NULL,
  ended_at TIMESTAMPTZ(3),
  CONSTRAINT coupon_drops_pkey PRIMARY KEY (id),
  CONSTRAINT coupon_drops_state CHECK (state IN ('running', 'ended') AND (state = 'ended') = (ended_at IS NOT NULL)),
  CONSTRAINT coupon_drops_taken CHECK (count > 0 AND taken BETWEEN 0 AND count AND starts_at < ends_at)
);
ALTER TABLE coupon_drops
  ADD CONSTRAINT coupon_drops_kind_id_fkey FOREIGN KEY (kind_id) REFERENCES coupon_kinds (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT coupon_drops_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX coupon_drops_room_id_created_at_idx ON coupon_drops (room_id, created_at);
CREATE UNIQUE INDEX coupon_drops_current ON coupon_drops (room_id) WHERE state = 'running';
CREATE INDEX coupon_drops_due ON coupon_drops (ends_at) WHERE state = 'running';

CREATE TABLE coupons (
  id UUID NOT NULL,
  kind_id UUID NOT NULL,
  person_id UUID NOT NULL,
  -- The terms as they were then.
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  title TEXT NOT NULL,
  off_fen BIGINT NOT NULL,
  min_spend_fen BIGINT NOT NULL,
  newcomers_only BOOLEAN NOT NULL,
  source TEXT NOT NULL,
  drop_id UUID,
  state TEXT NOT NULL,
  -- Of the order that uses it now.
  order_id UUID,
  claimed_at TIMESTAMPTZ(3) NOT NULL,
  expires_at TIMESTAMPTZ(3) NOT NULL,
  used_at TIMESTAMPTZ(3),
  CONSTRAINT coupons_pkey PRIMARY KEY (id),
  CONSTRAINT coupons_source CHECK (source IN ('claim', 'drop', 'given') AND (source = 'drop') = (drop_id IS NOT NULL)),
  CONSTRAINT coupons_state CHECK (state IN ('held', 'used') AND num_nonnulls(order_id, used_at) = CASE state WHEN 'used' THEN 2 ELSE 0 END),
  CONSTRAINT coupons_terms CHECK (off_fen > 0 AND min_spend_fen > off_fen AND claimed_at < expires_at)
);
ALTER TABLE orders ADD COLUMN coupon_id UUID;
ALTER TABLE coupons
  ADD CONSTRAINT coupons_kind_id_fkey FOREIGN KEY (kind_id) REFERENCES coupon_kinds (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT coupons_drop_id_fkey FOREIGN KEY (drop_id) REFERENCES coupon_drops (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT coupons_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE orders
  ADD CONSTRAINT orders_coupon_id_fkey FOREIGN KEY (coupon_id) REFERENCES coupons (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT orders_coupon CHECK (coupon_id IS NULL OR discount_fen > 0);
CREATE INDEX coupons_person_id_claimed_at_idx ON coupons (person_id, claimed_at);
CREATE INDEX coupons_kind_id_idx ON coupons (kind_id);
CREATE UNIQUE INDEX coupons_drop_person ON coupons (drop_id, person_id) WHERE drop_id IS NOT NULL;
CREATE UNIQUE INDEX coupons_order ON coupons (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX coupons_ending ON coupons (expires_at) WHERE state = 'held';
CREATE INDEX orders_coupon_id_idx ON orders (coupon_id);
