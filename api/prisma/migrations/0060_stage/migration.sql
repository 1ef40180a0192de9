-- What a room shows is a pointer: its own stream, or that of another room (relay_of) unless a guide has cut in.
ALTER TABLE rooms
  ADD COLUMN stage_version INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN stage_at TIMESTAMPTZ(3),
  ADD COLUMN relay_of UUID,
  ADD COLUMN relay_pushed BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN cut_in TEXT NOT NULL DEFAULT 'none',
  ADD COLUMN cut_in_by UUID,
  ADD COLUMN cut_in_at TIMESTAMPTZ(3),
  ADD COLUMN open_to TEXT[] NOT NULL DEFAULT '{}';

ALTER TABLE rooms
  ADD CONSTRAINT rooms_relay_of_fkey FOREIGN KEY (relay_of) REFERENCES rooms (id) ON DELETE SET NULL ON UPDATE CASCADE,
  ADD CONSTRAINT rooms_cut_in CHECK (cut_in IN ('none', 'waiting', 'on')),
  ADD CONSTRAINT rooms_cut_in_whose CHECK ((cut_in = 'none') = (cut_in_by IS NULL) AND (cut_in = 'none') = (cut_in_at IS NULL)),
  -- Only a relay has something to cut into, and a relay is nobody's programme: pointers are one step long.
  ADD CONSTRAINT rooms_cut_in_relay CHECK (cut_in = 'none' OR relay_of IS NOT NULL),
  ADD CONSTRAINT rooms_one_step CHECK (relay_of IS NULL OR (relay_of <> id AND cardinality(open_to) = 0));

CREATE INDEX rooms_relay_of_idx ON rooms (relay_of);
-- A programme is pushed into a store once, however often the button is tapped.
CREATE UNIQUE INDEX rooms_pushed_once ON rooms (relay_of, org_unit_id) WHERE relay_pushed AND state <> 'ended';
-- Streams that the media server speaks of by their id.
CREATE INDEX rooms_stream_id_idx ON rooms (stream_id);

-- A guide beside the host: asked, there, gone. A row is a stay; the next one is another row with another stream.
CREATE TABLE room_cohosts (
  id UUID NOT NULL,
  room_id UUID NOT NULL,
  person_id UUID NOT NULL,
  stream_id UUID NOT NULL,
  state TEXT NOT NULL,
  muted BOOLEAN NOT NULL DEFAULT false,
  invited_by UUID NOT NULL,
  invited_at TIMESTAMPTZ(3) NOT NULL,
  ended_at TIMESTAMPTZ(3),
  CONSTRAINT room_cohosts_pkey PRIMARY KEY (id)
);
ALTER TABLE room_cohosts
  ADD CONSTRAINT room_cohosts_state CHECK (state IN ('invited', 'accepted', 'on', 'declined', 'left', 'removed', 'room_ended')),
  ADD CONSTRAINT room_cohosts_end CHECK ((state IN ('invited', 'accepted', 'on')) = (ended_at IS NULL));
CREATE INDEX room_cohosts_room_id_idx ON room_cohosts (room_id);
CREATE INDEX room_cohosts_person_id_idx ON room_cohosts (person_id);
CREATE INDEX room_cohosts_stream_id_idx ON room_cohosts (stream_id);
-- One stay at a time in one room.
CREATE UNIQUE INDEX room_cohosts_once ON room_cohosts (room_id, person_id) WHERE ended_at IS NULL;
