-- Rewards around sharing (rules Z5, K2): prizes for invites from stock, money for newcomers from a budget. Nobody is paid for heads.
-- See docs/30-sharing.md.

CREATE TABLE invite_tasks (
  id UUID NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  title TEXT NOT NULL,
  starts_at TIMESTAMPTZ(3) NOT NULL,
  ends_at TIMESTAMPTZ(3) NOT NULL,
  created_by UUID NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  stopped_at TIMESTAMPTZ(3),
  stop_reason TEXT NOT NULL DEFAULT '',
  CONSTRAINT invite_tasks_pkey PRIMARY KEY (id),
  CONSTRAINT invite_tasks_window CHECK (ends_at > starts_at)
);
CREATE INDEX invite_tasks_org_path_ends_at_idx ON invite_tasks (org_path, ends_at);

CREATE TABLE invite_task_tiers (
  id UUID NOT NULL,
  task_id UUID NOT NULL,
  -- So many new people who signed in.
  threshold INTEGER NOT NULL,
  coupon_kind_id UUID NOT NULL,
  stock INTEGER NOT NULL,
  granted INTEGER NOT NULL DEFAULT 0,
  CONSTRAINT invite_task_tiers_pkey PRIMARY KEY (id),
  CONSTRAINT invite_task_tiers_stock CHECK (threshold > 0 AND stock > 0 AND granted BETWEEN 0 AND stock),
  CONSTRAINT invite_task_tiers_task_id_fkey FOREIGN KEY (task_id) REFERENCES invite_tasks (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT invite_task_tiers_coupon_kind_id_fkey FOREIGN KEY (coupon_kind_id) REFERENCES coupon_kinds (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX invite_task_tiers_task_id_threshold_key ON invite_task_tiers (task_id, threshold);

-- One prize of a tier for each person.
CREATE TABLE invite_task_grants (
  tier_id UUID NOT NULL,
  person_id UUID NOT NULL,
  task_id UUID NOT NULL,
  coupon_id UUID NOT NULL,
  -- Whom they had invited when it was granted: what it was granted for.
  invited INTEGER NOT NULL,
  granted_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT invite_task_grants_pkey PRIMARY KEY (tier_id, person_id),
  CONSTRAINT invite_task_grants_tier_id_fkey FOREIGN KEY (tier_id) REFERENCES invite_task_tiers (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT invite_task_grants_coupon_id_fkey FOREIGN KEY (coupon_id) REFERENCES coupons (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX invite_task_grants_coupon_id_key ON invite_task_grants (coupon_id);
CREATE INDEX invite_task_grants_task_id_person_id_idx ON invite_task_grants (task_id, person_id);

-- A red packet for who is new. Its money is taken from the unit's marketing budget when it starts and given back when it ends.
CREATE TABLE newcomer_gifts (
  id UUID NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  title TEXT NOT NULL,
  amount_fen BIGINT NOT NULL,
  count INTEGER NOT NULL,
  taken INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL,
  starts_at TIMESTAMPTZ(3) NOT NULL,
  ends_at TIMESTAMPTZ(3) NOT NULL,
  created_by UUID NOT NULL,
  ended_at TIMESTAMPTZ(3),
  end_reason TEXT NOT NULL DEFAULT '',
  returned_fen BIGINT,
  CONSTRAINT newcomer_gifts_pkey PRIMARY KEY (id),
  CONSTRAINT newcomer_gifts_sums CHECK (amount_fen > 0 AND count > 0 AND taken BETWEEN 0 AND count AND ends_at > starts_at),
  CONSTRAINT newcomer_gifts_state CHECK (state IN ('running', 'ended') AND (state = 'ended') = (ended_at IS NOT NULL) AND (state = 'ended') = (returned_fen IS NOT NULL)),
  CONSTRAINT newcomer_gifts_whole CHECK (returned_fen IS NULL OR returned_fen = amount_fen * (count - taken))
);
-- One runs at a time for a unit.
CREATE UNIQUE INDEX newcomer_gifts_running ON newcomer_gifts (org_unit_id) WHERE state = 'running';
CREATE INDEX newcomer_gifts_org_path_starts_at_idx ON newcomer_gifts (org_path, starts_at);

-- A person is new once, whichever campaign it was.
CREATE TABLE newcomer_gift_shares (
  person_id UUID NOT NULL,
  gift_id UUID NOT NULL,
  amount_fen BIGINT NOT NULL,
  taken_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT newcomer_gift_shares_pkey PRIMARY KEY (person_id),
  CONSTRAINT newcomer_gift_shares_gift_id_fkey FOREIGN KEY (gift_id) REFERENCES newcomer_gifts (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE INDEX newcomer_gift_shares_gift_id_idx ON newcomer_gift_shares (gift_id);
