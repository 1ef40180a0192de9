import { SwapOutlined } from '@ant-design/icons';
import { adjustStock, listStock, type ReplyOf } from '@walnut-live/contracts';
import { EmptyState, requestIdOf, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, Checkbox, Form, Input, InputNumber, Modal } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, usePages } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { Freshness } from '../../shared/async-view.tsx';
import type { Column } from '../../shared/data-table.tsx';
import { SearchFilter, useFilters } from '../../shared/filters.tsx';
import { CsvButton, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
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
      <div className="co-filters co-filters-bare">
        <SearchFilter filters={filters} placeholder={ct('stock.search')} />
        <Checkbox checked={low} onChange={({ target }) => filters.set({ low: target.checked ? '1' : undefined })}>
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

const AdjustDialog = ({ row, onClose }: { row: StockRow; onClose: () => void }): ReactNode => {
  const t = useT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const [form] = Form.useForm<{ delta: number; reason: string }>();
  const delta = Form.useWatch('delta', form) ?? 0;
  const adjust = useAction(adjustStock, ['stock.list', 'stock.movements', 'bag.get']);
  const submit = async (values: { delta: number; reason: string }): Promise<void> => {
    await adjust.mutateAsync({
      kind: `${row.skuId}.${row.orgUnit.id}`,
      params: { id: row.skuId },
      body: { orgUnitId: row.orgUnit.id, delta: values.delta, reason: values.reason.trim() },
    });
    toast(t('stock.done'), { tone: 'success' });
    onClose();
  };
  const lowest = row.reserved - row.onHand;
  return (
    <Modal
      open
      title={t('stock.adjust-title', { product: row.productTitle })}
      okText={t('stock.submit')}
      confirmLoading={adjust.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'stock-submit' }}
    >
      <p className="co-quiet">
        {row.orgUnit.name} · {row.skuName}
      </p>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item
          name="delta"
          label={t('stock.delta')}
          extra={t('stock.after', { now: format.number(row.onHand), after: format.number(row.onHand + delta) })}
          rules={[
            { required: true, message: t('form.needed') },
            { type: 'number', min: lowest, message: t('stock.below-reserved', { n: format.number(row.reserved) }) },
          ]}
        >
          <InputNumber
            precision={0}
            min={-1_000_000}
            max={1_000_000}
            style={{ width: '100%' }}
            autoFocus
            data-testid="stock-delta"
          />
        </Form.Item>
        <Form.Item
          name="reason"
          label={t('stock.reason')}
          rules={[{ required: true, whitespace: true, message: t('stock.reason-needed') }]}
        >
          <Input maxLength={100} data-testid="stock-reason" />
        </Form.Item>
        {adjust.error ? (
          <p className="co-form-error" role="alert">
            {errorText(adjust.error)}
            {requestIdOf(adjust.error) && <code>{requestIdOf(adjust.error)}</code>}
          </p>
        ) : null}
      </Form>
    </Modal>
  );
};
