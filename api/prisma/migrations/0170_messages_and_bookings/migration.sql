-- Messages to people, what they want to be told, and who has booked a room.

CREATE TABLE messages (
  id UUID NOT NULL,
  -- What it is about, for whom: the same thing is told once, whoever finds it first.
  key TEXT NOT NULL,
  person_id UUID NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  kind TEXT NOT NULL,
  why TEXT NOT NULL,
  room_id UUID,
  wave_action_id UUID,
  -- { roomTitle, unitName, coverUrl, scheduledAt, text }
  content JSONB NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  channel TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at TIMESTAMPTZ(3) NOT NULL,
  -- Later than that it is of no use.
  expires_at TIMESTAMPTZ(3) NOT NULL,
  -- Somebody is sending it until then.
  claimed_until TIMESTAMPTZ(3),
  -- Rules passed: the person may read it, whatever becomes of the push.
  released_at TIMESTAMPTZ(3),
  sent_at TIMESTAMPTZ(3),
  read_at TIMESTAMPTZ(3),
  error TEXT,
  created_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT messages_pkey PRIMARY KEY (id),
  CONSTRAINT messages_state CHECK (state IN ('waiting', 'sent', 'skipped', 'dead')
    AND (state = 'sent') = (sent_at IS NOT NULL) AND (state IN ('skipped', 'dead')) = (reason IS NOT NULL)
    AND (state <> 'sent' OR (released_at IS NOT NULL AND channel IS NOT NULL)))
);
CREATE UNIQUE INDEX messages_key_key ON messages (key);
CREATE INDEX messages_person_id_released_at_idx ON messages (person_id, released_at);
CREATE INDEX messages_org_path_created_at_idx ON messages (org_path, created_at);
CREATE INDEX messages_due ON messages (due_at) WHERE state = 'waiting';
CREATE INDEX messages_wave_action_id_idx ON messages (wave_action_id);

CREATE TABLE message_opt_outs (
  person_id UUID NOT NULL,
  topic TEXT NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT message_opt_outs_pkey PRIMARY KEY (person_id, topic)
);

CREATE TABLE message_policy (
  id INTEGER NOT NULL,
  quiet_from_minute INTEGER NOT NULL,
  quiet_until_minute INTEGER NOT NULL,
  per_day INTEGER NOT NULL,
  updated_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT message_policy_pkey PRIMARY KEY (id),
  CONSTRAINT message_policy_one CHECK (id = 1),
  CONSTRAINT message_policy_minutes CHECK (quiet_from_minute BETWEEN 0 AND 1439 AND quiet_until_minute BETWEEN 0 AND 1439 AND per_day BETWEEN 1 AND 20)
);
INSERT INTO message_policy (id, quiet_from_minute, quiet_until_minute, per_day, updated_at) VALUES (1, 1320, 480, 3, '2026-01-01T00:00:00Z');

-- One "yes" in WeChat is the right to one message about one room.
CREATE TABLE wechat_grants (
  person_id UUID NOT NULL,
  room_id UUID NOT NULL,
  openid TEXT NOT NULL,
  scene INTEGER NOT NULL,
  granted_at TIMESTAMPTZ(3) NOT NULL,
  spent_at TIMESTAMPTZ(3),
  spent_as TEXT,
  CONSTRAINT wechat_grants_pkey PRIMARY KEY (person_id, room_id),
  CONSTRAINT wechat_grants_spent CHECK ((spent_at IS NULL) = (spent_as IS NULL) AND spent_as IN ('sent', 'refused'))
);
CREATE INDEX wechat_grants_openid_idx ON wechat_grants (openid);

ALTER TABLE rooms ADD COLUMN cancelled_at TIMESTAMPTZ(3),
  ADD CONSTRAINT rooms_cancelled CHECK (cancelled_at IS NULL OR (state = 'ended' AND started_at IS NULL));

CREATE TABLE room_bookings (
  room_id UUID NOT NULL,
  person_id UUID NOT NULL,
  booked_at TIMESTAMPTZ(3) NOT NULL,
  -- The touch that was the latest on this room when it was booked: whose link brought the booking.
  touch_id UUID,
  sharer_id UUID,
  -- The start that the person knows of, since when, and the start they were reminded of.
  told_for TIMESTAMPTZ(3),
  told_at TIMESTAMPTZ(3) NOT NULL,
  reminded_for TIMESTAMPTZ(3),
  -- Nothing more will be told: taken back, or the room is live, over, called off.
  closed_at TIMESTAMPTZ(3),
  closed_as TEXT,
  CONSTRAINT room_bookings_pkey PRIMARY KEY (room_id, person_id),
  CONSTRAINT room_bookings_closed CHECK ((closed_at IS NULL) = (closed_as IS NULL) AND closed_as IN ('undone', 'live', 'over', 'cancelled'))
);
ALTER TABLE room_bookings
  ADD CONSTRAINT room_bookings_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX room_bookings_person_id_idx ON room_bookings (person_id);
CREATE INDEX room_bookings_open ON room_bookings (room_id) WHERE closed_at IS NULL;
