-- A message that is sent again makes no second entry: its entries are looked for by the message.
CREATE INDEX guard_corrections_target_idx ON guard_corrections (target);
