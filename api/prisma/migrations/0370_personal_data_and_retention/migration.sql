-- What is stored about one person, given to them or forgotten (Z6); what is kept how long (Z1). See docs/31-staff-and-audit.md.

-- Rows that are never changed by a feature: a retention policy may end them, and a person who asks to be forgotten is taken out of
-- them, each within a transaction that names the table. The books and the audit log know no such exception.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME NOT IN ('audit_log', 'ledger_entries', 'ledger_transfers') THEN
    IF TG_OP = 'DELETE' AND current_setting('walnut.retention', true) = TG_TABLE_NAME THEN
      RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND current_setting('walnut.forgetting', true) = TG_TABLE_NAME THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
-- TRUNCATE would pass a trigger of rows.
CREATE TRIGGER audit_log_not_emptied BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- What the log is searched by.
CREATE INDEX audit_log_at ON audit_log (at DESC, id DESC);
CREATE INDEX audit_log_actor ON audit_log (actor_id, at DESC, id DESC);
CREATE INDEX audit_log_target ON audit_log (target, at DESC);
CREATE INDEX audit_log_action ON audit_log (action, at DESC, id DESC);

CREATE TABLE data_requests (
  id UUID NOT NULL,
  kind TEXT NOT NULL,
  person_id UUID NOT NULL,
  -- The person, or who of the staff asked for them; then with a reason.
  asked_by UUID NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL,
  -- One for each table of the inventory; work goes on where a process died.
  steps INTEGER NOT NULL,
  steps_done INTEGER NOT NULL DEFAULT 0,
  -- What stands in the way of a deletion, seen when it was last tried.
  blocks JSONB NOT NULL DEFAULT '[]',
  asked_at TIMESTAMPTZ(3) NOT NULL,
  -- When it is worked on: a deletion waits and may be called off until then.
  due_at TIMESTAMPTZ(3) NOT NULL,
  ended_at TIMESTAMPTZ(3),
  ended_by UUID,
  -- Of a file that is ready.
  expires_at TIMESTAMPTZ(3),
  bytes BIGINT NOT NULL DEFAULT 0,
  rows INTEGER NOT NULL DEFAULT 0,
  CONSTRAINT data_requests_pkey PRIMARY KEY (id),
  CONSTRAINT data_requests_kind CHECK (kind IN ('export', 'deletion')),
  CONSTRAINT data_requests_state CHECK (
    (kind = 'export' AND state IN ('waiting', 'ready', 'expired')) OR
    (kind = 'deletion' AND state IN ('waiting', 'closed', 'done', 'cancelled'))),
  CONSTRAINT data_requests_reason CHECK (asked_by = person_id OR reason <> ''),
  CONSTRAINT data_requests_steps CHECK (steps_done BETWEEN 0 AND steps),
  CONSTRAINT data_requests_ready CHECK ((state <> 'ready') OR (expires_at IS NOT NULL AND steps_done = steps))
);
CREATE UNIQUE INDEX data_requests_open ON data_requests (person_id, kind) WHERE state IN ('waiting', 'closed');
CREATE INDEX data_requests_due ON data_requests (due_at) WHERE state IN ('waiting', 'closed');
CREATE INDEX data_requests_of ON data_requests (person_id, asked_at);
CREATE INDEX data_requests_asked_at ON data_requests (asked_at, id);

-- The parts of a file, one for each table, gone when it expires.
CREATE TABLE data_export_parts (
  request_id UUID NOT NULL,
  no INTEGER NOT NULL,
  name TEXT NOT NULL,
  rows INTEGER NOT NULL,
  content TEXT NOT NULL,
  CONSTRAINT data_export_parts_pkey PRIMARY KEY (request_id, no),
  CONSTRAINT data_export_parts_request_id_fkey FOREIGN KEY (request_id) REFERENCES data_requests (id) ON DELETE CASCADE ON UPDATE CASCADE
);

-- Z1: how long a kind is kept, by version; the newest counts. The shortest of each kind stands in the product.
CREATE TABLE retention_policies (
  kind TEXT NOT NULL,
  version INTEGER NOT NULL,
  keep_days INTEGER NOT NULL,
  reason TEXT NOT NULL,
  set_by UUID NOT NULL,
  set_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT retention_policies_pkey PRIMARY KEY (kind, version),
  CONSTRAINT retention_policies_days CHECK (keep_days BETWEEN 1 AND 36500),
  -- Rule Z1, also for who writes to the database by hand: three years, leap day included.
  CONSTRAINT retention_policies_law CHECK (
    kind NOT IN ('replays', 'room_logs', 'product_pages', 'orders', 'after_sales') OR keep_days >= 1096)
);
CREATE TRIGGER retention_policies_append_only BEFORE UPDATE OR DELETE ON retention_policies FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What a run of the job deleted, of which kind; nothing deleted, no row.
CREATE TABLE retention_runs (
  id UUID NOT NULL,
  kind TEXT NOT NULL,
  keep_days INTEGER NOT NULL,
  before TIMESTAMPTZ(3) NOT NULL,
  rows INTEGER NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT retention_runs_pkey PRIMARY KEY (id)
);
CREATE INDEX retention_runs_at ON retention_runs (at, id);
CREATE TRIGGER retention_runs_append_only BEFORE UPDATE OR DELETE ON retention_runs FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Rule Z1: what the law has kept is deleted by a policy or not at all.
CREATE FUNCTION deleted_by_policy_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('walnut.retention', true) = TG_TABLE_NAME THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION '% is deleted by a retention policy only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER orders_kept BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION deleted_by_policy_only();
CREATE TRIGGER order_items_kept BEFORE DELETE ON order_items FOR EACH ROW EXECUTE FUNCTION deleted_by_policy_only();
CREATE TRIGGER after_sales_kept BEFORE DELETE ON after_sales FOR EACH ROW EXECUTE FUNCTION deleted_by_policy_only();
CREATE TRIGGER product_snapshots_kept BEFORE DELETE ON product_snapshots FOR EACH ROW EXECUTE FUNCTION deleted_by_policy_only();
CREATE TRIGGER recordings_kept BEFORE DELETE ON recordings FOR EACH ROW EXECUTE FUNCTION deleted_by_policy_only();
CREATE TRIGGER room_events_kept BEFORE DELETE ON room_events FOR EACH ROW EXECUTE FUNCTION deleted_by_policy_only();
