-- What keeps an order from being received by itself: a case that is open, pieces that have not left.
CREATE FUNCTION keeps_from_receipt(id UUID) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM after_sales a WHERE a.order_id = $1 AND a.closed_at IS NULL)
    OR EXISTS (SELECT 1 FROM order_items i WHERE i.order_id = $1 AND i.quantity > i.withdrawn + i.shipped_quantity)
$$;
