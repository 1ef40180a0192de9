import { type OfferView, struckPriceOf } from '@walnut-live/contracts';
import type { SkuPrice } from '@walnut-live/live-client/room';
import { Badge, Countdown, useFormat } from '@walnut-live/ui';
import { Gift } from 'lucide-react';
import type { ReactNode } from 'react';
import { useProductT } from './messages.ts';
import './product.css';

/** Rule Z4: why a price may be struck through. */
export const StruckBasis = ({ price }: { price: SkuPrice }): ReactNode => {
  const t = useProductT();
  const { listPriceFen, listPriceBasis } = price.sku;
  const { priceFen } = price;
  const struck = struckPriceOf({
    ...{ priceFen, listPriceFen, listPriceBasis },
    baselineFen: price.offer?.baselineFen ?? null,
  });
  if (!struck) return null;
  const text = struck.basis.kind === 'stated' ? t('basis.stated', { basis: struck.basis.text }) : t('basis.lowest');
  return (
    <p className="pl-fine" data-testid="struck-basis">
      {text}
    </p>
  );
};

/** What an offer gives beside its price: stairs, a gift; or one that is announced, with the time until it begins. */
export const OfferExtras = ({
  offer,
  soon,
  quantity,
  serverOffsetMs,
}: {
  offer: OfferView | null;
  soon: OfferView | null;
  quantity: number;
  serverOffsetMs: number;
}): ReactNode => {
  const t = useProductT();
  const format = useFormat();
  const stairs = offer?.stairs ?? [];
  const gift = offer?.gift;
  const reached = stairs.findLast(({ fromQuantity }) => fromQuantity <= quantity);
  const giftsLeft = gift ? gift.cap - gift.taken : 0;
  return (
    <>
      {!offer && soon && (
        <p className="pl-soon" data-testid="offer-soon">
          <Badge tone="hot">{t('soon.title')}</Badge>
          <b>{t('soon.price', { price: format.money(soon.priceFen, { fen: 'trim' }) })}</b>
          <Countdown look="text" until={soon.startsAt} serverOffsetMs={serverOffsetMs} />
        </p>
      )}
      {stairs.length > 0 && (
        <section className="pl-stairs" aria-label={t('stairs.title')} data-testid="stairs">
          {stairs.map((stair) => (
            <span key={stair.fromQuantity} data-reached={stair === reached}>
              <small>{t('stairs.from', { count: stair.fromQuantity })}</small>
              <b className="wl-number">{t('stairs.each', { price: format.money(stair.priceFen, { fen: 'trim' }) })}</b>
            </span>
          ))}
        </section>
      )}
      {gift && (
        <div className="pl-gift" data-testid="offer-gift">
          <img src={gift.pictureUrl} alt="" width={48} height={48} />
          <p>
            <b>
              <Gift size={14} aria-hidden="true" /> {t('gift.title')}
            </b>
            <span>{t('gift.text', { per: gift.per, title: gift.title, sku: gift.skuName })}</span>
            <small>{giftsLeft > 0 ? t('gift.left', { count: giftsLeft }) : t('gift.gone')}</small>
          </p>
        </div>
      )}
    </>
  );
};
