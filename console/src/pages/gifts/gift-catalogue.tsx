import { type GiftView, giftCatalogue, patchGift } from '@walnut-live/contracts';
import { Badge, useErrorText, useLocale, useToast } from '@walnut-live/ui';
import { Button, InputNumber, Switch } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';
import { useGiftT } from './messages.ts';

const MAX_COINS = 100_000;

/** What a gift costs and whether it can be given. */
export const GiftCatalogue = (): ReactNode => {
  const t = useGiftT();
  const { locale } = useLocale();
  const mayWrite = useSession().may('gifts:write');
  const query = useCall(giftCatalogue, {});
  const columns: Column<GiftView>[] = [
    {
      key: 'gift',
      title: t('gift'),
      head: true,
      render: (gift) => (
        <span className="co-inline">
          <img src={gift.pictureUrl} alt="" width="40" height="40" className="co-gift-picture" />
          <b>{locale === 'en' ? gift.nameEn : gift.name}</b>
        </span>
      ),
    },
    { key: 'effect', title: t('effect'), render: (gift) => t(`effect.${gift.effect}`) },
    {
      key: 'price',
      title: t('price'),
      align: 'end',
      render: (gift) => (mayWrite ? <Price key={gift.priceCoins} gift={gift} /> : gift.priceCoins),
    },
    {
      key: 'active',
      title: t('active'),
      align: 'end',
      render: (gift) =>
        mayWrite ? (
          <OnSale gift={gift} />
        ) : (
          <Badge tone={gift.active ? 'success' : 'neutral'}>{t(gift.active ? 'active.on' : 'active.off')}</Badge>
        ),
    },
  ];
  return (
    <Panel flush>
      <AsyncView query={query} skeleton={<TableSkeleton rows={8} />}>
        {(data) => (
          <DataTable
            caption={t('tab.catalogue')}
            rows={data.items}
            columns={columns}
            rowKey={(gift) => gift.id}
            testId="gift-row"
          />
        )}
      </AsyncView>
    </Panel>
  );
};

const useChange = (gift: GiftView) => {
  const t = useGiftT();
  const toast = useToast();
  const errorText = useErrorText();
  const action = useAction(patchGift, [giftCatalogue.id]);
  return {
    busy: action.isPending,
    change: (body: { priceCoins: number } | { active: boolean }): void =>
      action.mutate(
        { params: { id: gift.id }, body },
        {
          onSuccess: () => toast(t('saved'), { tone: 'success' }),
          onError: (error) => toast(errorText(error), { tone: 'error' }),
        },
      ),
  };
};

const Price = ({ gift }: { gift: GiftView }): ReactNode => {
  const t = useGiftT();
  const { busy, change } = useChange(gift);
  const [price, setPrice] = useState<number | null>(gift.priceCoins);
  const changed = price !== null && price !== gift.priceCoins;
  return (
    <span className="co-inline">
      <InputNumber
        min={1}
        max={MAX_COINS}
        precision={0}
        value={price}
        onChange={setPrice}
        aria-label={`${t('price')} ${gift.name}`}
      />
      <Button
        type="primary"
        disabled={!changed}
        loading={busy}
        onClick={() => price !== null && change({ priceCoins: price })}
      >
        {t('save')}
      </Button>
    </span>
  );
};

const OnSale = ({ gift }: { gift: GiftView }): ReactNode => {
  const t = useGiftT();
  const { busy, change } = useChange(gift);
  return (
    <Switch
      checked={gift.active}
      loading={busy}
      onChange={(active) => change({ active })}
      aria-label={`${t('active')} ${gift.name}`}
    />
  );
};
