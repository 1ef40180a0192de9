-- Who a room is for, who is invited, and what staff vouch for about a customer.

ALTER TABLE rooms
  ADD COLUMN kind TEXT NOT NULL DEFAULT 'live',
  ADD COLUMN audience TEXT NOT NULL DEFAULT 'everyone',
  ADD CONSTRAINT rooms_kind CHECK (kind IN ('live', 'conference')),
  ADD CONSTRAINT rooms_audience CHECK (audience IN ('everyone', 'members', 'newcomers', 'koc', 'invited')),
  ADD CONSTRAINT rooms_conference_is_for_the_invited CHECK (kind = 'live' OR audience = 'invited');

-- One row an invitation. Bound to somebody by `person_id` (from the start, or by the one redemption of a link) or by `phone`.
CREATE TABLE room_invitations (
  id UUID NOT NULL,
  room_id UUID NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  person_id UUID,
  phone TEXT,
  -- SHA-256 of the token in the link.
  token_hash TEXT,
  expires_at TIMESTAMPTZ(3),
  invited_by UUID NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  redeemed_at TIMESTAMPTZ(3),
  revoked_at TIMESTAMPTZ(3),
  revoked_by UUID,
  CONSTRAINT room_invitations_pkey PRIMARY KEY (id),
  CONSTRAINT room_invitations_kind CHECK (
    (kind IN ('staff', 'person') AND person_id IS NOT NULL AND num_nonnulls(phone, token_hash, expires_at, redeemed_at) = 0)
    OR (kind = 'phone' AND phone IS NOT NULL AND num_nonnulls(person_id, token_hash, expires_at, redeemed_at) = 0)
    OR (kind = 'link' AND phone IS NULL AND num_nonnulls(token_hash, expires_at) = 2 AND (person_id IS NULL) = (redeemed_at IS NULL)))
);
ALTER TABLE room_invitations
  ADD CONSTRAINT room_invitations_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE UNIQUE INDEX room_invitations_token_hash_key ON room_invitations (token_hash);
CREATE INDEX room_invitations_room_id_created_at_idx ON room_invitations (room_id, created_at);
CREATE INDEX room_invitations_person_id_idx ON room_invitations (person_id);
CREATE UNIQUE INDEX room_invitations_once_a_person ON room_invitations (room_id, person_id) WHERE kind <> 'link' AND revoked_at IS NULL;
CREATE UNIQUE INDEX room_invitations_once_a_phone ON room_invitations (room_id, phone) WHERE revoked_at IS NULL;

-- Members and KOCs that staff vouch for; what was ended stays as history.
CREATE TABLE customer_marks (
  id UUID NOT NULL,
  person_id UUID NOT NULL,
  kind TEXT NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  reason TEXT NOT NULL,
  marked_by UUID NOT NULL,
  marked_at TIMESTAMPTZ(3) NOT NULL,
  ended_at TIMESTAMPTZ(3),
  ended_by UUID,
  end_reason TEXT NOT NULL DEFAULT '',
  CONSTRAINT customer_marks_pkey PRIMARY KEY (id),
  CONSTRAINT customer_marks_kind CHECK (kind IN ('member', 'koc')),
  CONSTRAINT customer_marks_reason CHECK (reason <> '')
);
ALTER TABLE customer_marks
  ADD CONSTRAINT customer_marks_person_id_fkey FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE UNIQUE INDEX customer_marks_standing ON customer_marks (person_id, kind, org_unit_id) WHERE ended_at IS NULL;
CREATE INDEX customer_marks_org_path_marked_at_idx ON customer_marks (org_path, marked_at);

-- Whatever changes who may be in a room is told to every api process when it commits: PERSON, or room:ROOM.
CREATE FUNCTION tell_room_standing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('standing', 'room:' || (to_jsonb(NEW)->>TG_ARGV[0]));
  RETURN NULL;
END $$;
CREATE TRIGGER rooms_audience_standing AFTER UPDATE OF audience ON rooms FOR EACH ROW
  WHEN (OLD.audience IS DISTINCT FROM NEW.audience) EXECUTE FUNCTION tell_room_standing('id');
CREATE TRIGGER room_invitations_standing AFTER UPDATE ON room_invitations FOR EACH ROW
  WHEN (OLD.revoked_at IS DISTINCT FROM NEW.revoked_at) EXECUTE FUNCTION tell_room_standing('room_id');
CREATE TRIGGER customer_marks_standing AFTER UPDATE ON customer_marks FOR EACH ROW EXECUTE FUNCTION tell_standing('person_id');
