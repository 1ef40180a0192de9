-- The invite graph: what stands below every person of the forest of invite_edges. Derived, and made again from the edges at any
-- time (rebuild_invite_graph). See docs/25-invite-graph.md.

-- Who has news: written in the transaction of the fact, read after its commit. Never updated, so nobody waits for anybody here.
CREATE TABLE invite_news (
  seq BIGSERIAL NOT NULL,
  person_id UUID NOT NULL,
  CONSTRAINT invite_news_pkey PRIMARY KEY (seq)
);

-- Everybody who was brought, brought somebody, or bought. `inviter_id` is the edge as far as figures have been counted by it.
CREATE TABLE invite_nodes (
  person_id UUID NOT NULL,
  inviter_id UUID,
  -- Of the room by which they were brought.
  unit_id UUID,
  joined_at TIMESTAMPTZ(3),
  -- Last seen: came by a link, was in a room, paid. Looked at again when that is 30 days ago.
  active_at TIMESTAMPTZ(3),
  -- When their figures change by time alone.
  due_at TIMESTAMPTZ(3),
  -- Sums of all levels below.
  people INTEGER NOT NULL DEFAULT 0,
  active INTEGER NOT NULL DEFAULT 0,
  bringers INTEGER NOT NULL DEFAULT 0,
  fresh_30 INTEGER NOT NULL DEFAULT 0,
  fresh_60 INTEGER NOT NULL DEFAULT 0,
  orders INTEGER NOT NULL DEFAULT 0,
  gross_fen BIGINT NOT NULL DEFAULT 0,
  refunded_fen BIGINT NOT NULL DEFAULT 0,
  CONSTRAINT invite_nodes_pkey PRIMARY KEY (person_id),
  CONSTRAINT invite_nodes_self CHECK (inviter_id <> person_id)
);
CREATE INDEX invite_nodes_inviter_id_idx ON invite_nodes (inviter_id);
CREATE INDEX invite_nodes_due ON invite_nodes (due_at) WHERE due_at IS NOT NULL;

-- Level 0: a person's own figures by unit (people: 1 at the unit that brought them; orders at the unit that sold). Level n: the
-- sums of level 0 of everybody n steps below; the last level, 64, is of 64 steps and more. So a row of level n is the sum of the
-- rows of level n - 1 of those whom the person brought.
CREATE TABLE invite_rollups (
  person_id UUID NOT NULL,
  unit_id UUID NOT NULL,
  level SMALLINT NOT NULL,
  people INTEGER NOT NULL,
  active INTEGER NOT NULL,
  -- Who brought somebody themselves.
  bringers INTEGER NOT NULL,
  fresh_30 INTEGER NOT NULL,
  fresh_60 INTEGER NOT NULL,
  orders INTEGER NOT NULL,
  gross_fen BIGINT NOT NULL,
  refunded_fen BIGINT NOT NULL,
  CONSTRAINT invite_rollups_pkey PRIMARY KEY (person_id, unit_id, level),
  CONSTRAINT invite_rollups_figures CHECK (level BETWEEN 0 AND 64 AND people >= 0 AND active BETWEEN 0 AND people AND bringers BETWEEN 0 AND people
    AND fresh_30 BETWEEN 0 AND fresh_60 AND fresh_60 <= people AND orders >= 0 AND gross_fen >= 0 AND refunded_fen >= 0)
);
CREATE INDEX invite_rollups_unit_id_idx ON invite_rollups (unit_id);
CREATE INDEX invite_rollups_empty ON invite_rollups (person_id) WHERE people = 0 AND orders = 0;
CREATE INDEX invite_rollups_buyers ON invite_rollups (unit_id, orders) WHERE level = 0 AND orders > 1;

-- One row. `version` names a state of the graph; up to `seen_to` the presence in rooms was looked at.
CREATE TABLE invite_graph_state (
  id INTEGER NOT NULL,
  version BIGINT NOT NULL,
  changed_at TIMESTAMPTZ(3) NOT NULL,
  seen_to TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT invite_graph_state_pkey PRIMARY KEY (id),
  CONSTRAINT invite_graph_state_one CHECK (id = 1)
);

