-- Keys that encoders publish with. The id is the key's jti; the key itself is kept nowhere.
CREATE TABLE stream_keys (
  id UUID NOT NULL,
  room_id UUID NOT NULL,
  stream_id UUID NOT NULL,
  person_id UUID NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  expires_at TIMESTAMPTZ(3) NOT NULL,
  revoked_at TIMESTAMPTZ(3),
  CONSTRAINT stream_keys_pkey PRIMARY KEY (id)
);
CREATE INDEX stream_keys_room_id_idx ON stream_keys (room_id);
CREATE INDEX stream_keys_expires_at_idx ON stream_keys (expires_at);
-- A room has one key at a time.
CREATE UNIQUE INDEX stream_keys_once ON stream_keys (room_id) WHERE revoked_at IS NULL;
