-- Whether the pieces of a line left the house: refunding one that arrived broken takes none of those that are still in it.
ALTER TABLE after_sale_lines ADD COLUMN sent BOOLEAN NOT NULL DEFAULT false;
UPDATE after_sale_lines l SET sent = true FROM after_sales a, order_items i
WHERE a.id = l.after_sale_id AND i.id = l.order_item_id AND i.shipped_quantity > 0
  AND (a.kind <> 'refund_only' OR a.reason NOT IN ('no_reason', 'other'));

-- A store's no, and other pieces that nobody sends, have their time too; those of before have all of it from now on.
UPDATE after_sales SET deadline_at = now() + interval '7 days' WHERE state IN ('rejected', 'to_replace') AND deadline_at IS NULL;
