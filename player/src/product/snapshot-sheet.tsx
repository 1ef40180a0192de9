import { useQuery } from '@tanstack/react-query';
import { getItemSnapshot } from '@walnut-live/contracts';
import { ErrorState, Price, Sheet, Skeleton, useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useServices } from '../app/services.tsx';
import { Gallery } from './gallery.tsx';
import { useProductT } from './messages.ts';

/** The product page as the buyer was shown it (rule Z1): evidence for both sides. */
export const SnapshotSheet = ({
  orderId,
  itemId,
  onClose,
}: {
  orderId: string;
  itemId: string;
  onClose: () => void;
}): ReactNode => {
  const t = useProductT();
  const format = useFormat();
  const { api } = useServices();
  const query = useQuery({
    queryKey: [getItemSnapshot.id, orderId, itemId],
    queryFn: ({ signal }) => api.call(getItemSnapshot, { params: { id: orderId, itemId }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const { data } = query;
  return (
    <Sheet open onClose={onClose} title={t('snapshot.title')} height="tall">
      <div className="pl-snapshot" data-testid="snapshot-page">
        {query.isError ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />
        ) : !data ? (
          <Skeleton lines={6} />
        ) : (
          <>
            <p className="pl-fine">{t('snapshot.hint')}</p>
            <Gallery pictures={data.page.pictures} title={data.page.title} />
            <h3 className="pl-product-title">{data.page.title}</h3>
            {data.page.subtitle && <p className="pl-product-subtitle">{data.page.subtitle}</p>}
            <p>
              <b>
                {t('snapshot.bought', {
                  sku: data.bought.skuName,
                  count: data.bought.quantity,
                  price: format.money(data.bought.unitPriceFen),
                })}
              </b>
            </p>
            <ul className="pl-snapshot-skus">
              {data.page.skus.map((sku) => (
                <li key={sku.id}>
                  <span>{sku.name}</span>
                  <Price fen={sku.priceFen} struckFen={sku.listPriceFen} tone="plain" size="s" />
                  {sku.listPriceBasis && <small>{t('basis.stated', { basis: sku.listPriceBasis })}</small>}
                </li>
              ))}
            </ul>
            {data.bought.offer?.baselineFen && <p className="pl-fine">{t('basis.lowest')}</p>}
            {data.page.description && <p className="pl-product-description">{data.page.description}</p>}
            <p className="pl-fine">{t('snapshot.since', { time: format.dateTime(data.page.firstAt) })}</p>
          </>
        )}
      </div>
    </Sheet>
  );
};
