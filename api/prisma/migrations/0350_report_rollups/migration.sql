-- Roll-ups of the reports, kept behind the facts and made again from them at any time (rebuild_reports). See docs/29-reports.md.
-- A day is a day in China. A scope is an org unit (everything under it counts) or a room. The inviter 000…0 is nobody: sums of what is
-- credited to nobody, and people whoever brought them.

-- Who and what has news: written in the transaction of the fact, read after its commit. Never updated, so nobody waits here.
CREATE TABLE report_news (
  seq BIGSERIAL NOT NULL,
  -- p: a person as visitor and as newcomer; o: an order.
  kind CHAR(1) NOT NULL,
  id UUID NOT NULL,
  CONSTRAINT report_news_pkey PRIMARY KEY (seq),
  CONSTRAINT report_news_kind CHECK (kind IN ('p', 'o'))
);

-- One row per person, day, inviter and room by whose link they came: reloads and returns within a day are one (rule A7).
CREATE TABLE report_visits (
  visitor_id UUID NOT NULL,
  day DATE NOT NULL,
  inviter_id UUID NOT NULL,
  room_id UUID NOT NULL,
  CONSTRAINT report_visits_pkey PRIMARY KEY (visitor_id, day, inviter_id, room_id)
);
CREATE INDEX report_visits_inviter ON report_visits (inviter_id, day);
CREATE INDEX report_visits_room ON report_visits (room_id, day);

-- What one order (source = order) or one newcomer (source = who was brought) adds to whose figures.
CREATE TABLE report_parts (
  source UUID NOT NULL,
  inviter_id UUID NOT NULL,
  kind CHAR(1) NOT NULL,
  day DATE NOT NULL,
  unit_id UUID NOT NULL,
  room_id UUID,
  new_customers INTEGER NOT NULL,
  orders INTEGER NOT NULL,
  gmv_fen BIGINT NOT NULL,
  refunded_fen BIGINT NOT NULL,
  commission_fen BIGINT NOT NULL,
  CONSTRAINT report_parts_pkey PRIMARY KEY (source, inviter_id),
  CONSTRAINT report_parts_kind CHECK (kind IN ('n', 'o'))
);
CREATE INDEX report_parts_inviter ON report_parts (inviter_id, day);
CREATE INDEX report_parts_unit ON report_parts (unit_id, day);

-- By day (d) and by month (m). `visitors` counts who came for the first time: of this inviter, in this scope; so sums over days are people.
CREATE TABLE report_sums (
  scope_id UUID NOT NULL,
  grain CHAR(1) NOT NULL,
  start DATE NOT NULL,
  inviter_id UUID NOT NULL,
  visitors INTEGER NOT NULL,
  new_customers INTEGER NOT NULL,
  orders INTEGER NOT NULL,
  gmv_fen BIGINT NOT NULL,
  refunded_fen BIGINT NOT NULL,
  commission_fen BIGINT NOT NULL,
  -- A report reads a stretch of this index and no table.
  CONSTRAINT report_sums_pkey PRIMARY KEY (scope_id, grain, start, inviter_id) INCLUDE (visitors, new_customers, orders, gmv_fen, refunded_fen, commission_fen)
);

-- Who came again: how many of an inviter's visitors in this scope came on this day and, the last time before, on `prev`. People who came
-- within [a, b) = first visits within it + those of these rows whose `prev` is before a.
CREATE TABLE report_returns (
  scope_id UUID NOT NULL,
  day DATE NOT NULL,
  inviter_id UUID NOT NULL,
  prev DATE NOT NULL,
  people INTEGER NOT NULL,
  CONSTRAINT report_returns_pkey PRIMARY KEY (scope_id, day, inviter_id, prev) INCLUDE (people)
);

-- One row. `moved_at`: a unit or a room went elsewhere in the tree; all scopes are counted anew, until then reports are read from the facts.
CREATE TABLE report_state (
  id INTEGER NOT NULL,
  counted_at TIMESTAMPTZ(3) NOT NULL,
  moved_at TIMESTAMPTZ(3),
  CONSTRAINT report_state_pkey PRIMARY KEY (id),
  CONSTRAINT report_state_one CHECK (id = 1)
);
INSERT INTO report_state (id, counted_at) VALUES (1, '2000-01-01T00:00:00Z');

CREATE TYPE report_cell AS (scope_id UUID, day DATE, inviter_id UUID, prev DATE, people INTEGER);
CREATE TYPE report_delta AS (scope_id UUID, day DATE, inviter_id UUID, visitors INTEGER, new_customers INTEGER, orders INTEGER, gmv_fen BIGINT,
  refunded_fen BIGINT, commission_fen BIGINT);

