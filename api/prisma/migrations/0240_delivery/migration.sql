-- What happens between an order and the buyer's door: addresses, what shipping costs, parcels, pick-up; carts and invoices.

-- ── addresses ───────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE addresses (
  id UUID NOT NULL,
  person_id UUID NOT NULL,
  recipient TEXT NOT NULL,
  phone TEXT NOT NULL,
  -- Administrative code of the district (GB/T 2260); its names are kept as they were then.
  region_code TEXT NOT NULL,
  province TEXT NOT NULL,
  city TEXT NOT NULL,
  district TEXT NOT NULL,
  street TEXT NOT NULL,
  is_default BOOLEAN NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  updated_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT addresses_pkey PRIMARY KEY (id),
  CONSTRAINT addresses_region CHECK (region_code ~ '^[0-9]{6}$')
);
ALTER TABLE addresses
  ADD CONSTRAINT addresses_person_id_fkey FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX addresses_person_id_created_at_idx ON addresses (person_id, created_at);
CREATE UNIQUE INDEX addresses_one_default ON addresses (person_id) WHERE is_default;

-- A paid order's address is changed once: the key says so.
CREATE TABLE order_address_changes (
  order_id UUID NOT NULL,
  before JSONB NOT NULL,
  after JSONB NOT NULL,
  changed_by UUID NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT order_address_changes_pkey PRIMARY KEY (order_id)
);
ALTER TABLE order_address_changes
  ADD CONSTRAINT order_address_changes_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE TRIGGER order_address_changes_append_only BEFORE UPDATE OR DELETE ON order_address_changes FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- ── shipping ────────────────────────────────────────────────────────────────────────────────────────────────────────