-- ── what is true of people, from the facts ──────────────────────────────────────────────────────────────────────────────────

-- Somebody who became somebody else has no row here: what they did is their new self's.
CREATE FUNCTION invite_facts(ids UUID[])
RETURNS TABLE (person_id UUID, inviter_id UUID, unit_id UUID, joined_at TIMESTAMPTZ, active_at TIMESTAMPTZ, brings BOOLEAN,
  belongs BOOLEAN)
LANGUAGE sql STABLE AS $$
  SELECT p.id, e.inviter_id,
    CASE WHEN e.invitee_id IS NOT NULL THEN coalesce(r.org_unit_id, '00000000-0000-0000-0000-000000000000') END, e.at, seen.at, brings.somebody,
    e.invitee_id IS NOT NULL OR seen.paid_at IS NOT NULL OR brings.somebody
  FROM unnest(ids) AS w (id)
  JOIN people p ON p.id = w.id AND p.merged_into IS NULL
  LEFT JOIN invite_edges e ON e.invitee_id = p.id
  LEFT JOIN touches t ON t.id = e.touch_id
  LEFT JOIN rooms r ON r.id = t.room_id
  CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM invite_edges b WHERE b.inviter_id = p.id)) brings (somebody)
  CROSS JOIN LATERAL (
    SELECT greatest(max(came.at), max(watched.at), max(bought.at)) AS at, max(bought.at) AS paid_at
    FROM (SELECT p.id UNION ALL SELECT g.id FROM people g WHERE g.merged_into = p.id) me (id)
    CROSS JOIN LATERAL (SELECT max(c.at) AS at FROM touches c WHERE c.visitor_id = me.id) came
    CROSS JOIN LATERAL (SELECT max(v.counted_to) AS at FROM room_watches v WHERE v.person_id = me.id) watched
    CROSS JOIN LATERAL (SELECT max(o.paid_at) AS at FROM orders o WHERE o.person_id = me.id) bought
  ) seen
$$;

-- Level 0 as it should be at a moment. A sale is a paid order by what was paid, with its refunds beside it, as in the reports.
CREATE FUNCTION invite_own(ids UUID[], moment TIMESTAMPTZ)
RETURNS TABLE (person_id UUID, unit_id UUID, people INTEGER, active INTEGER, bringers INTEGER, fresh_30 INTEGER, fresh_60 INTEGER,
  orders INTEGER, gross_fen BIGINT, refunded_fen BIGINT)
LANGUAGE sql STABLE AS $$
  SELECT s.person_id, s.unit_id, sum(s.people)::int, sum(s.active)::int, sum(s.bringers)::int, sum(s.fresh_30)::int, sum(s.fresh_60)::int,
    sum(s.orders)::int, sum(s.gross_fen)::bigint, sum(s.refunded_fen)::bigint
  FROM (
    SELECT f.person_id, f.unit_id, 1 AS people, coalesce(f.active_at > moment - interval '720 hours', false)::int AS active,
      f.brings::int AS bringers, (f.joined_at > moment - interval '720 hours')::int AS fresh_30, (f.joined_at > moment - interval '1440 hours')::int AS fresh_60,
      0 AS orders, 0::bigint AS gross_fen, 0::bigint AS refunded_fen
    FROM invite_facts(ids) f WHERE f.inviter_id IS NOT NULL
    UNION ALL
    SELECT p.id, o.org_unit_id, 0, 0, 0, 0, 0, count(*)::int, sum(o.paid_fen)::bigint, sum(o.refunded_fen)::bigint
    FROM unnest(ids) AS w (id)
    JOIN people p ON p.id = w.id AND p.merged_into IS NULL
    CROSS JOIN LATERAL (SELECT p.id UNION ALL SELECT g.id FROM people g WHERE g.merged_into = p.id) me (id)
    JOIN orders o ON o.person_id = me.id AND o.paid_at IS NOT NULL
    GROUP BY p.id, o.org_unit_id
  ) s
  GROUP BY s.person_id, s.unit_id
