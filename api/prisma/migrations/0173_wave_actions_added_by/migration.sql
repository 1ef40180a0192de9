-- An action of a wave has the rights of whoever added it, not those of whoever made the wave.
ALTER TABLE wave_actions ADD COLUMN added_by UUID;
UPDATE wave_actions a SET added_by = w.created_by FROM waves w WHERE w.id = a.wave_id;
ALTER TABLE wave_actions ALTER COLUMN added_by SET NOT NULL;