CREATE FUNCTION china_day(at TIMESTAMPTZ) RETURNS DATE LANGUAGE sql IMMUTABLE AS $$ SELECT (at AT TIME ZONE 'UTC' + interval '8 hours')::date $$;

-- The scopes a unit counts in: itself and all above.
CREATE VIEW report_unit_scopes AS
  SELECT u.id AS unit_id, a.id AS scope_id
  FROM org_units u
  CROSS JOIN LATERAL generate_series(1, cardinality(string_to_array(u.path, '.'))) AS n
  JOIN org_units a ON a.path = array_to_string((string_to_array(u.path, '.'))[1:n], '.');

-- ── what is true, from the facts ────────────────────────────────────────────────────────────────────────────────────────────

-- Visits of these people; of one who became somebody else there are none: what they did is their new self's.
CREATE FUNCTION report_visit_facts(ids UUID[]) RETURNS SETOF report_visits LANGUAGE sql STABLE AS $$
  SELECT DISTINCT p.id, china_day(t.at), COALESCE(s.merged_into, s.id), t.room_id
  FROM (SELECT DISTINCT unnest(ids) AS id) w
  JOIN people p ON p.id = w.id AND p.merged_into IS NULL
  CROSS JOIN LATERAL (SELECT p.id UNION ALL SELECT g.id FROM people g WHERE g.merged_into = p.id) me (id)
  JOIN touches t ON t.visitor_id = me.id
  JOIN people s ON s.id = t.sharer_id
  WHERE COALESCE(s.merged_into, s.id) <> p.id
$$;

CREATE FUNCTION report_newcomer_facts(ids UUID[]) RETURNS SETOF report_parts LANGUAGE sql STABLE AS $$
  SELECT e.invitee_id, COALESCE(p.merged_into, p.id), 'n'::char(1), china_day(e.at), r.org_unit_id, r.id, 1, 0, 0::bigint, 0::bigint, 0::bigint
  FROM invite_edges e JOIN touches t ON t.id = e.touch_id JOIN rooms r ON r.id = t.room_id JOIN people p ON p.id = e.inviter_id
  WHERE e.invitee_id = ANY (ids)
$$;

-- A sale is a paid order, by the day of payment; commission is the net of its entries, of whom they are.
CREATE FUNCTION report_order_facts(ids UUID[]) RETURNS SETOF report_parts LANGUAGE sql STABLE AS $$
  WITH sold AS MATERIALIZED (
    SELECT o.id, china_day(o.paid_at) AS day, o.org_unit_id, o.room_id, o.paid_fen, o.refunded_fen FROM orders o WHERE o.id = ANY (ids) AND o.paid_at IS NOT NULL
  ), added AS (
    SELECT s.id, COALESCE(p.merged_into, p.id, '00000000-0000-0000-0000-000000000000') AS inviter_id, 1 AS orders, s.paid_fen AS gmv_fen, s.refunded_fen, 0::bigint AS commission_fen
    FROM sold s LEFT JOIN order_credits c ON c.order_id = s.id LEFT JOIN people p ON p.id = c.person_id
    UNION ALL
    SELECT s.id, COALESCE(p.merged_into, p.id), 0, 0, 0, e.amount_fen FROM sold s JOIN commission_entries e ON e.order_id = s.id JOIN people p ON p.id = e.beneficiary_id
  ), per AS (
    SELECT id, inviter_id, sum(orders)::int AS orders, sum(gmv_fen)::bigint AS gmv_fen, sum(refunded_fen)::bigint AS refunded_fen, sum(commission_fen)::bigint AS commission_fen
    FROM added GROUP BY 1, 2
  )
  SELECT s.id, per.inviter_id, 'o'::char(1), s.day, s.org_unit_id, s.room_id, 0, per.orders, per.gmv_fen, per.refunded_fen, per.commission_fen
  FROM per JOIN sold s ON s.id = per.id
$$;

-- People of whole lives of visitors, scope by scope: by inviter, and by whomever. How long an array is cannot be known beforehand: nothing is
-- compared one by one.
CREATE FUNCTION report_visit_cells(visits report_visits[]) RETURNS SETOF report_cell LANGUAGE sql STABLE SET enable_nestloop = off AS $$
  WITH scopes AS MATERIALIZED (
    SELECT r.id AS room_id, s.scope_id FROM rooms r JOIN report_unit_scopes s ON s.unit_id = r.org_unit_id WHERE r.id IN (SELECT x.room_id FROM unnest(visits) x)
  ), seen AS MATERIALIZED (
    SELECT x.visitor_id, x.day, x.inviter_id, s.scope_id FROM unnest(visits) x JOIN scopes s ON s.room_id = x.room_id
    UNION ALL SELECT x.visitor_id, x.day, x.inviter_id, x.room_id FROM unnest(visits) x
  )
  -- Who came to two rooms of a scope on one day is there twice: the second time is no return.
  SELECT scope_id, day, inviter_id, prev, count(*)::int
  FROM (SELECT scope_id, day, inviter_id, lag(day) OVER (PARTITION BY visitor_id, scope_id, inviter_id ORDER BY day) AS prev FROM seen) a
  WHERE prev IS DISTINCT FROM day GROUP BY 1, 2, 3, 4
  UNION ALL
  SELECT scope_id, day, '00000000-0000-0000-0000-000000000000', prev, count(*)::int
  FROM (SELECT scope_id, day, lag(day) OVER (PARTITION BY visitor_id, scope_id ORDER BY day) AS prev FROM seen) b
  WHERE prev IS DISTINCT FROM day GROUP BY 1, 2, 4
