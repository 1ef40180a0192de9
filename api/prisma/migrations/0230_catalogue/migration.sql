-- Products: several pictures, options, a draft nobody sees, and the code under which other systems know them.
ALTER TABLE products
  ADD COLUMN pictures TEXT[] NOT NULL DEFAULT '{}',
  ADD COLUMN options JSONB NOT NULL DEFAULT '[]',
  ADD COLUMN code TEXT,
  ADD COLUMN snapshot_hash TEXT,
  ADD CONSTRAINT products_role CHECK (role IN ('traffic', 'main', 'family', 'gift', 'bundle')),
  ADD CONSTRAINT products_status CHECK (status IN ('draft', 'on_sale', 'off_sale'));
CREATE UNIQUE INDEX products_code_key ON products (code);
ALTER TABLE skus
  -- One value for each option of the product, in their order.
  ADD COLUMN option_values TEXT[] NOT NULL DEFAULT '{}',
  ADD COLUMN code TEXT;
CREATE UNIQUE INDEX skus_code_key ON skus (code);

-- Pictures of the brand. One for the same bytes, however often they are sent; `used_at`: first on a page, kept from then on,
-- because pages are kept (rule Z1).
CREATE TABLE media_pictures (
  id UUID NOT NULL,
  sha256 TEXT NOT NULL,
  name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  created_by UUID NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  used_at TIMESTAMPTZ(3),
  CONSTRAINT media_pictures_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX media_pictures_sha256_key ON media_pictures (sha256);
CREATE INDEX media_pictures_unused ON media_pictures (created_at) WHERE used_at IS NULL;
CREATE TABLE media_renditions (
  picture_id UUID NOT NULL,
  -- As it was asked for; a smaller picture is not enlarged.
  for_width INTEGER NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  media_type TEXT NOT NULL,
  content BYTEA NOT NULL,
  CONSTRAINT media_renditions_pkey PRIMARY KEY (picture_id, for_width),
  CONSTRAINT media_renditions_picture_id_fkey FOREIGN KEY (picture_id) REFERENCES media_pictures (id) ON DELETE CASCADE ON UPDATE CASCADE
);
-- Compressed already.
ALTER TABLE media_renditions ALTER COLUMN content SET STORAGE EXTERNAL;

-- Rule Z1: what a product's page said, once for each version, found by what it says.
CREATE TABLE product_snapshots (
  hash TEXT NOT NULL,
  product_id UUID NOT NULL,
  content JSONB NOT NULL,
  first_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT product_snapshots_pkey PRIMARY KEY (hash)
);
CREATE INDEX product_snapshots_product_id_first_at_idx ON product_snapshots (product_id, first_at);

-- Whoever writes a product or its SKUs calls this at the end of the transaction. jsonb has one text for one content: the hash
-- of that text is the version.
CREATE FUNCTION refresh_product_snapshots(wanted UUID[], now TIMESTAMPTZ) RETURNS VOID LANGUAGE sql AS $$
  WITH pages AS (
    SELECT p.id, jsonb_build_object('v', 1, 'productId', p.id, 'title', p.title, 'subtitle', p.subtitle, 'description', p.description,
      'pictures', CASE WHEN p.pictures = '{}' THEN ARRAY[p.picture_url] ELSE p.pictures END, 'role', p.role, 'options', p.options,
      'skus', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'name', k.name, 'optionValues', k.option_values,
          'priceFen', k.price_fen, 'listPriceFen', k.list_price_fen, 'listPriceBasis', k.list_price_basis) ORDER BY k.position, k.id), '[]')
        FROM skus k WHERE k.product_id = p.id AND k.active)) AS content
    FROM products p WHERE p.id = ANY(wanted)
  ), hashed AS (
    SELECT id, content, encode(sha256(convert_to(content::text, 'UTF8')), 'hex') AS hash FROM pages
  ), kept AS (
    INSERT INTO product_snapshots (hash, product_id, content, first_at) SELECT hash, id, content, now FROM hashed
    ON CONFLICT (hash) DO NOTHING
  )
  UPDATE products p SET snapshot_hash = h.hash FROM hashed h WHERE p.id = h.id AND p.snapshot_hash IS DISTINCT FROM h.hash
$$;

