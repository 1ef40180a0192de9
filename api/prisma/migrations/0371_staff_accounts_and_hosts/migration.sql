-- Units that are closed, accounts that are given out by a code, and who may host (Z2). See docs/31-staff-and-audit.md.

ALTER TABLE org_units ADD COLUMN closed_at TIMESTAMPTZ(3);

-- One code at a time for each account; only its hash is kept, and it is good once.
CREATE TABLE staff_codes (
  person_id UUID NOT NULL,
  code_hash TEXT NOT NULL,
  made_by UUID NOT NULL,
  made_at TIMESTAMPTZ(3) NOT NULL,
  expires_at TIMESTAMPTZ(3) NOT NULL,
  -- Wrong codes given for it; a few end it.
  tries INTEGER NOT NULL DEFAULT 0,
  CONSTRAINT staff_codes_pkey PRIMARY KEY (person_id),
  CONSTRAINT staff_codes_person_id_fkey FOREIGN KEY (person_id) REFERENCES staff_accounts (person_id) ON DELETE CASCADE ON UPDATE CASCADE
);

-- That somebody has seen a host's document: neither its number nor the birthday is kept, only the day they turn sixteen.
CREATE TABLE host_identities (
  id UUID NOT NULL,
  person_id UUID NOT NULL,
  document TEXT NOT NULL,
  sixteen_on DATE NOT NULL,
  verified_by UUID NOT NULL,
  verified_at TIMESTAMPTZ(3) NOT NULL,
  revoked_at TIMESTAMPTZ(3),
  revoked_by UUID,
  revoke_reason TEXT NOT NULL DEFAULT '',
  CONSTRAINT host_identities_pkey PRIMARY KEY (id),
  CONSTRAINT host_identities_document CHECK (document IN ('id_card', 'passport', 'permit')),
  CONSTRAINT host_identities_by_another CHECK (verified_by <> person_id),
  CONSTRAINT host_identities_revoked CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE UNIQUE INDEX host_identities_current ON host_identities (person_id) WHERE revoked_at IS NULL;

CREATE TABLE host_rules (
  version INTEGER NOT NULL,
  identity_needed BOOLEAN NOT NULL,
  training_needed BOOLEAN NOT NULL,
  reason TEXT NOT NULL,
  set_by UUID NOT NULL,
  set_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT host_rules_pkey PRIMARY KEY (version)
);
CREATE TRIGGER host_rules_append_only BEFORE UPDATE OR DELETE ON host_rules FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What was found when a room went live.
CREATE TABLE host_checks (
  room_id UUID NOT NULL,
  person_id UUID NOT NULL,
  identity TEXT NOT NULL,
  trainings INTEGER NOT NULL,
  rule_version INTEGER NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT host_checks_pkey PRIMARY KEY (room_id, person_id),
  CONSTRAINT host_checks_identity CHECK (identity IN ('verified', 'missing'))
);
CREATE TRIGGER host_checks_append_only BEFORE UPDATE OR DELETE ON host_checks FOR EACH ROW EXECUTE FUNCTION refuse_change();