$$;

CREATE FUNCTION report_part_deltas(parts report_parts[], sign INTEGER) RETURNS SETOF report_delta LANGUAGE sql STABLE AS $$
  SELECT s.scope_id, x.day, x.inviter_id, 0, sign * sum(x.new_customers)::int, sign * sum(x.orders)::int, sign * sum(x.gmv_fen)::bigint, sign * sum(x.refunded_fen)::bigint,
    sign * sum(x.commission_fen)::bigint
  FROM unnest(parts) x
  CROSS JOIN LATERAL (SELECT u.scope_id FROM report_unit_scopes u WHERE u.unit_id = x.unit_id UNION ALL SELECT x.room_id WHERE x.room_id IS NOT NULL) s
  GROUP BY 1, 2, 3
$$;

-- ── keeping the figures; one writer at a time, by a lock that the caller holds ──────────────────────────────────────────────

CREATE FUNCTION report_add(deltas report_delta[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO report_sums AS s (scope_id, grain, start, inviter_id, visitors, new_customers, orders, gmv_fen, refunded_fen, commission_fen)
  SELECT d.scope_id, g.grain, CASE g.grain WHEN 'd' THEN d.day ELSE date_trunc('month', d.day)::date END, d.inviter_id, sum(d.visitors)::int, sum(d.new_customers)::int,
    sum(d.orders)::int, sum(d.gmv_fen)::bigint, sum(d.refunded_fen)::bigint, sum(d.commission_fen)::bigint
  FROM unnest(deltas) d CROSS JOIN (VALUES ('d'::char(1)), ('m'::char(1))) g (grain)
  GROUP BY 1, 2, 3, 4
  HAVING (sum(d.visitors), sum(d.new_customers), sum(d.orders), sum(d.gmv_fen), sum(d.refunded_fen), sum(d.commission_fen)) <> (0, 0, 0, 0, 0, 0)
  ON CONFLICT (scope_id, grain, start, inviter_id) DO UPDATE SET visitors = s.visitors + EXCLUDED.visitors, new_customers = s.new_customers + EXCLUDED.new_customers,
    orders = s.orders + EXCLUDED.orders, gmv_fen = s.gmv_fen + EXCLUDED.gmv_fen, refunded_fen = s.refunded_fen + EXCLUDED.refunded_fen,
    commission_fen = s.commission_fen + EXCLUDED.commission_fen
$$;

-- Makes the parts of these sources what they should be, and adds the difference. Again = nothing happens.
CREATE FUNCTION report_settle_parts(of_kind CHAR, ids UUID[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  held report_parts[] := ARRAY(SELECT x FROM report_parts x WHERE x.source = ANY (ids) AND x.kind = of_kind ORDER BY x);
  fresh report_parts[];
BEGIN
  IF of_kind = 'o' THEN fresh := ARRAY(SELECT x FROM report_order_facts(ids) x ORDER BY x);
  ELSE fresh := ARRAY(SELECT x FROM report_newcomer_facts(ids) x ORDER BY x);
  END IF;
  IF held = fresh THEN RETURN; END IF;
  DELETE FROM report_parts x WHERE x.source = ANY (ids) AND x.kind = of_kind AND NOT EXISTS (SELECT FROM unnest(fresh) f WHERE f = x);
  INSERT INTO report_parts SELECT f.* FROM unnest(fresh) f ON CONFLICT DO NOTHING;
  PERFORM report_add(ARRAY(SELECT d FROM report_part_deltas(fresh, 1) d UNION ALL SELECT d FROM report_part_deltas(held, -1) d));
END $$;

CREATE FUNCTION report_settle_visits(ids UUID[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  held report_visits[] := ARRAY(SELECT x FROM report_visits x WHERE x.visitor_id = ANY (ids) ORDER BY x);
  fresh report_visits[] := ARRAY(SELECT x FROM report_visit_facts(ids) x ORDER BY x);
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

-- ── all of it anew ──────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Counts everything from the facts, tells how many rows of each table differed, and with `repair` makes them right. What was right is
-- not touched, and readers see what was before until the end. News that comes meanwhile is looked at afterwards.
CREATE FUNCTION rebuild_reports(moment TIMESTAMPTZ, repair BOOLEAN) RETURNS TABLE (what TEXT, missing BIGINT, wrong BIGINT) LANGUAGE plpgsql AS $$
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
    WHERE COALESCE(s.merged_into, s.id) <> COALESCE(v.merged_into, v.id);
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

-- ── who has news ────────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION report_tell_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO report_news (kind, id) VALUES ('p', NEW.visitor_id);
  RETURN NULL;
END $$;
CREATE TRIGGER touches_tell_reports AFTER INSERT ON touches FOR EACH ROW EXECUTE FUNCTION report_tell_touch();

CREATE FUNCTION report_tell_edge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN INSERT INTO report_news (kind, id) VALUES ('p', OLD.invitee_id); END IF;
  IF TG_OP <> 'DELETE' THEN INSERT INTO report_news (kind, id) VALUES ('p', NEW.invitee_id); END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER invite_edges_tell_reports AFTER INSERT OR UPDATE OR DELETE ON invite_edges FOR EACH ROW EXECUTE FUNCTION report_tell_edge();

CREATE FUNCTION report_tell_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO report_news (kind, id) VALUES ('o', NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER orders_tell_reports AFTER UPDATE OF paid_at, paid_fen, refunded_fen, room_id, org_unit_id ON orders FOR EACH ROW
  WHEN ((OLD.paid_at, OLD.paid_fen, OLD.refunded_fen, OLD.room_id, OLD.org_unit_id) IS DISTINCT FROM (NEW.paid_at, NEW.paid_fen, NEW.refunded_fen, NEW.room_id, NEW.org_unit_id))
  EXECUTE FUNCTION report_tell_order();
CREATE TRIGGER paid_orders_tell_reports AFTER INSERT ON orders FOR EACH ROW WHEN (NEW.paid_at IS NOT NULL) EXECUTE FUNCTION report_tell_order();

-- Credits and commission: of an order that is not paid they add nothing yet, and its payment tells.
CREATE FUNCTION report_tell_of_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO report_news (kind, id) SELECT 'o', o.id FROM orders o WHERE o.id = NEW.order_id AND o.paid_at IS NOT NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER order_credits_tell_reports AFTER INSERT OR UPDATE ON order_credit_versions FOR EACH ROW EXECUTE FUNCTION report_tell_of_order();
CREATE TRIGGER commission_entries_tell_reports AFTER INSERT ON commission_entries FOR EACH ROW EXECUTE FUNCTION report_tell_of_order();

-- Somebody became somebody else: as visitor, as who brought others, as who is credited and earns.
CREATE FUNCTION report_tell_merge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO report_news (kind, id)
  SELECT 'p', NEW.id UNION SELECT 'p', NEW.merged_into UNION SELECT 'p', OLD.merged_into WHERE OLD.merged_into IS NOT NULL
  UNION SELECT 'p', t.visitor_id FROM touches t WHERE t.sharer_id = NEW.id
  UNION SELECT 'p', e.invitee_id FROM invite_edges e WHERE e.inviter_id = NEW.id
  UNION SELECT 'o', c.order_id FROM order_credits c WHERE c.person_id = NEW.id
  UNION SELECT 'o', e.order_id FROM commission_entries e WHERE e.beneficiary_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER people_tell_reports AFTER UPDATE OF merged_into ON people FOR EACH ROW
  WHEN (OLD.merged_into IS DISTINCT FROM NEW.merged_into) EXECUTE FUNCTION report_tell_merge();

CREATE FUNCTION report_tell_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE report_state SET moved_at = now() WHERE id = 1;
  RETURN NULL;
END $$;
CREATE TRIGGER org_units_tell_reports AFTER UPDATE OF path ON org_units FOR EACH ROW WHEN (OLD.path <> NEW.path) EXECUTE FUNCTION report_tell_move();
CREATE TRIGGER rooms_tell_reports AFTER UPDATE OF org_unit_id ON rooms FOR EACH ROW WHEN (OLD.org_unit_id <> NEW.org_unit_id) EXECUTE FUNCTION report_tell_move();

-- What was there before is counted by the job after the start (minutes with ten million touches), and reports say so until then.
UPDATE report_state SET moved_at = now()
WHERE EXISTS (SELECT FROM touches) OR EXISTS (SELECT FROM invite_edges) OR EXISTS (SELECT FROM orders WHERE paid_at IS NOT NULL);
