import {
  getStoreStatement,
  listStoreStatements,
  type StoreStatement,
  type StoreStatementRow,
  settleStoreStatement,
} from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat, useToast } from '@walnut-live/ui';
import { Button, Drawer, Form, Input, Modal, Tabs } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { type Filters, OrgFilter, useFilters } from '../../shared/filters.tsx';
import { CsvButton, Page, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useSettlementT } from './messages.ts';
import { Modes } from './modes.tsx';
import './settlements.css';

const PAGE_SIZE = 30;
const REFRESH_MS = 30_000;
const BPS_PER_ONE = 10_000;

/** Stores' accounts of their periods, and who collects for whom. */
export default function StatementsPage(): ReactNode {
  const t = useSettlementT();
  const filters = useFilters();
  const current = filters.get('tab') === 'modes' ? 'modes' : 'statements';
  return (
    <Page title={t('statements.title')} hint={t('statements.hint')} actions={<OrgFilter filters={filters} />}>
      <Tabs
        activeKey={current}
        destroyOnHidden
        onChange={(tab) => filters.set({ tab: tab === 'modes' ? tab : undefined })}
        items={[
          { key: 'statements', label: t('tab.statements'), children: <Statements filters={filters} /> },
          { key: 'modes', label: t('tab.modes'), children: <Modes /> },
        ]}
      />
    </Page>
  );
}

const Statements = ({ filters }: { filters: Filters }): ReactNode => {
  const t = useSettlementT();
  const format = useFormat();
  const { may } = useSession();
  const [settled, setSettled] = useState<StoreStatement | null>(null);
  const [opened, setOpened] = useState<StoreStatement | null>(null);
  const org = filters.get('org');
  const asked = org ? { orgUnitId: org } : {};
  const query = usePages(listStoreStatements, { query: { ...asked, limit: PAGE_SIZE } }, { everyMs: REFRESH_MS });
  const columns: Column<StoreStatement>[] = [
    {
      key: 'store',
      title: t('store'),
      head: true,
      render: (row) => (
        <span className="co-stacked co-start">
          <b>{row.store.name}</b>
          <small>
            {format.dateTime(row.since)} – {format.dateTime(row.until)}
          </small>
          <small>{t(`mode.${row.mode}`)}</small>
        </span>
      ),
    },
    {
      key: 'orders',
      title: t('orders'),
      align: 'end',
      render: (row) => (
        <span className="co-stacked">
          <b className="wl-number">{format.money(row.paidFen)}</b>
          <small>
            {t('orders.count', { count: format.count(row.orders), shipping: format.money(row.shippingFen) })}
          </small>
        </span>
      ),
    },
    {
      key: 'refunds',
      title: t('refunds'),
      align: 'end',
      render: (row) => (
        <span className="co-stacked">
          <b className="wl-number">{format.money(-row.refundedFen)}</b>
          <small>{t('refunds.count', { count: format.count(row.refunds) })}</small>
        </span>
      ),
    },
    { key: 'commission', title: t('commission'), align: 'end', render: (row) => format.money(-row.commissionFen) },
    {
      key: 'share',
      title: t('share'),
      align: 'end',
      render: (row) => (
        <span className="co-stacked">
          {format.money(-row.hqShareFen)}
          <small>{t('share.rate', { rate: format.percent(row.hqShareBps / BPS_PER_ONE) })}</small>
        </span>
      ),
    },
    {
      key: 'due',
      title: t('due'),
      align: 'end',
      render: (row) => (
        <span className="co-stacked">
          <b className="wl-number">{format.money(Math.abs(row.dueFen))}</b>
          <small>{t(row.dueFen < 0 ? 'due.toHq' : 'due.toStore')}</small>
        </span>
      ),
    },
    {
      key: 'state',
      title: t('state'),
      render: (row) => (
        <span className="co-stacked co-start">
          <Badge tone={row.state === 'settled' ? 'success' : 'warn'}>{t(`statement.${row.state}`)}</Badge>
          {row.reference && <small>{row.reference}</small>}
        </span>
      ),
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (row) => (
        <span className="co-settle-export">
          <Button size="small" onClick={() => setOpened(row)}>
            {t('statement.rows')}
          </Button>
          {may('settlements:pay') && row.state === 'issued' && (
            <Button size="small" type="primary" onClick={() => setSettled(row)} data-testid="statement-settle">
              {t('settle')}
            </Button>
          )}
        </span>
      ),
    },
  ];
  return (
    <Panel
      flush
      title={t('tab.statements')}
      extra={
        <CsvButton
          route={listStoreStatements}
          args={{ query: { ...asked, format: 'csv' } }}
          fileName="store-statements"
        />
      }
    >
      <PagedTable
        query={query}
        empty={<EmptyState illustration="orders" title={t('statements.empty')} hint={t('statements.empty.hint')} />}
        caption={t('statements.title')}
        columns={columns}
        rowKey={({ id }) => id}
        testId="statement-row"
      />
      {settled && <SettleDialog key={settled.id} statement={settled} onClose={() => setSettled(null)} />}
      {opened && <Movements key={opened.id} statement={opened} onClose={() => setOpened(null)} />}
    </Panel>
  );
};

