-- When somebody was in a conference, not for how long: what several nodes tell in any order, twice or late, counts once.
-- What was counted until now is kept as one span that ends when it was counted.
ALTER TABLE room_attendances ADD COLUMN spans TSTZMULTIRANGE;
UPDATE room_attendances SET spans = tstzmultirange(tstzrange(counted_to - make_interval(secs => seconds), counted_to));
ALTER TABLE room_attendances ALTER COLUMN spans SET NOT NULL, DROP COLUMN seconds;
