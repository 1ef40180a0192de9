-- What keeps an order from being received by itself: a case that is open, pieces that have not left, and pieces that came back to
-- the sender in a parcel and were neither given back for money nor sent once more by an exchange since. Pieces that the buyer sent
-- back by a case are of those that arrived, as far as there are that many: their money settles no parcel that came back.
CREATE OR REPLACE FUNCTION keeps_from_receipt(id UUID) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM after_sales a WHERE a.order_id = $1 AND a.closed_at IS NULL)
    OR EXISTS (SELECT 1 FROM order_items i WHERE i.order_id = $1 AND i.quantity > i.withdrawn + i.shipped_quantity)
    OR EXISTS (SELECT 1 FROM order_items i
      JOIN LATERAL (SELECT sum(b.quantity) AS pieces FROM parcels p JOIN parcel_items b ON b.parcel_id = p.id
        WHERE p.order_id = $1 AND p.state = 'returned' AND b.order_item_id = i.id) back ON back.pieces > 0
      CROSS JOIN LATERAL (SELECT coalesce(sum(l.quantity), 0) AS pieces FROM after_sales a JOIN after_sale_lines l ON l.after_sale_id = a.id
        WHERE a.order_id = $1 AND a.kind = 'return_and_refund' AND a.state = 'refunded' AND l.order_item_id = i.id) cases
      WHERE i.order_id = $1
        AND back.pieces > i.refunded_pieces - i.withdrawn + i.replaced - LEAST(cases.pieces, GREATEST(i.shipped_quantity - back.pieces, 0)))
$$;
