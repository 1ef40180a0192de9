-- Group buys: N people buy together before a deadline, or everybody is refunded (rule S9).

CREATE TABLE group_campaigns (
  id UUID NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  product_id UUID NOT NULL,
  sku_id UUID NOT NULL,
  title TEXT NOT NULL,
  price_fen BIGINT NOT NULL,
  size INTEGER NOT NULL,
  -- How long a group may take to become complete.
  hours INTEGER NOT NULL,
  -- Groups that are open or complete at the same time; none: as many as people open.
  max_groups INTEGER,
  groups INTEGER NOT NULL DEFAULT 0,
  -- Pieces of one person, in all groups of the campaign.
  per_person INTEGER NOT NULL,
  starts_at TIMESTAMPTZ(3) NOT NULL,
  ends_at TIMESTAMPTZ(3) NOT NULL,
  created_by UUID NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  stopped_at TIMESTAMPTZ(3),
  CONSTRAINT group_campaigns_pkey PRIMARY KEY (id),
  CONSTRAINT group_campaigns_terms CHECK (price_fen > 0 AND size BETWEEN 2 AND 20 AND hours BETWEEN 1 AND 168 AND per_person > 0 AND starts_at < ends_at),
  CONSTRAINT group_campaigns_counted CHECK (groups >= 0 AND (max_groups IS NULL OR groups <= max_groups))
);
ALTER TABLE group_campaigns
  ADD CONSTRAINT group_campaigns_org_unit_id_fkey FOREIGN KEY (org_unit_id) REFERENCES org_units (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT group_campaigns_product_id_fkey FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT group_campaigns_sku_id_fkey FOREIGN KEY (sku_id) REFERENCES skus (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX group_campaigns_org_path_created_at_idx ON group_campaigns (org_path, created_at);
CREATE INDEX group_campaigns_product_id_idx ON group_campaigns (product_id);

-- What was promised stays promised; a stopped campaign stays stopped.
CREATE FUNCTION group_campaign_keeps_its_word() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR (OLD.stopped_at IS NOT NULL AND NEW.stopped_at IS DISTINCT FROM OLD.stopped_at)
    OR (OLD.org_unit_id, OLD.org_path, OLD.sku_id, OLD.title, OLD.price_fen, OLD.size, OLD.hours, OLD.max_groups, OLD.per_person, OLD.starts_at, OLD.ends_at)
      IS DISTINCT FROM (NEW.org_unit_id, NEW.org_path, NEW.sku_id, NEW.title, NEW.price_fen, NEW.size, NEW.hours, NEW.max_groups, NEW.per_person, NEW.starts_at, NEW.ends_at) THEN
    RAISE EXCEPTION 'a group campaign keeps its terms' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER group_campaigns_word BEFORE UPDATE OR DELETE ON group_campaigns FOR EACH ROW EXECUTE FUNCTION group_campaign_keeps_its_word();

-- Pieces somebody holds or has bought in a campaign; grows only by a conditional statement (rule S5).
CREATE TABLE group_buyers (
  campaign_id UUID NOT NULL,
  person_id UUID NOT NULL,
  quantity INTEGER NOT NULL,
  CONSTRAINT group_buyers_pkey PRIMARY KEY (campaign_id, person_id),
  CONSTRAINT group_buyers_quantity CHECK (quantity >= 0),
  CONSTRAINT group_buyers_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES group_campaigns (id) ON DELETE RESTRICT ON UPDATE CASCADE
);

CREATE TABLE group_buys (
  id UUID NOT NULL,
  campaign_id UUID NOT NULL,
  room_id UUID NOT NULL,
  opener_id UUID NOT NULL,
  state TEXT NOT NULL,
  size INTEGER NOT NULL,
  price_fen BIGINT NOT NULL,
  -- Seats taken: paid ones, and those of orders that still may be paid.
  held INTEGER NOT NULL,
  paid INTEGER NOT NULL DEFAULT 0,
  opened_at TIMESTAMPTZ(3) NOT NULL,
  deadline_at TIMESTAMPTZ(3) NOT NULL,
  ended_at TIMESTAMPTZ(3),
  CONSTRAINT group_buys_pkey PRIMARY KEY (id),
  CONSTRAINT group_buys_state CHECK (state IN ('open', 'complete', 'expired') AND (state = 'open') = (ended_at IS NULL)),
  CONSTRAINT group_buys_seats CHECK (0 <= paid AND paid <= held AND held <= size),
  -- A group ends only when no seat of it waits for money.
  CONSTRAINT group_buys_ends CHECK ((state <> 'complete' OR paid = size) AND (state <> 'expired' OR held = paid))
);
ALTER TABLE group_buys
  ADD CONSTRAINT group_buys_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES group_campaigns (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT group_buys_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX group_buys_campaign_id_opened_at_idx ON group_buys (campaign_id, opened_at);
CREATE INDEX group_buys_due ON group_buys (deadline_at) WHERE state = 'open';

CREATE TABLE group_seats (
  order_id UUID NOT NULL,
  group_id UUID NOT NULL,
  person_id UUID NOT NULL,
  quantity INTEGER NOT NULL,
  state TEXT NOT NULL,
  taken_at TIMESTAMPTZ(3) NOT NULL,
  paid_at TIMESTAMPTZ(3),
  left_at TIMESTAMPTZ(3),
  CONSTRAINT group_seats_pkey PRIMARY KEY (order_id),
  CONSTRAINT group_seats_state CHECK (state IN ('held', 'paid', 'released', 'refunded') AND (state IN ('paid', 'refunded')) = (paid_at IS NOT NULL)
    AND (state IN ('released', 'refunded')) = (left_at IS NOT NULL) AND quantity > 0)
);
ALTER TABLE group_seats
  ADD CONSTRAINT group_seats_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT group_seats_group_id_fkey FOREIGN KEY (group_id) REFERENCES group_buys (id) ON DELETE RESTRICT ON UPDATE CASCADE;
-- A person has at most one seat in a group.
CREATE UNIQUE INDEX group_seats_one_each ON group_seats (group_id, person_id) WHERE state IN ('held', 'paid');
CREATE INDEX group_seats_group_id_taken_at_idx ON group_seats (group_id, taken_at);

-- Rule S7: how a group came to its state; append-only.
CREATE TABLE group_buy_transitions (
  id BIGSERIAL NOT NULL,
  group_id UUID NOT NULL,
  from_state TEXT,
  to_state TEXT NOT NULL,
  event TEXT NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT group_buy_transitions_pkey PRIMARY KEY (id),
  CONSTRAINT group_buy_transitions_group_id_fkey FOREIGN KEY (group_id) REFERENCES group_buys (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE INDEX group_buy_transitions_group_id_idx ON group_buy_transitions (group_id);

-- An order of a group buy; null for all others, who pay nothing for the question.
ALTER TABLE orders ADD COLUMN group_buy_id UUID;
ALTER TABLE orders ADD CONSTRAINT orders_group_buy_id_fkey FOREIGN KEY (group_buy_id) REFERENCES group_buys (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX orders_group_buy_id_idx ON orders (group_buy_id);
CREATE TRIGGER group_buy_transitions_append_only BEFORE UPDATE OR DELETE ON group_buy_transitions FOR EACH ROW EXECUTE FUNCTION refuse_change();
