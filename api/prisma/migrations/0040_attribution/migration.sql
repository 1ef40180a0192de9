-- One link per sharer, target and channel; whoever asks again gets the same row.
CREATE UNIQUE INDEX share_links_target ON share_links (sharer_id, room_id, product_id, channel) NULLS NOT DISTINCT;

-- A visitor's last visit through one link (rule A7), and what one link brought.
CREATE INDEX touches_link_visitor ON touches (link_id, visitor_id, at);

-- Reports by scope and time.
CREATE INDEX owner_bindings_store ON owner_bindings (store_id) WHERE ended_at IS NULL;
CREATE INDEX invite_edges_at ON invite_edges (at);
CREATE INDEX commission_entries_scope ON commission_entries (org_path text_pattern_ops, at);
CREATE INDEX orders_paid ON orders (org_path text_pattern_ops, paid_at) WHERE paid_at IS NOT NULL;

-- K1: what an entry says of itself is consistent; a refund never adds.
ALTER TABLE commission_entries ADD CONSTRAINT commission_entries_basis CHECK (basis_fen >= 0 AND bps BETWEEN 0 AND 10000
  AND CASE event WHEN 'paid' THEN amount_fen >= 0 ELSE amount_fen <= 0 END);

ALTER TABLE owner_bindings ADD CONSTRAINT owner_bindings_reason CHECK (reason IN ('sharer_store', 'sharer_owner', 'room_store', 'first_order'));
ALTER TABLE share_links ADD CONSTRAINT share_links_parent CHECK (parent_link_id <> id),
  ADD CONSTRAINT share_links_channel CHECK (channel IN ('copy', 'poster', 'wechat', 'moments', 'other'));
