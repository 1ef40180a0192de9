import { grantBudget, listBudgets, type MarketingBudget } from '@walnut-live/contracts';
import { EmptyState, useFormat, useToast } from '@walnut-live/ui';
import { Button, Form, Input, InputNumber, Modal } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { usePrizeT } from './messages.ts';

const FEN_PER_YUAN = 100;
/** Of one grant; the contract says the same in fen. */
const LARGEST_YUAN = 1_000_000;

/** What units may spend on red packets; headquarters gives, with a reason. */
export const Budgets = (): ReactNode => {
  const t = usePrizeT();
  const format = useFormat();
  const { may } = useSession();
  const [granting, setGranting] = useState<MarketingBudget | null>(null);
  const query = useCall(listBudgets, {});
  const columns: Column<MarketingBudget>[] = [
    {
      key: 'unit',
      title: t('unit'),
      head: true,
      render: ({ orgUnit }) => (
        <span className="co-stacked co-start">
          <b>{orgUnit.name}</b>
          <small>{t(`unit.${orgUnit.kind}`)}</small>
        </span>
      ),
    },
    {
      key: 'available',
      title: t('available'),
      align: 'end',
      render: (row) => <b>{format.money(row.availableFen)}</b>,
    },
    { key: 'reserved', title: t('reserved'), align: 'end', render: (row) => format.money(row.reservedFen) },
    ...(may('budgets:write')
      ? [
          {
            key: 'do',
            title: '',
            align: 'end' as const,
            render: (row: MarketingBudget) => (
              <Button size="small" onClick={() => setGranting(row)} data-testid="budget-grant">
                {t('grant')}
              </Button>
            ),
          },
        ]
      : []),
  ];
  return (
    <Panel flush>
      <div className="co-filters">
        <span className="co-quiet">{t('budgets.rule')}</span>
      </div>
      <AsyncView
        query={query}
        skeleton={<TableSkeleton rows={5} />}
        isEmpty={({ items }) => items.length === 0}
        empty={<EmptyState illustration="orders" title={t('tab.budgets')} />}
      >
        {({ items }) => (
          <DataTable
            caption={t('tab.budgets')}
            rows={items}
            columns={columns}
            rowKey={({ orgUnit }) => orgUnit.id}
            testId="budget-row"
          />
        )}
      </AsyncView>
      {granting && <GrantDialog key={granting.orgUnit.id} budget={granting} onClose={() => setGranting(null)} />}
    </Panel>
  );
};

const GrantDialog = ({ budget, onClose }: { budget: MarketingBudget; onClose: () => void }): ReactNode => {
  const t = usePrizeT();
  const format = useFormat();
  const toast = useToast();
  const [form] = Form.useForm<{ yuan: number; reason: string }>();
  const yuan = Form.useWatch('yuan', form) ?? 0;
  const fenOf = (amount: number): number => Math.round(amount * FEN_PER_YUAN);
  const grant = useAction(grantBudget, ['budgets.list']);
  const { id, name } = budget.orgUnit;
  const submit = async (values: { yuan: number; reason: string }): Promise<void> => {
    const after = await grant.mutateAsync({
      kind: id,
      params: { orgUnitId: id },
      body: { amountFen: fenOf(values.yuan), reason: values.reason.trim() },
    });
    toast(t('grant.done', { money: format.money(after.availableFen) }), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={t('grant.title', { name })}
      okText={t('grant.submit', { money: format.money(fenOf(yuan)) })}
      confirmLoading={grant.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'grant-submit' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item name="yuan" label={t('grant.amount')} rules={[{ required: true, message: t('grant.amount') }]}>
          <InputNumber min={0.01} max={LARGEST_YUAN} precision={2} data-testid="grant-amount" />
        </Form.Item>
        <Form.Item
          name="reason"
          label={t('grant.reason')}
          rules={[{ required: true, whitespace: true, message: t('grant.reason') }]}
        >
          <Input maxLength={100} data-testid="grant-reason" />
        </Form.Item>
        <Failure error={grant.error} />
      </Form>
    </Modal>
  );
};
