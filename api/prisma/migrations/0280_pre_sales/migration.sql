-- Pre-sales: a deposit now, the balance in a window of its own (rules S3, S7, S8, M2).

CREATE TABLE pre_sale_campaigns (
  id UUID NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  product_id UUID NOT NULL,
  sku_id UUID NOT NULL,
  title TEXT NOT NULL,
  -- One piece, before the deposit is taken off.
  price_fen BIGINT NOT NULL,
  deposit_fen BIGINT NOT NULL,
  -- What the deposit takes off the price; more than the deposit where it swells.
  worth_fen BIGINT NOT NULL,
  -- Whether the store keeps the deposit of who lets the balance lapse.
  keeps_deposit BOOLEAN NOT NULL,
  cap INTEGER,
  taken INTEGER NOT NULL DEFAULT 0,
  per_person INTEGER NOT NULL,
  starts_at TIMESTAMPTZ(3) NOT NULL,
  deposit_until TIMESTAMPTZ(3) NOT NULL,
  balance_from TIMESTAMPTZ(3) NOT NULL,
  balance_until TIMESTAMPTZ(3) NOT NULL,
  -- When what is paid in full has left the house at the latest.
  ships_by TIMESTAMPTZ(3) NOT NULL,
  created_by UUID NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  stopped_at TIMESTAMPTZ(3),
  CONSTRAINT pre_sale_campaigns_pkey PRIMARY KEY (id),
  CONSTRAINT pre_sale_campaigns_windows CHECK (starts_at < deposit_until AND deposit_until <= balance_from AND balance_from < balance_until
    AND balance_until <= ships_by),
  -- Earnest money is at most a fifth of what is paid in all.
  CONSTRAINT pre_sale_campaigns_terms CHECK (deposit_fen > 0 AND worth_fen >= deposit_fen AND worth_fen < price_fen
    AND deposit_fen * 5 <= price_fen - worth_fen + deposit_fen AND per_person > 0),
  CONSTRAINT pre_sale_campaigns_counted CHECK (taken >= 0 AND (cap IS NULL OR taken <= cap))
);
ALTER TABLE pre_sale_campaigns
  ADD CONSTRAINT pre_sale_campaigns_org_unit_id_fkey FOREIGN KEY (org_unit_id) REFERENCES org_units (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT pre_sale_campaigns_product_id_fkey FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT pre_sale_campaigns_sku_id_fkey FOREIGN KEY (sku_id) REFERENCES skus (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX pre_sale_campaigns_org_path_created_at_idx ON pre_sale_campaigns (org_path, created_at);
CREATE INDEX pre_sale_campaigns_product_id_idx ON pre_sale_campaigns (product_id);

-- What was promised stays promised; a stopped campaign stays stopped.
CREATE FUNCTION pre_sale_campaign_keeps_its_word() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR (OLD.stopped_at IS NOT NULL AND NEW.stopped_at IS DISTINCT FROM OLD.stopped_at)
    OR (to_jsonb(OLD) - 'taken' - 'stopped_at') IS DISTINCT FROM (to_jsonb(NEW) - 'taken' - 'stopped_at') THEN
    RAISE EXCEPTION 'a pre-sale keeps its terms' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER pre_sale_campaigns_word BEFORE UPDATE OR DELETE ON pre_sale_campaigns FOR EACH ROW EXECUTE FUNCTION pre_sale_campaign_keeps_its_word();

-- Pieces somebody holds or has bought in a campaign; grows only by a conditional statement (rule S5).
CREATE TABLE pre_sale_buyers (
  campaign_id UUID NOT NULL,
  person_id UUID NOT NULL,
  quantity INTEGER NOT NULL,
  CONSTRAINT pre_sale_buyers_pkey PRIMARY KEY (campaign_id, person_id),
  CONSTRAINT pre_sale_buyers_quantity CHECK (quantity >= 0),
  CONSTRAINT pre_sale_buyers_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES pre_sale_campaigns (id) ON DELETE RESTRICT ON UPDATE CASCADE
);

CREATE TABLE pre_sale_orders (
  order_id UUID NOT NULL,
  campaign_id UUID NOT NULL,
  quantity INTEGER NOT NULL,
  deposit_fen BIGINT NOT NULL,
  worth_fen BIGINT NOT NULL,
  balance_fen BIGINT NOT NULL,
  -- The buyer said that they read what becomes of the deposit.
  rule_accepted_at TIMESTAMPTZ(3) NOT NULL,
  deposit_paid_at TIMESTAMPTZ(3),
  -- Both only while the deposit alone is paid: when it lapses, and when the buyer is told something next.
  due_at TIMESTAMPTZ(3),
  remind_at TIMESTAMPTZ(3),
  told INTEGER NOT NULL DEFAULT 0,
  CONSTRAINT pre_sale_orders_pkey PRIMARY KEY (order_id),
  CONSTRAINT pre_sale_orders_sums CHECK (quantity > 0 AND deposit_fen > 0 AND worth_fen >= deposit_fen AND balance_fen > 0),
  CONSTRAINT pre_sale_orders_due CHECK ((due_at IS NULL OR deposit_paid_at IS NOT NULL) AND (remind_at IS NULL OR due_at IS NOT NULL))
);
ALTER TABLE pre_sale_orders
  ADD CONSTRAINT pre_sale_orders_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT pre_sale_orders_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES pre_sale_campaigns (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX pre_sale_orders_campaign_id_idx ON pre_sale_orders (campaign_id);
CREATE INDEX pre_sale_orders_due ON pre_sale_orders (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX pre_sale_orders_remind ON pre_sale_orders (remind_at) WHERE remind_at IS NOT NULL;

-- An order of a pre-sale; null for all others, who pay nothing for the question.
ALTER TABLE orders ADD COLUMN pre_sale_id UUID;
ALTER TABLE orders ADD CONSTRAINT orders_pre_sale_id_fkey FOREIGN KEY (pre_sale_id) REFERENCES pre_sale_campaigns (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT orders_deposit CHECK (pre_sale_id IS NOT NULL OR state NOT IN ('deposit_paid', 'forfeited'));
CREATE INDEX orders_pre_sale_id_idx ON orders (pre_sale_id);
ALTER TABLE orders DROP CONSTRAINT orders_state,
  ADD CONSTRAINT orders_state CHECK (state IN ('pending_payment', 'deposit_paid', 'paid', 'shipped', 'received', 'cancelled', 'expired', 'forfeited',
    'refunding', 'refunded'));

-- Which part of its order a payment pays. One of each can still be paid, or was.
ALTER TABLE payments ADD COLUMN part TEXT NOT NULL DEFAULT 'whole',
  ADD CONSTRAINT payments_part CHECK (part IN ('whole', 'deposit', 'balance') AND (part = 'whole' OR order_id IS NOT NULL));
DROP INDEX payments_one_current;
CREATE UNIQUE INDEX payments_one_current ON payments (order_id, part) WHERE state IN ('pending', 'captured');

-- A refund of an order that was paid in parts is several, one of each payment: all but the first name the first.
ALTER TABLE refunds ADD COLUMN asked_with UUID,
  ADD CONSTRAINT refunds_asked_with_fkey FOREIGN KEY (asked_with) REFERENCES refunds (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX refunds_asked_with_idx ON refunds (asked_with);

CREATE OR REPLACE FUNCTION tell_order_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO domain_events (type, org_path, data, at)
  SELECT 'order.' || CASE NEW.event
      WHEN 'place' THEN 'placed' WHEN 'pay' THEN 'paid' WHEN 'cancel' THEN 'cancelled' WHEN 'expire' THEN 'expired'
      WHEN 'pay_deposit' THEN 'deposit_paid' WHEN 'lapse' THEN 'expired' WHEN 'forfeit' THEN 'forfeited'
      WHEN 'ship' THEN 'shipped' WHEN 'receive' THEN 'received' WHEN 'request_refund' THEN 'refund_requested'
      WHEN 'finish_refund' THEN 'refunded' ELSE 'refund_failed' END,
    o.org_path,
    jsonb_build_object('orderId', o.id, 'orderNo', o.order_no, 'state', NEW.to_state, 'roomId', o.room_id, 'orgUnitId', o.org_unit_id,
      'totalFen', o.total_fen, 'paidFen', o.paid_fen, 'refundedFen', o.refunded_fen),
    NEW.at
  FROM orders o WHERE o.id = NEW.order_id;
  RETURN NULL;
END $$;

-- What an order is worth: nothing until it is paid in full, then as before. Fen.
CREATE OR REPLACE FUNCTION order_worth(id UUID) RETURNS BIGINT LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN o.paid_at IS NULL THEN 0 ELSE o.paid_fen - o.refunded_fen - o.shipping_refunding_fen
    - coalesce((SELECT sum(i.refunding_fen) FROM order_items i WHERE i.order_id = o.id), 0)::bigint END
  FROM orders o WHERE o.id = $1
$$;

-- An order of which the deposit is paid is fetched later: its code is in use too.
DROP INDEX orders_pickup_code_open;
CREATE UNIQUE INDEX orders_pickup_code_open ON orders (pickup_code) WHERE state IN ('pending_payment', 'deposit_paid', 'paid');
