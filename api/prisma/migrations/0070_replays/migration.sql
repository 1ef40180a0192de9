-- What a room showed, by the clock, and what the media server made of it. The video itself is not here.
CREATE TABLE recordings (
  room_id UUID NOT NULL,
  state TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  -- The version that the media server has acknowledged.
  sent_version INTEGER NOT NULL DEFAULT 0,
  -- [{ streamId, fromMs, toMs | null }]
  spans JSONB NOT NULL,
  started_at TIMESTAMPTZ(3) NOT NULL,
  ended_at TIMESTAMPTZ(3),
  -- [{ atMs, offsetMs, durationMs }]: position in the video ↔ clock
  pieces JSONB NOT NULL DEFAULT '[]',
  duration_ms BIGINT NOT NULL DEFAULT 0,
  bytes BIGINT NOT NULL DEFAULT 0,
  visible BOOLEAN NOT NULL DEFAULT true,
  deleted_at TIMESTAMPTZ(3),
  CONSTRAINT recordings_pkey PRIMARY KEY (room_id)
);
ALTER TABLE recordings
  ADD CONSTRAINT recordings_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT recordings_state CHECK (state IN ('recording', 'processing', 'ready', 'empty', 'deleting', 'deleted')),
  ADD CONSTRAINT recordings_deleted CHECK ((state = 'deleted') = (deleted_at IS NOT NULL));
-- What is under way, and what may be old enough to go.
CREATE INDEX recordings_open_idx ON recordings (state) WHERE state IN ('recording', 'processing', 'deleting');
CREATE INDEX recordings_ended_at_idx ON recordings (ended_at) WHERE state IN ('ready', 'empty');

CREATE TABLE clips (
  id UUID NOT NULL,
  room_id UUID NOT NULL,
  product_id UUID NOT NULL,
  -- Position in the recording.
  from_ms INTEGER NOT NULL,
  to_ms INTEGER NOT NULL,
  origin TEXT NOT NULL,
  created_by UUID,
  created_at TIMESTAMPTZ(3) NOT NULL,
  deleted_at TIMESTAMPTZ(3),
  CONSTRAINT clips_pkey PRIMARY KEY (id)
);
ALTER TABLE clips
  ADD CONSTRAINT clips_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT clips_product_id_fkey FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT clips_origin CHECK (origin IN ('pin', 'guide')),
  ADD CONSTRAINT clips_borders CHECK (0 <= from_ms AND from_ms < to_ms);
CREATE INDEX clips_room_id_idx ON clips (room_id);
CREATE INDEX clips_product_id_created_at_idx ON clips (product_id, created_at);
-- A second click makes no second clip.
CREATE UNIQUE INDEX clips_once ON clips (room_id, product_id, from_ms, to_ms) WHERE deleted_at IS NULL;
