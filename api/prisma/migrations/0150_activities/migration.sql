-- What people do together in a room besides draws and red packets: check-in, quiz and survey, countdown, 接龙 (chain).

-- The words of draws, red packets, quizzes, surveys, countdowns and chains pass the claim guard too (rule Z3).
ALTER TABLE guard_corrections DROP CONSTRAINT guard_corrections_place;
ALTER TABLE guard_corrections ADD CONSTRAINT guard_corrections_place CHECK (place IN ('chat', 'notice', 'pinned', 'room', 'product', 'play'));

-- ── check-in ─────────────────────────────────────────────────────────────────────────────────────────────────────────
-- One for a room; the host may close it and open it again.
CREATE TABLE check_ins (
  id UUID NOT NULL,
  room_id UUID NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  state TEXT NOT NULL,
  message TEXT NOT NULL,
  opened_by UUID NOT NULL,
  -- The first time: the order of the lives of a store, for streaks.
  opened_at TIMESTAMPTZ(3) NOT NULL,
  closed_at TIMESTAMPTZ(3),
  CONSTRAINT check_ins_pkey PRIMARY KEY (id),
  CONSTRAINT check_ins_state CHECK (state IN ('open', 'closed') AND (state = 'closed') = (closed_at IS NOT NULL))
);
ALTER TABLE check_ins
  ADD CONSTRAINT check_ins_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE UNIQUE INDEX check_ins_room_id_key ON check_ins (room_id);
CREATE INDEX check_ins_org_unit_id_opened_at_idx ON check_ins (org_unit_id, opened_at);

