-- Campaigns in waves: a plan, and what became of each of its actions.

CREATE TABLE waves (
  id UUID NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  title TEXT NOT NULL,
  state TEXT NOT NULL,
  round INTEGER NOT NULL,
  copied_from UUID,
  -- [{ phase, from, until }], four in their order
  phases JSONB NOT NULL,
  created_by UUID NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  updated_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT waves_pkey PRIMARY KEY (id),
  CONSTRAINT waves_state CHECK (state IN ('draft', 'running', 'paused', 'cancelled', 'done') AND round >= 1)
);
ALTER TABLE waves
  ADD CONSTRAINT waves_org_unit_id_fkey FOREIGN KEY (org_unit_id) REFERENCES org_units (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX waves_org_path_created_at_idx ON waves (org_path, created_at);

CREATE TABLE wave_actions (
  id UUID NOT NULL,
  wave_id UUID NOT NULL,
  phase TEXT NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  deed JSONB NOT NULL,
  late_minutes INTEGER NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_try_at TIMESTAMPTZ(3),
  -- Somebody is at it until then.
  claimed_until TIMESTAMPTZ(3),
  -- { roomId, offerId, people }
  result JSONB NOT NULL DEFAULT '{}',
  ended_at TIMESTAMPTZ(3),
  CONSTRAINT wave_actions_pkey PRIMARY KEY (id),
  CONSTRAINT wave_actions_state CHECK (state IN ('planned', 'running', 'done', 'failed', 'skipped')
    AND (state IN ('done', 'failed', 'skipped')) = (ended_at IS NOT NULL) AND (state NOT IN ('failed', 'skipped') OR reason IS NOT NULL))
);
ALTER TABLE wave_actions
  ADD CONSTRAINT wave_actions_wave_id_fkey FOREIGN KEY (wave_id) REFERENCES waves (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX wave_actions_wave_id_at_idx ON wave_actions (wave_id, at);
CREATE INDEX wave_actions_due ON wave_actions (at) WHERE state IN ('planned', 'running');
