import {
  createReviewCampaign,
  listProducts,
  listReviewCampaigns,
  type ReviewCampaign,
  stopReviewCampaign,
} from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat, useNow, useToast } from '@walnut-live/ui';
import { Form, Input, InputNumber, Modal, Select } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { ManagedList } from '../../shared/managed-list.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { UnitSelect } from '../../shared/unit-select.tsx';
import { useReviewT } from './messages.ts';
import '../coupons/coupons.css';

const PAGE = 50;
const REFRESH_MS = 15_000;
const MINUTE_MS = 60_000;
const PRODUCTS = 50;
const MOST_PRIZES = 100_000;
const MOST_DAYS = 365;

const stateOf = (campaign: ReviewCampaign, now: number): 'running' | 'over' | 'stopped' =>
  campaign.stoppedAt !== null ? 'stopped' : Date.parse(campaign.endsAt) > now ? 'running' : 'over';

/** Prizes for reviews: made and stopped here. */
export const Campaigns = (): ReactNode => {
  const t = useReviewT();
  const format = useFormat();
  const now = useNow(MINUTE_MS);
  const { may } = useSession();
  const stop = useAction(stopReviewCampaign, ['review-campaigns.list']);
  const query = usePages(listReviewCampaigns, { query: { limit: PAGE } }, { everyMs: REFRESH_MS });
  const columns: Column<ReviewCampaign>[] = [
    {
      key: 'name',
      title: t('name'),
      head: true,
      render: (campaign) => (
        <span className="co-thing">
          <img src={campaign.product.pictureUrl} alt="" width={44} height={44} loading="lazy" />
          <span className="co-stacked co-start">
            <b>{campaign.title}</b>
            <small>
              {campaign.product.title} · {campaign.sku.name} · {format.money(campaign.sku.priceFen, { fen: 'trim' })}
            </small>
          </span>
        </span>
      ),
    },
    { key: 'unit', title: t('unit'), render: (campaign) => campaign.orgUnit.name },
    {
      key: 'taken',
      title: t('taken'),
      align: 'end',
      render: (campaign) => `${format.count(campaign.taken)} / ${format.count(campaign.total)}`,
    },
    {
      key: 'state',
      title: t('state'),
      render: (campaign) => {
        const state = stateOf(campaign, now);
        return (
          <span className="co-stacked co-start">
            <Badge tone={state === 'running' ? 'success' : 'neutral'}>{t(`camp.${state}`)}</Badge>
            <small>{t('until', { date: format.dateTime(campaign.endsAt) })}</small>
          </span>
        );
      },
    },
  ];
  return (
    <ManagedList
      title={t('campaigns')}
      query={query}
      columns={columns}
      empty={<EmptyState illustration="orders" title={t('camp.empty')} hint={t('camp.emptyHint')} />}
      testId="prize-row"
      mayChange={may('campaigns:write')}
      make={{ label: t('create'), testId: 'prize-new', dialog: (close) => <NewDialog onClose={close} /> }}
      end={{
        label: t('stop'),
        action: stop,
        isOpen: (campaign) => stateOf(campaign, now) === 'running',
        dialogTitle: ({ title }) => t('stop.title', { name: title }),
        hint: t('stop.body'),
        reasonLabel: t('stop.reason'),
        done: t('stop.done'),
        testId: 'prize-stop',
      }}
    />
  );
};

type Values = { title: string; skuId: string; total: number; days: number; orgUnitId: string };
const NewDialog = ({ onClose }: { onClose: () => void }): ReactNode => {
  const t = useReviewT();
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
  const create = useAction(createReviewCampaign, ['review-campaigns.list']);
  const submit = async ({ title, ...values }: Values): Promise<void> => {
    const campaign = await create.mutateAsync({ body: { ...values, title: title.trim() } });
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
      okButtonProps={{ 'data-testid': 'prize-submit' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ orgUnitId: staff.orgUnit.id, total: 100, days: 30 }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item
          name="title"
          label={t('name')}
          rules={[{ required: true, whitespace: true, message: t('required') }]}
        >
          <Input maxLength={30} showCount autoFocus data-testid="prize-title" />
        </Form.Item>
        <Form.Item name="skuId" label={t('product')} rules={needed}>
          <Select
            showSearch
            filterOption={false}
            onSearch={setSearch}
            loading={products.isPending}
            placeholder={t('product.search')}
            options={skus}
            data-testid="prize-sku"
          />
        </Form.Item>
        <div className="cp-fields">
          <Form.Item name="total" label={t('total')} rules={needed}>
            <InputNumber min={1} max={MOST_PRIZES} precision={0} />
          </Form.Item>
          <Form.Item name="days" label={t('days')} rules={needed}>
            <InputNumber min={1} max={MOST_DAYS} precision={0} />
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
