/** The products of a room in their order. Changes are kept here until they are saved; the pin acts at once. */
import { ArrowDownOutlined, ArrowUpOutlined, CloseOutlined, PushpinFilled, PushpinOutlined } from '@ant-design/icons';
import {
  type Bag,
  type BagItem,
  getBag,
  listProducts,
  type ProductView,
  pinProduct,
  putBag,
  type Room,
} from '@walnut-live/contracts';
import { Badge, EmptyState, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, Select, Tooltip } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { TableSkeleton } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';

const REFRESH_MS = 10_000;

export const BagEditor = ({ room }: { room: Room }): ReactNode => {
  const query = useCall(getBag, { params: { id: room.id } }, { everyMs: REFRESH_MS });
  return (
    <Panel>
      <AsyncView query={query} skeleton={<TableSkeleton rows={4} />}>
        {(bag) => <Editor bag={bag} room={room} />}
      </AsyncView>
    </Panel>
  );
};

const moved = <T,>(list: readonly T[], from: number, to: number): T[] => {
  const next = [...list];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
};

const Editor = ({ bag, room }: { bag: Bag; room: Room }): ReactNode => {
  const t = useT();
  const toast = useToast();
  const errorText = useErrorText();
  const { may, staff } = useSession();
  const mine = room.orgUnit.path === staff.orgUnit.path || room.orgUnit.path.startsWith(`${staff.orgUnit.path}.`);
  const mayEdit = may('rooms:operate') && mine && room.state !== 'ended';
  const [draft, setDraft] = useState<string[] | null>(null);
  const products = useCall(listProducts, { query: { status: 'on_sale', limit: 100 } }, { enabled: mayEdit });
  const save = useAction(putBag, ['bag.get']);
  const pin = useAction(pinProduct, ['bag.get']);

  const saved = bag.items.map((item) => item.product.id);
  const ids = draft ?? saved;
  const known = new Map<string, ProductView>([
    ...(products.data?.items ?? []).map((product) => [product.id, product] as const),
    ...bag.items.map((item) => [item.product.id, item.product] as const),
  ]);
  const fail = (error: unknown): void => toast(errorText(error), { tone: 'error' });
  const submit = async (): Promise<void> => {
    try {
      await save.mutateAsync({ params: { id: room.id }, body: { productIds: ids } });
      setDraft(null);
      toast(t('bag.saved'), { tone: 'success' });
    } catch (error) {
      fail(error);
    }
  };
  const togglePin = (productId: string): void =>
    pin.mutate(
      { params: { id: room.id }, body: { productId: bag.pinnedProductId === productId ? null : productId } },
      { onError: fail },
    );

  return (
    <>
      {mayEdit && (
        <div className="co-bag-bar">
          <Select
            showSearch
            optionFilterProp="label"
            value={null}
            placeholder={t('bag.add')}
            aria-label={t('bag.add')}
            loading={products.isPending}
            options={(products.data?.items ?? [])
              .filter((product) => !ids.includes(product.id))
              .map((product) => ({ value: product.id, label: product.title }))}
            onChange={(id: string | null) => id && setDraft([...ids, id])}
          />
          {draft && (
            <>
              <Button type="primary" loading={save.isPending} onClick={() => void submit()} data-testid="bag-save">
                {t('bag.save')}
              </Button>
              <Button onClick={() => setDraft(null)}>{t('common.discard')}</Button>
            </>
          )}
        </div>
      )}
      {ids.length === 0 ? (
        <EmptyState compact illustration="bag" title={t('bag.empty')} hint={t('bag.empty-hint')} />
      ) : (
        <ol className="co-bag">
          {ids.map((id, index) => {
            const product = known.get(id);
            if (!product) return null;
            const pinned = bag.pinnedProductId === id;
            return (
              <li key={id} className={pinned ? 'co-bag-pinned' : undefined} data-testid="bag-item">
                <span className="co-bag-no wl-number">{index + 1}</span>
                <img src={product.pictureUrl} alt="" width={56} height={56} loading="lazy" />
                <span className="co-stacked co-start">
                  <b>{product.title}</b>
                  <PriceLine product={product} item={bag.items.find((item) => item.product.id === id)} />
                </span>
                <Stock item={bag.items.find((item) => item.product.id === id)} />
                {mayEdit && (
                  <span className="co-bag-tools">
                    {room.state === 'live' && saved.includes(id) && (
                      <Tooltip title={t(pinned ? 'bag.unpin' : 'bag.pin')}>
                        <Button
                          type="text"
                          icon={pinned ? <PushpinFilled /> : <PushpinOutlined />}
                          aria-label={t(pinned ? 'bag.unpin' : 'bag.pin')}
                          aria-pressed={pinned}
                          onClick={() => togglePin(id)}
                        />
                      </Tooltip>
                    )}
                    <Button
                      type="text"
                      icon={<ArrowUpOutlined />}
                      aria-label={t('bag.up')}
                      disabled={index === 0}
                      onClick={() => setDraft(moved(ids, index, index - 1))}
                    />
                    <Button
                      type="text"
                      icon={<ArrowDownOutlined />}
                      aria-label={t('bag.down')}
                      disabled={index === ids.length - 1}
                      onClick={() => setDraft(moved(ids, index, index + 1))}
                    />
                    <Button
                      type="text"
                      danger
                      icon={<CloseOutlined />}
                      aria-label={t('bag.remove')}
                      onClick={() => setDraft(ids.filter((other) => other !== id))}
                    />
                  </span>
                )}
              </li>
            );
          })}
        </ol>
      )}
    </>
  );
};

const PriceLine = ({ product, item }: { product: ProductView; item: BagItem | undefined }): ReactNode => {
  const t = useT();
  const format = useFormat();
  const offer = item?.offers.find((one) => one.state === 'open');
  const prices = product.skus.filter((sku) => sku.active).map((sku) => sku.priceFen);
  const lowest = prices.length > 0 ? Math.min(...prices) : null;
  return (
    <small className="co-inline">
      {lowest !== null && (prices.length > 1 ? t('price.from', { price: format.money(lowest) }) : format.money(lowest))}
      {offer && (
        <Badge tone="hot">
          {t('bag.offer', { price: format.money(offer.priceFen), taken: offer.taken, cap: offer.cap ?? '∞' })}
        </Badge>
      )}
    </small>
  );
};

const Stock = ({ item }: { item: BagItem | undefined }): ReactNode => {
  const t = useT();
  const format = useFormat();
  if (!item) return <span className="co-bag-stock co-quiet">{t('bag.unsaved')}</span>;
  const left = Object.values(item.available).reduce((sum, pieces) => sum + pieces, 0);
  return (
    <span className={left === 0 ? 'co-bag-stock co-minus' : 'co-bag-stock co-quiet'}>
      {left === 0 ? t('bag.sold-out') : t('bag.left', { n: format.number(left) })}
    </span>
  );
};