-- Somebody was there: once a room and day (of Shanghai).
CREATE TABLE check_in_marks (
  check_in_id UUID NOT NULL,
  person_id UUID NOT NULL,
  day DATE NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT check_in_marks_pkey PRIMARY KEY (check_in_id, person_id, day)
);
ALTER TABLE check_in_marks
  ADD CONSTRAINT check_in_marks_check_in_id_fkey FOREIGN KEY (check_in_id) REFERENCES check_ins (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX check_in_marks_person_id_idx ON check_in_marks (person_id);
CREATE TRIGGER check_in_marks_append_only BEFORE UPDATE OR DELETE ON check_in_marks FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- ── quiz and survey ──────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE polls (
  id UUID NOT NULL,
  room_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  question TEXT NOT NULL,
  options TEXT[] NOT NULL,
  -- Of a quiz: the option that is right, from 1. Leaves the server once the quiz is closed.
  right_no INTEGER,
  multiple BOOLEAN NOT NULL,
  live_results BOOLEAN NOT NULL,
  changeable BOOLEAN NOT NULL,
  opened_by UUID NOT NULL,
  opened_at TIMESTAMPTZ(3) NOT NULL,
  -- NULL: until somebody closes it.
  closes_at TIMESTAMPTZ(3),
  closed_at TIMESTAMPTZ(3),
  -- Of a closed one; while it is open they are counted.
  answers INTEGER,
  tally INTEGER[],
  -- Of a closed quiz: [{ rank, personId, name, right, ms }] over all quizzes of the room so far.
  leaders JSONB,
  CONSTRAINT polls_pkey PRIMARY KEY (id),
  CONSTRAINT polls_kind CHECK (kind IN ('quiz', 'survey') AND (kind = 'quiz') = (right_no IS NOT NULL)
    AND (kind = 'survey' OR (NOT multiple AND NOT live_results AND NOT changeable AND closes_at IS NOT NULL))),
  CONSTRAINT polls_options CHECK (cardinality(options) BETWEEN 2 AND 6 AND right_no BETWEEN 1 AND cardinality(options)),
  CONSTRAINT polls_state CHECK (state IN ('open', 'closed', 'cancelled') AND (state = 'open') = (closed_at IS NULL)
    AND (state = 'closed') = (num_nonnulls(answers, tally, leaders) = 3))
);
ALTER TABLE polls
  ADD CONSTRAINT polls_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX polls_room_id_opened_at_idx ON polls (room_id, opened_at);
CREATE UNIQUE INDEX polls_current ON polls (room_id) WHERE state = 'open';
CREATE INDEX polls_due ON polls (closes_at) WHERE state = 'open';

-- One answer a person; `changes` counts how often it was changed.
CREATE TABLE poll_answers (
  poll_id UUID NOT NULL,
  person_id UUID NOT NULL,
  choices INTEGER[] NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  -- From the opening to the answer, by the server's clock.
  taken_ms INTEGER NOT NULL,
  changes INTEGER NOT NULL DEFAULT 0,
  CONSTRAINT poll_answers_pkey PRIMARY KEY (poll_id, person_id),
  CONSTRAINT poll_answers_choices CHECK (cardinality(choices) BETWEEN 1 AND 6 AND taken_ms >= 0)
);
ALTER TABLE poll_answers
  ADD CONSTRAINT poll_answers_poll_id_fkey FOREIGN KEY (poll_id) REFERENCES polls (id) ON DELETE RESTRICT ON UPDATE CASCADE;

-- ── countdown ────────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE countdowns (
  id UUID NOT NULL,
  room_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  state TEXT NOT NULL,
  title TEXT NOT NULL,
  started_by UUID NOT NULL,
  started_at TIMESTAMPTZ(3) NOT NULL,
  ends_at TIMESTAMPTZ(3) NOT NULL,
  ended_at TIMESTAMPTZ(3),
  CONSTRAINT countdowns_pkey PRIMARY KEY (id),
  CONSTRAINT countdowns_state CHECK (state IN ('running', 'ended', 'cancelled') AND (state = 'running') = (ended_at IS NULL))
);
ALTER TABLE countdowns
  ADD CONSTRAINT countdowns_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX countdowns_room_id_started_at_idx ON countdowns (room_id, started_at);
CREATE UNIQUE INDEX countdowns_current ON countdowns (room_id) WHERE state = 'running';
CREATE INDEX countdowns_due ON countdowns (ends_at) WHERE state = 'running';

-- ── 接龙 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
-- Who writes a line holds this row: numbers are given in the order of arrival, without gaps; people and pieces are sums.
CREATE TABLE chains (
  id UUID NOT NULL,
  room_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  state TEXT NOT NULL,
  title TEXT NOT NULL,
  product_id UUID,
  opened_by UUID NOT NULL,
  opened_at TIMESTAMPTZ(3) NOT NULL,
  closed_at TIMESTAMPTZ(3),
  last_no INTEGER NOT NULL DEFAULT 0,
  people INTEGER NOT NULL DEFAULT 0,
  pieces INTEGER NOT NULL DEFAULT 0,
  -- Grows with every change of a line.
  version INTEGER NOT NULL DEFAULT 0,
  CONSTRAINT chains_pkey PRIMARY KEY (id),
  CONSTRAINT chains_state CHECK (state IN ('open', 'closed') AND (state = 'closed') = (closed_at IS NOT NULL)),
  CONSTRAINT chains_sums CHECK (people BETWEEN 0 AND last_no AND pieces >= people)
);
ALTER TABLE chains
  ADD CONSTRAINT chains_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE chains
  ADD CONSTRAINT chains_product_id_fkey FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE SET NULL ON UPDATE CASCADE;
CREATE INDEX chains_room_id_opened_at_idx ON chains (room_id, opened_at);
CREATE UNIQUE INDEX chains_current ON chains (room_id) WHERE state = 'open';

-- A line keeps its number when it is changed, withdrawn and joined again.
CREATE TABLE chain_lines (
  chain_id UUID NOT NULL,
  no INTEGER NOT NULL,
  person_id UUID NOT NULL,
  quantity INTEGER NOT NULL,
  note TEXT NOT NULL,
  state TEXT NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  changed_at TIMESTAMPTZ(3) NOT NULL,
  -- The chain's version that this change made.
  version INTEGER NOT NULL,
  CONSTRAINT chain_lines_pkey PRIMARY KEY (chain_id, no),
  CONSTRAINT chain_lines_quantity CHECK (quantity BETWEEN 1 AND 999),
  -- removed: by the crew; it cannot be joined again.
  CONSTRAINT chain_lines_state CHECK (state IN ('in', 'withdrawn', 'removed'))
);
ALTER TABLE chain_lines
  ADD CONSTRAINT chain_lines_chain_id_fkey FOREIGN KEY (chain_id) REFERENCES chains (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE UNIQUE INDEX chain_lines_chain_id_person_id_key ON chain_lines (chain_id, person_id);
CREATE INDEX chain_lines_chain_id_version_idx ON chain_lines (chain_id, version);
