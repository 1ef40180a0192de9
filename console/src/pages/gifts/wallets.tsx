import { FEN_PER_COIN, listWallets, type ReplyOf, refundWallet } from '@walnut-live/contracts';
import { EmptyState, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, Input, InputNumber, Modal } from 'antd';
import { type ReactNode, useId, useState } from 'react';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';
import { useGiftT } from './messages.ts';

type Wallet = ReplyOf<typeof listWallets>['items'][number];

/** Unused coins go back as money, by finance, with a reason. */
export const Wallets = (): ReactNode => {
  const t = useGiftT();
  const format = useFormat();
  const [search, setSearch] = useState('');
  const [chosen, setChosen] = useState<Wallet | null>(null);
  const wanted = search.trim();
  const query = useCall(listWallets, { query: wanted === '' ? {} : { search: wanted } });
  const columns: Column<Wallet>[] = [
    {
      key: 'person',
      title: t('person'),
      head: true,
      render: ({ person, phoneMasked }) => (
        <span className="co-inline">
          <b>{person.name}</b>
          {phoneMasked}
        </span>
      ),
    },
    { key: 'balance', title: t('balance'), align: 'end', render: (wallet) => format.number(wallet.coins) },
    { key: 'bought', title: t('bought'), align: 'end', render: (wallet) => format.number(wallet.boughtCoins) },
    { key: 'refunding', title: t('refunding'), align: 'end', render: (wallet) => format.number(wallet.refundingCoins) },
    {
      key: 'refund',
      title: t('refund'),
      align: 'end',
      render: (wallet) => (
        <Button size="small" disabled={wallet.refundableCoins === 0} onClick={() => setChosen(wallet)}>
          {t('refund')}
        </Button>
      ),
    },
  ];
  return (
    <Panel flush>
      <div className="co-filters">
        <Input.Search
          allowClear
          placeholder={t('search')}
          aria-label={t('search')}
          maxLength={40}
          onSearch={setSearch}
          className="co-gift-search"
        />
      </div>
      <AsyncView
        query={query}
        skeleton={<TableSkeleton rows={5} />}
        isEmpty={(data) => data.items.length === 0}
        empty={<EmptyState illustration="people" title={t('wallets.empty')} />}
      >
        {(data) => (
          <DataTable
            caption={t('tab.wallets')}
            rows={data.items}
            columns={columns}
            rowKey={(wallet) => wallet.person.id}
            testId="wallet-row"
          />
        )}
      </AsyncView>
      {chosen && <RefundDialog key={chosen.person.id} wallet={chosen} onClose={() => setChosen(null)} />}
    </Panel>
  );
};

const RefundDialog = ({ wallet, onClose }: { wallet: Wallet; onClose: () => void }): ReactNode => {
  const t = useGiftT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const coinsId = useId();
  const reasonId = useId();
  const [coins, setCoins] = useState<number | null>(wallet.refundableCoins);
  const [reason, setReason] = useState('');
  const action = useAction(refundWallet, [listWallets.id]);
  const given = reason.trim();
  const submit = (): void => {
    if (coins === null || given === '') return;
    action.mutate(
      { kind: wallet.person.id, params: { personId: wallet.person.id }, body: { coins, reason: given } },
      {
        onSuccess: () => {
          toast(t('refund.done'), { tone: 'success' });
          onClose();
        },
        onError: (error) => toast(errorText(error), { tone: 'error' }),
      },
    );
  };
  return (
    <Modal
      open
      title={t('refund.title', { name: wallet.person.name })}
      okText={t('refund.submit', { money: format.money((coins ?? 0) * FEN_PER_COIN) })}
      cancelText={t('cancel')}
      okButtonProps={{ disabled: coins === null || given === '', danger: true }}
      confirmLoading={action.isPending}
      onOk={submit}
      onCancel={onClose}
    >
      <div className="co-gift-fields">
        <label htmlFor={coinsId}>
          <span>{t('refund.coins', { count: format.number(wallet.refundableCoins) })}</span>
          <InputNumber
            id={coinsId}
            min={1}
            max={wallet.refundableCoins}
            precision={0}
            value={coins}
            onChange={setCoins}
          />
        </label>
        <label htmlFor={reasonId}>
          <span>{t('refund.reason')}</span>
          <Input id={reasonId} maxLength={100} value={reason} onChange={(event) => setReason(event.target.value)} />
        </label>
      </div>
    </Modal>
  );
};
