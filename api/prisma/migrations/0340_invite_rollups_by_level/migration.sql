-- Rows of one person lie together by level: what is asked of a person is a level or all above level 0, seldom one unit. Units of a scope
-- are found with their people in one index, without the rows themselves.
ALTER TABLE invite_rollups DROP CONSTRAINT invite_rollups_pkey, ADD CONSTRAINT invite_rollups_pkey PRIMARY KEY (person_id, level, unit_id);
CREATE INDEX invite_rollups_unit_id_person_id_idx ON invite_rollups (unit_id, person_id);
DROP INDEX invite_rollups_unit_id_idx;