$$;

-- ── keeping the figures; one writer at a time, by a lock that the caller holds ──────────────────────────────────────────────

-- Everybody from `start` upwards, `start` itself first.
CREATE FUNCTION invite_above(start UUID) RETURNS TABLE (person_id UUID, distance INTEGER)
LANGUAGE sql STABLE ROWS 20 AS $$
  WITH RECURSIVE above (id, distance) AS (
    SELECT start, 0
    UNION ALL
    SELECT n.inviter_id, above.distance + 1 FROM above JOIN invite_nodes n ON n.person_id = above.id WHERE n.inviter_id IS NOT NULL
  ) SELECT id, distance FROM above
$$;

-- Both writers look rows up by key whatever is estimated of how many people stand above somebody: who brings one person must not
-- read the whole forest.

-- Adds (`sign` 1) the whole branch of a person to everybody from `inviter` upwards, or takes it away (-1).
CREATE FUNCTION invite_hang(branch UUID, inviter UUID, sign INTEGER) RETURNS void
LANGUAGE sql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
  WITH sums AS (
    SELECT a.person_id, r.unit_id, least(r.level + a.distance + 1, 64)::smallint AS level, sign * sum(r.people)::int AS people,
      sign * sum(r.active)::int AS active, sign * sum(r.bringers)::int AS bringers, sign * sum(r.fresh_30)::int AS fresh_30, sign * sum(r.fresh_60)::int AS fresh_60,
      sign * sum(r.orders)::int AS orders, sign * sum(r.gross_fen)::bigint AS gross_fen, sign * sum(r.refunded_fen)::bigint AS refunded_fen
    FROM invite_above(inviter) a CROSS JOIN invite_rollups r WHERE r.person_id = branch
    GROUP BY 1, 2, 3
  ), counted AS (
    MERGE INTO invite_rollups r USING sums s ON r.person_id = s.person_id AND r.unit_id = s.unit_id AND r.level = s.level
    WHEN MATCHED THEN UPDATE SET people = r.people + s.people, active = r.active + s.active, bringers = r.bringers + s.bringers, fresh_30 = r.fresh_30 + s.fresh_30,
      fresh_60 = r.fresh_60 + s.fresh_60, orders = r.orders + s.orders, gross_fen = r.gross_fen + s.gross_fen,
      refunded_fen = r.refunded_fen + s.refunded_fen
    WHEN NOT MATCHED THEN INSERT VALUES (s.person_id, s.unit_id, s.level, s.people, s.active, s.bringers, s.fresh_30, s.fresh_60, s.orders,
      s.gross_fen, s.refunded_fen)
    RETURNING 1
  )
  UPDATE invite_nodes n SET people = n.people + s.people, active = n.active + s.active, bringers = n.bringers + s.bringers, fresh_30 = n.fresh_30 + s.fresh_30,
    fresh_60 = n.fresh_60 + s.fresh_60, orders = n.orders + s.orders, gross_fen = n.gross_fen + s.gross_fen,
    refunded_fen = n.refunded_fen + s.refunded_fen
  FROM (SELECT person_id, sum(people)::int AS people, sum(active)::int AS active, sum(bringers)::int AS bringers, sum(fresh_30)::int AS fresh_30,
      sum(fresh_60)::int AS fresh_60, sum(orders)::int AS orders, sum(gross_fen)::bigint AS gross_fen,
      sum(refunded_fen)::bigint AS refunded_fen FROM sums GROUP BY person_id) s
  WHERE n.person_id = s.person_id
$$;

