-- Cards that lead a viewer to an account, a group or a guide (引流), and who saw and tapped them.
CREATE TABLE drain_cards (
  id UUID NOT NULL,
  kind TEXT NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  -- Of a guide's own card; NULL: the unit's.
  guide_id UUID,
  title TEXT NOT NULL,
  hint TEXT NOT NULL DEFAULT '',
  link TEXT,
  picture_id UUID,
  -- QR codes of WeChat groups live for seven days.
  expires_at TIMESTAMPTZ(3),
  created_by UUID NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  updated_at TIMESTAMPTZ(3) NOT NULL,
  removed_at TIMESTAMPTZ(3),
  CONSTRAINT drain_cards_pkey PRIMARY KEY (id),
  CONSTRAINT drain_cards_kind CHECK (kind IN ('official_account', 'store_group', 'guide') AND (guide_id IS NULL OR kind = 'guide')),
  CONSTRAINT drain_cards_leads_somewhere CHECK (link IS NOT NULL OR picture_id IS NOT NULL)
);
ALTER TABLE drain_cards
  ADD CONSTRAINT drain_cards_org_unit_id_fkey FOREIGN KEY (org_unit_id) REFERENCES org_units (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT drain_cards_picture_id_fkey FOREIGN KEY (picture_id) REFERENCES stored_files (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE UNIQUE INDEX drain_cards_one_a_place ON drain_cards (kind, org_unit_id, coalesce(guide_id, '00000000-0000-0000-0000-000000000000')) WHERE removed_at IS NULL;
CREATE INDEX drain_cards_org_path_idx ON drain_cards (org_path);

-- Which kind of card a room shows now; who sees which card is decided for each viewer.
CREATE TABLE room_drain_cards (
  room_id UUID NOT NULL,
  kind TEXT NOT NULL,
  shown_by UUID NOT NULL,
  shown_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT room_drain_cards_pkey PRIMARY KEY (room_id)
);
ALTER TABLE room_drain_cards
  ADD CONSTRAINT room_drain_cards_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE;

-- One row a person, card and room: unique people are a count of rows.
CREATE TABLE drain_card_people (
  card_id UUID NOT NULL,
  room_id UUID NOT NULL,
  person_id UUID NOT NULL,
  impressions INTEGER NOT NULL,
  taps INTEGER NOT NULL,
  first_at TIMESTAMPTZ(3) NOT NULL,
  last_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT drain_card_people_pkey PRIMARY KEY (card_id, room_id, person_id)
);
ALTER TABLE drain_card_people
  ADD CONSTRAINT drain_card_people_card_id_fkey FOREIGN KEY (card_id) REFERENCES drain_cards (id) ON DELETE RESTRICT ON UPDATE CASCADE;
