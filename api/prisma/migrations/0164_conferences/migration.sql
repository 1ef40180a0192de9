-- Dealer conferences: material, and who was there for how long.
CREATE TABLE conference_materials (
  id UUID NOT NULL,
  room_id UUID NOT NULL,
  title TEXT NOT NULL,
  url TEXT,
  file_id UUID,
  added_by UUID NOT NULL,
  added_at TIMESTAMPTZ(3) NOT NULL,
  removed_at TIMESTAMPTZ(3),
  CONSTRAINT conference_materials_pkey PRIMARY KEY (id),
  CONSTRAINT conference_materials_one_thing CHECK (num_nonnulls(url, file_id) = 1)
);
ALTER TABLE conference_materials
  ADD CONSTRAINT conference_materials_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT conference_materials_file_id_fkey FOREIGN KEY (file_id) REFERENCES stored_files (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX conference_materials_room_id_idx ON conference_materials (room_id);

-- Time with an open connection to the room, whole seconds, overlapping connections once; counted up to `counted_to`.
CREATE TABLE room_attendances (
  room_id UUID NOT NULL,
  person_id UUID NOT NULL,
  first_at TIMESTAMPTZ(3) NOT NULL,
  counted_to TIMESTAMPTZ(3) NOT NULL,
  seconds INTEGER NOT NULL DEFAULT 0,
  CONSTRAINT room_attendances_pkey PRIMARY KEY (room_id, person_id)
);
ALTER TABLE room_attendances
  ADD CONSTRAINT room_attendances_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE;
