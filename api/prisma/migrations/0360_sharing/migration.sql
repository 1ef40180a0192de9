-- Links to content and to group buys, how deep a link stands in its chain of forwarding, and the library of what may be shared.
-- See docs/30-sharing.md.

ALTER TABLE share_links ADD COLUMN content_id UUID, ADD COLUMN group_buy_id UUID,
  -- Hands between the first link of the chain and this one. A link's parent is older than itself and never changes.
  ADD COLUMN depth INTEGER NOT NULL DEFAULT 0;
WITH RECURSIVE chain AS (
  SELECT id, 0 AS depth FROM share_links WHERE parent_link_id IS NULL
  UNION ALL
  SELECT l.id, c.depth + 1 FROM share_links l JOIN chain c ON l.parent_link_id = c.id
)
UPDATE share_links l SET depth = c.depth FROM chain c WHERE c.id = l.id AND c.depth > 0;
ALTER TABLE share_links ADD CONSTRAINT share_links_depth CHECK (depth >= 0 AND (depth = 0) = (parent_link_id IS NULL)),
  ADD CONSTRAINT share_links_one_target CHECK (content_id IS NULL OR group_buy_id IS NULL);
DROP INDEX share_links_target;
CREATE UNIQUE INDEX share_links_target ON share_links (sharer_id, room_id, product_id, content_id, group_buy_id, channel) NULLS NOT DISTINCT;
CREATE INDEX share_links_parent_link_id_idx ON share_links (parent_link_id);
CREATE INDEX share_links_content_id_idx ON share_links (content_id);

-- Rule Z5: rewards for sharing do not count what came through WeChat.
ALTER TABLE touches ADD COLUMN in_wechat BOOLEAN NOT NULL DEFAULT false;

ALTER TABLE stored_files DROP CONSTRAINT stored_files_purpose,
  ADD CONSTRAINT stored_files_purpose CHECK (purpose IN ('photo', 'card', 'material', 'evidence', 'content'));
ALTER TABLE guard_corrections DROP CONSTRAINT guard_corrections_place;
ALTER TABLE guard_corrections ADD CONSTRAINT guard_corrections_place
  CHECK (place IN ('chat', 'notice', 'pinned', 'room', 'product', 'play', 'persona', 'card', 'content'));

CREATE TABLE content_items (
  id UUID NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL DEFAULT '',
  file_id UUID,
  cover_url TEXT,
  -- Where it leads.
  room_id UUID NOT NULL,
  product_id UUID,
  -- A store's offer to hand on.
  coupon_kind_id UUID,
  created_by UUID NOT NULL,
  published_at TIMESTAMPTZ(3) NOT NULL,
  withdrawn_at TIMESTAMPTZ(3),
  withdrawn_by UUID,
  withdraw_reason TEXT NOT NULL DEFAULT '',
  CONSTRAINT content_items_pkey PRIMARY KEY (id),
  CONSTRAINT content_items_kind CHECK (kind IN ('text', 'picture', 'voice', 'video')),
  CONSTRAINT content_items_file CHECK ((kind = 'text') = (file_id IS NULL)),
  CONSTRAINT content_items_withdrawn CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL)),
  CONSTRAINT content_items_file_id_fkey FOREIGN KEY (file_id) REFERENCES stored_files (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT content_items_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT content_items_coupon_kind_id_fkey FOREIGN KEY (coupon_kind_id) REFERENCES coupon_kinds (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE INDEX content_items_org_path_published_at_idx ON content_items (org_path, published_at);
CREATE INDEX content_items_file_id_idx ON content_items (file_id);
