-- Facts for other systems. They are written by triggers in the transaction of the fact itself, and numbered afterwards by one
-- process at a time: a number is given only to what is committed, so whoever reads on from a number misses nothing.
CREATE TABLE domain_events (
  seq BIGSERIAL NOT NULL,
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  no BIGINT,
  type TEXT NOT NULL,
  org_path TEXT NOT NULL,
  data JSONB NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT domain_events_pkey PRIMARY KEY (seq)
);
CREATE UNIQUE INDEX domain_events_id_key ON domain_events (id);
CREATE UNIQUE INDEX domain_events_no_key ON domain_events (no);
-- Small: what nobody has numbered yet.
CREATE INDEX domain_events_unnumbered ON domain_events (seq) WHERE no IS NULL;

CREATE TABLE webhook_endpoints (
  id UUID NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  url TEXT NOT NULL,
  description TEXT NOT NULL,
  -- Empty: all.
  types TEXT[],
  state TEXT NOT NULL,
  disabled_reason TEXT,
  -- The secret is derived from this, and kept nowhere.
  secret_version INTEGER NOT NULL DEFAULT 1,
  previous_until TIMESTAMPTZ(3),
  failing_since TIMESTAMPTZ(3),
  created_by UUID NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  deleted_at TIMESTAMPTZ(3),
  CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (id),
  CONSTRAINT webhook_endpoints_state CHECK (state IN ('active', 'disabled') AND (state = 'disabled') = (disabled_reason IS NOT NULL))
);
ALTER TABLE webhook_endpoints
  ADD CONSTRAINT webhook_endpoints_org_unit_id_fkey FOREIGN KEY (org_unit_id) REFERENCES org_units (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX webhook_endpoints_org_path_idx ON webhook_endpoints (org_path);

CREATE TABLE webhook_deliveries (
  id UUID NOT NULL,
  endpoint_id UUID NOT NULL,
  -- Names the message to its receiver; the same for every attempt and for a repetition by hand.
  event_id UUID NOT NULL,
  type TEXT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_try_at TIMESTAMPTZ(3),
  last_status INTEGER,
  last_error TEXT,
  last_ms INTEGER,
  created_at TIMESTAMPTZ(3) NOT NULL,
  ended_at TIMESTAMPTZ(3),
  CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id),
  CONSTRAINT webhook_deliveries_state CHECK (state IN ('pending', 'delivered', 'failed') AND (state = 'pending') = (next_try_at IS NOT NULL))
);
ALTER TABLE webhook_deliveries
  ADD CONSTRAINT webhook_deliveries_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES webhook_endpoints (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX webhook_deliveries_endpoint_id_created_at_idx ON webhook_deliveries (endpoint_id, created_at);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_try_at) WHERE state = 'pending';

CREATE FUNCTION tell_order_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO domain_events (type, org_path, data, at)
  SELECT 'order.' || CASE NEW.event
      WHEN 'place' THEN 'placed' WHEN 'pay' THEN 'paid' WHEN 'cancel' THEN 'cancelled' WHEN 'expire' THEN 'expired'
      WHEN 'ship' THEN 'shipped' WHEN 'receive' THEN 'received' WHEN 'request_refund' THEN 'refund_requested'
      WHEN 'finish_refund' THEN 'refunded' ELSE 'refund_failed' END,
    o.org_path,
    jsonb_build_object('orderId', o.id, 'orderNo', o.order_no, 'state', NEW.to_state, 'roomId', o.room_id, 'orgUnitId', o.org_unit_id,
      'totalFen', o.total_fen, 'paidFen', o.paid_fen, 'refundedFen', o.refunded_fen),
    NEW.at
  FROM orders o WHERE o.id = NEW.order_id;
  RETURN NULL;
END $$;
CREATE TRIGGER order_transitions_tell AFTER INSERT ON order_transitions FOR EACH ROW EXECUTE FUNCTION tell_order_transition();

CREATE FUNCTION tell_room_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO domain_events (type, org_path, data, at)
  VALUES (CASE NEW.state WHEN 'live' THEN 'room.started' ELSE 'room.ended' END, NEW.org_path,
    jsonb_build_object('roomId', NEW.id, 'title', NEW.title, 'orgUnitId', NEW.org_unit_id, 'state', NEW.state),
    coalesce(CASE NEW.state WHEN 'live' THEN NEW.started_at ELSE NEW.ended_at END, now()));
  RETURN NULL;
END $$;
CREATE TRIGGER rooms_tell_state AFTER UPDATE OF state ON rooms FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state AND NEW.state IN ('live', 'ended')) EXECUTE FUNCTION tell_room_state();
