import { PlusOutlined } from '@ant-design/icons';
import { type GroupCampaign, listGroupCampaigns, stopGroupCampaign } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat, useNow } from '@walnut-live/ui';
import { Button, Space } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { CsvButton, Page, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { GroupsDialog } from './groups-dialog.tsx';
import { useGroupT } from './messages.ts';
import { NewCampaignDialog } from './new-campaign-dialog.tsx';

const PAGE = 50;
const REFRESH_MS = 10_000;
const MINUTE_MS = 60_000;

const stateOf = (campaign: GroupCampaign, now: number): 'active' | 'soon' | 'over' | 'stopped' => {
  if (campaign.stoppedAt !== null) return 'stopped';
  if (Date.parse(campaign.startsAt) > now) return 'soon';
  return Date.parse(campaign.endsAt) > now ? 'active' : 'over';
};

/** Group buys of my scope: terms, running groups, what they brought; made and stopped here. */
export default function GroupBuysPage(): ReactNode {
  const t = useGroupT();
  const format = useFormat();
  const now = useNow(MINUTE_MS);
  const { may } = useSession();
  const [creating, setCreating] = useState(false);
  const [stopping, setStopping] = useState<GroupCampaign | null>(null);
  const [looking, setLooking] = useState<GroupCampaign | null>(null);
  const query = usePages(listGroupCampaigns, { query: { limit: PAGE } }, { everyMs: REFRESH_MS });
  const yuan = (fen: number): string => format.money(fen, { fen: 'trim' });
  const figure = (key: 'open' | 'complete' | 'expired' | 'buyers'): Column<GroupCampaign> => ({
    key,
    title: t(key),
    align: 'end',
    render: ({ figures }) => <span data-testid={`group-${key}`}>{figures ? format.count(figures[key]) : '–'}</span>,
  });
  const columns: Column<GroupCampaign>[] = [
    {
      key: 'name',
      title: t('name'),
      head: true,
      render: (campaign) => (
        <span className="co-stacked co-start">
          <b>{campaign.title}</b>
          <small>
            {campaign.product.title} · {campaign.sku.name}
          </small>
          <small>{t('terms', { size: campaign.size, hours: campaign.hours, limit: campaign.perPerson })}</small>
        </span>
      ),
    },
    {
      key: 'price',
      title: t('price'),
      align: 'end',
      render: (campaign) => (
        <span className="co-stacked">
          <b>{yuan(campaign.priceFen)}</b>
          <small>{t('alone', { price: yuan(campaign.shelfPriceFen) })}</small>
        </span>
      ),
    },
    { key: 'unit', title: t('unit'), render: (campaign) => campaign.orgUnit.name },
    figure('open'),
    figure('complete'),
    figure('expired'),
    figure('buyers'),
    {
      key: 'paid',
      title: t('paid'),
      align: 'end',
      render: ({ figures }) => (
        <span className="co-stacked">
          <b>{figures ? format.money(figures.paidFen - figures.refundedFen) : '–'}</b>
          {figures !== null && figures.refundedFen > 0 && (
            <small>
              {t('refunded')} {format.money(figures.refundedFen)}
            </small>
          )}
        </span>
      ),
    },
    {
      key: 'state',
      title: t('state'),
      render: (campaign) => {
        const state = stateOf(campaign, now);
        return (
          <span className="co-stacked co-start">
            <Badge tone={state === 'active' ? 'success' : 'neutral'}>{t(`state.${state}`)}</Badge>
            <small>
              {t('until')} {format.dateTime(campaign.endsAt)}
            </small>
          </span>
        );
      },
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (campaign) => (
        <Space>
          <Button size="small" onClick={() => setLooking(campaign)} data-testid="group-look">
            {t('groups')}
          </Button>
          {may('offers:write') && campaign.stoppedAt === null && (
            <Button size="small" danger onClick={() => setStopping(campaign)} data-testid="group-stop">
              {t('stop')}
            </Button>
          )}
        </Space>
      ),
    },
  ];
  return (
    <Page
      title={t('title')}
      hint={t('hint')}
      actions={
        <>
          <CsvButton route={listGroupCampaigns} args={{ query: { format: 'csv' } }} fileName="group-buys" />
          {may('offers:write') && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)} data-testid="group-new">
              {t('create')}
            </Button>
          )}
        </>
      }
    >
      <Panel flush>
        <PagedTable
          query={query}
          empty={<EmptyState illustration="orders" title={t('empty')} hint={t('empty.hint')} />}
          caption={t('title')}
          columns={columns}
          rowKey={({ id }) => id}
          testId="campaign-row"
        />
      </Panel>
      {creating && <NewCampaignDialog onClose={() => setCreating(false)} />}
      {looking && <GroupsDialog key={looking.id} campaign={looking} onClose={() => setLooking(null)} />}
      {stopping && <StopDialog key={stopping.id} campaign={stopping} onClose={() => setStopping(null)} />}
    </Page>
  );
}

const StopDialog = ({ campaign, onClose }: { campaign: GroupCampaign; onClose: () => void }): ReactNode => {
  const t = useGroupT();
  const stop = useAction(stopGroupCampaign, ['group-campaigns.list']);
  return (
    <ReasonDialog
      danger
      title={t('stop.title', { name: campaign.title })}
      label={t('stop.reason')}
      hint={t('stop.body')}
      okText={t('stop')}
      done={t('stop.done')}
      pending={stop.isPending}
      error={stop.error}
      onSubmit={(reason) => stop.mutateAsync({ params: { id: campaign.id }, body: { reason } })}
      onClose={onClose}
    />
  );
};
