-- When somebody last bought in a room is asked with every order; only paid ones count (rules A3, A7).
CREATE INDEX orders_paid_of_person ON orders (person_id, room_id, placed_at) WHERE paid_at IS NOT NULL;
-- The last step of an order, or all of them in their order.
CREATE INDEX order_transitions_order_id_id_idx ON order_transitions (order_id, id);
DROP INDEX order_transitions_order_id_idx;