-- Makes level 0 of these people what it should be, and adds the difference to everybody above. Again = nothing happens.
CREATE FUNCTION invite_settle(ids UUID[], moment TIMESTAMPTZ) RETURNS void
LANGUAGE sql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
  WITH changed AS (
    SELECT * FROM (
      SELECT person_id, unit_id, coalesce(t.people, 0) - coalesce(h.people, 0) AS people, coalesce(t.active, 0) - coalesce(h.active, 0) AS active,
        coalesce(t.bringers, 0) - coalesce(h.bringers, 0) AS bringers,
        coalesce(t.fresh_30, 0) - coalesce(h.fresh_30, 0) AS fresh_30, coalesce(t.fresh_60, 0) - coalesce(h.fresh_60, 0) AS fresh_60,
        coalesce(t.orders, 0) - coalesce(h.orders, 0) AS orders, coalesce(t.gross_fen, 0) - coalesce(h.gross_fen, 0) AS gross_fen,
        coalesce(t.refunded_fen, 0) - coalesce(h.refunded_fen, 0) AS refunded_fen
      FROM invite_own(ids, moment) t
      FULL JOIN (SELECT * FROM invite_rollups WHERE person_id = ANY (ids) AND level = 0) h USING (person_id, unit_id)
    ) d WHERE (people, active, bringers, fresh_30, fresh_60, orders, gross_fen, refunded_fen) <> (0, 0, 0, 0, 0, 0, 0::bigint, 0::bigint)
  ), sums AS (
    SELECT a.person_id, c.unit_id, least(a.distance, 64)::smallint AS level, sum(c.people)::int AS people, sum(c.active)::int AS active, sum(c.bringers)::int AS bringers,
      sum(c.fresh_30)::int AS fresh_30, sum(c.fresh_60)::int AS fresh_60, sum(c.orders)::int AS orders,
      sum(c.gross_fen)::bigint AS gross_fen, sum(c.refunded_fen)::bigint AS refunded_fen
    FROM changed c CROSS JOIN LATERAL invite_above(c.person_id) a
    GROUP BY 1, 2, 3
  ), counted AS (
    MERGE INTO invite_rollups r USING sums s ON r.person_id = s.person_id AND r.unit_id = s.unit_id AND r.level = s.level
    WHEN MATCHED THEN UPDATE SET people = r.people + s.people, active = r.active + s.active, bringers = r.bringers + s.bringers, fresh_30 = r.fresh_30 + s.fresh_30,
      fresh_60 = r.fresh_60 + s.fresh_60, orders = r.orders + s.orders, gross_fen = r.gross_fen + s.gross_fen,
      refunded_fen = r.refunded_fen + s.refunded_fen
    WHEN NOT MATCHED THEN INSERT VALUES (s.person_id, s.unit_id, s.level, s.people, s.active, s.bringers, s.fresh_30, s.fresh_60, s.orders,
      s.gross_fen, s.refunded_fen)
    RETURNING 1
  )
  UPDATE invite_nodes n SET people = n.people + s.people, active = n.active + s.active, bringers = n.bringers + s.bringers, fresh_30 = n.fresh_30 + s.fresh_30,
    fresh_60 = n.fresh_60 + s.fresh_60, orders = n.orders + s.orders, gross_fen = n.gross_fen + s.gross_fen,
    refunded_fen = n.refunded_fen + s.refunded_fen
  FROM (SELECT person_id, sum(people)::int AS people, sum(active)::int AS active, sum(bringers)::int AS bringers, sum(fresh_30)::int AS fresh_30,
      sum(fresh_60)::int AS fresh_60, sum(orders)::int AS orders, sum(gross_fen)::bigint AS gross_fen,
      sum(refunded_fen)::bigint AS refunded_fen FROM sums WHERE level > 0 GROUP BY person_id) s
  WHERE n.person_id = s.person_id
$$;

-- What is remembered of these people themselves, and when it changes by time alone.
CREATE FUNCTION invite_remember(ids UUID[], moment TIMESTAMPTZ) RETURNS void
LANGUAGE sql AS $$
  UPDATE invite_nodes n SET unit_id = f.unit_id, joined_at = f.joined_at, active_at = f.active_at, due_at = (
      SELECT min(d.at) FROM (VALUES (f.active_at + interval '720 hours'), (f.joined_at + interval '720 hours'),
        (f.joined_at + interval '1440 hours')) d (at) WHERE d.at > moment)
  FROM invite_facts(ids) f WHERE n.person_id = f.person_id