-- Every version stays; the highest one of the nearest unit holds.
CREATE TABLE shipping_rules (
  org_unit_id UUID NOT NULL,
  version INTEGER NOT NULL,
  org_path TEXT NOT NULL,
  -- ShippingTerms of contracts; null: the rule of the unit above holds again.
  terms JSONB,
  set_by UUID NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT shipping_rules_pkey PRIMARY KEY (org_unit_id, version),
  CONSTRAINT shipping_rules_version CHECK (version > 0)
);
ALTER TABLE shipping_rules
  ADD CONSTRAINT shipping_rules_org_unit_id_fkey FOREIGN KEY (org_unit_id) REFERENCES org_units (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX shipping_rules_org_path_version_idx ON shipping_rules (org_path, version);
CREATE TRIGGER shipping_rules_append_only BEFORE UPDATE OR DELETE ON shipping_rules FOR EACH ROW EXECUTE FUNCTION refuse_change();

ALTER TABLE skus ADD COLUMN weight_grams INTEGER,
  ADD CONSTRAINT skus_weight CHECK (weight_grams > 0);

-- ── orders ──────────────────────────────────────────────────────────────────────────────────────────────────────────
ALTER TABLE orders
  ADD COLUMN delivery TEXT NOT NULL DEFAULT 'parcel',
  ADD COLUMN pickup_code TEXT,
  -- Of a shipped order: when it counts as received, and when its buyer put that off.
  ADD COLUMN auto_receive_at TIMESTAMPTZ(3),
  ADD COLUMN receipt_extended_at TIMESTAMPTZ(3),
  ADD COLUMN merchant_remark TEXT NOT NULL DEFAULT '',
  ADD CONSTRAINT orders_delivery CHECK (delivery IN ('parcel', 'pickup') AND (delivery = 'pickup') = (pickup_code IS NOT NULL));
CREATE UNIQUE INDEX orders_pickup_code_key ON orders (pickup_code);
CREATE INDEX orders_auto_receive ON orders (auto_receive_at) WHERE state = 'shipped';

-- Pieces that left; a rival that counts on more than there is fails here at the latest.
ALTER TABLE order_items ADD COLUMN shipped_quantity INTEGER NOT NULL DEFAULT 0,
  ADD CONSTRAINT order_items_shipped CHECK (0 <= shipped_quantity AND shipped_quantity + withdrawn <= quantity);
UPDATE order_items i SET shipped_quantity = quantity - withdrawn FROM orders o WHERE o.id = i.order_id AND o.shipped_at IS NOT NULL;
UPDATE orders SET auto_receive_at = shipped_at + interval '10 days' WHERE state = 'shipped';

-- ── parcels ─────────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE parcels (
  id UUID NOT NULL,
  order_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  carrier TEXT NOT NULL,
  tracking_no TEXT NOT NULL,
  state TEXT NOT NULL,
  shipped_at TIMESTAMPTZ(3) NOT NULL,
  near_at TIMESTAMPTZ(3),
  delivered_at TIMESTAMPTZ(3),
  -- When its carrier is asked next; null: nobody asks.
  next_query_at TIMESTAMPTZ(3),
  CONSTRAINT parcels_pkey PRIMARY KEY (id),
  CONSTRAINT parcels_state CHECK (state IN ('in_transit', 'near', 'delivered', 'returned') AND (state <> 'delivered' OR delivered_at IS NOT NULL))
);
ALTER TABLE parcels
  ADD CONSTRAINT parcels_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX parcels_order_id_idx ON parcels (order_id);
CREATE INDEX parcels_tracking_no_idx ON parcels (tracking_no);
CREATE INDEX parcels_to_query ON parcels (next_query_at) WHERE state IN ('in_transit', 'near');

CREATE TABLE parcel_items (
  parcel_id UUID NOT NULL,
  order_item_id UUID NOT NULL,
  quantity INTEGER NOT NULL,
  CONSTRAINT parcel_items_pkey PRIMARY KEY (parcel_id, order_item_id),
  CONSTRAINT parcel_items_quantity CHECK (quantity > 0)
);
ALTER TABLE parcel_items
  ADD CONSTRAINT parcel_items_parcel_id_fkey FOREIGN KEY (parcel_id) REFERENCES parcels (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT parcel_items_order_item_id_fkey FOREIGN KEY (order_item_id) REFERENCES order_items (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX parcel_items_order_item_id_idx ON parcel_items (order_item_id);
CREATE TRIGGER parcel_items_append_only BEFORE UPDATE OR DELETE ON parcel_items FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Rule S7: what happened to a parcel.
CREATE TABLE parcel_events (
  id BIGSERIAL NOT NULL,
  parcel_id UUID NOT NULL,
  from_state TEXT,
  to_state TEXT NOT NULL,
  event TEXT NOT NULL,
  actor_id UUID,
  note TEXT NOT NULL DEFAULT '',
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT parcel_events_pkey PRIMARY KEY (id)
);
ALTER TABLE parcel_events
  ADD CONSTRAINT parcel_events_parcel_id_fkey FOREIGN KEY (parcel_id) REFERENCES parcels (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX parcel_events_parcel_id_idx ON parcel_events (parcel_id);
CREATE TRIGGER parcel_events_append_only BEFORE UPDATE OR DELETE ON parcel_events FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Orders that left before parcels were counted: one parcel each, as it was then.
INSERT INTO parcels (id, order_id, org_path, carrier, tracking_no, state, shipped_at)
  SELECT gen_random_uuid(), id, org_path, 'other', tracking_no, 'in_transit', shipped_at FROM orders
  WHERE shipped_at IS NOT NULL AND tracking_no IS NOT NULL;
INSERT INTO parcel_items (parcel_id, order_item_id, quantity)
  SELECT p.id, i.id, i.shipped_quantity FROM parcels p JOIN order_items i ON i.order_id = p.order_id WHERE i.shipped_quantity > 0;
INSERT INTO parcel_events (parcel_id, to_state, event, at) SELECT id, 'in_transit', 'ship', shipped_at FROM parcels;

-- Order events that somebody is told of, each once, beside its cause.
CREATE TABLE order_hooks (
  id BIGSERIAL NOT NULL,
  order_id UUID NOT NULL,
  kind TEXT NOT NULL,
  parcel_id UUID,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT order_hooks_pkey PRIMARY KEY (id),
  CONSTRAINT order_hooks_kind CHECK (kind IN ('paid', 'shipped', 'near', 'signed'))
);
CREATE FUNCTION hook_order_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO order_hooks (order_id, kind, at) SELECT NEW.order_id, 'paid', NEW.at;
  RETURN NULL;
END $$;
CREATE TRIGGER order_transitions_hook AFTER INSERT ON order_transitions FOR EACH ROW WHEN (NEW.event = 'pay')
  EXECUTE FUNCTION hook_order_transition();
CREATE FUNCTION hook_parcel_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO order_hooks (order_id, kind, parcel_id, at)
  SELECT p.order_id, CASE NEW.event WHEN 'ship' THEN 'shipped' WHEN 'near' THEN 'near' ELSE 'signed' END, p.id, NEW.at
  FROM parcels p WHERE p.id = NEW.parcel_id;
  RETURN NULL;
END $$;
CREATE TRIGGER parcel_events_hook AFTER INSERT ON parcel_events FOR EACH ROW WHEN (NEW.event IN ('ship', 'near', 'deliver'))
  EXECUTE FUNCTION hook_parcel_event();

-- ── carts ───────────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE cart_lines (
  person_id UUID NOT NULL,
  room_id UUID NOT NULL,
  sku_id UUID NOT NULL,
  quantity INTEGER NOT NULL,
  -- What one piece cost when it was put in, so that a change can be shown; never what is charged.
  seen_price_fen BIGINT NOT NULL,
  added_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT cart_lines_pkey PRIMARY KEY (person_id, room_id, sku_id),
  CONSTRAINT cart_lines_quantity CHECK (quantity BETWEEN 1 AND 999)
);
ALTER TABLE cart_lines
  ADD CONSTRAINT cart_lines_person_id_fkey FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT cart_lines_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT cart_lines_sku_id_fkey FOREIGN KEY (sku_id) REFERENCES skus (id) ON DELETE RESTRICT ON UPDATE CASCADE;

-- ── invoices ────────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE invoices (
  id UUID NOT NULL,
  order_id UUID NOT NULL,
  person_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  tax_no TEXT,
  email TEXT NOT NULL,
  state TEXT NOT NULL,
  number TEXT,
  url TEXT,
  -- What it was issued about.
  amount_fen BIGINT,
  reason TEXT NOT NULL DEFAULT '',
  requested_at TIMESTAMPTZ(3) NOT NULL,
  ended_at TIMESTAMPTZ(3),
  ended_by UUID,
  CONSTRAINT invoices_pkey PRIMARY KEY (id),
  CONSTRAINT invoices_kind CHECK (kind IN ('personal', 'company') AND (kind = 'company') = (tax_no IS NOT NULL)),
  CONSTRAINT invoices_state CHECK (state IN ('requested', 'issued', 'refused', 'withdrawn') AND (state = 'requested') = (ended_at IS NULL)
    AND (state = 'issued') = (number IS NOT NULL) AND (state = 'issued') = (amount_fen IS NOT NULL) AND amount_fen > 0)
);
ALTER TABLE invoices
  ADD CONSTRAINT invoices_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX invoices_order_id_idx ON invoices (order_id);
CREATE INDEX invoices_org_path_requested_at_idx ON invoices (org_path, requested_at);
CREATE UNIQUE INDEX invoices_one_open ON invoices (order_id) WHERE state IN ('requested', 'issued');
