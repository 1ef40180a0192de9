/** 优免占比 (rule N1): what was given away, of what was sold, per unit and period. */
import { type DiscountRow, reportDiscounts } from '@walnut-live/contracts';
import { EmptyState, useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { RangeFilter, rangeOf, useFilters } from '../../shared/filters.tsx';
import { CsvButton, Figures, Panel } from '../../shared/page.tsx';
import { useCustomerT } from './messages.ts';

const BPS_PER_PERCENT = 100;

export const Discounts = (): ReactNode => {
  const t = useCustomerT();
  const format = useFormat();
  const filters = useFilters();
  const range = rangeOf(filters);
  const query = useCall(reportDiscounts, { query: range });
  const ratio = (bps: number | null | undefined): string =>
    bps === null || bps === undefined ? '–' : `${format.number(bps / BPS_PER_PERCENT)}%`;
  const total = query.data?.total;
  const money = (
    key: Exclude<keyof DiscountRow, 'orgUnit' | 'orders' | 'ratioBps'>,
    title: string,
    deskOnly = false,
  ) => ({
    ...{ key, title, align: 'end' as const, deskOnly },
    render: (row: DiscountRow) => format.money(row[key]),
  });
  const columns: Column<DiscountRow>[] = [
    { key: 'unit', title: t('discounts.unit'), head: true, render: (row) => <b>{row.orgUnit.name}</b> },
    { key: 'orders', title: t('discounts.orders'), align: 'end', render: (row) => format.count(row.orders) },
    money('shelfFen', t('discounts.shelf'), true),
    money('couponFen', t('discounts.coupon')),
    money('pointsFen', t('discounts.points')),
    money('offerFen', t('discounts.offer')),
    money('counterFen', t('discounts.counter')),
    money('paidFen', t('discounts.paid')),
    money('refundedFen', t('discounts.refunded'), true),
    {
      key: 'ratio',
      title: t('discounts.ratio'),
      align: 'end',
      render: (row) => <b data-testid="discount-ratio">{ratio(row.ratioBps)}</b>,
    },
  ];
  return (
    <>
      <div className="co-filters">
        <RangeFilter filters={filters} />
        <CsvButton route={reportDiscounts} args={{ query: { ...range, format: 'csv' } }} fileName="discounts" />
      </div>
      <Figures
        loading={!total}
        failed={query.isError}
        items={[
          { key: 'ratio', label: t('discounts.ratio'), value: ratio(total?.ratioBps), tone: 'money' },
          { key: 'paid', label: t('discounts.paid'), value: format.money(total?.paidFen ?? 0) },
          { key: 'offer', label: t('discounts.offer'), value: format.money(total?.offerFen ?? 0) },
          { key: 'coupon', label: t('discounts.coupon'), value: format.money(total?.couponFen ?? 0) },
          { key: 'points', label: t('discounts.points'), value: format.money(total?.pointsFen ?? 0) },
          { key: 'counter', label: t('discounts.counter'), value: format.money(total?.counterFen ?? 0) },
        ]}
      />
      <Panel flush>
        <p className="co-filters co-quiet">{t('discounts.hint')}</p>
        <AsyncView
          query={query}
          skeleton={<TableSkeleton rows={4} />}
          isEmpty={({ items }) => items.length === 0}
          empty={<EmptyState compact illustration="orders" title={t('discounts.none')} />}
        >
          {({ items }) => (
            <DataTable
              caption={t('tab.discounts')}
              rows={items}
              columns={columns}
              rowKey={({ orgUnit }) => orgUnit.id}
              testId="discount-row"
            />
          )}
        </AsyncView>
      </Panel>
    </>
  );
};
