import { isApiError } from '@walnut-live/live-client/http';
import { skuPriceAt } from '@walnut-live/live-client/room';
import {
  Button,
  Countdown,
  EmptyState,
  Price,
  QuantityStepper,
  useErrorText,
  useFormat,
  useToast,
} from '@walnut-live/ui';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { type CouponChoice, chosenCoupons, couponRefusal, sumOf } from '../coupons/choice.ts';
import { CouponLine } from '../coupons/coupon-line.tsx';
import { useCouponT } from '../coupons/messages.ts';
import { useRoomCoupons } from '../coupons/use-coupons.ts';
import { useFloorRefusals } from '../coupons/use-quote.ts';
import { useWhere } from '../delivery/use-where.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { bundleWish, itemOfBag } from '../product/bundle-item.ts';
import { useRoom, useServerNow, useServerOffset } from '../room/use-room.ts';
import { orderLine, placeOnce, unresolvedOrder } from './place-order.ts';
import type { PurchaseFlow } from './purchase-flow.ts';
import { usePurchase } from './purchase-provider.tsx';
import { type Refusal, refusalOf, termsAfter } from './refusal.ts';

export const Checkout = ({ flow }: { flow: Extract<PurchaseFlow, { step: 'checkout' }> }): ReactNode => {
  const t = playerI18n.useT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const services = useServices();
  const { dispatch } = usePurchase();
  const bag = useRoom((state) => state.bag);
  const loaded = useRoom((state) => state.loaded);
  const room = useRoom((state) => state.room);
  const roomId = useRoom((state) => state.roomId);
  const now = useServerNow();
  const offset = useServerOffset();
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const { coupons, again: askCoupons } = useRoomCoupons();
  const [choice, setChoice] = useState<CouponChoice>('auto');
  const ct = useCouponT();
  const resumed = useRef(false);

  const item = itemOfBag(bag, flow.productId);
  const sku = item?.product.skus.find((candidate) => candidate.id === flow.skuId);
  // What the server said last counts until the room's own events say something newer.
  const screen = item && sku ? skuPriceAt(item, sku, now, flow.quantity) : null;
  const terms = screen && termsAfter(screen, refusal);
  const quantity = Math.max(1, Math.min(flow.quantity, terms?.maxQuantity ?? flow.quantity));
  const goodsFen = (terms?.priceFen ?? 0) * quantity;
  const { shipping } = bag;
  const bundles = bundleWish(bag, flow.productId, quantity);
  const wanted = bundles
    ? { lines: [], bundles }
    : { lines: sku && terms ? [orderLine(sku.id, terms, quantity, item?.product.pageHash)] : [] };
  const tooLow = useFloorRefusals({ roomId, ...wanted }, coupons.length > 0 && !busy);
  const taking = coupons.filter(({ id }) => !tooLow.has(id));
  const chosen = chosenCoupons(choice, taking, goodsFen, shipping, now);
  const sum = sumOf(goodsFen, chosen, shipping);
  const { discountFen } = sum;
  const where = useWhere({
    roomId,
    // A bundle is no SKU: the quote is of its parts.
    ...(bundles
      ? { lines: [], bundles: bundles.map(({ bundleId }) => ({ bundleId, quantity })) }
      : { lines: sku ? [{ skuId: sku.id, quantity }] : [] }),
    goodsFen: goodsFen - discountFen,
    disabled: busy,
  });
  // The server's quote; before it is there, what the room says of itself.
  const shippingFen = where.shippingFen === undefined ? sum.shippingFen : where.shippingFen;
  const totalFen = goodsFen - discountFen + (shippingFen ?? 0);

  const place = async (body: Parameters<typeof placeOnce>[1]): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      const { order, earlier } = await placeOnce(services, body);
      if (earlier) toast(t('checkout.earlier'));
      // Every order has its payment from the beginning; how it is paid is chosen at the cashier.
      if (order.payment) dispatch({ type: 'cashier', orderId: order.id, paymentId: order.payment.id });
      else dispatch({ type: 'result', orderId: order.id });
    } catch (error) {
      const ofShipping = where.refusal(error) !== null;
      setRefusal(ofShipping ? null : screen && refusalOf(error, screen));
      if (ofShipping) where.askAgain();
      setFailure(error);
      setBusy(false);
      // Used elsewhere, or over meanwhile: the next best is there before the next tap.
      if (couponRefusal(error) !== null) {
        setChoice('auto');
        void askCoupons();
      }
      if (isApiError(error) && error.status === 401) void services.requireConsumer('buy');
    }
  };

  // Reloaded while an order was on its way: ask for its outcome before anything else can be bought.
  const latestPlace = useRef(place);
  useEffect(() => {
    latestPlace.current = place;
  });
  useEffect(() => {
    const unresolved = unresolvedOrder(services.pending, roomId);
    if (resumed.current || !unresolved) return;
    resumed.current = true;
    void latestPlace.current(unresolved.payload);
  }, [services.pending, roomId]);

  if (!item || !sku || !terms) {
    return loaded ? (
      <EmptyState illustration="bag" title={t('product.gone')} hint={t('product.goneHint')} />
    ) : (
      <div className="pl-panel-loading" aria-busy="true" />
    );
  }

  const submit = (): void => {
    if (busy) return;
    const taken = where.take();
    if (!taken) return;
    void place({
      ...{ roomId, ...taken },
      ...wanted,
      ...(chosen.length > 0 ? { couponIds: chosen.map(({ id }) => id) } : {}),
    });
  };

  const refusalText = ({ kind, seenFen, limit, terms: told }: Refusal): string => {
    if (kind === 'price_changed') {
      const to = format.money(told?.priceFen ?? terms.priceFen);
      return t('refusal.price', { from: format.money(seenFen), to });
    }
    if (kind === 'offer_over') return t('refusal.offerOver', { price: format.money(terms.priceFen) });
    if (kind === 'out_of_stock') return t('refusal.stock');
    return limit === null ? t('refusal.limitReached') : t('refusal.limit', { limit });
  };

  const { soldOut } = terms;
  const refusedCoupon = couponRefusal(failure);

  return (
    <>
      <div className="pl-panel-scroll" data-testid="checkout">
        {where.section}

        <section className="pl-card">
          <p className="pl-card-store">{room?.orgUnit.name}</p>
          <div className="pl-item">
            <img src={item.product.pictureUrl} alt="" width={76} height={76} />
            <div className="pl-item-text">
              <p className="pl-item-title">{item.product.title}</p>
              <p className="pl-item-sku">{sku.name}</p>
              <Price fen={terms.priceFen} struckFen={terms.struckFen} />
              {terms.endsAt && (
                <p className="pl-fine">
                  {t('pinned.livePrice')} <Countdown look="text" until={terms.endsAt} serverOffsetMs={offset} />
                </p>
              )}
            </div>
          </div>
          <div className="pl-quantity">
            <span className="pl-label">{t('product.quantity')}</span>
            <QuantityStepper
              value={quantity}
              max={terms.maxQuantity}
              disabled={busy || soldOut}
              onChange={(next) => dispatch({ type: 'quantity', quantity: next })}
            />
          </div>
        </section>

        <CouponLine
          coupons={coupons}
          tooLow={tooLow}
          goodsFen={goodsFen}
          shipping={shipping}
          now={now}
          chosen={chosen}
          disabled={busy}
          onChoose={setChoice}
          onClaimed={() => void askCoupons()}
        />

        <section className="pl-card pl-sum">
          <p>
            <span>{t('checkout.items')}</span>
            <span className="wl-number">{format.money(goodsFen)}</span>
          </p>
          {discountFen > 0 && (
            <p>
              <span>{ct('pay.title')}</span>
              <span className="wl-number" data-testid="discount">
                {format.money(-discountFen)}
              </span>
            </p>
          )}
          <p>
            <span>
              {t('checkout.shipping')}
              {shipping && shippingFen !== 0 && (
                <small>
                  {' '}
                  {t('checkout.freeFrom', { amount: format.money(shipping.freeFromFen, { fen: 'trim' }) })}
                </small>
              )}
            </span>
            <span className="wl-number">
              {shippingFen === null
                ? t('checkout.shippingAtOrder')
                : shippingFen === 0
                  ? t('checkout.free')
                  : format.money(shippingFen)}
            </span>
          </p>
        </section>

        {(refusal || failure !== null) && (
          <div className="pl-refusal" role="alert" data-testid="refusal" data-kind={refusal?.kind ?? 'other'}>
            {refusal
              ? refusalText(refusal)
              : (where.refusal(failure) ??
                (refusedCoupon
                  ? `${ct(`refused.${refusedCoupon}`)} · ${ct('refused.again')}`
                  : isApiError(failure, 'offline')
                    ? t('refusal.unknown')
                    : errorText(failure)))}
          </div>
        )}
        <p className="pl-fine">{t('product.seller', { store: room?.orgUnit.name ?? '' })}</p>
      </div>
      <footer className="pl-panel-foot pl-panel-foot-row">
        <span className="pl-total">
          <span className="pl-total-label">{t('checkout.total')}</span>
          <Price fen={totalFen} size="l" />
        </span>
        <Button
          variant="hot"
          size="l"
          loading={busy}
          disabled={soldOut || where.isRefused || where.isPending}
          onClick={submit}
          data-testid="place-order"
        >
          {soldOut
            ? t('product.soldOut')
            : refusal?.kind === 'price_changed' || refusal?.kind === 'offer_over'
              ? t('checkout.placeAtNewPrice')
              : t('checkout.place')}
        </Button>
      </footer>
    </>
  );
};