$$;

-- All of it anew. People with news that comes meanwhile are looked at afterwards.
CREATE FUNCTION rebuild_invite_graph(moment TIMESTAMPTZ) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  batch UUID[];
  far INTEGER := 0;
BEGIN
  DELETE FROM invite_news;
  DELETE FROM invite_rollups;
  DELETE FROM invite_nodes;
  INSERT INTO invite_nodes (person_id, inviter_id)
  SELECT p.id, e.inviter_id FROM people p LEFT JOIN invite_edges e ON e.invitee_id = p.id
  WHERE p.merged_into IS NULL AND (e.invitee_id IS NOT NULL OR EXISTS (SELECT FROM invite_edges b WHERE b.inviter_id = p.id)
    OR EXISTS (SELECT FROM orders o JOIN people b ON b.id = o.person_id
      WHERE o.paid_at IS NOT NULL AND (b.id = p.id OR b.merged_into = p.id)));
  FOR batch IN SELECT array_agg(b.person_id) FROM (SELECT n.person_id, row_number() OVER (ORDER BY n.person_id) / 10000 AS no FROM invite_nodes n) b
    GROUP BY b.no
  LOOP
    PERFORM invite_remember(batch, moment);
    INSERT INTO invite_rollups SELECT person_id, unit_id, 0, people, active, bringers, fresh_30, fresh_60, orders, gross_fen, refunded_fen
    FROM invite_own(batch, moment);
  END LOOP;
  CREATE TEMP TABLE invite_wave ON COMMIT DROP AS SELECT * FROM invite_rollups;
  LOOP
    far := far + 1;
    CREATE TEMP TABLE invite_next ON COMMIT DROP AS
      SELECT n.inviter_id AS person_id, w.unit_id, least(far, 64)::smallint AS level, sum(w.people)::int AS people, sum(w.active)::int AS active, sum(w.bringers)::int AS bringers,
        sum(w.fresh_30)::int AS fresh_30, sum(w.fresh_60)::int AS fresh_60, sum(w.orders)::int AS orders,
        sum(w.gross_fen)::bigint AS gross_fen, sum(w.refunded_fen)::bigint AS refunded_fen
      FROM invite_wave w JOIN invite_nodes n ON n.person_id = w.person_id WHERE n.inviter_id IS NOT NULL GROUP BY 1, 2;
    DROP TABLE invite_wave;
    ALTER TABLE invite_next RENAME TO invite_wave;
    ANALYZE invite_wave; -- the last waves are small, the people stay many
    EXIT WHEN NOT EXISTS (SELECT FROM invite_wave);
    IF far > 100000 THEN RAISE EXCEPTION 'the invite edges are no forest'; END IF;
    INSERT INTO invite_rollups AS r SELECT * FROM invite_wave
    ON CONFLICT (person_id, unit_id, level) DO UPDATE SET people = r.people + EXCLUDED.people, active = r.active + EXCLUDED.active, bringers = r.bringers + EXCLUDED.bringers,
      fresh_30 = r.fresh_30 + EXCLUDED.fresh_30, fresh_60 = r.fresh_60 + EXCLUDED.fresh_60, orders = r.orders + EXCLUDED.orders,
      gross_fen = r.gross_fen + EXCLUDED.gross_fen, refunded_fen = r.refunded_fen + EXCLUDED.refunded_fen;
  END LOOP;
  DROP TABLE invite_wave;
  UPDATE invite_nodes n SET people = s.people, active = s.active, bringers = s.bringers, fresh_30 = s.fresh_30, fresh_60 = s.fresh_60, orders = s.orders,
    gross_fen = s.gross_fen, refunded_fen = s.refunded_fen
  FROM (SELECT person_id, sum(people)::int AS people, sum(active)::int AS active, sum(bringers)::int AS bringers, sum(fresh_30)::int AS fresh_30,
      sum(fresh_60)::int AS fresh_60, sum(orders)::int AS orders, sum(gross_fen)::bigint AS gross_fen,
      sum(refunded_fen)::bigint AS refunded_fen FROM invite_rollups WHERE level > 0 GROUP BY person_id) s
  WHERE n.person_id = s.person_id;
  UPDATE invite_graph_state SET version = version + 1, changed_at = moment;
