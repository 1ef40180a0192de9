-- Rows behind figures, files of reports, and alerts. See docs/29-reports.md.

-- Drill-down over the whole brand, newest first.
CREATE INDEX touches_at ON touches (at, id);
CREATE INDEX orders_paid_at ON orders (paid_at, id) WHERE paid_at IS NOT NULL;

CREATE FUNCTION report_person(who UUID) RETURNS JSON LANGUAGE sql STABLE AS $$
  SELECT json_build_object('id', p.id, 'name', p.name, 'kind', p.kind, 'ownerPath', u.path)
  FROM people w JOIN people p ON p.id = COALESCE(w.merged_into, w.id)
  LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL LEFT JOIN org_units u ON u.id = b.store_id WHERE w.id = who
$$;
CREATE FUNCTION report_unit(unit UUID) RETURNS JSON LANGUAGE sql STABLE AS $$
  SELECT json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) FROM org_units u WHERE u.id = unit
$$;

CREATE TABLE report_exports (
  id UUID NOT NULL,
  person_id UUID NOT NULL,
  role TEXT NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  kind TEXT NOT NULL,
  filter JSONB NOT NULL,
  state TEXT NOT NULL,
  rows INTEGER NOT NULL DEFAULT 0,
  expected_rows INTEGER,
  bytes INTEGER NOT NULL DEFAULT 0,
  created_at TIMESTAMPTZ(3) NOT NULL,
  -- Whoever writes it says so again and again; one that fell silent is begun anew.
  claimed_until TIMESTAMPTZ(3),
  finished_at TIMESTAMPTZ(3),
  expires_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT report_exports_pkey PRIMARY KEY (id),
  CONSTRAINT report_exports_kind CHECK (kind IN ('inviters', 'visits', 'newcomers', 'sales')),
  CONSTRAINT report_exports_state CHECK (state IN ('waiting', 'running', 'done', 'failed') AND (state IN ('done', 'failed')) = (finished_at IS NOT NULL))
);
CREATE INDEX report_exports_person_id_created_at_idx ON report_exports (person_id, created_at);
CREATE TABLE report_export_parts (
  export_id UUID NOT NULL,
  no INTEGER NOT NULL,
  content TEXT NOT NULL,
  CONSTRAINT report_export_parts_pkey PRIMARY KEY (export_id, no),
  CONSTRAINT report_export_parts_export_id_fkey FOREIGN KEY (export_id) REFERENCES report_exports (id) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE alerts (
  id UUID NOT NULL,
  kind TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  label TEXT NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  room_id UUID,
  state TEXT NOT NULL,
  value INTEGER NOT NULL,
  threshold INTEGER NOT NULL,
  seen INTEGER NOT NULL DEFAULT 1,
  opened_at TIMESTAMPTZ(3) NOT NULL,
  last_seen_at TIMESTAMPTZ(3) NOT NULL,
  acknowledged_by UUID,
  acknowledged_at TIMESTAMPTZ(3),
  closed_by UUID,
  closed_at TIMESTAMPTZ(3),
  close_reason TEXT NOT NULL DEFAULT '',
  CONSTRAINT alerts_pkey PRIMARY KEY (id),
  CONSTRAINT alerts_kind CHECK (kind IN ('host_lost', 'poor_picture', 'stock_low', 'fraud_burst')),
  CONSTRAINT alerts_state CHECK (state IN ('open', 'acknowledged', 'closed') AND (state = 'closed') = (closed_at IS NOT NULL)),
  CONSTRAINT alerts_org_unit_id_fkey FOREIGN KEY (org_unit_id) REFERENCES org_units (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
-- One row per trouble, however often and by however many processes it is seen.
CREATE UNIQUE INDEX alerts_standing ON alerts (kind, subject_id, org_unit_id) WHERE state <> 'closed';
CREATE INDEX alerts_org_path_opened_at_idx ON alerts (org_path, opened_at);
CREATE INDEX alerts_kind_subject_id_idx ON alerts (kind, subject_id, closed_at);

CREATE TABLE alert_rules (
  org_unit_id UUID NOT NULL,
  kind TEXT NOT NULL,
  enabled BOOLEAN NOT NULL,
  threshold INTEGER NOT NULL,
  cool_down_minutes INTEGER NOT NULL,
  set_by UUID NOT NULL,
  set_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT alert_rules_pkey PRIMARY KEY (org_unit_id, kind),
  CONSTRAINT alert_rules_figures CHECK (threshold > 0 AND cool_down_minutes > 0),
  CONSTRAINT alert_rules_org_unit_id_fkey FOREIGN KEY (org_unit_id) REFERENCES org_units (id) ON DELETE RESTRICT ON UPDATE CASCADE
);

CREATE FUNCTION tell_alert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO domain_events (type, org_path, data, at)
  VALUES (CASE NEW.state WHEN 'closed' THEN 'alert.closed' ELSE 'alert.opened' END, NEW.org_path,
    jsonb_build_object('alertId', NEW.id, 'kind', NEW.kind, 'orgUnitId', NEW.org_unit_id, 'subjectId', NEW.subject_id, 'roomId', NEW.room_id, 'value', NEW.value,
      'threshold', NEW.threshold, 'state', NEW.state),
    COALESCE(NEW.closed_at, NEW.opened_at));
  RETURN NULL;
END $$;
CREATE TRIGGER alerts_tell_opened AFTER INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION tell_alert();
CREATE TRIGGER alerts_tell_closed AFTER UPDATE OF state ON alerts FOR EACH ROW WHEN (OLD.state <> 'closed' AND NEW.state = 'closed') EXECUTE FUNCTION tell_alert();
