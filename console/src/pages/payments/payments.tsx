import { listPayments, PaymentProviderName, type PaymentRecord, PaymentState } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Button, Drawer, Select } from 'antd';
import type { ReactNode } from 'react';
import { usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { type Filters, RangeFilter, SearchFilter } from '../../shared/filters.tsx';
import { Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { usePaymentT } from './messages.ts';
import { ProviderName, stateTones } from './parts.tsx';
import { PaymentDetail } from './payment-detail.tsx';

const PAGE_SIZE = 20;
const REFRESH_MS = 15_000;
const states = PaymentState.options;
const providers = PaymentProviderName.options;
const troubles = ['late', 'refunded', 'refund_failed', 'refund_stuck'] as const;
const DAY = /^\d{4}-\d\d-\d\d$/;
export const Payments = ({ filters }: { filters: Filters }): ReactNode => {
  const t = usePaymentT();
  const format = useFormat();
  const state = states.find((known) => known === filters.get('state'));
  const provider = providers.find((known) => known === filters.get('provider'));
  const trouble = troubles.find((known) => known === filters.get('trouble'));
  const [q, from, to] = [filters.get('q'), filters.get('from'), filters.get('to')];
  const asked = {
    ...(state ? { state } : {}),
    ...(provider ? { provider } : {}),
    ...(trouble ? { trouble } : {}),
    ...(q ? { search: q } : {}),
    ...(from && DAY.test(from) ? { from } : {}),
    ...(to && DAY.test(to) ? { to } : {}),
  };
  const query = usePages(listPayments, { query: { ...asked, limit: PAGE_SIZE } }, { everyMs: REFRESH_MS });
  const isFiltered = Object.keys(asked).length > 0;
  const shown = filters.get('payment');
  const columns: Column<PaymentRecord>[] = [
    {
      key: 'subject',
      title: t('subject'),
      head: true,
      render: (row) => (
        <span className="co-stacked co-start">
          <Button
            type="link"
            className="co-payment-no wl-number"
            onClick={() => filters.set({ payment: row.id })}
            data-testid="payment-open"
          >
            {row.order?.no ?? row.topUp?.no}
          </Button>
          <small>{row.topUp ? t('topUp') : row.payee}</small>
        </span>
      ),
    },
    { key: 'provider', title: t('provider'), render: (row) => <ProviderName payment={row} /> },
    {
      key: 'state',
      title: t('state'),
      render: (row) => (
        <span className="co-inline">
          <Badge tone={stateTones[row.state]}>{t(`state.${row.state}`)}</Badge>
          {row.state === 'closed' && row.capturedFen > 0 && <Badge tone="danger">{t('late')}</Badge>}
        </span>
      ),
    },
    { key: 'payer', title: t('payer'), render: (row) => row.payer.name },
    {
      key: 'created',
      title: t('created'),
      render: (row) => <span className="co-quiet">{format.dateTime(row.createdAt)}</span>,
    },
    {
      key: 'amount',
      title: t('amount'),
      align: 'end',
      render: (row) => (
        <span className="co-stacked">
          <b>{format.money(row.amountFen)}</b>
          {row.refundedFen > 0 && (
            <small className="co-minus">{t('refunded', { amount: format.money(row.refundedFen) })}</small>
          )}
        </span>
      ),
    },
  ];
  const choice = <Name extends string>(
    name: string,
    value: string | undefined,
    known: readonly Name[],
    label: (one: Name | 'all') => string,
  ) => (
    <Select
      className="co-filter-state"
      value={value ?? ''}
      onChange={(next: string) => filters.set({ [name]: next })}
      aria-label={label('all')}
      options={[{ value: '', label: label('all') }, ...known.map((one) => ({ value: one, label: label(one) }))]}
      popupMatchSelectWidth={false}
    />
  );
  return (
    <Panel flush>
      <div className="co-filters">
        <SearchFilter filters={filters} placeholder={t('search')} />
        {choice('state', state, states, (one) => t(`state.${one}`))}
        {choice('provider', provider, providers, (one) => t(`provider.${one}`))}
        {choice('trouble', trouble, troubles, (one) => t(`trouble.${one}`))}
        <RangeFilter filters={filters} />
      </div>
      <PagedTable
        query={query}
        caption={t('tab.payments')}
        columns={columns}
        rowKey={(row) => row.id}
        testId="payment-row"
        empty={
          <EmptyState
            illustration={isFiltered ? 'search' : 'orders'}
            title={t(isFiltered ? 'none.found' : 'empty')}
            hint={t(isFiltered ? 'none.found.hint' : 'empty.hint')}
          />
        }
      />
      <Drawer
        open={shown !== undefined}
        onClose={() => filters.set({ payment: undefined })}
        size={640}
        title={t('detail')}
        destroyOnHidden
        rootClassName="co-drawer"
      >
        {shown !== undefined && <PaymentDetail key={shown} paymentId={shown} />}
      </Drawer>
    </Panel>
  );
};
