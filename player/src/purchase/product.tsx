import { headlinePriceAt, skuPriceAt, skuPricesAt, upcomingOffer } from '@walnut-live/live-client/room';
import { Badge, Button, Countdown, EmptyState, Price, QuantityStepper } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { AfterCoupon } from '../coupons/after-coupon.tsx';
import { AddToCart } from '../delivery/add-to-cart.tsx';
import { GroupSection } from '../group-buys/lazy-section.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { PreSaleSection } from '../pre-sales/lazy-section.tsx';
import { BundleCards } from '../product/bundle-cards.tsx';
import { Gallery } from '../product/gallery.tsx';
import { OfferExtras, StruckBasis } from '../product/offer-extras.tsx';
import { OptionPicker } from '../product/option-picker.tsx';
import { hasOptions } from '../product/options.ts';
import { ProductClip } from '../replay/product-clip.tsx';
import { useRoom, useServerNow, useServerOffset } from '../room/use-room.ts';
import { useNotSelling } from '../room/use-sale.ts';
import { ShareButton } from '../sharing/lazy-sharing.tsx';
import type { PurchaseFlow } from './purchase-flow.ts';
import { usePurchase } from './purchase-provider.tsx';
import { SkuPicker } from './sku-picker.tsx';

export const Product = ({ flow }: { flow: Extract<PurchaseFlow, { step: 'product' }> }): ReactNode => {
  const t = playerI18n.useT();
  const { dispatch, checkout } = usePurchase();
  const notSelling = useNotSelling();
  const bag = useRoom((state) => state.bag);
  const roomId = useRoom((state) => state.roomId);
  const isConference = useRoom((state) => state.room?.kind === 'conference');
  const store = useRoom((state) => state.room?.orgUnit.name ?? '');
  const now = useServerNow();
  const offset = useServerOffset();
  const item = bag.items.find((candidate) => candidate.product.id === flow.productId);
  if (!item) return <EmptyState illustration="bag" title={t('product.gone')} hint={t('product.goneHint')} />;

  const prices = skuPricesAt(item, now);
  const shown = prices.find(({ sku }) => sku.id === flow.skuId) ?? headlinePriceAt(item, now);
  if (!shown) return <EmptyState illustration="bag" title={t('product.gone')} hint={t('product.goneHint')} />;
  const { product } = item;
  const quantity = Math.min(flow.quantity, shown.maxQuantity);
  // Several pieces may cost less each.
  const price = skuPriceAt(item, shown.sku, now, quantity);
  const pictures = product.pictures ?? [product.pictureUrl];
  const options = product.options ?? [];
  const choose = (skuId: string): void => dispatch({ type: 'sku', skuId });

  return (
    <>
      <div className="pl-panel-scroll" data-testid="product">
        {pictures.length > 1 && <Gallery pictures={pictures} title={product.title} />}
        <div className="pl-product-head">
          {pictures.length === 1 && <img src={product.pictureUrl} alt="" width={112} height={112} />}
          <div className="pl-product-facts">
            <Price fen={price.priceFen} struckFen={price.struckFen} size="xl" />
            <p className="pl-product-tags">
              {price.offer ? (
                <Badge tone="hot">
                  {t('pinned.livePrice')} <Countdown look="text" until={price.offer.endsAt} serverOffsetMs={offset} />
                </Badge>
              ) : (
                <Badge>{t(`product.role.${product.role}`)}</Badge>
              )}
              <AfterCoupon goodsFen={price.priceFen * quantity} />
              {price.left !== null && price.left > 0 && price.left <= 50 && (
                <Badge tone="warn">{t('product.left', { count: price.left })}</Badge>
              )}
            </p>
            <StruckBasis price={price} />
          </div>
        </div>
        <h3 className="pl-product-title">{product.title}</h3>
        {product.subtitle && <p className="pl-product-subtitle">{product.subtitle}</p>}
        {/* A link into a conference would end at its door. */}
        {!isConference && (
          <ShareButton
            kind="product"
            roomId={roomId}
            productId={product.id}
            title={product.title}
            testId="product-share"
          />
        )}
        <GroupSection productId={product.id} />
        <PreSaleSection productId={product.id} />
        <ProductClip productId={product.id} />
        <OfferExtras
          offer={price.offer}
          soon={upcomingOffer(item, price.sku.id, now)}
          quantity={quantity}
          serverOffsetMs={offset}
        />
        {hasOptions(options, prices) ? (
          <OptionPicker options={options} prices={prices} chosenId={price.sku.id} onChoose={choose} />
        ) : (
          <>
            <h4 className="pl-label">{t('product.sku')}</h4>
            <SkuPicker prices={prices} chosenId={price.sku.id} onChoose={choose} />
          </>
        )}
        <div className="pl-quantity">
          <h4 className="pl-label">{t('product.quantity')}</h4>
          <QuantityStepper
            value={quantity}
            max={price.maxQuantity}
            disabled={price.soldOut}
            onChange={(next) => dispatch({ type: 'quantity', quantity: next })}
          />
        </div>
        <BundleCards
          bundles={(bag.bundles ?? []).filter(({ parts }) => parts.some(({ productId }) => productId === product.id))}
          now={now}
          serverOffsetMs={offset}
          disabled={notSelling !== null}
          onBuy={({ id }) => checkout({ productId: id, skuId: id, quantity: 1 })}
        />
        {product.description && (
          <>
            <h4 className="pl-label">{t('product.description')}</h4>
            <p className="pl-product-description">{product.description}</p>
          </>
        )}
        <p className="pl-fine">{t('product.seller', { store })}</p>
      </div>
      <footer className="pl-panel-foot pl-panel-foot-row">
        <AddToCart
          skuId={price.sku.id}
          quantity={quantity}
          priceFen={price.priceFen}
          disabled={price.soldOut || notSelling !== null}
        />
        <Button
          variant="hot"
          size="l"
          block
          disabled={price.soldOut || notSelling !== null}
          data-testid="product-buy"
          onClick={() => checkout({ productId: product.id, skuId: price.sku.id, quantity })}
        >
          {price.soldOut ? t('product.soldOut') : (notSelling ?? t('product.buyNow'))}
        </Button>
      </footer>
    </>
  );
};
