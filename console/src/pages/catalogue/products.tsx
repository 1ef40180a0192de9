import { EditOutlined, PlusOutlined } from '@ant-design/icons';
import { exportCatalogue, listProducts, type ProductView, pictureAt } from '@walnut-live/contracts';
import { Badge, EmptyState, Price, Skeleton, useFormat } from '@walnut-live/ui';
import { Button, Segmented } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { usePages } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Filters, SearchFilter } from '../../shared/filters.tsx';
import { CsvButton, MoreButton } from '../../shared/page.tsx';
import { FlaggedOffers } from './flagged-offers.tsx';
import { ImportDialog } from './import-dialog.tsx';
import { useCatalogueT } from './messages.ts';
import { ProductDrawer } from './product-drawer.tsx';

const PAGE_SIZE = 24;
const statuses = ['on_sale', 'draft', 'off_sale'] as const;

export const Products = ({ filters }: { filters: Filters }): ReactNode => {
  const t = useT();
  const ct = useCatalogueT();
  const { may } = useSession();
  const [importing, setImporting] = useState(false);
  const [edited, setEdited] = useState<ProductView | 'new' | null>(null);
  const status = statuses.find((known) => known === filters.get('status'));
  const q = filters.get('q');
  const query = usePages(listProducts, {
    query: { limit: PAGE_SIZE, ...(status ? { status } : {}), ...(q ? { search: q } : {}) },
  });
  const products = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <FlaggedOffers />
      <div className="co-filters co-filters-bare">
        <SearchFilter filters={filters} placeholder={t('catalogue.search')} />
        <Segmented
          value={status ?? ''}
          onChange={(next) => filters.set({ status: next })}
          options={[
            { value: '', label: t('catalogue.all') },
            ...statuses.map((known) => ({ value: known as string, label: t(`product.status.${known}`) })),
          ]}
        />
        <CsvButton route={exportCatalogue} args={{}} fileName="catalogue" />
        {may('catalogue:write') && <Button onClick={() => setImporting(true)}>{ct('import')}</Button>}
        {may('catalogue:write') && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited('new')} data-testid="product-new">
            {t('catalogue.new')}
          </Button>
        )}
      </div>
      <AsyncView
        query={query}
        skeleton={
          <div className="co-products">
            {[0, 1, 2, 3].map((card) => (
              <div key={card} className="co-product">
                <Skeleton height={200} radius={0} />
                <div className="co-product-body">
                  <Skeleton lines={3} />
                </div>
              </div>
            ))}
          </div>
        }
        isEmpty={() => products.length === 0}
        empty={<EmptyState illustration="bag" title={t(q || status ? 'common.nothing-found' : 'catalogue.empty')} />}
      >
        {() => (
          <div className="co-products">
            {products.map((product) => (
              <ProductCard
                key={product.id}
                product={product}
                {...(may('catalogue:write') ? { onEdit: () => setEdited(product) } : {})}
              />
            ))}
          </div>
        )}
      </AsyncView>
      <MoreButton query={query} />
      {importing && <ImportDialog onClose={() => setImporting(false)} />}
      <ProductDrawer product={edited} onClose={() => setEdited(null)} />
    </>
  );
};

const ProductCard = ({ product, onEdit }: { product: ProductView; onEdit?: () => void }): ReactNode => {
  const t = useT();
  const format = useFormat();
  const skus = product.skus.filter((sku) => sku.active);
  const [cheapest] = [...skus].sort((a, b) => a.priceFen - b.priceFen);
  return (
    <article
      className={product.status !== 'on_sale' ? 'co-product co-product-off' : 'co-product'}
      data-testid="product-card"
    >
      <div className="co-product-picture">
        <img src={pictureAt(product.pictureUrl, 480)} alt="" loading="lazy" />
        <Badge tone="glass">{t(`product.role.${product.role}`)}</Badge>
        {product.status !== 'on_sale' && <Badge tone="warn">{t(`product.status.${product.status}`)}</Badge>}
      </div>
      <div className="co-product-body">
        <h2>{product.title}</h2>
        <p className="co-quiet">{product.subtitle}</p>
        <p className="co-product-foot">
          <span>
            {cheapest && <Price fen={cheapest.priceFen} struckFen={cheapest.listPriceFen} tone="plain" />}
            <small>{t('product.skus', { n: format.number(skus.length) })}</small>
          </span>
          {onEdit && (
            <Button
              size="small"
              icon={<EditOutlined />}
              onClick={onEdit}
              aria-label={t('product.edit-name', { name: product.title })}
            >
              {t('common.edit')}
            </Button>
          )}
        </p>
      </div>
    </article>
  );
};
