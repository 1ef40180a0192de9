-- So many pieces of the goods brought one of the gift, as it was when the order was placed: tells what goes back with them.
ALTER TABLE order_items ADD COLUMN gift_per INTEGER;
UPDATE order_items gift SET gift_per = f.gift_per FROM order_items goods JOIN offers f ON f.id = goods.offer_id
  WHERE gift.gift_of = goods.id;
ALTER TABLE order_items ADD CONSTRAINT order_items_gift_per CHECK (gift_per IS NULL OR (gift_per > 0 AND gift_of IS NOT NULL));
