-- Draws that anybody can check (rule G2) and red packets (rule G3).

CREATE TABLE draws (
  id UUID NOT NULL,
  room_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  state TEXT NOT NULL,
  title TEXT NOT NULL,
  keyword TEXT,
  followers BOOLEAN NOT NULL,
  customers BOOLEAN NOT NULL,
  -- [{ no, name, kind, valueFen, count, note }]
  prizes JSONB NOT NULL,
  duration_seconds INTEGER NOT NULL,
  commitment TEXT NOT NULL,
  -- The seed, encrypted; `seed` in the clear is there only once the draw is closed.
  sealed_seed TEXT NOT NULL,
  seed TEXT,
  list_hash TEXT,
  -- Of a closed draw; while it is open they are counted.
  entries INTEGER,
  prepared_by UUID NOT NULL,
  prepared_at TIMESTAMPTZ(3) NOT NULL,
  opened_at TIMESTAMPTZ(3),
  closes_at TIMESTAMPTZ(3),
  closed_at TIMESTAMPTZ(3),
  -- NULL: its time was over.
  closed_by UUID,
  claim_until TIMESTAMPTZ(3),
  CONSTRAINT draws_pkey PRIMARY KEY (id),
  CONSTRAINT draws_state CHECK (state IN ('prepared', 'open', 'closed', 'cancelled')),
  CONSTRAINT draws_opened CHECK ((opened_at IS NULL) = (closes_at IS NULL) AND (state NOT IN ('open', 'closed') OR opened_at IS NOT NULL)),
  CONSTRAINT draws_revealed CHECK ((state = 'closed') = (num_nonnulls(seed, list_hash, entries, claim_until) = 4)
    AND (state = 'closed' OR num_nonnulls(seed, list_hash, entries, claim_until) = 0))
);
ALTER TABLE draws
  ADD CONSTRAINT draws_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX draws_room_id_prepared_at_idx ON draws (room_id, prepared_at);
CREATE UNIQUE INDEX draws_current ON draws (room_id) WHERE state IN ('prepared', 'open');
CREATE INDEX draws_due ON draws (closes_at) WHERE state = 'open';

-- What was published before the draw opened, and what was drawn, stays as it is.
CREATE FUNCTION draw_keeps_its_word() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.state IN ('closed', 'cancelled')
    OR (OLD.room_id, OLD.title, OLD.keyword, OLD.followers, OLD.customers, OLD.prizes, OLD.duration_seconds, OLD.commitment, OLD.sealed_seed)
      IS DISTINCT FROM (NEW.room_id, NEW.title, NEW.keyword, NEW.followers, NEW.customers, NEW.prizes, NEW.duration_seconds, NEW.commitment, NEW.sealed_seed) THEN
    RAISE EXCEPTION 'a draw keeps what it has published' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER draws_word BEFORE UPDATE OR DELETE ON draws FOR EACH ROW EXECUTE FUNCTION draw_keeps_its_word();

