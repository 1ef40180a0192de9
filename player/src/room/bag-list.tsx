import { headlinePriceAt } from '@walnut-live/live-client/room';
import { Badge, Button, Countdown, EmptyState, Price } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { playerI18n } from '../i18n/messages.ts';
import { usePurchase } from '../purchase/purchase-provider.tsx';
import { useRoom, useServerNow, useServerOffset } from './use-room.ts';
import { useNotSelling } from './use-sale.ts';

/** Products of the room in the host's order, with the pinned one marked. */
export const BagList = ({ onOpen }: { onOpen?: () => void }): ReactNode => {
  const t = playerI18n.useT();
  const bag = useRoom((state) => state.bag);
  const now = useServerNow();
  const offset = useServerOffset();
  const purchase = usePurchase();
  const notSelling = useNotSelling();
  if (bag.items.length === 0)
    return <EmptyState illustration="bag" title={t('bag.empty')} hint={t('bag.emptyHint')} compact />;
  return (
    <ol className="pl-bag-list">
      {bag.items.map((item, at) => {
        const price = headlinePriceAt(item, now);
        const pinned = item.product.id === bag.pinnedProductId;
        if (!price) return null;
        return (
          <li key={item.product.id} className="pl-bag-item" data-pinned={pinned} data-testid="bag-item">
            <button
              type="button"
              className="pl-bag-main"
              onClick={() => {
                onOpen?.();
                purchase.openProduct(item.product.id);
              }}
            >
              <span className="pl-bag-picture">
                <img src={item.product.pictureUrl} alt="" width={88} height={88} loading="lazy" />
                <span className="pl-bag-no wl-number">{at + 1}</span>
              </span>
              <span className="pl-bag-text">
                <span className="pl-bag-title">{item.product.title}</span>
                <span className="pl-bag-subtitle">{item.product.subtitle}</span>
                <span className="pl-bag-tags">
                  {pinned && <Badge tone="brand">{t('pinned.now')}</Badge>}
                  {price.offer && (
                    <Badge tone="hot">
                      {t('pinned.livePrice')}{' '}
                      <Countdown look="text" until={price.offer.endsAt} serverOffsetMs={offset} />
                    </Badge>
                  )}
                  {!price.offer && <Badge>{t(`product.role.${item.product.role}`)}</Badge>}
                </span>
                <Price fen={price.priceFen} struckFen={price.struckFen} />
              </span>
            </button>
            <Button
              variant="hot"
              size="s"
              className="pl-bag-buy"
              disabled={price.soldOut || notSelling !== null}
              data-testid="bag-buy"
              onClick={() => {
                onOpen?.();
                purchase.buy(item.product.id);
              }}
            >
              {price.soldOut ? t('product.soldOut') : (notSelling ?? t('product.buy'))}
            </Button>
          </li>
        );
      })}
    </ol>
  );
};
