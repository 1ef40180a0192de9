import {
  createGroupCampaign,
  DEFAULT_GROUP_HOURS,
  listProducts,
  MAX_GROUP_HOURS,
  MAX_GROUP_SIZE,
  MIN_GROUP_SIZE,
} from '@walnut-live/contracts';
import { useFormat, useToast } from '@walnut-live/ui';
import { Form, Input, InputNumber, Modal, Select } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { Failure } from '../../shared/ship-dialog.tsx';
import { UnitSelect } from '../../shared/unit-select.tsx';
import { useGroupT } from './messages.ts';
import '../coupons/coupons.css';

const FEN_PER_YUAN = 100;
const PRODUCTS = 50;
const MOST_DAYS = 90;
const MOST_GROUPS = 100_000;
const MOST_EACH = 100;

type Values = {
  title: string;
  skuId: string;
  price: number;
  size: number;
  hours: number;
  days: number;
  perPerson: number;
  maxGroups?: number | null;
  orgUnitId: string;
};

/** Terms of a new group buy. They stay as they are written. */
export const NewCampaignDialog = ({ onClose }: { onClose: () => void }): ReactNode => {
  const t = useGroupT();
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
  const create = useAction(createGroupCampaign, ['group-campaigns.list']);
  const submit = async ({ price, title, maxGroups, ...values }: Values): Promise<void> => {
    const campaign = await create.mutateAsync({
      body: {
        ...values,
        title: title.trim(),
        priceFen: Math.round(price * FEN_PER_YUAN),
        maxGroups: maxGroups ?? null,
      },
    });
    toast(t('create.done', { name: campaign.title }), { tone: 'success' });
    onClose();
  };
  const needed = [{ required: true, message: t('required') }];
  return (
    <Modal
      open
      title={t('create')}
      okText={t('create')}
      confirmLoading={create.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'group-submit' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ orgUnitId: staff.orgUnit.id, size: 3, hours: DEFAULT_GROUP_HOURS, days: 7, perPerson: 1 }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item
          name="title"
          label={t('name')}
          rules={[{ required: true, whitespace: true, message: t('required') }]}
        >
          <Input maxLength={30} showCount autoFocus data-testid="group-title" />
        </Form.Item>
        <Form.Item name="skuId" label={t('product')} rules={needed}>
          <Select
            showSearch
            filterOption={false}
            onSearch={setSearch}
            loading={products.isPending}
            placeholder={t('product.search')}
            options={skus}
            data-testid="group-sku"
          />
        </Form.Item>
        <div className="cp-fields">
          <Form.Item name="price" label={t('price')} rules={needed}>
            <InputNumber min={0.01} precision={2} data-testid="group-price" />
          </Form.Item>
          <Form.Item name="size" label={t('size')} rules={needed}>
            <InputNumber min={MIN_GROUP_SIZE} max={MAX_GROUP_SIZE} precision={0} data-testid="group-size" />
          </Form.Item>
          <Form.Item name="perPerson" label={t('perPerson')} rules={needed}>
            <InputNumber min={1} max={MOST_EACH} precision={0} />
          </Form.Item>
          <Form.Item name="hours" label={t('hours')} extra={t('hours.hint')} rules={needed}>
            <InputNumber min={1} max={MAX_GROUP_HOURS} precision={0} />
          </Form.Item>
          <Form.Item name="days" label={t('days')} rules={needed}>
            <InputNumber min={1} max={MOST_DAYS} precision={0} />
          </Form.Item>
          <Form.Item name="maxGroups" label={t('maxGroups')} extra={t('maxGroups.hint')}>
            <InputNumber min={1} max={MOST_GROUPS} precision={0} />
          </Form.Item>
        </div>
        <Form.Item name="orgUnitId" label={t('unit')} extra={t('unit.hint')}>
          <UnitSelect />
        </Form.Item>
        <p className="co-quiet">{t('create.rule')}</p>
        <Failure error={create.error} />
      </Form>
    </Modal>
  );
};
