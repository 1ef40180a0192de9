-- Newcomers, requests about one person, retention, exports, figures: see docs/29-reports.md, 30-sharing.md, 31-staff-and-audit.md.

-- By what somebody is known again who makes an account anew: keyed hashes, of nobody by id. One chance each.
CREATE TABLE newcomer_marks (
  kind TEXT NOT NULL,
  hash TEXT NOT NULL,
  slot SMALLINT NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT newcomer_marks_pkey PRIMARY KEY (kind, hash, slot),
  CONSTRAINT newcomer_marks_kind CHECK (kind IN ('phone', 'wechat', 'identity', 'device')),
  CONSTRAINT newcomer_marks_slot CHECK (slot = 0 OR (kind = 'device' AND slot BETWEEN 0 AND 2))
);
-- An account whose phone was that of one that was closed for good: no newcomer.
ALTER TABLE people ADD COLUMN came_back BOOLEAN NOT NULL DEFAULT false;

-- How far a request is in the rooms' logs, and what went wrong with it: each waits for itself.
ALTER TABLE data_requests
  ADD COLUMN room_id UUID,
  ADD COLUMN room_seq BIGINT NOT NULL DEFAULT -1,
  ADD COLUMN failures INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN last_error TEXT NOT NULL DEFAULT '',
  ADD COLUMN next_try_at TIMESTAMPTZ(3);

-- The same of each kind of retention; a kind without trouble has no row.
CREATE TABLE retention_troubles (
  kind TEXT NOT NULL,
  failures INTEGER NOT NULL,
  last_error TEXT NOT NULL,
  next_try_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT retention_troubles_pkey PRIMARY KEY (kind)
);

-- Z1 counts from when the transaction was over: its last step, its last refund and its last case.
CREATE FUNCTION order_over_before(of UUID, moment TIMESTAMPTZ) RETURNS BOOLEAN LANGUAGE sql STABLE AS $$
  SELECT o.state IN ('received', 'cancelled', 'expired', 'forfeited', 'refunded')
    AND greatest(o.placed_at, o.paid_at, o.shipped_at, o.received_at, o.closed_at) < moment
    AND NOT EXISTS (SELECT FROM order_transitions h WHERE h.order_id = o.id AND h.at >= moment)
    AND NOT EXISTS (SELECT FROM refunds r WHERE r.order_id = o.id AND coalesce(r.finished_at, 'infinity') >= moment)
    AND NOT EXISTS (SELECT FROM after_sales a WHERE a.order_id = o.id AND coalesce(a.closed_at, 'infinity') >= moment)
  FROM orders o WHERE o.id = of
$$;

-- One writer of a file: who takes it raises the fence, and a writer before it writes nothing more.
ALTER TABLE report_exports ADD COLUMN fence INTEGER NOT NULL DEFAULT 0, ALTER COLUMN bytes TYPE BIGINT;

-- Figures outlive the touches they were counted from: what was counted of days before `swept_to` stays as it was counted.
ALTER TABLE report_state ADD COLUMN swept_to DATE;
UPDATE report_state SET swept_to = (SELECT china_day(max(before)) + 1 FROM retention_runs WHERE kind = 'touches');

CREATE FUNCTION report_keep_swept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE report_state SET swept_to = greatest(swept_to, (SELECT china_day(max(at)) + 1 FROM gone)) WHERE id = 1 AND EXISTS (SELECT FROM gone);
  RETURN NULL;
END $$;
CREATE TRIGGER touches_keep_reports AFTER DELETE ON touches REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION report_keep_swept();

-- Counted visits of days that were swept, of these people (null: of all), by who everybody is now. Guests may be gone from people.
CREATE FUNCTION report_visits_kept(ids UUID[]) RETURNS SETOF report_visits LANGUAGE sql STABLE AS $$
  SELECT DISTINCT COALESCE(v.merged_into, x.visitor_id), x.day, COALESCE(s.merged_into, x.inviter_id), x.room_id
  FROM report_visits x LEFT JOIN people v ON v.id = x.visitor_id LEFT JOIN people s ON s.id = x.inviter_id
  WHERE x.day < (SELECT swept_to FROM report_state) AND (ids IS NULL OR x.visitor_id = ANY (ids))
    AND COALESCE(v.merged_into, x.visitor_id) <> COALESCE(s.merged_into, x.inviter_id)
$$;

