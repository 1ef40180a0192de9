-- A booking of a room that is closed to its person now ends without a word.
ALTER TABLE room_bookings DROP CONSTRAINT room_bookings_closed,
  ADD CONSTRAINT room_bookings_closed CHECK ((closed_at IS NULL) = (closed_as IS NULL)
    AND closed_as IN ('undone', 'live', 'over', 'cancelled', 'refused'));

-- From room to room, and whether anybody there knows of another start, without a look at each booking.
DROP INDEX room_bookings_open;
CREATE INDEX room_bookings_open ON room_bookings (room_id, told_for) WHERE closed_at IS NULL;
