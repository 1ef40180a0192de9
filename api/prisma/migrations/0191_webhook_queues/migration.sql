-- One sender at a time for an endpoint, so that its messages keep their order with several processes.
ALTER TABLE webhook_endpoints ADD COLUMN busy_until TIMESTAMPTZ(3);
DROP INDEX webhook_deliveries_due;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_try_at, id) WHERE state = 'pending';
