-- A code is unique among orders that can still be fetched with it.
DROP INDEX orders_pickup_code_key;
CREATE UNIQUE INDEX orders_pickup_code_open ON orders (pickup_code) WHERE state IN ('pending_payment', 'paid');
CREATE INDEX orders_pickup_code_idx ON orders (pickup_code) WHERE pickup_code IS NOT NULL;
