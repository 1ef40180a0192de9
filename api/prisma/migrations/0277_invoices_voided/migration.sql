-- What was issued can be voided, with a reason; its number and amount stay. Another one can be asked for, or issued, after it.
ALTER TABLE invoices DROP CONSTRAINT invoices_state;
ALTER TABLE invoices ADD CONSTRAINT invoices_state CHECK (state IN ('requested', 'issued', 'refused', 'withdrawn', 'voided')
  AND (state = 'requested') = (ended_at IS NULL) AND (state IN ('issued', 'voided')) = (number IS NOT NULL)
  AND (state IN ('issued', 'voided')) = (amount_fen IS NOT NULL) AND amount_fen > 0);

-- Rule Z1: what happened to each, kept.
CREATE TABLE invoice_events (
  id BIGSERIAL NOT NULL,
  invoice_id UUID NOT NULL,
  from_state TEXT,
  to_state TEXT NOT NULL,
  event TEXT NOT NULL,
  -- Null: not known any more.
  actor_id UUID,
  reason TEXT NOT NULL DEFAULT '',
  number TEXT,
  amount_fen BIGINT,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT invoice_events_pkey PRIMARY KEY (id)
);
ALTER TABLE invoice_events
  ADD CONSTRAINT invoice_events_invoice_id_fkey FOREIGN KEY (invoice_id) REFERENCES invoices (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX invoice_events_invoice_id_idx ON invoice_events (invoice_id);
INSERT INTO invoice_events (invoice_id, to_state, event, actor_id, at)
  SELECT id, 'requested', 'request', person_id, requested_at FROM invoices ORDER BY requested_at;
INSERT INTO invoice_events (invoice_id, from_state, to_state, event, actor_id, reason, number, amount_fen, at)
  SELECT id, 'requested', state, CASE state WHEN 'issued' THEN 'issue' WHEN 'refused' THEN 'refuse' ELSE 'withdraw' END, ended_by, reason,
    number, amount_fen, ended_at FROM invoices WHERE ended_at IS NOT NULL ORDER BY ended_at;
CREATE TRIGGER invoice_events_append_only BEFORE UPDATE OR DELETE ON invoice_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