/** The rows a statement's figures are made of. */
const Movements = ({ statement, onClose }: { statement: StoreStatement; onClose: () => void }): ReactNode => {
  const t = useSettlementT();
  const format = useFormat();
  const query = usePages(getStoreStatement, { params: { id: statement.id }, query: { limit: PAGE_SIZE } });
  const columns: Column<StoreStatementRow>[] = [
    { key: 'at', title: t('day'), render: (row) => format.dateTime(row.at) },
    { key: 'kind', title: t('bill.kind'), head: true, render: (row) => t(`kind.${row.kind}`) },
    { key: 'no', title: t('orders'), render: (row) => <code>{row.orderNo || '–'}</code> },
    {
      key: 'amount',
      title: t('amount'),
      align: 'end',
      render: (row) => <b className="wl-number">{format.money(row.amountFen, { sign: true })}</b>,
    },
  ];
  return (
    <Drawer
      open
      size={720}
      title={statement.store.name}
      onClose={onClose}
      extra={
        <CsvButton
          route={getStoreStatement}
          args={{ params: { id: statement.id }, query: { format: 'csv' } }}
          fileName={`statement-${statement.store.path}`}
        />
      }
    >
      <PagedTable
        query={query}
        empty={<EmptyState illustration="orders" title={t('lines.empty')} compact />}
        caption={t('statement.rows')}
        columns={columns}
        rowKey={(row) => `${row.kind}${row.orderNo}${row.at}${row.amountFen}`}
        testId="movement-row"
      />
    </Drawer>
  );
};

const SettleDialog = ({ statement, onClose }: { statement: StoreStatement; onClose: () => void }): ReactNode => {
  const t = useSettlementT();
  const toast = useToast();
  const [form] = Form.useForm<{ reference: string; reason: string }>();
  const settle = useAction(settleStoreStatement, ['store-statements.list']);
  const submit = async (body: { reference: string; reason: string }): Promise<void> => {
    await settle.mutateAsync({ kind: statement.id, params: { id: statement.id }, body });
    toast(t('settle.done'), { tone: 'success' });
    onClose();
  };
  const needed = [{ required: true, whitespace: true, min: 2, message: t('required') }];
  return (
    <Modal
      open
      title={t('settle.title', { store: statement.store.name })}
      okText={t('settle')}
      confirmLoading={settle.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item name="reference" label={t('settle.reference')} rules={needed}>
          <Input maxLength={60} autoFocus />
        </Form.Item>
        <Form.Item name="reason" label={t('reason')} rules={needed}>
          <Input maxLength={200} />
        </Form.Item>
      </Form>
      <Failure error={settle.error} />
    </Modal>
  );
};
