-- Behind the door of a relay stands that of its programme: when it changes, or the relay another programme, both are told.
CREATE FUNCTION tell_doors_of_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('standing', 'room:' || r.id) FROM rooms r WHERE r.id = NEW.id OR r.relay_of = NEW.id;
  RETURN NULL;
END $$;
DROP TRIGGER rooms_audience_standing ON rooms;
CREATE TRIGGER rooms_doors_standing AFTER UPDATE OF audience, relay_of ON rooms FOR EACH ROW
  WHEN ((OLD.audience, OLD.relay_of) IS DISTINCT FROM (NEW.audience, NEW.relay_of)) EXECUTE FUNCTION tell_doors_of_room();
