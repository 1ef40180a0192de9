-- Who has a line in a run does not approve it, whoever prepared it. See docs/28-settlement.md.

CREATE FUNCTION settlement_run_is_approved_by_others() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.approved_by IS DISTINCT FROM OLD.approved_by AND EXISTS (
    SELECT 1 FROM settlement_lines l JOIN people p ON p.id = l.person_id
    WHERE l.run_id = NEW.id AND NEW.approved_by IN (p.id, p.merged_into)) THEN
    RAISE EXCEPTION 'whoever is paid by a settlement run does not approve it' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER settlement_runs_own_line BEFORE UPDATE OF approved_by ON settlement_runs FOR EACH ROW EXECUTE FUNCTION settlement_run_is_approved_by_others();
