-- Who came to a programme by an invitation may be watching through a relay: those rooms are told too when it is taken back.
-- The argument names the column that holds the room; without one the row is the room.
CREATE OR REPLACE FUNCTION tell_doors_of_room() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  door CONSTANT uuid := to_jsonb(NEW)->>coalesce(TG_ARGV[0], 'id');
BEGIN
  PERFORM pg_notify('standing', 'room:' || r.id) FROM rooms r WHERE r.id = door OR r.relay_of = door;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER room_invitations_standing AFTER UPDATE ON room_invitations FOR EACH ROW
  WHEN (OLD.revoked_at IS DISTINCT FROM NEW.revoked_at) EXECUTE FUNCTION tell_doors_of_room('room_id');
DROP FUNCTION tell_room_standing();
