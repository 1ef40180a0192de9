-- A mall that the brand is joined with. A lane is one kind of exchange: whose turn it is, how far it has come, how it went.
CREATE TABLE mall_lanes (
  kind TEXT NOT NULL,
  -- The mall the position is of; another one begins anew.
  source TEXT NOT NULL,
  cursor TEXT,
  -- Number of the last fact about an order that the mall has, or that was left out by hand.
  pushed_no BIGINT NOT NULL DEFAULT 0,
  busy_until TIMESTAMPTZ(3),
  started_at TIMESTAMPTZ(3),
  ended_at TIMESTAMPTZ(3),
  succeeded_at TIMESTAMPTZ(3),
  failing_since TIMESTAMPTZ(3),
  attempts INTEGER NOT NULL DEFAULT 0,
  next_try_at TIMESTAMPTZ(3),
  error TEXT,
  seen INTEGER NOT NULL DEFAULT 0,
  changed INTEGER NOT NULL DEFAULT 0,
  refused INTEGER NOT NULL DEFAULT 0,
  CONSTRAINT mall_lanes_pkey PRIMARY KEY (kind),
  CONSTRAINT mall_lanes_kind CHECK (kind IN ('products', 'stock', 'orders'))
);
-- The version that was taken over; one that could not be is kept with the reason and tried again.
CREATE TABLE mall_products (
  code TEXT NOT NULL,
  version BIGINT NOT NULL,
  status TEXT NOT NULL,
  issue TEXT,
  payload JSONB,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT mall_products_pkey PRIMARY KEY (code),
  CONSTRAINT mall_products_issue CHECK ((issue IS NULL) = (payload IS NULL))
);
CREATE INDEX mall_products_issues ON mall_products (at, code) WHERE issue IS NOT NULL;
-- Which of our pictures a picture of the mall became.
CREATE TABLE mall_pictures (
  url TEXT NOT NULL,
  picture_url TEXT NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT mall_pictures_pkey PRIMARY KEY (url)
);
-- What the mall was last told is for sale.
CREATE TABLE mall_levels (
  sku_id UUID NOT NULL,
  org_unit_id UUID NOT NULL,
  available INTEGER NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT mall_levels_pkey PRIMARY KEY (sku_id, org_unit_id)
);
-- A picture may come from a mall.
ALTER TABLE media_pictures ALTER COLUMN created_by DROP NOT NULL;