END $$;

-- ── who has news ────────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION tell_invite_edge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN INSERT INTO invite_news (person_id) VALUES (OLD.inviter_id), (OLD.invitee_id); END IF;
  IF TG_OP <> 'DELETE' THEN INSERT INTO invite_news (person_id) VALUES (NEW.inviter_id), (NEW.invitee_id); END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER invite_edges_tell AFTER INSERT OR UPDATE OR DELETE ON invite_edges FOR EACH ROW EXECUTE FUNCTION tell_invite_edge();

CREATE FUNCTION tell_invite_buyer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO invite_news (person_id) VALUES (NEW.person_id);
  RETURN NULL;
END $$;
CREATE TRIGGER orders_tell_invite_graph AFTER UPDATE OF paid_at, paid_fen, refunded_fen ON orders FOR EACH ROW
  WHEN (OLD.paid_at IS DISTINCT FROM NEW.paid_at OR OLD.paid_fen <> NEW.paid_fen OR OLD.refunded_fen <> NEW.refunded_fen)
  EXECUTE FUNCTION tell_invite_buyer();
CREATE TRIGGER paid_orders_tell_invite_graph AFTER INSERT ON orders FOR EACH ROW WHEN (NEW.paid_at IS NOT NULL)
  EXECUTE FUNCTION tell_invite_buyer();

CREATE FUNCTION tell_invite_merge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO invite_news (person_id) VALUES (NEW.id), (NEW.merged_into);
  RETURN NULL;
END $$;
CREATE TRIGGER people_tell_invite_graph AFTER UPDATE OF merged_into ON people FOR EACH ROW
  WHEN (NEW.merged_into IS NOT NULL AND OLD.merged_into IS DISTINCT FROM NEW.merged_into) EXECUTE FUNCTION tell_invite_merge();

-- Somebody of the forest is back after 30 days; of those who are seen all the time nothing is written.
CREATE FUNCTION tell_invite_return() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO invite_news (person_id) SELECT n.person_id FROM invite_nodes n
  WHERE n.person_id = NEW.visitor_id AND (n.active_at IS NULL OR n.active_at <= NEW.at - interval '720 hours');
  RETURN NULL;
END $$;
CREATE TRIGGER touches_tell_invite_graph AFTER INSERT ON touches FOR EACH ROW EXECUTE FUNCTION tell_invite_return();

-- ── contacts ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Who of the staff spoke with whom, when, and when to speak again. What was written stays as it was written.
CREATE TABLE customer_contacts (
  id UUID NOT NULL,
  person_id UUID NOT NULL,
  by_id UUID NOT NULL,
  -- Of the one who wrote it.
  org_path TEXT NOT NULL,
  way TEXT NOT NULL,
  note TEXT NOT NULL,
  next_at TIMESTAMPTZ(3),
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT customer_contacts_pkey PRIMARY KEY (id),
  CONSTRAINT customer_contacts_way CHECK (way IN ('phone', 'wechat', 'visit', 'message', 'other')),
  CONSTRAINT customer_contacts_next CHECK (next_at > at),
  CONSTRAINT customer_contacts_person_id_fkey FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE INDEX customer_contacts_person_id_at_idx ON customer_contacts (person_id, at);
CREATE INDEX customer_contacts_next ON customer_contacts (next_at) WHERE next_at IS NOT NULL;
CREATE TRIGGER customer_contacts_append_only BEFORE UPDATE OR DELETE ON customer_contacts FOR EACH ROW EXECUTE FUNCTION refuse_change();

INSERT INTO invite_graph_state (id, version, changed_at, seen_to) VALUES (1, 0, '2000-01-01T00:00:00Z', '2000-01-01T00:00:00Z');
SELECT rebuild_invite_graph(now());
UPDATE invite_graph_state SET seen_to = now();
