import { PlusOutlined } from '@ant-design/icons';
import { listPreSales, type PreSaleCampaign, stopPreSale } from '@walnut-live/contracts';
import { Badge, type BadgeTone, EmptyState, useFormat, useNow } from '@walnut-live/ui';
import { Button } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { CsvButton, Page, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { usePreSaleT } from './messages.ts';
import { NewPreSaleDialog } from './new-pre-sale-dialog.tsx';
import { type PreSaleState, stateOf } from './state.ts';
import './pre-sales.css';

const PAGE = 50;
const REFRESH_MS = 10_000;
const MINUTE_MS = 60_000;
const tones: Readonly<Record<PreSaleState, BadgeTone>> = {
  soon: 'neutral',
  deposits: 'success',
  between: 'neutral',
  balances: 'warn',
  over: 'neutral',
  stopped: 'neutral',
};

/** Pre-sales of my scope: terms, windows, and what came of the deposits; made and stopped here. */
export default function PreSalesPage(): ReactNode {
  const t = usePreSaleT();
  const format = useFormat();
  const now = useNow(MINUTE_MS);
  const { may } = useSession();
  const [creating, setCreating] = useState(false);
  const [stopping, setStopping] = useState<PreSaleCampaign | null>(null);
  const query = usePages(listPreSales, { query: { limit: PAGE } }, { everyMs: REFRESH_MS });
  const yuan = (fen: number): string => format.money(fen, { fen: 'trim' });
  const span = (from: string, until: string): string => `${format.dateTime(from)} – ${format.dateTime(until)}`;
  const figure = (key: 'waiting' | 'paid' | 'lapsed' | 'returned'): Column<PreSaleCampaign> => ({
    key,
    title: t(key),
    align: 'end',
    render: ({ figures }) => (
      <span className="co-stacked ps-line">
        <span data-testid={`pre-sale-${key}`}>{figures ? format.count(figures[key]) : '–'}</span>
        {key === 'lapsed' && figures !== null && figures.forfeited > 0 && (
          <small>
            {t('forfeited')} {format.count(figures.forfeited)}
          </small>
        )}
      </span>
    ),
  });
  const columns: Column<PreSaleCampaign>[] = [
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
          <small>
            {campaign.orgUnit.name} · {t('limit', { count: campaign.perPerson })} ·{' '}
            {t(`keeps.${campaign.keepsDeposit}`)}
          </small>
        </span>
      ),
    },
    {
      key: 'price',
      title: t('price.short'),
      align: 'end',
      render: ({ priceFen, depositFen, worthFen }) => (
        <span className="co-stacked ps-line">
          <b>{yuan(priceFen)}</b>
          {worthFen > depositFen ? (
            <>
              <small>{t('deposit.short', { deposit: yuan(depositFen), worth: yuan(worthFen) })}</small>
              <small>{t('inAll', { amount: yuan(priceFen - worthFen + depositFen) })}</small>
            </>
          ) : (
            <small>{t('deposit.plain', { deposit: yuan(depositFen) })}</small>
          )}
        </span>
      ),
    },
    {
      key: 'windows',
      title: t('windows'),
      render: (campaign) => {
        const state = stateOf(campaign, now);
        return (
          <span className="co-stacked co-start ps-line">
            <Badge tone={tones[state]}>{t(`state.${state}`)}</Badge>
            <small>
              {t('deposits.short')} {span(campaign.startsAt, campaign.depositUntil)}
            </small>
            <small>
              {t('balances.short')} {span(campaign.balanceFrom, campaign.balanceUntil)}
            </small>
            <small>{t('shipsBy.short', { time: format.dateTime(campaign.shipsBy) })}</small>
          </span>
        );
      },
    },
    {
      key: 'taken',
      title: t('taken'),
      align: 'end',
      render: ({ taken, cap }) => `${format.count(taken)} / ${cap === null ? '∞' : format.count(cap)}`,
    },
    figure('waiting'),
    figure('paid'),
    figure('lapsed'),
    figure('returned'),
    {
      key: 'money',
      title: t('money'),
      align: 'end',
      render: ({ figures }) =>
        figures === null ? (
          '–'
        ) : (
          <span className="co-stacked ps-line">
            <b>{format.money(figures.paidFen)}</b>
            <small>{t('money.deposits', { amount: format.money(figures.depositsFen) })}</small>
            {figures.refundedFen > 0 && (
              <small>{t('money.refunded', { amount: format.money(figures.refundedFen) })}</small>
            )}
            {figures.forfeitedFen > 0 && (
              <small>{t('money.forfeited', { amount: format.money(figures.forfeitedFen) })}</small>
            )}
          </span>
        ),
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (campaign) =>
        may('offers:write') &&
        campaign.stoppedAt === null &&
        Date.parse(campaign.depositUntil) > now && (
          <Button size="small" danger onClick={() => setStopping(campaign)} data-testid="pre-sale-stop">
            {t('stop')}
          </Button>
        ),
    },
  ];
  return (
    <Page
      title={t('title')}
      hint={t('hint')}
      actions={
        <>
          <CsvButton route={listPreSales} args={{ query: { format: 'csv' } }} fileName="pre-sales" />
          {may('offers:write') && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)} data-testid="pre-sale-new">
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
          testId="pre-sale-row"
        />
      </Panel>
      {creating && <NewPreSaleDialog onClose={() => setCreating(false)} />}
      {stopping && <StopDialog key={stopping.id} campaign={stopping} onClose={() => setStopping(null)} />}
    </Page>
  );
}

const StopDialog = ({ campaign, onClose }: { campaign: PreSaleCampaign; onClose: () => void }): ReactNode => {
  const t = usePreSaleT();
  const stop = useAction(stopPreSale, ['pre-sales.list']);
  return (
    <ReasonDialog
      title={t('stop.title', { name: campaign.title })}
      hint={t('stop.body')}
      label={t('stop.reason')}
      okText={t('stop')}
      done={t('stop.done')}
      danger
      pending={stop.isPending}
      error={stop.error}
      onSubmit={(reason) => stop.mutateAsync({ params: { id: campaign.id }, body: { reason } })}
      onClose={onClose}
    />
  );
};
