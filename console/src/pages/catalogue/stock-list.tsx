import { SwapOutlined } from '@ant-design/icons';
import { listStock, type ReplyOf } from '@walnut-live/contracts';
import { EmptyState, useFormat } from '@walnut-live/ui';
import { Button, Checkbox } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { usePages } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { Freshness } from '../../shared/async-view.tsx';
import type { Column } from '../../shared/data-table.tsx';
import { SearchFilter, useFilters } from '../../shared/filters.tsx';
import { CsvButton, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { AdjustDialog } from './adjust-dialog.tsx';
import { useCatalogueT } from './messages.ts';
import { StockHistory } from './stock-history.tsx';

type StockRow = ReplyOf<typeof listStock>['items'][number];
const PAGE_SIZE = 50;
const REFRESH_MS = 15_000;
/** Below this the number turns red: time to move goods. */
const LOW_STOCK = 10;

export const StockList = (): ReactNode => {
  const t = useT();
  const format = useFormat();
  const { may } = useSession();
  const [changed, setChanged] = useState<StockRow | null>(null);
  const ct = useCatalogueT();
  const filters = useFilters();
  const [told, setTold] = useState<StockRow | null>(null);
  const q = filters.get('q');
  const low = filters.get('low') === '1';
  const args = { limit: PAGE_SIZE, ...(q ? { search: q } : {}), ...(low ? { below: LOW_STOCK } : {}) };
  const query = usePages(listStock, { query: args }, { everyMs: REFRESH_MS });
  const columns: Column<StockRow>[] = [
    {
      key: 'sku',
      title: t('stock.product'),
      head: true,
      render: (row) => (
        <span className="co-stacked co-start">
          <b>{row.productTitle}</b>
          <small>{row.skuName}</small>
        </span>
      ),
    },
    { key: 'unit', title: t('stock.unit'), render: (row) => row.orgUnit.name },
    { key: 'hand', title: t('stock.on-hand'), align: 'end', render: (row) => format.number(row.onHand) },
    { key: 'reserved', title: t('stock.reserved'), align: 'end', render: (row) => format.number(row.reserved) },
    {
      key: 'free',
      title: t('stock.free'),
      align: 'end',
      render: (row) => {
        const free = row.onHand - row.reserved;
        return <b className={free < LOW_STOCK ? 'co-minus' : 'co-good'}>{format.number(free)}</b>;
      },
    },
    {
      key: 'at',
      title: t('stock.updated'),
      deskOnly: true,
      render: (row) => <span className="co-quiet">{format.dateTime(row.updatedAt)}</span>,
    },
    {
      key: 'history',
      title: ct('stock.history'),
      align: 'end' as const,
      render: (row: StockRow) => (
        <Button size="small" type="link" onClick={() => setTold(row)} data-testid="stock-history">
          {ct('stock.history')}
        </Button>
      ),
    },
    ...(may('stock:write')
      ? [
          {
            key: 'act',
            title: t('stock.action'),
            align: 'end' as const,
            render: (row: StockRow) => (
              <Button size="small" icon={<SwapOutlined />} onClick={() => setChanged(row)} data-testid="stock-adjust">
                {t('stock.adjust')}
              </Button>
            ),
          },
        ]
      : []),
  ];
  return (
    <Panel flush extra={<Freshness query={query} staleAfterMs={REFRESH_MS * 4} />}>
      <div className="co-filters">
        <SearchFilter filters={filters} placeholder={ct('stock.search')} />
        <Checkbox
          className="co-filter-check"
          checked={low}
          onChange={({ target }) => filters.set({ low: target.checked ? '1' : undefined })}
        >
          {ct('stock.low', { n: LOW_STOCK })}
        </Checkbox>
        <CsvButton route={listStock} args={{ query: { ...args, format: 'csv' } }} fileName="stock" />
      </div>
      <PagedTable
        query={query}
        empty={<EmptyState illustration="bag" title={t('stock.empty')} />}
        caption={t('catalogue.stock')}
        columns={columns}
        rowKey={(row) => `${row.skuId}.${row.orgUnit.id}`}
        testId="stock-row"
      />
      {told && <StockHistory row={told} onClose={() => setTold(null)} />}
      {changed && <AdjustDialog row={changed} onClose={() => setChanged(null)} />}
    </Panel>
  );
};
