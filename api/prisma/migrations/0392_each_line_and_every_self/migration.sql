-- A line that cannot be claimed waits by itself; who is the same person, once for all; old processes beside the new schema.
-- See docs/28-settlement.md.

ALTER TABLE settlement_lines ADD COLUMN failures INTEGER NOT NULL DEFAULT 0, ADD COLUMN retry_at TIMESTAMPTZ(3), ADD COLUMN problem TEXT NOT NULL DEFAULT '';

-- A process of before 0381 approves without naming the terms: they are those in force at that moment, as it took them itself.
CREATE FUNCTION settlement_run_gets_its_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.terms_version := (SELECT t.version FROM settlement_terms t WHERE t.effective_from <= NEW.approved_at
    ORDER BY t.effective_from DESC, t.version DESC LIMIT 1);
  RETURN NEW;
END $$;
CREATE TRIGGER settlement_runs_terms_given BEFORE UPDATE ON settlement_runs FOR EACH ROW
  WHEN (OLD.approved_at IS NULL AND NEW.approved_at IS NOT NULL AND NEW.terms_version IS NULL)
  EXECUTE FUNCTION settlement_run_gets_its_terms();

-- Every account of somebody: guests who became them, and accounts with the same phone (a colleague gave staff theirs, a consumer
-- proved theirs). Whoever decides about money is looked at by all of them.
CREATE INDEX people_phone ON people (phone) WHERE phone IS NOT NULL;
CREATE FUNCTION selves_of(person UUID) RETURNS SETOF UUID LANGUAGE sql STABLE AS $$
  WITH now AS (SELECT coalesce(merged_into, id) AS id FROM people WHERE id = person),
    known AS (SELECT id FROM now UNION SELECT s.id FROM people me JOIN now ON me.id = now.id JOIN people s ON s.phone = me.phone)
  SELECT id FROM known UNION SELECT g.id FROM people g JOIN known ON g.merged_into = known.id
$$;

CREATE OR REPLACE FUNCTION settlement_run_is_approved_by_others() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.approved_by IS DISTINCT FROM OLD.approved_by AND EXISTS (
    SELECT 1 FROM settlement_lines l WHERE l.run_id = NEW.id AND l.person_id IN (SELECT selves_of(NEW.approved_by))) THEN
    RAISE EXCEPTION 'whoever is paid by a settlement run does not approve it' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
