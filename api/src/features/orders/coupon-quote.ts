/** What coupons would take off goods at the prices their buyer sees; reads alone, placing the order decides anew. */
import type { BodyOf, CouponQuote, quoteCoupons } from '@walnut-live/contracts';
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Principal } from '../../platform/principal.ts';
import { provinceOf } from '../addresses/index.ts';
import { DEFAULT_SHIPPING, shippingFen } from '../shipping/index.ts';
import { priceBundles } from './extras.ts';
import { flooredItems, pricedLines, wantedLines } from './order-parts.ts';
import type { OrdersDeps } from './orders.service.ts';
import { readSellingRoom, readSkus } from './selling.repository.ts';

export function createCouponQuotes(deps: Pick<OrdersDeps, 'clock' | 'coupons' | 'priceGraceSeconds'>) {
  /** @throws AppError what placing refuses of the lines */
  return async (tx: Tx, buyer: Principal, body: BodyOf<typeof quoteCoupons>): Promise<CouponQuote> => {
    const at = deps.clock.now();
    const room = await readSellingRoom(tx, body.roomId);
    if (!room) throw new AppError('not_found');
    const lines = wantedLines({ ...body, remark: '' });
    const where = { room, personId: buyer.personId };
    const offered =
      lines.length === 0 ? [] : pricedLines(lines, await readSkus(tx, where, lines), at, deps.priceGraceSeconds);
    const priced = [...offered, ...(await priceBundles(tx, where, body.bundles ?? [], at))];
    const goodsFen = priced.reduce((sum, { amountFen }) => sum + amountFen, 0n);
    const { to } = body;
    const feeOf = (discountFen: bigint): bigint | null =>
      to === undefined
        ? null
        : shippingFen(room.shipping ?? DEFAULT_SHIPPING, {
            province: provinceOf(to),
            goodsFen: goodsFen - discountFen,
            lines: priced.map(({ line, sku }) => ({ quantity: line.quantity, weightGrams: sku.weightGrams })),
          });
    const { discountFen, ...quote } = await deps.coupons.quote(tx, {
      ...{ personId: buyer.personId, orgPath: room.orgPath, at, couponIds: body.couponIds },
      items: flooredItems(priced),
      totalFen: (off) => goodsFen - off + (feeOf(off) ?? 0n),
    });
    const shipping = feeOf(discountFen);
    return {
      ...{ goodsFen: Number(goodsFen), discountFen: Number(discountFen) },
      shippingFen: shipping === null ? null : Number(shipping),
      ...quote,
    };
  };
}
