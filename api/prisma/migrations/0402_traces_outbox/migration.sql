-- As 0401_traces, for what happened and is handed on. By itself, so that it waits for nobody who waits for it; a database that was made
-- with the 0401_traces of before has the column already.
ALTER TABLE outbox ADD COLUMN IF NOT EXISTS traceparent TEXT;
