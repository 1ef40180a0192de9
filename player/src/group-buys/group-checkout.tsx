import type { GroupBuyTerms, PlaceGroupBuy } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Button, Price, QuantityStepper, useErrorText, useFormat } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useWhere } from '../delivery/use-where.tsx';
import { placeOnce } from '../purchase/place-order.ts';
import { useGroupT } from './messages.ts';
import { ownGroups } from './news.ts';
import './group-buys.css';

/** How many, where they go and what that costs; places the order that opens a group or joins one. */
export const GroupCheckout = ({
  roomId,
  wish,
  terms,
  onPlaced,
  onBack,
}: {
  roomId: string;
  wish: PlaceGroupBuy;
  terms: GroupBuyTerms;
  onPlaced: (order: { orderId: string; paymentId: string | null }) => void;
  onBack: () => void;
}): ReactNode => {
  const t = useGroupT();
  const format = useFormat();
  const errorText = useErrorText();
  const services = useServices();
  const [quantity, setQuantity] = useState(1);
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const goodsFen = terms.priceFen * quantity;
  const where = useWhere({ roomId, lines: [{ skuId: terms.sku.id, quantity }], goodsFen, disabled: busy });
  const { shippingFen } = where;

  const submit = async (): Promise<void> => {
    if (busy) return;
    const taken = where.take();
    if (!taken) return;
    setBusy(true);
    setFailure(null);
    try {
      if (!(await services.requireConsumer('buy'))) return setBusy(false);
      const lines = [{ skuId: terms.sku.id, quantity, seenPriceFen: terms.priceFen }];
      const { order } = await placeOnce(services, { roomId, lines, ...taken, groupBuy: wish });
      if (order.groupBuy) ownGroups.add(order.groupBuy.id);
      onPlaced({ orderId: order.id, paymentId: order.payment?.id ?? null });
    } catch (error) {
      if (where.refusal(error) !== null) where.askAgain();
      setFailure(error);
      setBusy(false);
    }
  };

  const mine = isApiError(failure, 'already_in_group') ? String(failure.facts.orderId) : null;
  return (
    <div className="pl-group-checkout" data-testid="group-checkout">
      <section className="pl-card">
        <div className="pl-group-item">
          <img src={terms.product.pictureUrl} alt="" width={64} height={64} />
          <div>
            <p className="pl-group-name">{terms.product.title}</p>
            <p className="pl-fine">{terms.sku.name}</p>
            <Price fen={terms.priceFen} struckFen={terms.shelfPriceFen} />
          </div>
        </div>
        {terms.perPerson > 1 && (
          <div className="pl-quantity">
            <span className="pl-label">{t('quantity')}</span>
            <QuantityStepper value={quantity} max={terms.perPerson} disabled={busy} onChange={setQuantity} />
          </div>
        )}
      </section>
      {where.section}
      {failure !== null && (
        <div className="pl-refusal" role="alert" data-testid="group-refusal">
          {where.refusal(failure) ?? errorText(failure)}
          {mine && (
            <button
              type="button"
              className="pl-group-link"
              onClick={() => onPlaced({ orderId: mine, paymentId: null })}
            >
              {t('order')}
            </button>
          )}
        </div>
      )}
      <section className="pl-card pl-sum">
        <p>
          <span>{t('goods')}</span>
          <span className="wl-number">{format.money(goodsFen)}</span>
        </p>
        <p>
          <span>
            {t('shipping')} {where.freeHint && <small>{where.freeHint}</small>}
          </span>
          <span className="wl-number" data-testid="group-shipping">
            {typeof shippingFen !== 'number'
              ? t('shippingLater')
              : shippingFen === 0
                ? t('shippingFree')
                : format.money(shippingFen)}
          </span>
        </p>
        <p className="pl-sum-total">
          <span>{t('total')}</span>
          <b className="wl-number" data-testid="group-total">
            {format.money(goodsFen + (shippingFen ?? 0))}
          </b>
        </p>
      </section>
      <div className="pl-group-actions">
        <Button size="l" variant="ghost" onClick={onBack}>
          {t('back')}
        </Button>
        <Button
          size="l"
          variant="hot"
          loading={busy}
          disabled={where.isRefused || where.isPending}
          onClick={() => void submit()}
          data-testid="group-place"
        >
          {t('buy')}
        </Button>
      </div>
    </div>
  );
};
