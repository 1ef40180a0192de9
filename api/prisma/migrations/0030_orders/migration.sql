-- Orders get short numbers people can read out; the api scrambles the sequence so that it does not tell the volume.
CREATE SEQUENCE order_no_seq;

-- S8: one refund of a payment at a time, also when two are asked for at once.
CREATE UNIQUE INDEX refunds_one_open ON refunds (payment_id) WHERE state IN ('requested', 'processing');

-- The sandbox looks only at what it still has to deliver.
CREATE INDEX sandbox_deliveries_due ON sandbox_deliveries (next_try_at) WHERE delivered_at IS NULL;
