import { createPreSale, listProducts } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { useFormat, useToast } from '@walnut-live/ui';
import { Checkbox, DatePicker, Form, Input, InputNumber, Modal, Select } from 'antd';
import dayjs, { type Dayjs } from 'dayjs';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { Failure } from '../../shared/ship-dialog.tsx';
import { UnitSelect } from '../../shared/unit-select.tsx';
import { usePreSaleT } from './messages.ts';
import '../coupons/coupons.css';

const FEN_PER_YUAN = 100;
const PRODUCTS = 50;
const MOST_EACH = 100;
const MOST_PIECES = 1_000_000;

type Span = [Dayjs, Dayjs];
type Values = {
  title: string;
  skuId: string;
  price: number;
  deposit: number;
  worth?: number | null;
  cap?: number | null;
  perPerson: number;
  keepsDeposit: boolean;
  deposits: Span;
  balances: Span;
  shipsBy: Dayjs;
  orgUnitId: string;
};
const fen = (yuan: number): number => Math.round(yuan * FEN_PER_YUAN);
const instant = (time: Dayjs): string => time.toDate().toISOString();

/** Which field the server's word is about; those it does not know say it below the form. */
const fields: Readonly<Record<string, keyof Values>> = {
  ...{ '/priceFen': 'price', '/depositFen': 'deposit', '/worthFen': 'worth' },
  ...{ '/depositUntil': 'deposits', '/startsAt': 'deposits', '/balanceFrom': 'balances', '/balanceUntil': 'balances' },
  '/shipsBy': 'shipsBy',
};
const issues = [
  ...(['above_a_fifth', 'below_deposit', 'not_below_price', 'above_shelf_price', 'not_after_start'] as const),
  ...(['before_end_of_deposits', 'window_too_short', 'before_end_of_balances', 'too_late'] as const),
];

const isKnown = ({ path, issue }: { path: string; issue: string }): boolean =>
  path in fields && issues.some((one) => one === issue);

