-- A note that cannot be told is tried alone, later and later, and set aside in the end: it keeps no other from being told.
ALTER TABLE order_hooks ADD COLUMN note_id UUID NOT NULL DEFAULT gen_random_uuid(),
  ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN next_try_at TIMESTAMPTZ(3),
  ADD COLUMN set_aside_at TIMESTAMPTZ(3),
  ADD COLUMN error TEXT NOT NULL DEFAULT '',
  ADD CONSTRAINT order_hooks_tries CHECK (attempts >= 0 AND (attempts > 0 OR set_aside_at IS NULL)
    AND (next_try_at IS NOT NULL) = (attempts > 0 AND set_aside_at IS NULL));
CREATE UNIQUE INDEX order_hooks_set_aside ON order_hooks (note_id) WHERE set_aside_at IS NOT NULL;
