-- Rules N3, N4: tags derived from what people did, by rules that everybody who sees a tag can read.

-- A rule as data; a change is a new version, the highest one counts.
CREATE TABLE tag_rules (
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  -- All of them must hold: [{ "metric", "op", "value", "days" }].
  conditions JSONB NOT NULL,
  active BOOLEAN NOT NULL,
  reason TEXT NOT NULL,
  made_by UUID,
  made_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT tag_rules_pkey PRIMARY KEY (id, version),
  CONSTRAINT tag_rules_terms CHECK (version > 0 AND jsonb_typeof(conditions) = 'array' AND jsonb_array_length(conditions) > 0)
);
CREATE TRIGGER tag_rules_append_only BEFORE UPDATE OR DELETE ON tag_rules FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- When people were in a room (overlapping sockets of several devices and nodes count once), and how often they wrote there.
CREATE TABLE room_watches (
  room_id UUID NOT NULL,
  person_id UUID NOT NULL,
  spans TSTZMULTIRANGE NOT NULL,
  counted_to TIMESTAMPTZ(3) NOT NULL,
  messages INTEGER NOT NULL DEFAULT 0,
  CONSTRAINT room_watches_pkey PRIMARY KEY (room_id, person_id)
);
CREATE INDEX room_watches_person_id_counted_to_idx ON room_watches (person_id, counted_to);

-- Whose tags are looked at next.
CREATE TABLE customer_checks (
  person_id UUID NOT NULL,
  due_at TIMESTAMPTZ(3) NOT NULL,
  checked_at TIMESTAMPTZ(3),
  CONSTRAINT customer_checks_pkey PRIMARY KEY (person_id),
  CONSTRAINT customer_checks_person_id_fkey FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX customer_checks_due_at_idx ON customer_checks (due_at);
CREATE FUNCTION customer_is_checked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.kind = 'consumer' THEN
    INSERT INTO customer_checks (person_id, due_at) VALUES (NEW.id, NEW.created_at) ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER people_are_checked AFTER INSERT OR UPDATE OF kind ON people FOR EACH ROW EXECUTE FUNCTION customer_is_checked();
INSERT INTO customer_checks (person_id, due_at) SELECT id, created_at FROM people WHERE kind = 'consumer';

CREATE TABLE customer_tags (
  id UUID NOT NULL,
  person_id UUID NOT NULL,
  rule_id UUID NOT NULL,
  rule_version INTEGER NOT NULL,
  -- What was counted, one for one with the rule's conditions.
  why JSONB NOT NULL,
  since TIMESTAMPTZ(3) NOT NULL,
  checked_at TIMESTAMPTZ(3) NOT NULL,
  ended_at TIMESTAMPTZ(3),
  CONSTRAINT customer_tags_pkey PRIMARY KEY (id),
  CONSTRAINT customer_tags_person_id_fkey FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT customer_tags_rule_fkey FOREIGN KEY (rule_id, rule_version) REFERENCES tag_rules (id, version) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX customer_tags_current ON customer_tags (person_id, rule_id) WHERE ended_at IS NULL;
CREATE INDEX customer_tags_rule_id_idx ON customer_tags (rule_id) WHERE ended_at IS NULL;

-- Rule N4: proposed by figures, decided by a person, with what was known then.
CREATE TABLE koc_proposals (
  id UUID NOT NULL,
  person_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  state TEXT NOT NULL,
  why JSONB NOT NULL,
  proposed_at TIMESTAMPTZ(3) NOT NULL,
  ended_at TIMESTAMPTZ(3),
  ended_by UUID,
  reason TEXT NOT NULL DEFAULT '',
  CONSTRAINT koc_proposals_pkey PRIMARY KEY (id),
  CONSTRAINT koc_proposals_state CHECK (state IN ('proposed', 'accepted', 'declined', 'lapsed') AND (state = 'proposed') = (ended_at IS NULL)
    AND (state IN ('accepted', 'declined')) = (ended_by IS NOT NULL)),
  CONSTRAINT koc_proposals_person_id_fkey FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX koc_proposals_current ON koc_proposals (person_id) WHERE state = 'proposed';
CREATE INDEX koc_proposals_org_path_proposed_at_idx ON koc_proposals (org_path, proposed_at);
