-- The word list reads what guides tell of themselves, and the texts of drain cards.
ALTER TABLE guard_corrections DROP CONSTRAINT guard_corrections_place;
ALTER TABLE guard_corrections ADD CONSTRAINT guard_corrections_place
  CHECK (place IN ('chat', 'notice', 'pinned', 'room', 'product', 'play', 'persona', 'card'));
