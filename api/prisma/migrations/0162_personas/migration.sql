-- What a guide tells of themselves, and what others have verified.
CREATE TABLE guide_personas (
  guide_id UUID NOT NULL,
  bio TEXT NOT NULL DEFAULT '',
  tags TEXT[] NOT NULL DEFAULT '{}',
  photo_id UUID,
  updated_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT guide_personas_pkey PRIMARY KEY (guide_id)
);
ALTER TABLE guide_personas
  ADD CONSTRAINT guide_personas_guide_id_fkey FOREIGN KEY (guide_id) REFERENCES people (id) ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE guide_trainings (
  id UUID NOT NULL,
  guide_id UUID NOT NULL,
  title TEXT NOT NULL,
  trained_on DATE NOT NULL,
  org_path TEXT NOT NULL,
  verified_by UUID NOT NULL,
  verified_at TIMESTAMPTZ(3) NOT NULL,
  revoked_at TIMESTAMPTZ(3),
  revoked_by UUID,
  revoke_reason TEXT NOT NULL DEFAULT '',
  CONSTRAINT guide_trainings_pkey PRIMARY KEY (id),
  CONSTRAINT guide_trainings_nobody_verifies_themselves CHECK (verified_by <> guide_id)
);
ALTER TABLE guide_trainings
  ADD CONSTRAINT guide_trainings_guide_id_fkey FOREIGN KEY (guide_id) REFERENCES people (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX guide_trainings_guide_id_idx ON guide_trainings (guide_id);

-- Small files of the product itself: QR pictures, photos, training material. In the database every node has them, and so has
-- the backup; videos lie in the media servers' storage.
CREATE TABLE stored_files (
  id UUID NOT NULL,
  purpose TEXT NOT NULL,
  org_path TEXT NOT NULL,
  name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  content BYTEA NOT NULL,
  created_by UUID NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT stored_files_pkey PRIMARY KEY (id),
  CONSTRAINT stored_files_purpose CHECK (purpose IN ('photo', 'card', 'material')),
  CONSTRAINT stored_files_bytes CHECK (bytes = octet_length(content) AND bytes > 0)
);
-- Compressed already.
ALTER TABLE stored_files ALTER COLUMN content SET STORAGE EXTERNAL;
