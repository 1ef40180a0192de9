import { useQuery } from '@tanstack/react-query';
import type { ProductView } from '@walnut-live/contracts';
import { Button, cx, EmptyState, ErrorState, Price, Sheet, Skeleton } from '@walnut-live/ui';
import { Check } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { productsQuery } from '../app/queries.ts';
import { useServices } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';
import './prepare.css';

/** Most products in one bag (contracts: rooms.create, bag.put). */
const MAX_PRODUCTS = 50;

export const lowestPrice = (product: ProductView): ProductView['skus'][number] | undefined =>
  product.skus.filter((sku) => sku.active).sort((a, b) => a.priceFen - b.priceFen)[0];

/** Chooses the products of a live, in the order they were tapped. */
export const ProductPicker = ({
  open,
  onClose,
  chosen,
  onChange,
  onDone,
  busy = false,
  theme = 'dark',
}: {
  open: boolean;
  onClose: () => void;
  chosen: readonly string[];
  onChange: (ids: string[]) => void;
  /** Instead of just closing. */
  onDone?: () => void;
  busy?: boolean;
  theme?: 'light' | 'dark';
}): ReactNode => {
  const { api } = useServices();
  const t = useT();
  const products = useQuery({ ...productsQuery(api), enabled: open });
  const [search, setSearch] = useState('');
  const wanted = search.trim().toLowerCase();
  const shown = (products.data?.items ?? []).filter((product) =>
    `${product.title} ${product.subtitle}`.toLowerCase().includes(wanted),
  );

  const toggle = (id: string): void => {
    if (chosen.includes(id)) onChange(chosen.filter((other) => other !== id));
    else if (chosen.length < MAX_PRODUCTS) onChange([...chosen, id]);
  };

  return (
    <Sheet
      open={open}
      onClose={onClose}
      title={t('prepare.products')}
      height="tall"
      theme={theme}
      footer={
        <Button size="l" block loading={busy} onClick={onDone ?? onClose}>
          {t('prepare.done')} · {t('prepare.products.chosen', { count: chosen.length })}
        </Button>
      }
    >
      <input
        className="st-input st-picker-search"
        type="search"
        value={search}
        placeholder={t('prepare.products.search')}
        aria-label={t('prepare.products.search')}
        onChange={(event) => setSearch(event.target.value)}
      />
      {products.isPending && <Skeleton lines={4} height={76} />}
      {products.isError && <ErrorState compact error={products.error} onRetry={() => void products.refetch()} />}
      {products.data && shown.length === 0 && (
        <EmptyState compact illustration="search" title={t('prepare.products.empty')} />
      )}
      <ul className="st-picker">
        {shown.map((product) => {
          const at = chosen.indexOf(product.id);
          const sku = lowestPrice(product);
          return (
            <li key={product.id}>
              <button
                type="button"
                className={cx('st-pick', at >= 0 && 'st-pick-on')}
                aria-pressed={at >= 0}
                onClick={() => toggle(product.id)}
              >
                <img src={product.pictureUrl} alt="" width="60" height="60" loading="lazy" />
                <span className="st-pick-text">
                  <strong>{product.title}</strong>
                  <span>{product.subtitle}</span>
                  {sku && <Price fen={sku.priceFen} size="s" tone="plain" />}
                </span>
                <span className="st-pick-mark" aria-hidden="true">
                  {at >= 0 ? at + 1 : <Check />}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
      {chosen.length >= MAX_PRODUCTS && <p className="st-hint">{t('prepare.products.max', { max: MAX_PRODUCTS })}</p>}
    </Sheet>
  );
};
