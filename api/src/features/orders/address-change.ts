/**
 * A paid order's address is changed by its buyer, once, while nothing has left. What was paid for shipping stays: an address that
 * would cost more is refused, one that would cost less gives nothing back.
 */
import type { Address, OrderView, ShippingTerms } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Principal } from '../../platform/principal.ts';
import { agrees, provinceOf } from '../addresses/index.ts';
import { DEFAULT_SHIPPING, shippingFen } from '../shipping/index.ts';
import type { OrderMoves } from './order-moves.ts';
import { readOrder } from './order-view.ts';

interface Facts {
  readonly delivery: string;
  readonly address: Address;
  readonly paidShippingFen: bigint;
  readonly goodsFen: bigint;
  readonly sent: number;
  readonly changed: boolean;
  readonly terms: ShippingTerms | null;
  readonly lines: { quantity: number; weightGrams: number | null }[];
}

export function createAddressChange({ clock }: { clock: Clock }, { lockOwn }: OrderMoves) {
  async function changeAddress(tx: Tx, buyer: Principal, orderId: string, address: Address): Promise<OrderView> {
    const order = await lockOwn(tx, buyer, orderId);
    const refuse = (facts: Record<string, unknown>) => new AppError('state_conflict', { facts });
    if (order.state !== 'paid') throw refuse({ state: order.state });
    const facts = await readFacts(tx, orderId);
    if (facts.delivery !== 'parcel') throw refuse({ state: order.state, delivery: facts.delivery });
    if (facts.sent > 0) throw refuse({ state: order.state, reason: 'partly_shipped' });
    if (facts.changed) throw refuse({ state: order.state, reason: 'changed_before' });
    if (!agrees(address))
      throw new AppError('invalid_request', { issues: [{ path: '/address/regionCode', issue: 'unknown_region' }] });
    const fen = shippingFen(facts.terms ?? DEFAULT_SHIPPING, { ...facts, province: provinceOf(address) });
    if (fen === null) throw new AppError('not_delivered_there', { facts: { province: address.province } });
    if (fen > facts.paidShippingFen) throw new AppError('price_changed', { facts: { shippingFen: Number(fen) } });
    await tx`INSERT INTO order_address_changes (order_id, before, after, changed_by, at)
      VALUES (${orderId}, ${JSON.stringify(facts.address)}::jsonb, ${JSON.stringify(address)}::jsonb, ${buyer.personId}, ${clock.now()})`;
    await tx`UPDATE orders SET address = ${JSON.stringify(address)}::jsonb WHERE id = ${orderId}`;
    return readOrder(tx, orderId, 'buyer');
  }
  return { changeAddress };
}

async function readFacts(tx: Tx, orderId: string): Promise<Facts> {
  const [row] = await tx<Facts>`
    SELECT o.delivery, o.address, o.shipping_fen AS "paidShippingFen", o.items_fen - o.discount_fen AS "goodsFen",
      (SELECT coalesce(sum(i.shipped_quantity), 0)::int FROM order_items i WHERE i.order_id = o.id) AS sent,
      EXISTS (SELECT 1 FROM order_address_changes c WHERE c.order_id = o.id) AS changed,
      (SELECT s.terms FROM shipping_rules s WHERE (o.org_path = s.org_path OR o.org_path LIKE s.org_path || '.%') AND s.terms IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM shipping_rules n WHERE n.org_unit_id = s.org_unit_id AND n.version > s.version)
        ORDER BY length(s.org_path) DESC LIMIT 1) AS terms,
      (SELECT json_agg(json_build_object('quantity', i.quantity, 'weightGrams', k.weight_grams))
        FROM order_items i JOIN skus k ON k.id = i.sku_id WHERE i.order_id = o.id AND i.gift_of IS NULL) AS lines
    FROM orders o WHERE o.id = ${orderId}`;
  if (!row) throw new AppError('not_found');
  return row;
}