/** Terms of a new pre-sale. They stay as they are written. */
export const NewPreSaleDialog = ({ onClose }: { onClose: () => void }): ReactNode => {
  const t = usePreSaleT();
  const format = useFormat();
  const toast = useToast();
  const { staff } = useSession();
  const [search, setSearch] = useState('');
  const [form] = Form.useForm<Values>();
  const products = useCall(listProducts, {
    query: { limit: PRODUCTS, status: 'on_sale', ...(search.trim() ? { search: search.trim() } : {}) },
  });
  const skus = (products.data?.items ?? []).flatMap((product) =>
    product.skus.map((sku) => ({
      value: sku.id,
      label: `${product.title} · ${sku.name} · ${format.money(sku.priceFen, { fen: 'trim' })}`,
    })),
  );
  const create = useAction(createPreSale, ['pre-sales.list']);
  const isSaidAtFields = isApiError(create.error, 'invalid_request') && create.error.issues.every(isKnown);

  const submit = async ({ price, deposit, worth, deposits, balances, shipsBy, cap, title, ...values }: Values) => {
    try {
      const campaign = await create.mutateAsync({
        body: {
          ...values,
          ...{ title: title.trim(), priceFen: fen(price), depositFen: fen(deposit), cap: cap ?? null },
          ...(worth == null ? {} : { worthFen: fen(worth) }),
          ...{ startsAt: instant(deposits[0]), depositUntil: instant(deposits[1]) },
          ...{ balanceFrom: instant(balances[0]), balanceUntil: instant(balances[1]), shipsBy: instant(shipsBy) },
        },
      });
      toast(t('create.done', { name: campaign.title }), { tone: 'success' });
      onClose();
    } catch (error) {
      if (!isApiError(error, 'invalid_request')) return;
      form.setFields(
        error.issues.flatMap(({ path, issue }) => {
          const name = fields[path];
          const known = issues.find((one) => one === issue);
          return name && known ? [{ name, errors: [t(`issue.${known}`)] }] : [];
        }),
      );
    }
  };
  const needed = [{ required: true, message: t('required') }];
  const today = dayjs().startOf('hour');
  const times = { showTime: { format: 'HH:mm', minuteStep: 5 }, format: 'YYYY-MM-DD HH:mm' } as const;
  return (
    <Modal
      open
      width={640}
      title={t('create')}
      okText={t('create')}
      confirmLoading={create.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'pre-sale-submit' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          ...{ orgUnitId: staff.orgUnit.id, perPerson: 1, keepsDeposit: false },
          deposits: [today, today.add(3, 'day')],
          balances: [today.add(3, 'day'), today.add(5, 'day')],
          shipsBy: today.add(12, 'day'),
        }}
        onFinish={(values) => void submit(values)}
      >
        <Form.Item
          name="title"
          label={t('name')}
          rules={[{ required: true, whitespace: true, message: t('required') }]}
        >
          <Input maxLength={30} showCount autoFocus data-testid="pre-sale-title" />
        </Form.Item>
        <Form.Item name="skuId" label={t('product')} rules={needed}>
          <Select
            showSearch
            filterOption={false}
            onSearch={setSearch}
            loading={products.isPending}
            placeholder={t('product.search')}
            options={skus}
            data-testid="pre-sale-sku"
          />
        </Form.Item>
        <div className="cp-fields">
          <Form.Item name="price" label={t('price')} rules={needed}>
            <InputNumber min={0.01} precision={2} data-testid="pre-sale-price" />
          </Form.Item>
          <Form.Item name="deposit" label={t('deposit')} extra={t('deposit.hint')} rules={needed}>
            <InputNumber min={0.01} precision={2} data-testid="pre-sale-deposit" />
          </Form.Item>
          <Form.Item name="worth" label={t('worth')} extra={t('worth.hint')}>
            <InputNumber min={0.01} precision={2} data-testid="pre-sale-worth" />
          </Form.Item>
        </div>
        <Form.Item noStyle shouldUpdate>
          {() => <InAll {...form.getFieldsValue(['price', 'deposit', 'worth'])} />}
        </Form.Item>
        <Form.Item name="deposits" label={t('deposits')} rules={needed}>
          <DatePicker.RangePicker {...times} inputReadOnly allowClear={false} style={{ width: '100%' }} />
        </Form.Item>
        <Form.Item name="balances" label={t('balances')} extra={t('balances.hint')} rules={needed}>
          <DatePicker.RangePicker {...times} inputReadOnly allowClear={false} style={{ width: '100%' }} />
        </Form.Item>
        <div className="cp-fields">
          <Form.Item name="shipsBy" label={t('shipsBy')} rules={needed}>
            <DatePicker {...times} inputReadOnly allowClear={false} style={{ width: '100%' }} />
          </Form.Item>
          <Form.Item name="perPerson" label={t('perPerson')} rules={needed}>
            <InputNumber min={1} max={MOST_EACH} precision={0} />
          </Form.Item>
          <Form.Item name="cap" label={t('cap')} extra={t('cap.hint')}>
            <InputNumber min={1} max={MOST_PIECES} precision={0} />
          </Form.Item>
        </div>
        <Form.Item name="keepsDeposit" valuePropName="checked" extra={t('keeps.hint')}>
          <Checkbox data-testid="pre-sale-keeps">{t('keeps')}</Checkbox>
        </Form.Item>
        <Form.Item name="orgUnitId" label={t('unit')} extra={t('unit.hint')}>
          <UnitSelect />
        </Form.Item>
        <p className="co-quiet">{t('create.rule')}</p>
        {!isSaidAtFields && <Failure error={create.error} />}
      </Form>
    </Modal>
  );
};

/** What one piece costs by what is typed so far. */
const InAll = ({ price, deposit, worth }: Partial<Values>): ReactNode => {
  const t = usePreSaleT();
  const format = useFormat();
  if (price == null || deposit == null) return null;
  const inAll = fen(price) - fen(worth ?? deposit) + fen(deposit);
  const balance = inAll - fen(deposit);
  if (balance <= 0) return null;
  return (
    <p className="co-quiet" style={{ marginBottom: 16 }} data-testid="pre-sale-in-all">
      {t('create.inAll', {
        inAll: format.money(inAll),
        deposit: format.money(fen(deposit)),
        balance: format.money(balance),
      })}
    </p>
  );
};
