-- A run is paid by the terms it was approved with, however long that takes. See docs/28-settlement.md.

ALTER TABLE settlement_runs ADD COLUMN terms_version INTEGER;
UPDATE settlement_runs r SET terms_version = (
  SELECT t.version FROM settlement_terms t WHERE t.effective_from <= r.approved_at ORDER BY t.effective_from DESC, t.version DESC LIMIT 1)
WHERE r.approved_at IS NOT NULL;
ALTER TABLE settlement_runs ADD CONSTRAINT settlement_runs_terms CHECK ((approved_at IS NULL) = (terms_version IS NULL));

-- What was approved is what is paid.
CREATE FUNCTION settlement_run_keeps_its_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.approved_at IS NOT NULL AND (OLD.terms_version, OLD.approved_by, OLD.approved_at, OLD.preview_id, OLD.up_to, OLD.org_path)
    IS DISTINCT FROM (NEW.terms_version, NEW.approved_by, NEW.approved_at, NEW.preview_id, NEW.up_to, NEW.org_path) THEN
    RAISE EXCEPTION 'an approved settlement run keeps what it was approved with' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER settlement_runs_approval BEFORE UPDATE ON settlement_runs FOR EACH ROW EXECUTE FUNCTION settlement_run_keeps_its_approval();
