-- ── word lists and the claim guard (rule Z3) ──────────────────────────────────────────────────────────────────────────
-- One list for the brand, kept by headquarters. Harmless words are in it too: what they cover is no hit.
CREATE TABLE guard_terms (
  id UUID NOT NULL,
  kind TEXT NOT NULL,
  action TEXT NOT NULL,
  text TEXT NOT NULL,
  -- The text as the matcher reads it: two spellings of one term are one row.
  key TEXT NOT NULL,
  source TEXT NOT NULL DEFAULT '',
  origin TEXT NOT NULL,
  active BOOLEAN NOT NULL DEFAULT true,
  updated_by UUID,
  created_at TIMESTAMPTZ(3) NOT NULL,
  updated_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT guard_terms_pkey PRIMARY KEY (id),
  CONSTRAINT guard_terms_kind CHECK (kind IN ('claim', 'abuse', 'contact', 'harmless')),
  CONSTRAINT guard_terms_action CHECK (action IN ('block', 'mask', 'show', 'allow')),
  CONSTRAINT guard_terms_harmless CHECK ((kind = 'harmless') = (action = 'allow')),
  CONSTRAINT guard_terms_origin CHECK (origin IN ('starter', 'brand'))
);
CREATE UNIQUE INDEX guard_terms_key_key ON guard_terms (key);
CREATE INDEX guard_terms_updated_at_id_idx ON guard_terms (updated_at, id);

-- The version that every node compares with its own, and how much of the built-in dictionary is in the list.
CREATE TABLE guard_list (
  id INTEGER NOT NULL DEFAULT 1,
  version INTEGER NOT NULL,
  starter_version INTEGER NOT NULL,
  CONSTRAINT guard_list_pkey PRIMARY KEY (id),
  CONSTRAINT guard_list_one CHECK (id = 1)
);
INSERT INTO guard_list (id, version, starter_version) VALUES (1, 0, 0);

CREATE TABLE guard_list_changes (
  version INTEGER NOT NULL,
  action TEXT NOT NULL,
  by_id UUID,
  detail JSONB NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT guard_list_changes_pkey PRIMARY KEY (version),
  CONSTRAINT guard_list_changes_action CHECK (action IN ('starter', 'added', 'changed', 'removed', 'imported'))
);
CREATE TRIGGER guard_list_changes_append_only BEFORE UPDATE OR DELETE ON guard_list_changes FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- The correction log: every hit, and what was done about it.
CREATE TABLE guard_corrections (
  id UUID NOT NULL,
  place TEXT NOT NULL,
  -- Kind and id, for example room:0198… or chat:0198….
  target TEXT NOT NULL,
  org_path TEXT NOT NULL,
  room_id UUID,
  person_id UUID NOT NULL,
  kind TEXT NOT NULL,
  term TEXT NOT NULL,
  action TEXT NOT NULL,
  outcome TEXT NOT NULL,
  text TEXT NOT NULL,
  list_version INTEGER NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT guard_corrections_pkey PRIMARY KEY (id),
  CONSTRAINT guard_corrections_place CHECK (place IN ('chat', 'notice', 'pinned', 'room', 'product')),
  CONSTRAINT guard_corrections_outcome CHECK (outcome IN ('blocked', 'masked', 'shown'))
);
CREATE INDEX guard_corrections_at_id_idx ON guard_corrections (at, id);
CREATE INDEX guard_corrections_room_id_idx ON guard_corrections (room_id);
CREATE TRIGGER guard_corrections_append_only BEFORE UPDATE OR DELETE ON guard_corrections FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- ── chat ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
-- How a room talks; without a row everybody may, as fast as they like.
CREATE TABLE room_chat_settings (
  room_id UUID NOT NULL,
  slow_seconds INTEGER NOT NULL DEFAULT 0,
  audience TEXT NOT NULL DEFAULT 'everyone',
  -- A copy of the pinned message, as it was shown.
  pinned JSONB,
  updated_by UUID NOT NULL,
  updated_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT room_chat_settings_pkey PRIMARY KEY (room_id),
  CONSTRAINT room_chat_settings_slow CHECK (slow_seconds BETWEEN 0 AND 600),
  CONSTRAINT room_chat_settings_audience CHECK (audience IN ('everyone', 'followers', 'customers'))
);
ALTER TABLE room_chat_settings
  ADD CONSTRAINT room_chat_settings_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE;

-- Slow mode: when a person last spoke. The message keeps its turn when it is sent again.
CREATE TABLE chat_turns (
  room_id UUID NOT NULL,
  person_id UUID NOT NULL,
  message_id TEXT NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT chat_turns_pkey PRIMARY KEY (room_id, person_id)
);

-- What viewers report and what the word list shows to the guide: one row a message.
CREATE TABLE chat_reports (
  id UUID NOT NULL,
  room_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  message_id TEXT NOT NULL,
  author_id UUID NOT NULL,
  text TEXT NOT NULL,
  -- The term of the word list that brought it here.
  term TEXT,
  voices INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'open',
  at TIMESTAMPTZ(3) NOT NULL,
  closed_by UUID,
  closed_at TIMESTAMPTZ(3),
  CONSTRAINT chat_reports_pkey PRIMARY KEY (id),
  CONSTRAINT chat_reports_state CHECK (state IN ('open', 'upheld', 'dismissed')),
  CONSTRAINT chat_reports_closed CHECK ((state = 'open') = (closed_at IS NULL))
);
ALTER TABLE chat_reports
  ADD CONSTRAINT chat_reports_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE UNIQUE INDEX chat_reports_room_id_message_id_key ON chat_reports (room_id, message_id);
CREATE INDEX chat_reports_state_at_id_idx ON chat_reports (state, at, id);

-- One person counts once.
CREATE TABLE chat_report_voices (
  report_id UUID NOT NULL,
  person_id UUID NOT NULL,
  reason TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT chat_report_voices_pkey PRIMARY KEY (report_id, person_id),
  CONSTRAINT chat_report_voices_reason CHECK (reason IN ('abuse', 'advert', 'false_claim', 'fraud', 'other'))
);
ALTER TABLE chat_report_voices
  ADD CONSTRAINT chat_report_voices_report_id_fkey FOREIGN KEY (report_id) REFERENCES chat_reports (id) ON DELETE RESTRICT ON UPDATE CASCADE;

-- Who follows which guide.
CREATE TABLE follows (
  person_id UUID NOT NULL,
  guide_id UUID NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT follows_pkey PRIMARY KEY (person_id, guide_id),
  CONSTRAINT follows_somebody_else CHECK (person_id <> guide_id)
);
CREATE INDEX follows_guide_id_idx ON follows (guide_id);

-- Sanctions that stand, of many rooms, newest first.
CREATE INDEX room_moderation_standing_idx ON room_moderation (at, id) WHERE lifted_at IS NULL;
