-- What keeps an order from being received by itself: a case that is open, pieces that have not left, and pieces that came back to
-- the sender in a parcel and were neither given back for money nor sent once more by an exchange since.
CREATE OR REPLACE FUNCTION keeps_from_receipt(id UUID) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM after_sales a WHERE a.order_id = $1 AND a.closed_at IS NULL)
    OR EXISTS (SELECT 1 FROM order_items i WHERE i.order_id = $1 AND i.quantity > i.withdrawn + i.shipped_quantity)
    OR EXISTS (SELECT 1 FROM parcels p JOIN parcel_items b ON b.parcel_id = p.id JOIN order_items i ON i.id = b.order_item_id
      WHERE p.order_id = $1 AND p.state = 'returned'
      GROUP BY i.id, i.refunded_pieces, i.withdrawn, i.replaced
      HAVING sum(b.quantity) > i.refunded_pieces - i.withdrawn + i.replaced)
$$;
