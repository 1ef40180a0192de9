import { type listStock, listStockMovements, type ReplyOf } from '@walnut-live/contracts';
import { EmptyState, useFormat } from '@walnut-live/ui';
import { Drawer } from 'antd';
import type { ReactNode } from 'react';
import { usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { useCatalogueT } from './messages.ts';

type StockRow = ReplyOf<typeof listStock>['items'][number];
type Movement = ReplyOf<typeof listStockMovements>['items'][number];
const PAGE_SIZE = 30;
const reasons = ['adjusted', 'counted', 'mall', 'sale', 'refund'] as const;

/** What came to a unit's stock of a SKU and what went, with who and why. */
export const StockHistory = ({ row, onClose }: { row: StockRow; onClose: () => void }): ReactNode => {
  const t = useCatalogueT();
  const format = useFormat();
  const query = usePages(listStockMovements, {
    params: { id: row.skuId, orgUnitId: row.orgUnit.id },
    query: { limit: PAGE_SIZE },
  });
  const columns: Column<Movement>[] = [
    { key: 'at', title: t('stock.at'), head: true, render: ({ at }) => format.dateTime(at) },
    {
      key: 'delta',
      title: t('stock.delta'),
      align: 'end',
      render: ({ delta }) => (
        <b className={delta < 0 ? 'co-minus' : 'co-good'}>{`${delta > 0 ? '+' : ''}${format.number(delta)}`}</b>
      ),
    },
    {
      key: 'why',
      title: t('stock.why'),
      render: ({ reason, ref, note, by }) => {
        const known = reasons.find((one) => one === reason);
        return (
          <span className="co-stacked co-start">
            <span>{[known ? t(`stock.reason.${known}`) : reason, note].filter(Boolean).join(' · ')}</span>
            <small>{[by, ref].filter(Boolean).join(' · ')}</small>
          </span>
        );
      },
    },
  ];
  return (
    <Drawer
      open
      onClose={onClose}
      size={520}
      rootClassName="co-drawer"
      title={`${t('stock.history')} · ${row.productTitle} ${row.skuName} · ${row.orgUnit.name}`}
    >
      <PagedTable
        query={query}
        empty={<EmptyState illustration="bag" title={t('stock.none')} />}
        caption={t('stock.history')}
        columns={columns}
        rowKey={({ id }) => id}
        testId="stock-movement"
      />
    </Drawer>
  );
};
