-- Where a trace goes on that a buyer's tap began (docs/32-operations.md): a W3C traceparent beside what is done later. Null where nothing
-- is traced, and for processes of the version before, which neither write nor read it.
-- One table a migration: a transaction with both would wait for processes of the version before that hold one and want the other.
ALTER TABLE payments ADD COLUMN traceparent TEXT;
