import { headlinePriceAt, pinnedItem } from '@walnut-live/live-client/room';
import { Button, Countdown, Price } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { playerI18n } from '../i18n/messages.ts';
import { usePurchase } from '../purchase/purchase-provider.tsx';
import { useRoom, useServerNow, useServerOffset } from './use-room.ts';
import { useNotSelling } from './use-sale.ts';

/** The last pieces are counted out; above this a number says nothing. */
const FEW = 20;

/** The product the host talks about now. Its size never changes: not when it sells out, not when an offer begins. */
export const PinnedCard = (): ReactNode => {
  const t = playerI18n.useT();
  const bag = useRoom((state) => state.bag);
  const now = useServerNow();
  const offset = useServerOffset();
  const purchase = usePurchase();
  const notSelling = useNotSelling();
  const item = pinnedItem(bag);
  const price = item && headlinePriceAt(item, now);
  if (!item || !price) return null;
  const { product } = item;

  return (
    <article className="pl-pinned" data-theme="light" data-testid="pinned-card" data-product-id={product.id}>
      <button type="button" className="pl-pinned-main" onClick={() => purchase.openProduct(product.id)}>
        <span className="pl-pinned-picture">
          <img src={product.pictureUrl} alt="" width={76} height={76} />
          <span className="pl-pinned-tag">
            <span className="wl-live-bars" aria-hidden="true">
              <i />
              <i />
              <i />
            </span>
            {t('pinned.now')}
          </span>
        </span>
        <span className="pl-pinned-text">
          <span className="pl-pinned-title">{product.title}</span>
          <span className="pl-pinned-line">
            {price.offer ? (
              <>
                <span className="pl-pinned-offer">{t('pinned.livePrice')}</span>
                <Countdown look="text" until={price.offer.endsAt} serverOffsetMs={offset} />
              </>
            ) : (
              <span className="pl-pinned-subtitle">{product.subtitle}</span>
            )}
          </span>
          <Price fen={price.priceFen} struckFen={price.struckFen} size="m" />
        </span>
      </button>
      <span className="pl-pinned-side">
        <span className="pl-pinned-left">
          {price.soldOut
            ? ''
            : price.left !== null && price.left <= FEW
              ? t('product.left', { count: price.left })
              : price.offer?.perPersonLimit
                ? t('product.limit', { count: price.offer.perPersonLimit })
                : ''}
        </span>
        <Button
          variant="hot"
          disabled={price.soldOut || notSelling !== null}
          data-testid="buy"
          className="pl-pinned-buy"
          onClick={() => purchase.buy(product.id)}
        >
          {price.soldOut ? t('product.soldOut') : (notSelling ?? t('product.grab'))}
        </Button>
      </span>
    </article>
  );
};
