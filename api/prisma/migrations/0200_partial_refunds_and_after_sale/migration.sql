-- Refunds of parts: what each is of, counted on the order from the moment it is asked for, so that no share can be given back
-- twice (S8). Several may be under way at the same time.
DROP INDEX refunds_one_open;

ALTER TABLE orders
  ADD COLUMN shipping_refunded_fen BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN shipping_refunding_fen BIGINT NOT NULL DEFAULT 0,
  ADD CONSTRAINT orders_shipping_refunds CHECK (shipping_refunded_fen >= 0 AND shipping_refunding_fen >= 0
    AND shipping_refunded_fen + shipping_refunding_fen <= shipping_fen);
ALTER TABLE order_items
  ADD COLUMN refunding_fen BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN refunded_pieces INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN restocked INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN replaced INTEGER NOT NULL DEFAULT 0,
  ADD CONSTRAINT order_items_refunds CHECK (refunding_fen >= 0 AND refunded_fen + refunding_fen <= amount_fen
    AND 0 <= withdrawn AND withdrawn <= quantity AND 0 <= refunded_pieces AND refunded_pieces <= quantity
    AND replaced >= 0 AND 0 <= restocked AND restocked <= quantity + replaced);
ALTER TABLE refunds ADD COLUMN shipping_fen BIGINT NOT NULL DEFAULT 0,
  ADD CONSTRAINT refunds_shipping CHECK (0 <= shipping_fen AND shipping_fen <= amount_fen);