CREATE OR REPLACE FUNCTION report_settle_visits(ids UUID[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  held report_visits[] := ARRAY(SELECT x FROM report_visits x WHERE x.visitor_id = ANY (ids) ORDER BY x);
  -- One statement: a sweep that commits meanwhile is seen whole or not at all.
  fresh report_visits[] := ARRAY(SELECT x::report_visits FROM (SELECT * FROM report_visit_facts(ids) UNION SELECT * FROM report_visits_kept(ids)) x ORDER BY 1);
  changed report_cell[];
BEGIN
  IF held = fresh THEN RETURN; END IF;
  DELETE FROM report_visits x WHERE x.visitor_id = ANY (ids) AND NOT EXISTS (SELECT FROM unnest(fresh) f WHERE f = x);
  INSERT INTO report_visits SELECT f.* FROM unnest(fresh) f ON CONFLICT DO NOTHING;
  changed := ARRAY(
    SELECT ROW(scope_id, day, inviter_id, prev, sum(people))::report_cell FROM (
      SELECT * FROM report_visit_cells(fresh) UNION ALL SELECT scope_id, day, inviter_id, prev, -people FROM report_visit_cells(held)
    ) c GROUP BY scope_id, day, inviter_id, prev HAVING sum(people) <> 0);
  PERFORM report_add(ARRAY(SELECT ROW(c.scope_id, c.day, c.inviter_id, c.people, 0, 0, 0, 0, 0)::report_delta FROM unnest(changed) c WHERE c.prev IS NULL));
  INSERT INTO report_returns AS r (scope_id, day, inviter_id, prev, people)
  SELECT c.scope_id, c.day, c.inviter_id, c.prev, c.people FROM unnest(changed) c WHERE c.prev IS NOT NULL
  ON CONFLICT (scope_id, day, inviter_id, prev) DO UPDATE SET people = r.people + EXCLUDED.people;
END $$;

-- As before, with the visits that are kept.
CREATE OR REPLACE FUNCTION rebuild_reports(moment TIMESTAMPTZ, repair BOOLEAN) RETURNS TABLE (what TEXT, missing BIGINT, wrong BIGINT) LANGUAGE plpgsql AS $$
DECLARE
  per CONSTANT INTEGER := 40000; -- people at once: their visits are sorted in memory
  after_id UUID := '00000000-0000-0000-0000-000000000000';
  upto UUID;
  lacks BIGINT;
  odd BIGINT;
  blank BOOLEAN;
  -- What moves while all is counted is counted the next time.
  moved TIMESTAMPTZ := (SELECT moved_at FROM report_state);
BEGIN
  PERFORM set_config('enable_nestloop', 'off', true); -- everything is read
  CREATE TEMP TABLE expected_visits ON COMMIT DROP AS
    SELECT DISTINCT COALESCE(v.merged_into, v.id) AS visitor_id, china_day(t.at) AS day, COALESCE(s.merged_into, s.id) AS inviter_id, t.room_id
    FROM touches t JOIN people v ON v.id = t.visitor_id JOIN people s ON s.id = t.sharer_id
    WHERE COALESCE(s.merged_into, s.id) <> COALESCE(v.merged_into, v.id)
    UNION SELECT * FROM report_visits_kept(NULL);
  CREATE UNIQUE INDEX ON expected_visits (visitor_id, day, inviter_id, room_id);
  ANALYZE expected_visits;
  CREATE TEMP TABLE expected_cells (LIKE report_returns) ON COMMIT DROP;
  ALTER TABLE expected_cells ALTER prev DROP NOT NULL;
  LOOP
    SELECT w.visitor_id INTO upto FROM (SELECT DISTINCT visitor_id FROM expected_visits WHERE visitor_id > after_id ORDER BY visitor_id LIMIT per) w
    ORDER BY w.visitor_id DESC LIMIT 1;
    EXIT WHEN NOT FOUND;
    INSERT INTO expected_cells SELECT c.scope_id, c.day, c.inviter_id, c.prev, c.people FROM report_visit_cells(ARRAY(
      SELECT ROW(x.visitor_id, x.day, x.inviter_id, x.room_id)::report_visits FROM expected_visits x WHERE x.visitor_id > after_id AND x.visitor_id <= upto)) c;
    after_id := upto;
  END LOOP;
  CREATE TEMP TABLE expected_returns ON COMMIT DROP AS
    SELECT scope_id, day, inviter_id, prev, sum(people)::int AS people FROM expected_cells WHERE prev IS NOT NULL GROUP BY 1, 2, 3, 4;
  CREATE TEMP TABLE expected_parts ON COMMIT DROP AS
    SELECT * FROM report_newcomer_facts(ARRAY(SELECT invitee_id FROM invite_edges))
    UNION ALL SELECT * FROM report_order_facts(ARRAY(SELECT id FROM orders WHERE paid_at IS NOT NULL));
  CREATE TEMP TABLE expected_sums ON COMMIT DROP AS
    WITH scopes AS MATERIALIZED (SELECT * FROM report_unit_scopes), days AS MATERIALIZED (
      SELECT scope_id, day, inviter_id, sum(visitors) AS visitors, sum(new_customers) AS new_customers, sum(orders) AS orders, sum(gmv_fen) AS gmv_fen,
        sum(refunded_fen) AS refunded_fen, sum(commission_fen) AS commission_fen
      FROM (
        SELECT scope_id, day, inviter_id, people AS visitors, 0 AS new_customers, 0 AS orders, 0::bigint AS gmv_fen, 0::bigint AS refunded_fen, 0::bigint AS commission_fen
        FROM expected_cells WHERE prev IS NULL
        UNION ALL SELECT s.scope_id, x.day, x.inviter_id, 0, x.new_customers, x.orders, x.gmv_fen, x.refunded_fen, x.commission_fen
        FROM expected_parts x JOIN scopes s ON s.unit_id = x.unit_id
        UNION ALL SELECT x.room_id, x.day, x.inviter_id, 0, x.new_customers, x.orders, x.gmv_fen, x.refunded_fen, x.commission_fen
        FROM expected_parts x WHERE x.room_id IS NOT NULL
      ) f GROUP BY 1, 2, 3
    )
    SELECT scope_id, grain, start, inviter_id, visitors::int, new_customers::int, orders::int, gmv_fen::bigint, refunded_fen::bigint, commission_fen::bigint FROM (
      SELECT scope_id, 'd'::char(1) AS grain, day AS start, inviter_id, visitors, new_customers, orders, gmv_fen, refunded_fen, commission_fen FROM days
      UNION ALL
      SELECT scope_id, 'm', date_trunc('month', day)::date, inviter_id, sum(visitors), sum(new_customers), sum(orders), sum(gmv_fen), sum(refunded_fen), sum(commission_fen)
      FROM days GROUP BY 1, 3, 4
    ) g WHERE (visitors, new_customers, orders, gmv_fen, refunded_fen, commission_fen) <> (0, 0, 0, 0, 0, 0);
  ANALYZE expected_returns;
  ANALYZE expected_parts;
  ANALYZE expected_sums;
  -- Rows that went back to nothing are nothing.
  DELETE FROM report_returns WHERE people = 0;
  DELETE FROM report_sums WHERE (visitors, new_customers, orders, gmv_fen, refunded_fen, commission_fen) = (0, 0, 0, 0, 0, 0);
  FOREACH what IN ARRAY ARRAY['visits', 'parts', 'returns', 'sums'] LOOP
    EXECUTE format('SELECT NOT EXISTS (SELECT FROM report_%1$s)', what) INTO blank;
    IF blank THEN -- made for the first time: there is nothing to compare with
      IF repair THEN
        EXECUTE format('INSERT INTO report_%1$s SELECT * FROM expected_%1$s', what);
        GET DIAGNOSTICS lacks = ROW_COUNT;
      ELSE EXECUTE format('SELECT count(*) FROM expected_%1$s', what) INTO lacks;
      END IF;
      odd := 0;
    ELSE
      EXECUTE format('CREATE TEMP TABLE lacking ON COMMIT DROP AS SELECT * FROM expected_%1$s EXCEPT SELECT * FROM report_%1$s', what);
      GET DIAGNOSTICS lacks = ROW_COUNT;
      EXECUTE format('CREATE TEMP TABLE oddities ON COMMIT DROP AS SELECT * FROM report_%1$s EXCEPT SELECT * FROM expected_%1$s', what);
      GET DIAGNOSTICS odd = ROW_COUNT;
      IF repair THEN
        EXECUTE format('DELETE FROM report_%1$s x USING oddities w WHERE x = ROW(w.*)::report_%1$s', what);
        EXECUTE format('INSERT INTO report_%1$s SELECT * FROM lacking', what);
      END IF;
      DROP TABLE lacking, oddities;
    END IF;
    missing := lacks;
    wrong := odd;
    RETURN NEXT;
  END LOOP;
  IF repair THEN UPDATE report_state SET counted_at = moment, moved_at = CASE WHEN moved_at IS DISTINCT FROM moved THEN moved_at END WHERE id = 1; END IF;
  DROP TABLE expected_visits, expected_cells, expected_returns, expected_parts, expected_sums;
END $$;

-- As before, and whoever they brought long ago.
CREATE OR REPLACE FUNCTION report_tell_merge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO report_news (kind, id)
  SELECT 'p', NEW.id UNION SELECT 'p', NEW.merged_into UNION SELECT 'p', OLD.merged_into WHERE OLD.merged_into IS NOT NULL
  UNION SELECT 'p', t.visitor_id FROM touches t WHERE t.sharer_id = NEW.id
  UNION SELECT 'p', x.visitor_id FROM report_visits x WHERE x.inviter_id = NEW.id
  UNION SELECT 'p', e.invitee_id FROM invite_edges e WHERE e.inviter_id = NEW.id
  UNION SELECT 'o', c.order_id FROM order_credits c WHERE c.person_id = NEW.id
  UNION SELECT 'o', e.order_id FROM commission_entries e WHERE e.beneficiary_id = NEW.id;
  RETURN NULL;
END $$;
