/** What an order that is about to be placed pays for shipping, by the terms its room was read with. */
import type { Address } from '@walnut-live/contracts';
import { AppError } from '../../platform/errors.ts';
import { agrees, provinceOf } from '../addresses/index.ts';
import { DEFAULT_SHIPPING, shippingFen } from '../shipping/index.ts';
import type { PlaceRequest, Priced } from './order-parts.ts';
import type { SellingRoom } from './selling.repository.ts';

/**
 * Rule S4 holds for it too: who saw another fee is asked again.
 * @throws AppError not_delivered_there, price_changed (facts: shippingFen), state_conflict (nothing is fetched here), invalid_request
 */
export function shippingOf(room: SellingRoom, request: PlaceRequest, priced: readonly Priced[]): bigint {
  const fen = feeOf(room, request, priced);
  if (request.seenShippingFen !== undefined && BigInt(request.seenShippingFen) !== fen)
    throw new AppError('price_changed', { facts: { shippingFen: Number(fen) } });
  return fen;
}

function feeOf(room: SellingRoom, request: PlaceRequest, priced: readonly Priced[]): bigint {
  const terms = room.shipping ?? DEFAULT_SHIPPING;
  const { address, pickup } = request;
  if (pickup || !address) {
    if (!terms.pickup || room.pickupPlace === null)
      throw new AppError('not_delivered_there', { facts: { reason: 'no_pickup' } });
    return 0n;
  }
  if (!agrees(address))
    throw new AppError('invalid_request', { issues: [{ path: '/address/regionCode', issue: 'unknown_region' }] });
  const fen = shippingFen(terms, {
    province: provinceOf(address),
    goodsFen: priced.reduce((sum, { amountFen, discountFen }) => sum + amountFen - discountFen, 0n),
    // Gifts travel for nothing: a quote does not know them, and nobody pays for what they did not ask for.
    lines: priced.flatMap(({ line, sku, giftOf }) =>
      giftOf ? [] : [{ quantity: line.quantity, weightGrams: sku.weightGrams }],
    ),
  });
  if (fen === null) throw new AppError('not_delivered_there', { facts: { province: address.province } });
  return fen;
}

/** Where the order goes: what its buyer gave, or the store with the name and phone of who fetches it. */
export function addressOf(room: SellingRoom, request: PlaceRequest): Address {
  if (request.address && !request.pickup) return request.address;
  const { recipient = '', phone = '' } = request.pickup ?? {};
  return { recipient, phone, province: '', city: '', district: '', street: room.pickupPlace ?? '' };
}
