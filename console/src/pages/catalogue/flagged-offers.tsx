import { listFlaggedOffers } from '@walnut-live/contracts';
import { useFormat } from '@walnut-live/ui';
import { Alert } from 'antd';
import type { ReactNode } from 'react';
import { useCall } from '../../data/use-call.ts';
import { useCatalogueT } from './messages.ts';

const SHOWN = 20;
const REFRESH_MS = 30_000;

/** Rule S6: live prices that a raised floor has overtaken. Nothing is shown while there are none. */
export const FlaggedOffers = (): ReactNode => {
  const t = useCatalogueT();
  const format = useFormat();
  const { data } = useCall(listFlaggedOffers, { query: { limit: SHOWN } }, { everyMs: REFRESH_MS });
  if (!data || data.items.length === 0) return null;
  const count = `${data.items.length}${data.nextCursor ? '+' : ''}`;
  return (
    <Alert
      className="co-flagged"
      type="warning"
      showIcon
      data-testid="flagged-offers"
      title={t('flagged.title', { n: count })}
      description={
        <>
          <p>{t('flagged.hint')}</p>
          <ul>
            {data.items.map((offer) => (
              <li key={offer.offerId}>
                {t(`flagged.row.${offer.kind}`, {
                  store: offer.orgUnit.name,
                  product: offer.productTitle,
                  sku: offer.skuName,
                  price: format.money(offer.priceFen),
                  floor: format.money(offer.floorPriceFen),
                })}
              </li>
            ))}
          </ul>
        </>
      }
    />
  );
};
