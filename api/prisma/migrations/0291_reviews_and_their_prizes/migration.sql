-- Reviews of received orders, and prizes for them of which the buyer pays the postage.

CREATE TABLE reviews (
  id UUID NOT NULL,
  order_id UUID NOT NULL,
  person_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  stars INTEGER NOT NULL,
  text TEXT NOT NULL,
  state TEXT NOT NULL,
  -- Why it was refused; for its writer.
  reason TEXT NOT NULL DEFAULT '',
  created_at TIMESTAMPTZ(3) NOT NULL,
  decided_by UUID,
  decided_at TIMESTAMPTZ(3),
  CONSTRAINT reviews_pkey PRIMARY KEY (id),
  CONSTRAINT reviews_stars CHECK (stars BETWEEN 1 AND 5),
  CONSTRAINT reviews_state CHECK (state IN ('pending', 'approved', 'refused')
    AND num_nonnulls(decided_by, decided_at) = CASE state WHEN 'pending' THEN 0 ELSE 2 END AND (state = 'refused' OR reason = ''))
);
ALTER TABLE reviews
  ADD CONSTRAINT reviews_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT reviews_person_id_fkey FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE RESTRICT ON UPDATE CASCADE;
-- One review an order.
CREATE UNIQUE INDEX reviews_order_id_key ON reviews (order_id);
CREATE INDEX reviews_org_path_created_at_idx ON reviews (org_path, created_at);
CREATE INDEX reviews_person_id_idx ON reviews (person_id);

CREATE TABLE review_pictures (
  review_id UUID NOT NULL,
  file_id UUID NOT NULL,
  position INTEGER NOT NULL,
  CONSTRAINT review_pictures_pkey PRIMARY KEY (review_id, file_id)
);
ALTER TABLE review_pictures
  ADD CONSTRAINT review_pictures_review_id_fkey FOREIGN KEY (review_id) REFERENCES reviews (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT review_pictures_file_id_fkey FOREIGN KEY (file_id) REFERENCES stored_files (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX review_pictures_file_id_idx ON review_pictures (file_id);

CREATE TABLE review_campaigns (
  id UUID NOT NULL,
  org_unit_id UUID NOT NULL,
  org_path TEXT NOT NULL,
  sku_id UUID NOT NULL,
  title TEXT NOT NULL,
  -- Prizes in all; those of orders that came to nothing count no more.
  total INTEGER NOT NULL,
  starts_at TIMESTAMPTZ(3) NOT NULL,
  ends_at TIMESTAMPTZ(3) NOT NULL,
  stopped_at TIMESTAMPTZ(3),
  created_by UUID NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT review_campaigns_pkey PRIMARY KEY (id),
  CONSTRAINT review_campaigns_terms CHECK (total > 0 AND starts_at < ends_at)
);
ALTER TABLE review_campaigns
  ADD CONSTRAINT review_campaigns_org_unit_id_fkey FOREIGN KEY (org_unit_id) REFERENCES org_units (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT review_campaigns_sku_id_fkey FOREIGN KEY (sku_id) REFERENCES skus (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX review_campaigns_org_path_created_at_idx ON review_campaigns (org_path, created_at);
CREATE INDEX review_campaigns_sku_id_idx ON review_campaigns (sku_id);

CREATE TABLE review_prizes (
  order_id UUID NOT NULL,
  review_id UUID NOT NULL,
  campaign_id UUID NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT review_prizes_pkey PRIMARY KEY (order_id)
);
ALTER TABLE review_prizes
  ADD CONSTRAINT review_prizes_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT review_prizes_review_id_fkey FOREIGN KEY (review_id) REFERENCES reviews (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT review_prizes_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES review_campaigns (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX review_prizes_review_id_idx ON review_prizes (review_id);
CREATE INDEX review_prizes_campaign_id_idx ON review_prizes (campaign_id);
