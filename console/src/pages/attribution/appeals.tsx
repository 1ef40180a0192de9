import { CreditAppealRole, type CreditAppealRow, CreditAppealState, listCreditAppeals } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Select } from 'antd';
import type { ReactNode } from 'react';
import { usePages } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { Freshness } from '../../shared/async-view.tsx';
import type { Column } from '../../shared/data-table.tsx';
import { OrgFilter, useFilters } from '../../shared/filters.tsx';
import { Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { useAttributionT } from './messages.ts';

const PAGE = 30;
const REFRESH_MS = 15_000;
export const appealTones = { open: 'warn', upheld: 'neutral', changed: 'brand' } as const;

export const Appeals = (): ReactNode => {
  const t = useAttributionT();
  const common = useT();
  const format = useFormat();
  const filters = useFilters();
  const state = CreditAppealState.options.find((one) => one === filters.get('state'));
  const role = CreditAppealRole.options.find((one) => one === filters.get('role'));
  const org = filters.get('org');
  const query = usePages(
    listCreditAppeals,
    {
      query: {
        limit: PAGE,
        ...(state ? { state } : {}),
        ...(role ? { role } : {}),
        ...(org ? { orgUnitId: org } : {}),
      },
    },
    { everyMs: REFRESH_MS },
  );
  const open = query.data?.pages[0]?.open;
  const columns: Column<CreditAppealRow>[] = [
    {
      key: 'who',
      title: t('appeal.who'),
      head: true,
      render: ({ by, role: as }) => (
        <span className="co-stacked co-start">
          <b>{by.name}</b>
          <small>{t(`role.${as}`)}</small>
        </span>
      ),
    },
    {
      key: 'order',
      title: t('appeal.order'),
      render: ({ orderNo, paidFen, store }) => (
        <span className="co-stacked co-start">
          <b className="wl-number">{orderNo ?? store.name}</b>
          {paidFen !== null && (
            <small>
              {format.money(paidFen)} · {store.name}
            </small>
          )}
        </span>
      ),
    },
    { key: 'text', title: t('appeal.text'), render: ({ text }) => <span className="co-attribution-text">{text}</span> },
    {
      key: 'credit',
      title: t('appeal.credit'),
      render: ({ credit }) =>
        credit && (
          <span className="co-stacked co-start">
            <b>{credit.inviter?.name ?? credit.orgUnit.name}</b>
            <small>{common(`reason.${credit.reason}`)}</small>
          </span>
        ),
    },
    {
      key: 'state',
      title: t('appeal.state'),
      render: (appeal) => (
        <span className="co-stacked co-start">
          <Badge tone={appealTones[appeal.state]}>{t(`appeal.${appeal.state}`)}</Badge>
          {appeal.answer !== null && <small className="co-attribution-text">{appeal.answer}</small>}
        </span>
      ),
    },
    { key: 'at', title: t('appeal.at'), render: ({ at }) => format.dateTime(at) },
  ];
  return (
    <Panel flush>
      <div className="co-attribution-filters">
        <OrgFilter filters={filters} />
        <Select
          value={state ?? ''}
          aria-label={t('appeal.state')}
          options={[
            { value: '', label: t('appeal.all') },
            ...CreditAppealState.options.map((value) => ({ value, label: t(`appeal.${value}`) })),
          ]}
          onChange={(value) => filters.set({ state: value })}
          data-testid="appeal-state"
        />
        <Select
          value={role ?? ''}
          aria-label={t('appeal.who')}
          options={[
            { value: '', label: t('role.all') },
            ...CreditAppealRole.options.map((value) => ({ value, label: t(`role.${value}`) })),
          ]}
          onChange={(value) => filters.set({ role: value })}
        />
        {open !== undefined && open > 0 && <Badge tone="warn">{t('appeal.waiting', { n: open })}</Badge>}
        <Freshness query={query} />
      </div>
      <PagedTable
        query={query}
        caption={t('tab.appeals')}
        columns={columns}
        rowKey={({ id }) => id}
        href={({ orderId, orderNo }) => ({
          to: `/orders/${orderId}/credit`,
          label: `${t('appeal.look')} ${orderNo ?? ''}`,
        })}
        testId="appeal-row"
        empty={<EmptyState illustration="orders" title={t('appeal.empty')} hint={t('appeal.empty.hint')} />}
      />
    </Panel>
  );
};
