-- Rule N1: at most four member levels, points that end, and what made a person what they are.

-- The rules of membership; every change is a new version and nothing is edited (entries keep the version they were made by).
CREATE TABLE member_rules (
  version INTEGER NOT NULL,
  -- Spend of so many days decides, net of refunds.
  window_days INTEGER NOT NULL,
  -- Points for one fen in basis points: 100 are one point a yuan. For people without a level.
  base_points_bps INTEGER NOT NULL,
  points_valid_days INTEGER NOT NULL,
  reason TEXT NOT NULL,
  made_by UUID NOT NULL,
  made_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT member_rules_pkey PRIMARY KEY (version),
  CONSTRAINT member_rules_terms CHECK (version > 0 AND window_days BETWEEN 1 AND 1095 AND base_points_bps BETWEEN 0 AND 10000
    AND points_valid_days BETWEEN 1 AND 1095)
);
CREATE TABLE member_levels (
  version INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  name TEXT NOT NULL,
  min_spend_fen BIGINT NOT NULL,
  points_bps INTEGER NOT NULL,
  -- Given once to whoever reaches the level.
  coupon_kind_id UUID,
  CONSTRAINT member_levels_pkey PRIMARY KEY (version, rank),
  -- Rule N1: four ranks exist, and a version has each once.
  CONSTRAINT member_levels_at_most_four CHECK (rank BETWEEN 1 AND 4),
  CONSTRAINT member_levels_terms CHECK (min_spend_fen > 0 AND points_bps BETWEEN 0 AND 10000),
  CONSTRAINT member_levels_version_fkey FOREIGN KEY (version) REFERENCES member_rules (version) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT member_levels_coupon_kind_id_fkey FOREIGN KEY (coupon_kind_id) REFERENCES coupon_kinds (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE FUNCTION member_levels_rise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM member_levels l WHERE l.version = NEW.version
      AND (l.rank < NEW.rank AND l.min_spend_fen >= NEW.min_spend_fen OR l.rank > NEW.rank AND l.min_spend_fen <= NEW.min_spend_fen)) THEN
    RAISE EXCEPTION 'a higher level needs more' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER member_levels_order BEFORE INSERT ON member_levels FOR EACH ROW EXECUTE FUNCTION member_levels_rise();
CREATE TRIGGER member_rules_append_only BEFORE UPDATE OR DELETE ON member_rules FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER member_levels_append_only BEFORE UPDATE OR DELETE ON member_levels FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Where a person stands: derived, never set by hand. Rank 0 is no level.
CREATE TABLE member_standings (
  person_id UUID NOT NULL,
  rank INTEGER NOT NULL,
  rules_version INTEGER NOT NULL,
  spend_fen BIGINT NOT NULL,
  since TIMESTAMPTZ(3) NOT NULL,
  checked_at TIMESTAMPTZ(3) NOT NULL,
  -- When the oldest purchase leaves the window; none: there is none in it.
  next_check_at TIMESTAMPTZ(3),
  CONSTRAINT member_standings_pkey PRIMARY KEY (person_id),
  CONSTRAINT member_standings_rank CHECK (rank BETWEEN 0 AND 4 AND spend_fen >= 0),
  CONSTRAINT member_standings_person_id_fkey FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT member_standings_rules_version_fkey FOREIGN KEY (rules_version) REFERENCES member_rules (version) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE INDEX member_standings_next_check_at_idx ON member_standings (next_check_at);
CREATE INDEX member_standings_rules_version_idx ON member_standings (rules_version);
CREATE TABLE member_moves (
  id BIGSERIAL NOT NULL,
  person_id UUID NOT NULL,
  from_rank INTEGER NOT NULL,
  to_rank INTEGER NOT NULL,
  reason TEXT NOT NULL,
  -- The order, or the refund, that did it.
  ref TEXT NOT NULL,
  spend_fen BIGINT NOT NULL,
  rules_version INTEGER NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT member_moves_pkey PRIMARY KEY (id),
  CONSTRAINT member_moves_facts CHECK (from_rank <> to_rank AND reason IN ('paid', 'refunded', 'window', 'rules')),
  CONSTRAINT member_moves_person_id_fkey FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE INDEX member_moves_person_id_id_idx ON member_moves (person_id, id);
CREATE TRIGGER member_moves_append_only BEFORE UPDATE OR DELETE ON member_moves FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- A level's coupon, once for a person and kind, however often the level is lost and reached again.
CREATE TABLE member_benefits (
  person_id UUID NOT NULL,
  coupon_kind_id UUID NOT NULL,
  rank INTEGER NOT NULL,
  coupon_id UUID NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT member_benefits_pkey PRIMARY KEY (person_id, coupon_kind_id),
  CONSTRAINT member_benefits_coupon_id_fkey FOREIGN KEY (coupon_id) REFERENCES coupons (id) ON DELETE RESTRICT ON UPDATE CASCADE
);

-- What a person has. Below zero: points that a refund took back had been spent; what comes next makes up for it.
CREATE TABLE points_accounts (
  person_id UUID NOT NULL,
  balance BIGINT NOT NULL,
  updated_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT points_accounts_pkey PRIMARY KEY (person_id),
  CONSTRAINT points_accounts_person_id_fkey FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
-- What one received order earned, and where it went; spent in the order of ends.
CREATE TABLE points_lots (
  id UUID NOT NULL,
  person_id UUID NOT NULL,
  order_id UUID NOT NULL,
  -- The rate it was earned at; refunds take back by the same.
  bps INTEGER NOT NULL,
  granted BIGINT NOT NULL,
  remaining BIGINT NOT NULL,
  used BIGINT NOT NULL DEFAULT 0,
  expired BIGINT NOT NULL DEFAULT 0,
  reversed BIGINT NOT NULL DEFAULT 0,
  earned_at TIMESTAMPTZ(3) NOT NULL,
  expires_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT points_lots_pkey PRIMARY KEY (id),
  CONSTRAINT points_lots_sum CHECK (granted > 0 AND remaining >= 0 AND used >= 0 AND expired >= 0 AND reversed >= 0
    AND granted = remaining + used + expired + reversed),
  CONSTRAINT points_lots_ends CHECK (earned_at < expires_at),
  CONSTRAINT points_lots_person_id_fkey FOREIGN KEY (person_id) REFERENCES points_accounts (person_id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT points_lots_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX points_lots_order_id_key ON points_lots (order_id);
CREATE INDEX points_lots_person_id_expires_at_idx ON points_lots (person_id, expires_at);
CREATE INDEX points_lots_due ON points_lots (expires_at) WHERE remaining > 0;
CREATE FUNCTION points_lot_keeps_its_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR (OLD.id, OLD.person_id, OLD.order_id, OLD.bps, OLD.granted, OLD.earned_at, OLD.expires_at)
      IS DISTINCT FROM (NEW.id, NEW.person_id, NEW.order_id, NEW.bps, NEW.granted, NEW.earned_at, NEW.expires_at) THEN
    RAISE EXCEPTION 'points keep their origin' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER points_lots_facts BEFORE UPDATE OR DELETE ON points_lots FOR EACH ROW EXECUTE FUNCTION points_lot_keeps_its_facts();
-- Every change of a balance, once for what caused it.
CREATE TABLE points_entries (
  id UUID NOT NULL,
  person_id UUID NOT NULL,
  kind TEXT NOT NULL,
  amount BIGINT NOT NULL,
  balance BIGINT NOT NULL,
  -- earn: the order; reverse: the refund; spend: the coupon; expire: the lot.
  ref UUID NOT NULL,
  title TEXT NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT points_entries_pkey PRIMARY KEY (id),
  CONSTRAINT points_entries_kind CHECK (kind IN ('earn', 'reverse', 'spend', 'expire') AND amount <> 0 AND (kind = 'earn') = (amount > 0)),
  CONSTRAINT points_entries_person_id_fkey FOREIGN KEY (person_id) REFERENCES points_accounts (person_id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX points_entries_kind_ref_key ON points_entries (kind, ref);
CREATE INDEX points_entries_person_id_at_idx ON points_entries (person_id, at);
CREATE TRIGGER points_entries_append_only BEFORE UPDATE OR DELETE ON points_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- What points are exchanged for.
CREATE TABLE points_exchanges (
  id UUID NOT NULL,
  kind_id UUID NOT NULL,
  points BIGINT NOT NULL,
  taken INTEGER NOT NULL DEFAULT 0,
  active BOOLEAN NOT NULL DEFAULT true,
  created_by UUID NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  stopped_at TIMESTAMPTZ(3),
  CONSTRAINT points_exchanges_pkey PRIMARY KEY (id),
  CONSTRAINT points_exchanges_terms CHECK (points > 0 AND taken >= 0 AND active = (stopped_at IS NULL)),
  CONSTRAINT points_exchanges_kind_id_fkey FOREIGN KEY (kind_id) REFERENCES coupon_kinds (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX points_exchanges_current ON points_exchanges (kind_id) WHERE active;

-- Who gets a coupon for a level, or for points.
ALTER TABLE coupons DROP CONSTRAINT coupons_source,
  ADD CONSTRAINT coupons_source CHECK (source IN ('claim', 'drop', 'given', 'level', 'points') AND (source = 'drop') = (drop_id IS NOT NULL));
