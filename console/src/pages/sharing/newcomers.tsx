import { endNewcomerGift, listNewcomerGifts, type NewcomerGift, startNewcomerGift } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat, useToast } from '@walnut-live/ui';
import { Form, Input, InputNumber, Modal } from 'antd';
import type { ReactNode } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { ManagedList } from '../../shared/managed-list.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { UnitSelect } from '../../shared/unit-select.tsx';
import { useSharingT } from './messages.ts';

const PAGE = 30;
const FEN = 100;

/** Red packets for newcomers, from the marketing budget. */
export const Newcomers = (): ReactNode => {
  const t = useSharingT();
  const format = useFormat();
  const { may } = useSession();
  const query = usePages(listNewcomerGifts, { query: { limit: PAGE } });
  const end = useAction(endNewcomerGift, ['newcomer-gifts.list']);
  const columns: Column<NewcomerGift>[] = [
    {
      key: 'name',
      title: t('name'),
      head: true,
      render: (gift) => (
        <span className="co-stacked co-start">
          <b>{gift.title}</b>
          <small>{gift.orgUnit.name}</small>
        </span>
      ),
    },
    { key: 'amount', title: t('new.amount'), align: 'end', render: (gift) => format.money(gift.amountFen) },
    {
      key: 'taken',
      title: t('new.takenTitle'),
      align: 'end',
      render: (gift) => t('new.taken', { taken: format.count(gift.taken), count: format.count(gift.count) }),
    },
    {
      key: 'state',
      title: t('state'),
      render: (gift) => (
        <span className="co-stacked co-start">
          <Badge tone={gift.state === 'running' ? 'success' : 'neutral'}>{t(`is.${gift.state}`)}</Badge>
          <small>{t('until', { date: format.dateTime(gift.endsAt) })}</small>
        </span>
      ),
    },
  ];
  return (
    <ManagedList
      title={t('tab.newcomers')}
      query={query}
      columns={columns}
      empty={<EmptyState illustration="orders" title={t('new.empty')} />}
      testId="newcomer-row"
      mayChange={may('rewards:write')}
      make={{ label: t('new.new'), testId: 'newcomer-new', dialog: (close) => <NewGift onClose={close} /> }}
      end={{
        label: t('new.end'),
        action: end,
        isOpen: (gift) => gift.state === 'running',
        dialogTitle: ({ title }) => t('new.end.title', { name: title }),
        hint: t('new.end.hint'),
        reasonLabel: t('reason'),
        done: t('done'),
      }}
    />
  );
};

type Values = { title: string; yuan: number; count: number; days: number; orgUnitId: string };
const NewGift = ({ onClose }: { onClose: () => void }): ReactNode => {
  const t = useSharingT();
  const format = useFormat();
  const toast = useToast();
  const { staff } = useSession();
  const [form] = Form.useForm<Values>();
  const [yuan, count] = [Form.useWatch('yuan', form) ?? 0, Form.useWatch('count', form) ?? 0];
  const start = useAction(startNewcomerGift, ['newcomer-gifts.list']);
  const submit = async ({ yuan: each, ...values }: Values): Promise<void> => {
    await start.mutateAsync({ body: { ...values, title: values.title.trim(), amountFen: Math.round(each * FEN) } });
    toast(t('done'), { tone: 'success' });
    onClose();
  };
  const needed = [{ required: true, message: t('required') }];
  return (
    <Modal
      open
      title={t('new.new')}
      okText={t('new.new')}
      confirmLoading={start.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ orgUnitId: staff.orgUnit.id, yuan: 1, count: 100, days: 14 }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item
          name="title"
          label={t('name')}
          rules={[{ required: true, whitespace: true, message: t('required') }]}
        >
          <Input maxLength={30} showCount autoFocus />
        </Form.Item>
        <Form.Item name="yuan" label={t('new.amount')} rules={needed}>
          <InputNumber min={0.01} max={200} precision={2} />
        </Form.Item>
        <Form.Item name="count" label={t('new.count')} rules={needed}>
          <InputNumber min={1} max={100_000} precision={0} />
        </Form.Item>
        <Form.Item name="days" label={t('days')} rules={needed}>
          <InputNumber min={1} max={90} precision={0} />
        </Form.Item>
        <Form.Item name="orgUnitId" label={t('unit')}>
          <UnitSelect />
        </Form.Item>
        <p className="co-quiet">{t('new.total', { amount: format.money(Math.round(yuan * count * FEN)) })}</p>
        <Failure error={start.error} />
      </Form>
    </Modal>
  );
};
