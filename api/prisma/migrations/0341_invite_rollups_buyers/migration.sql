-- Who buys again and again is read from the index alone: their rows lie scattered over a table that has ten times as many others.
DROP INDEX invite_rollups_buyers;
CREATE INDEX invite_rollups_buyers ON invite_rollups (unit_id, orders, person_id) WHERE level = 0 AND orders > 1;
