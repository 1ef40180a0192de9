import { listSettlementModes, putSettlementMode, type ReplyOf } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat, useToast } from '@walnut-live/ui';
import { Button, Form, Input, InputNumber, Modal, Radio } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useSettlementT } from './messages.ts';

type Mode = ReplyOf<typeof listSettlementModes>['items'][number];
const BPS_PER_PERCENT = 100;
const BPS_PER_ONE = 10_000;

/** Who takes the money of a store's orders, and headquarters' share of its goods. */
export const Modes = (): ReactNode => {
  const t = useSettlementT();
  const format = useFormat();
  const { may } = useSession();
  const [changed, setChanged] = useState<Mode | null>(null);
  const query = useCall(listSettlementModes, undefined);
  const columns: Column<Mode>[] = [
    { key: 'store', title: t('store'), head: true, render: ({ store }) => <b>{store.name}</b> },
    {
      key: 'mode',
      title: t('mode'),
      render: ({ mode }) => <Badge tone={mode === 'hq_collects' ? 'neutral' : 'brand'}>{t(`mode.${mode}`)}</Badge>,
    },
    {
      key: 'share',
      title: t('share'),
      align: 'end',
      render: ({ hqShareBps }) => format.percent(hqShareBps / BPS_PER_ONE),
    },
    {
      key: 'since',
      title: t('period'),
      render: ({ since }) => (since ? t('mode.since', { at: format.dateTime(since) }) : t('mode.default')),
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (row) =>
        may('settlements:approve') && (
          <Button size="small" onClick={() => setChanged(row)} data-testid="mode-change">
            {t('mode.change')}
          </Button>
        ),
    },
  ];
  return (
    <Panel flush>
      <AsyncView
        query={query}
        skeleton={<TableSkeleton />}
        isEmpty={({ items }) => items.length === 0}
        empty={<EmptyState illustration="search" title={t('lines.empty')} compact />}
      >
        {({ items }) => (
          <DataTable
            caption={t('mode')}
            rows={items}
            columns={columns}
            rowKey={({ store }) => store.id}
            testId="mode-row"
          />
        )}
      </AsyncView>
      {changed && <ModeDialog key={changed.store.id} row={changed} onClose={() => setChanged(null)} />}
    </Panel>
  );
};

const ModeDialog = ({ row, onClose }: { row: Mode; onClose: () => void }): ReactNode => {
  const t = useSettlementT();
  const toast = useToast();
  type Values = { mode: Mode['mode']; share: number; reason: string };
  const [form] = Form.useForm<Values>();
  const put = useAction(putSettlementMode, ['settlement-modes.list']);
  const submit = async ({ mode, share, reason }: Values): Promise<void> => {
    const hqShareBps = Math.round(share * BPS_PER_PERCENT);
    await put.mutateAsync({ params: { id: row.store.id }, body: { mode, hqShareBps, reason } });
    toast(t('mode.done'), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={t('mode.title', { store: row.store.name })}
      okText={t('mode.change')}
      confirmLoading={put.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ mode: row.mode, share: row.hqShareBps / BPS_PER_PERCENT }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item name="mode" label={t('mode')}>
          <Radio.Group
            options={(['hq_collects', 'store_collects'] as const).map((value) => ({
              value,
              label: t(`mode.${value}`),
            }))}
          />
        </Form.Item>
        <Form.Item name="share" label={t('mode.share')} rules={[{ required: true, message: t('required') }]}>
          <InputNumber min={0} max={100} precision={2} />
        </Form.Item>
        <Form.Item
          name="reason"
          label={t('reason')}
          rules={[{ required: true, whitespace: true, min: 2, message: t('required') }]}
        >
          <Input maxLength={200} />
        </Form.Item>
      </Form>
      <Failure error={put.error} />
    </Modal>
  );
};