CREATE TABLE refund_lines (
  refund_id UUID NOT NULL,
  order_item_id UUID NOT NULL,
  amount_fen BIGINT NOT NULL,
  pieces INTEGER NOT NULL,
  withdrawn INTEGER NOT NULL,
  CONSTRAINT refund_lines_pkey PRIMARY KEY (refund_id, order_item_id),
  CONSTRAINT refund_lines_values CHECK (amount_fen >= 0 AND pieces >= 0 AND withdrawn >= 0)
);
ALTER TABLE refund_lines
  ADD CONSTRAINT refund_lines_refund_id_fkey FOREIGN KEY (refund_id) REFERENCES refunds (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT refund_lines_order_item_id_fkey FOREIGN KEY (order_item_id) REFERENCES order_items (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX refund_lines_order_item_id_idx ON refund_lines (order_item_id);

-- Until now a refund was of a whole order.
INSERT INTO refund_lines (refund_id, order_item_id, amount_fen, pieces, withdrawn)
SELECT r.id, i.id, i.amount_fen, i.quantity, CASE WHEN o.shipped_at IS NULL THEN i.quantity ELSE 0 END
FROM refunds r JOIN payments p ON p.id = r.payment_id AND p.state = 'captured' JOIN orders o ON o.id = r.order_id
JOIN order_items i ON i.order_id = o.id WHERE r.amount_fen = o.total_fen;
UPDATE refunds r SET shipping_fen = o.shipping_fen FROM orders o, payments p
WHERE o.id = r.order_id AND p.id = r.payment_id AND p.state = 'captured' AND r.amount_fen = o.total_fen;
UPDATE order_items i SET refunded_pieces = i.quantity,
  refunding_fen = CASE WHEN o.state = 'refunding' THEN i.amount_fen ELSE 0 END,
  withdrawn = CASE WHEN o.shipped_at IS NULL THEN i.quantity ELSE 0 END,
  restocked = CASE WHEN o.shipped_at IS NULL AND o.state = 'refunded' THEN i.quantity ELSE 0 END
FROM orders o WHERE o.id = i.order_id AND o.state IN ('refunding', 'refunded');
UPDATE orders SET shipping_refunded_fen = CASE WHEN state = 'refunded' THEN shipping_fen ELSE 0 END,
  shipping_refunding_fen = CASE WHEN state = 'refunding' THEN shipping_fen ELSE 0 END
WHERE state IN ('refunding', 'refunded');

-- After-sale cases.
CREATE SEQUENCE after_sale_no_seq;
CREATE TABLE after_sales (
  id UUID NOT NULL,
  case_no TEXT NOT NULL,
  order_id UUID NOT NULL,
  person_id UUID NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  amount_fen BIGINT NOT NULL,
  shipping_fen BIGINT NOT NULL DEFAULT 0,
  -- A return asked within the days in which no reason is needed: a store's no goes to headquarters.
  protected BOOLEAN NOT NULL,
  return_to TEXT,
  return_carrier TEXT,
  return_tracking_no TEXT,
  replacement_tracking_no TEXT,
  refund_id UUID,
  deadline_at TIMESTAMPTZ(3),
  waiting_since TIMESTAMPTZ(3) NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  closed_at TIMESTAMPTZ(3),
  CONSTRAINT after_sales_pkey PRIMARY KEY (id),
  CONSTRAINT after_sales_kind CHECK (kind IN ('refund_only', 'return_and_refund', 'exchange')),
  CONSTRAINT after_sales_state CHECK (state IN ('requested', 'escalated', 'rejected', 'refused', 'awaiting_goods', 'goods_on_way',
    'to_replace', 'refunding', 'refunded', 'exchanged', 'withdrawn')),
  CONSTRAINT after_sales_sums CHECK (shipping_fen >= 0 AND amount_fen >= shipping_fen AND (kind = 'exchange') = (amount_fen = 0)),
  CONSTRAINT after_sales_refund CHECK (state NOT IN ('refunding', 'refunded') OR refund_id IS NOT NULL)
);
ALTER TABLE after_sales
  ADD CONSTRAINT after_sales_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT after_sales_refund_id_fkey FOREIGN KEY (refund_id) REFERENCES refunds (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE UNIQUE INDEX after_sales_case_no_key ON after_sales (case_no);
CREATE UNIQUE INDEX after_sales_refund_id_key ON after_sales (refund_id);
CREATE INDEX after_sales_order_id_idx ON after_sales (order_id);
CREATE INDEX after_sales_person_id_created_at_idx ON after_sales (person_id, created_at);
CREATE INDEX after_sales_org_path_waiting_since_idx ON after_sales (org_path, waiting_since);
-- The job looks only at what has a deadline.
CREATE INDEX after_sales_due ON after_sales (deadline_at) WHERE deadline_at IS NOT NULL;

CREATE TABLE after_sale_lines (
  after_sale_id UUID NOT NULL,
  order_item_id UUID NOT NULL,
  quantity INTEGER NOT NULL,
  amount_fen BIGINT NOT NULL,
  restocked INTEGER NOT NULL DEFAULT 0,
  CONSTRAINT after_sale_lines_pkey PRIMARY KEY (after_sale_id, order_item_id),
  CONSTRAINT after_sale_lines_values CHECK (quantity > 0 AND amount_fen >= 0 AND 0 <= restocked AND restocked <= quantity)
);
ALTER TABLE after_sale_lines
  ADD CONSTRAINT after_sale_lines_after_sale_id_fkey FOREIGN KEY (after_sale_id) REFERENCES after_sales (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT after_sale_lines_order_item_id_fkey FOREIGN KEY (order_item_id) REFERENCES order_items (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX after_sale_lines_order_item_id_idx ON after_sale_lines (order_item_id);

CREATE TABLE after_sale_pictures (
  after_sale_id UUID NOT NULL,
  file_id UUID NOT NULL,
  position INTEGER NOT NULL,
  CONSTRAINT after_sale_pictures_pkey PRIMARY KEY (after_sale_id, file_id)
);
ALTER TABLE after_sale_pictures
  ADD CONSTRAINT after_sale_pictures_after_sale_id_fkey FOREIGN KEY (after_sale_id) REFERENCES after_sales (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT after_sale_pictures_file_id_fkey FOREIGN KEY (file_id) REFERENCES stored_files (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX after_sale_pictures_file_id_idx ON after_sale_pictures (file_id);

CREATE TABLE after_sale_steps (
  id BIGSERIAL NOT NULL,
  after_sale_id UUID NOT NULL,
  from_state TEXT,
  to_state TEXT NOT NULL,
  event TEXT NOT NULL,
  side TEXT NOT NULL,
  actor_id UUID,
  note TEXT NOT NULL DEFAULT '',
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT after_sale_steps_pkey PRIMARY KEY (id),
  CONSTRAINT after_sale_steps_side CHECK (side IN ('buyer', 'store', 'hq', 'system'))
);
ALTER TABLE after_sale_steps
  ADD CONSTRAINT after_sale_steps_after_sale_id_fkey FOREIGN KEY (after_sale_id) REFERENCES after_sales (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX after_sale_steps_after_sale_id_idx ON after_sale_steps (after_sale_id);
CREATE TRIGGER after_sale_steps_append_only BEFORE UPDATE OR DELETE ON after_sale_steps FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Facts for other systems.
DROP TRIGGER order_transitions_tell ON order_transitions;
CREATE TRIGGER order_transitions_tell AFTER INSERT ON order_transitions FOR EACH ROW
  WHEN (NEW.event <> 'refund_part') EXECUTE FUNCTION tell_order_transition();
CREATE FUNCTION tell_partial_refund() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO domain_events (type, org_path, data, at)
  SELECT 'order.partly_refunded', o.org_path,
    jsonb_build_object('orderId', o.id, 'orderNo', o.order_no, 'state', NEW.to_state, 'roomId', o.room_id, 'orgUnitId', o.org_unit_id,
      'totalFen', o.total_fen, 'paidFen', o.paid_fen, 'refundedFen', o.refunded_fen),
    NEW.at
  FROM orders o WHERE o.id = NEW.order_id;
  RETURN NULL;
END $$;
CREATE TRIGGER order_transitions_tell_part AFTER INSERT ON order_transitions FOR EACH ROW
  WHEN (NEW.event = 'refund_part') EXECUTE FUNCTION tell_partial_refund();

CREATE FUNCTION tell_after_sale_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO domain_events (type, org_path, data, at)
  SELECT CASE WHEN NEW.event = 'request' THEN 'after_sale.requested'
      WHEN NEW.to_state IN ('refunded', 'exchanged') THEN 'after_sale.settled'
      WHEN NEW.to_state IN ('withdrawn', 'refused') THEN 'after_sale.closed' ELSE 'after_sale.changed' END,
    a.org_path,
    jsonb_build_object('afterSaleId', a.id, 'caseNo', a.case_no, 'orderId', a.order_id, 'kind', a.kind, 'state', NEW.to_state,
      'event', NEW.event, 'orgUnitId', a.org_unit_id, 'amountFen', a.amount_fen),
    NEW.at
  FROM after_sales a WHERE a.id = NEW.after_sale_id;
  RETURN NULL;
END $$;
CREATE TRIGGER after_sale_steps_tell AFTER INSERT ON after_sale_steps FOR EACH ROW EXECUTE FUNCTION tell_after_sale_step();
