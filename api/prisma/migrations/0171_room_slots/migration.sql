-- Lives that come again: the rule, and what became of each of its days.

CREATE TABLE room_slots (
  id UUID NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  host_id UUID NOT NULL,
  title TEXT NOT NULL,
  cover_url TEXT NOT NULL,
  -- ISO 8601, 1 is Monday.
  weekdays INTEGER[] NOT NULL,
  start_minute INTEGER NOT NULL,
  zone TEXT NOT NULL,
  duration_minutes INTEGER NOT NULL,
  product_ids UUID[] NOT NULL,
  from_date DATE NOT NULL,
  until_date DATE,
  exceptions DATE[] NOT NULL,
  state TEXT NOT NULL,
  created_by UUID NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  updated_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT room_slots_pkey PRIMARY KEY (id),
  CONSTRAINT room_slots_rule CHECK (state IN ('active', 'ended') AND start_minute BETWEEN 0 AND 1439 AND cardinality(weekdays) BETWEEN 1 AND 7)
);
ALTER TABLE room_slots
  ADD CONSTRAINT room_slots_org_unit_id_fkey FOREIGN KEY (org_unit_id) REFERENCES org_units (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX room_slots_org_path_state_idx ON room_slots (org_path, state);

-- One room a day, however many processes look at the slot.
CREATE TABLE room_slot_dates (
  slot_id UUID NOT NULL,
  date DATE NOT NULL,
  -- withdrawn: the slot itself took the room back.
  state TEXT NOT NULL,
  room_id UUID NOT NULL,
  -- What the slot wrote into the room; a room that differs was changed by hand.
  applied JSONB NOT NULL,
  CONSTRAINT room_slot_dates_pkey PRIMARY KEY (slot_id, date),
  CONSTRAINT room_slot_dates_state CHECK (state IN ('room', 'withdrawn'))
);
ALTER TABLE room_slot_dates
  ADD CONSTRAINT room_slot_dates_slot_id_fkey FOREIGN KEY (slot_id) REFERENCES room_slots (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE UNIQUE INDEX room_slot_dates_room_id_key ON room_slot_dates (room_id);