-- Stairs: [{fromQuantity, priceFen}]. A gift: so many pieces bought bring one of a SKU, while the gift's cap and stock last.
-- baseline_fen: the lowest deal of the seven days before the offer was announced (rule Z4).
ALTER TABLE offers
  ADD COLUMN stairs JSONB,
  ADD COLUMN gift_sku_id UUID,
  ADD COLUMN gift_per INTEGER,
  ADD COLUMN gift_cap INTEGER,
  ADD COLUMN gift_taken INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN baseline_fen BIGINT,
  ADD CONSTRAINT offers_gift CHECK ((gift_sku_id IS NULL) = (gift_per IS NULL) AND (gift_sku_id IS NULL) = (gift_cap IS NULL)
    AND (gift_per IS NULL OR gift_per > 0) AND gift_taken >= 0 AND gift_taken <= coalesce(gift_cap, 0)),
  ADD CONSTRAINT offers_gift_sku_id_fkey FOREIGN KEY (gift_sku_id) REFERENCES skus (id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE offer_versions ADD COLUMN stairs JSONB;

-- Several SKUs for one price. Terms do not change: other terms are another bundle.
CREATE TABLE bundles (
  id UUID NOT NULL,
  room_id UUID NOT NULL,
  title TEXT NOT NULL,
  price_fen BIGINT NOT NULL,
  starts_at TIMESTAMPTZ(3) NOT NULL,
  ends_at TIMESTAMPTZ(3) NOT NULL,
  cap INTEGER,
  taken INTEGER NOT NULL DEFAULT 0,
  per_person_limit INTEGER,
  state TEXT NOT NULL,
  created_by UUID NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  closed_at TIMESTAMPTZ(3),
  CONSTRAINT bundles_pkey PRIMARY KEY (id),
  CONSTRAINT bundles_state CHECK (state IN ('open', 'closed')),
  CONSTRAINT bundles_terms CHECK (price_fen > 0 AND starts_at < ends_at AND (per_person_limit IS NULL OR per_person_limit > 0)),
  CONSTRAINT bundles_cap CHECK (taken >= 0 AND (cap IS NULL OR taken <= cap)),
  CONSTRAINT bundles_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE INDEX bundles_room_id_state_idx ON bundles (room_id, state);
CREATE TABLE bundle_parts (
  bundle_id UUID NOT NULL,
  sku_id UUID NOT NULL,
  position INTEGER NOT NULL,
  quantity INTEGER NOT NULL,
  CONSTRAINT bundle_parts_pkey PRIMARY KEY (bundle_id, sku_id),
  CONSTRAINT bundle_parts_quantity CHECK (quantity > 0),
  CONSTRAINT bundle_parts_bundle_id_fkey FOREIGN KEY (bundle_id) REFERENCES bundles (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT bundle_parts_sku_id_fkey FOREIGN KEY (sku_id) REFERENCES skus (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE TABLE bundle_purchases (
  bundle_id UUID NOT NULL,
  person_id UUID NOT NULL,
  quantity INTEGER NOT NULL,
  CONSTRAINT bundle_purchases_pkey PRIMARY KEY (bundle_id, person_id),
  CONSTRAINT bundle_purchases_quantity CHECK (quantity >= 0),
  CONSTRAINT bundle_purchases_bundle_id_fkey FOREIGN KEY (bundle_id) REFERENCES bundles (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
-- What an order took of a bundle; given back with it.
CREATE TABLE order_bundles (
  order_id UUID NOT NULL,
  bundle_id UUID NOT NULL,
  quantity INTEGER NOT NULL,
  price_fen BIGINT NOT NULL,
  CONSTRAINT order_bundles_pkey PRIMARY KEY (order_id, bundle_id),
  CONSTRAINT order_bundles_quantity CHECK (quantity > 0),
  CONSTRAINT order_bundles_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT order_bundles_bundle_id_fkey FOREIGN KEY (bundle_id) REFERENCES bundles (id) ON DELETE RESTRICT ON UPDATE CASCADE
);

-- The page the buyer was shown; the item a gift came with: it costs nothing and goes back with it; the bundle a piece is part of.
ALTER TABLE order_items
  ADD COLUMN snapshot_hash TEXT,
  ADD COLUMN gift_of UUID,
  ADD COLUMN bundle_id UUID,
  DROP CONSTRAINT order_items_sums,
  ADD CONSTRAINT order_items_sums CHECK (quantity > 0 AND (unit_price_fen > 0 OR (unit_price_fen = 0 AND gift_of IS NOT NULL))
    AND amount_fen = unit_price_fen * quantity - discount_fen AND 0 <= refunded_fen AND refunded_fen <= amount_fen);
-- The lowest deal of a week is asked for when an offer opens.
CREATE INDEX order_items_sku_id_idx ON order_items (sku_id);

-- HQ's own kind of coupon that may take goods below their floor (rule S6).
ALTER TABLE coupon_kinds ADD COLUMN below_floor BOOLEAN NOT NULL DEFAULT false,
  ADD CONSTRAINT coupon_kinds_below_floor CHECK (NOT below_floor OR org_path NOT LIKE '%.%');

SELECT refresh_product_snapshots((SELECT coalesce(array_agg(id), '{}') FROM products), now());