-- One entry a person; the public id says nothing about them anywhere else.
CREATE TABLE draw_entries (
  draw_id UUID NOT NULL,
  person_id UUID NOT NULL,
  public_id TEXT NOT NULL,
  address_hash TEXT NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT draw_entries_pkey PRIMARY KEY (draw_id, person_id)
);
ALTER TABLE draw_entries
  ADD CONSTRAINT draw_entries_draw_id_fkey FOREIGN KEY (draw_id) REFERENCES draws (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE UNIQUE INDEX draw_entries_draw_id_public_id_key ON draw_entries (draw_id, public_id);
CREATE TRIGGER draw_entries_append_only BEFORE UPDATE OR DELETE ON draw_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Entries from one network address; grows only by a conditional statement.
CREATE TABLE draw_addresses (
  draw_id UUID NOT NULL,
  address_hash TEXT NOT NULL,
  entries INTEGER NOT NULL,
  CONSTRAINT draw_addresses_pkey PRIMARY KEY (draw_id, address_hash)
);

CREATE TABLE draw_wins (
  id UUID NOT NULL,
  draw_id UUID NOT NULL,
  rank INTEGER NOT NULL,
  prize_no INTEGER NOT NULL,
  person_id UUID NOT NULL,
  public_id TEXT NOT NULL,
  -- As everybody sees it: masked.
  name TEXT NOT NULL,
  state TEXT NOT NULL,
  won_at TIMESTAMPTZ(3) NOT NULL,
  claimed_at TIMESTAMPTZ(3),
  address JSONB,
  shipped_at TIMESTAMPTZ(3),
  tracking_no TEXT,
  CONSTRAINT draw_wins_pkey PRIMARY KEY (id),
  CONSTRAINT draw_wins_state CHECK (state IN ('won', 'claimed', 'shipped') AND (state = 'won') = (claimed_at IS NULL)
    AND (state = 'shipped') = (shipped_at IS NOT NULL AND tracking_no IS NOT NULL))
);
ALTER TABLE draw_wins
  ADD CONSTRAINT draw_wins_draw_id_fkey FOREIGN KEY (draw_id) REFERENCES draws (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE UNIQUE INDEX draw_wins_draw_id_rank_key ON draw_wins (draw_id, rank);
CREATE UNIQUE INDEX draw_wins_draw_id_person_id_key ON draw_wins (draw_id, person_id);
CREATE INDEX draw_wins_person_id_won_at_idx ON draw_wins (person_id, won_at);

-- ── red packets ──────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE red_packets (
  id UUID NOT NULL,
  room_id UUID NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  state TEXT NOT NULL,
  title TEXT NOT NULL,
  total_fen BIGINT NOT NULL,
  count INTEGER NOT NULL,
  started_by UUID NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  starts_at TIMESTAMPTZ(3) NOT NULL,
  ends_at TIMESTAMPTZ(3) NOT NULL,
  ended_at TIMESTAMPTZ(3),
  taken INTEGER,
  returned_fen BIGINT,
  CONSTRAINT red_packets_pkey PRIMARY KEY (id),
  CONSTRAINT red_packets_state CHECK (state IN ('running', 'ended') AND (state = 'ended') = (num_nonnulls(ended_at, taken, returned_fen) = 3)),
  CONSTRAINT red_packets_sums CHECK (count > 0 AND total_fen >= count AND returned_fen BETWEEN 0 AND total_fen AND starts_at < ends_at)
);
ALTER TABLE red_packets
  ADD CONSTRAINT red_packets_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX red_packets_room_id_created_at_idx ON red_packets (room_id, created_at);
CREATE UNIQUE INDEX red_packets_current ON red_packets (room_id) WHERE state = 'running';
CREATE INDEX red_packets_due ON red_packets (ends_at) WHERE state = 'running';

-- The packets of a rain, split before it begins; taken in the order of `no`, each by one person, one by each.
CREATE TABLE red_packet_shares (
  packet_id UUID NOT NULL,
  no INTEGER NOT NULL,
  amount_fen BIGINT NOT NULL,
  person_id UUID,
  taken_at TIMESTAMPTZ(3),
  -- The money is in the person's reward account.
  posted BOOLEAN NOT NULL DEFAULT false,
  CONSTRAINT red_packet_shares_pkey PRIMARY KEY (packet_id, no),
  CONSTRAINT red_packet_shares_amount CHECK (amount_fen >= 1),
  CONSTRAINT red_packet_shares_taken CHECK ((person_id IS NULL) = (taken_at IS NULL) AND (NOT posted OR person_id IS NOT NULL))
);
ALTER TABLE red_packet_shares
  ADD CONSTRAINT red_packet_shares_packet_id_fkey FOREIGN KEY (packet_id) REFERENCES red_packets (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE UNIQUE INDEX red_packet_shares_packet_id_person_id_key ON red_packet_shares (packet_id, person_id);
CREATE INDEX red_packet_shares_person_id_taken_at_idx ON red_packet_shares (person_id, taken_at);
CREATE INDEX red_packet_shares_free ON red_packet_shares (packet_id, no) WHERE person_id IS NULL;
CREATE INDEX red_packet_shares_unposted ON red_packet_shares (packet_id) WHERE person_id IS NOT NULL AND NOT posted;

-- Nobody spends more than was granted, a rain gives no more than it holds, no reward account is below zero.
ALTER TABLE ledger_accounts ADD CONSTRAINT ledger_accounts_marketing CHECK (
  kind NOT IN ('marketing_budget', 'red_packet', 'reward_balance') OR balance_fen <= 0);
