-- What an order is worth: paid, less what went back and what is on its way back. Fen.
CREATE FUNCTION order_worth(id UUID) RETURNS BIGINT LANGUAGE sql STABLE AS $$
  SELECT o.paid_fen - o.refunded_fen - o.shipping_refunding_fen
    - coalesce((SELECT sum(i.refunding_fen) FROM order_items i WHERE i.order_id = o.id), 0)::bigint
  FROM orders o WHERE o.id = $1
$$;
