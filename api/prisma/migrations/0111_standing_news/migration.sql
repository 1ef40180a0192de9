-- Whatever changes what a person may do in rooms is told to every api process when it commits: PERSON.
CREATE FUNCTION tell_standing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('standing', coalesce(to_jsonb(NEW), to_jsonb(OLD))->>TG_ARGV[0]);
  RETURN NULL;
END $$;
CREATE TRIGGER people_standing AFTER UPDATE OF active ON people FOR EACH ROW
  WHEN (OLD.active IS DISTINCT FROM NEW.active) EXECUTE FUNCTION tell_standing('id');
CREATE TRIGGER staff_accounts_standing AFTER UPDATE OR DELETE ON staff_accounts FOR EACH ROW EXECUTE FUNCTION tell_standing('person_id');
CREATE TRIGGER room_moderation_standing AFTER INSERT OR UPDATE ON room_moderation FOR EACH ROW EXECUTE FUNCTION tell_standing('person_id');
