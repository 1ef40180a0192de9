-- When a provider was asked last about a payment, so that a day's bill is done only when all it names was asked about; and when
-- the closing of a payment is tried again after its provider was away.
ALTER TABLE payments ADD COLUMN asked_at TIMESTAMPTZ(3), ADD COLUMN next_close_at TIMESTAMPTZ(3);
-- A payment that is over is asked about only when somebody wants to know.
UPDATE payments SET next_query_at = NULL WHERE state <> 'pending';
DROP INDEX payments_to_query;
CREATE INDEX payments_to_query ON payments (next_query_at) WHERE next_query_at IS NOT NULL;

-- What a provider said of a refund last, and why it is not over.
ALTER TABLE refunds ADD COLUMN provider_state TEXT, ADD COLUMN last_error TEXT;

-- A difference is found by a bill, or before that by an answer of the provider.
ALTER TABLE reconciliation_differences ADD COLUMN found_by TEXT NOT NULL DEFAULT 'bill',
  ADD CONSTRAINT reconciliation_differences_found_by CHECK (found_by IN ('bill', 'answer'));
