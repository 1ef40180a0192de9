-- Agents of stores, what they agreed to, and targets. See docs/30-sharing.md.

CREATE TABLE agent_agreements (
  version INTEGER NOT NULL,
  text TEXT NOT NULL,
  created_by UUID NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT agent_agreements_pkey PRIMARY KEY (version)
);

-- One row for each application; `active` is an agent. There is no fee to become one (rule K2): no column could hold it.
CREATE TABLE agents (
  id UUID NOT NULL,
  person_id UUID NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  state TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  applied_at TIMESTAMPTZ(3) NOT NULL,
  decided_by UUID,
  decided_at TIMESTAMPTZ(3),
  reason TEXT NOT NULL DEFAULT '',
  agreement_version INTEGER,
  agreed_at TIMESTAMPTZ(3),
  ended_at TIMESTAMPTZ(3),
  CONSTRAINT agents_pkey PRIMARY KEY (id),
  CONSTRAINT agents_state CHECK (state IN ('applied', 'approved', 'declined', 'active', 'ended')),
  CONSTRAINT agents_decided CHECK ((state = 'applied') = (decided_at IS NULL)),
  CONSTRAINT agents_agreed CHECK ((agreement_version IS NULL) = (agreed_at IS NULL) AND (state <> 'active' OR agreed_at IS NOT NULL)),
  CONSTRAINT agents_ended CHECK ((state = 'ended') = (ended_at IS NOT NULL)),
  CONSTRAINT agents_agreement_version_fkey FOREIGN KEY (agreement_version) REFERENCES agent_agreements (version) ON DELETE RESTRICT ON UPDATE CASCADE
);
-- One that is open or active at a time for each person.
CREATE UNIQUE INDEX agents_open ON agents (person_id) WHERE state IN ('applied', 'approved', 'active');
CREATE INDEX agents_org_path_state_idx ON agents (org_path, state);

-- What a guide or agent is to bring in a month of the brand's calendar; the last word for each is in force.
CREATE TABLE sales_targets (
  person_id UUID NOT NULL,
  month TEXT NOT NULL,
  kind TEXT NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  amount BIGINT NOT NULL,
  set_by UUID NOT NULL,
  set_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT sales_targets_pkey PRIMARY KEY (person_id, month, kind),
  CONSTRAINT sales_targets_kind CHECK (kind IN ('gmv', 'new_customers') AND amount > 0 AND month ~ '^\d{4}-\d{2}$')
);
CREATE INDEX sales_targets_org_path_month_idx ON sales_targets (org_path, month);
