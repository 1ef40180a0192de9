import { PlusOutlined } from '@ant-design/icons';
import {
  createReviewCampaign,
  listOrgUnits,
  listProducts,
  listReviewCampaigns,
  type ReviewCampaign,
  stopReviewCampaign,
} from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat, useNow, useToast } from '@walnut-live/ui';
import { Button, Form, Input, InputNumber, Modal, Select } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
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
  const [creating, setCreating] = useState(false);
  const [stopping, setStopping] = useState<ReviewCampaign | null>(null);
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
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (campaign) =>
        may('campaigns:write') &&
        stateOf(campaign, now) === 'running' && (
          <Button size="small" danger onClick={() => setStopping(campaign)} data-testid="prize-stop">
            {t('stop')}
          </Button>
        ),
    },
  ];
  return (
    <Panel flush>
      {may('campaigns:write') && (
        <div className="co-filters">
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)} data-testid="prize-new">
            {t('create')}
          </Button>
        </div>
      )}
      <PagedTable
        query={query}
        empty={<EmptyState illustration="orders" title={t('camp.empty')} hint={t('camp.emptyHint')} />}
        caption={t('campaigns')}
        columns={columns}
        rowKey={({ id }) => id}
        testId="prize-row"
      />
      {creating && <NewDialog onClose={() => setCreating(false)} />}
      {stopping && <StopDialog key={stopping.id} campaign={stopping} onClose={() => setStopping(null)} />}
    </Panel>
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
  const units = useCall(listOrgUnits, undefined);
  // Of one's own unit the name is known before the others are read.
  const choices = units.data?.items.length ? units.data.items : [staff.orgUnit];
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
          <Select
            showSearch
            optionFilterProp="label"
            options={choices.map((unit) => ({ value: unit.id, label: unit.name }))}
          />
        </Form.Item>
        <p className="co-quiet">{t('create.rule')}</p>
        <Failure error={create.error} />
      </Form>
    </Modal>
  );
};

const StopDialog = ({ campaign, onClose }: { campaign: ReviewCampaign; onClose: () => void }): ReactNode => {
  const t = useReviewT();
  const toast = useToast();
  const [form] = Form.useForm<{ reason: string }>();
  const stop = useAction(stopReviewCampaign, ['review-campaigns.list']);
  const submit = async ({ reason }: { reason: string }): Promise<void> => {
    await stop.mutateAsync({ params: { id: campaign.id }, body: { reason: reason.trim() } });
    toast(t('stop.done'), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={t('stop.title', { name: campaign.title })}
      okText={t('stop')}
      okButtonProps={{ danger: true }}
      confirmLoading={stop.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <p>{t('stop.body')}</p>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item
          name="reason"
          label={t('stop.reason')}
          rules={[{ required: true, whitespace: true, message: t('required') }]}
        >
          <Input maxLength={100} />
        </Form.Item>
        <Failure error={stop.error} />
      </Form>
    </Modal>
  );
};
