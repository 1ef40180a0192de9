import { PlusOutlined } from '@ant-design/icons';
import { type CouponKind, listCouponKinds, stopCouponKind } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Button } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { CsvButton, Page, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { GiveDialog } from './give-dialog.tsx';
import { useCouponT } from './messages.ts';
import { NewCouponDialog } from './new-coupon-dialog.tsx';
import './coupons.css';

const PAGE = 50;
const REFRESH_MS = 15_000;

/** Coupons of my scope: terms, numbers, what they brought; made and stopped here. */
export default function CouponsPage(): ReactNode {
  const t = useCouponT();
  const format = useFormat();
  const { may } = useSession();
  const [creating, setCreating] = useState(false);
  const [giving, setGiving] = useState<CouponKind | null>(null);
  const [stopping, setStopping] = useState<CouponKind | null>(null);
  const query = usePages(listCouponKinds, { query: { limit: PAGE } }, { everyMs: REFRESH_MS });
  const yuan = (fen: number): string => format.money(fen, { fen: 'trim' });
  const columns: Column<CouponKind>[] = [
    {
      key: 'name',
      title: t('name'),
      head: true,
      render: (kind) => (
        <span className="co-stacked co-start">
          <b>{kind.title}</b>
          <small>
            {kind.usage === 'gift'
              ? t('terms.gift', { off: yuan(kind.offFen) })
              : t('terms', { min: yuan(kind.minSpendFen), off: yuan(kind.offFen) })}
          </small>
          {kind.stacking === 'with_others' && <small>{t(`stacking.${kind.stackGroup}`)}</small>}
          <small>{t('validDays', { days: kind.validDays, limit: kind.perPerson })}</small>
        </span>
      ),
    },
    {
      key: 'unit',
      title: t('unit'),
      render: (kind) => (
        <span className="co-stacked co-start">
          <span>{kind.orgUnit.name}</span>
          <small>
            {kind.newcomersOnly && `${t('tag.newcomers')} · `}
            {t(kind.usage === 'order' ? (kind.listed ? 'tag.listed' : 'tag.drop') : `usage.${kind.usage}`)}
          </small>
        </span>
      ),
    },
    {
      key: 'claimed',
      title: t('claimed'),
      align: 'end',
      render: (kind) => `${format.count(kind.claimed)} / ${format.count(kind.total)}`,
    },
    {
      key: 'used',
      title: t('used'),
      align: 'end',
      render: ({ figures }) => <span data-testid="coupon-used">{figures ? format.count(figures.used) : '–'}</span>,
    },
    {
      key: 'orders',
      title: t('orders'),
      align: 'end',
      render: ({ figures }) => (figures ? format.count(figures.orders) : '–'),
    },
    {
      key: 'discount',
      title: t('discount'),
      align: 'end',
      render: ({ figures }) => (figures ? format.money(figures.discountFen) : '–'),
    },
    {
      key: 'brought',
      title: t('brought'),
      align: 'end',
      render: ({ figures }) => <b>{figures ? format.money(figures.broughtFen) : '–'}</b>,
    },
    {
      key: 'state',
      title: t('state'),
      render: (kind) => (
        <Badge tone={kind.active ? 'success' : 'neutral'}>{t(kind.active ? 'state.active' : 'state.stopped')}</Badge>
      ),
    },
    ...(may('coupons:write')
      ? [
          {
            key: 'do',
            title: '',
            align: 'end' as const,
            render: (kind: CouponKind) =>
              kind.active && (
                <span className="co-inline">
                  <Button size="small" onClick={() => setGiving(kind)} data-testid="coupon-give">
                    {t('give')}
                  </Button>
                  <Button size="small" danger onClick={() => setStopping(kind)} data-testid="coupon-stop">
                    {t('stop')}
                  </Button>
                </span>
              ),
          },
        ]
      : []),
  ];
  return (
    <Page
      title={t('title')}
      hint={t('hint')}
      actions={
        <>
          <CsvButton route={listCouponKinds} args={{ query: { format: 'csv' } }} fileName="coupons" />
          {may('coupons:write') && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)} data-testid="coupon-new">
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
          testId="coupon-row"
        />
      </Panel>
      {creating && <NewCouponDialog onClose={() => setCreating(false)} />}
      {giving && <GiveDialog key={giving.id} kind={giving} onClose={() => setGiving(null)} />}
      {stopping && <StopDialog key={stopping.id} kind={stopping} onClose={() => setStopping(null)} />}
    </Page>
  );
}

const StopDialog = ({ kind, onClose }: { kind: CouponKind; onClose: () => void }): ReactNode => {
  const t = useCouponT();
  const stop = useAction(stopCouponKind, ['coupon-kinds.list']);
  return (
    <ReasonDialog
      danger
      title={t('stop.title', { name: kind.title })}
      label={t('stop.reason')}
      hint={t('stop.body')}
      okText={t('stop')}
      done={t('stop.done')}
      pending={stop.isPending}
      error={stop.error}
      onSubmit={(reason) => stop.mutateAsync({ params: { id: kind.id }, body: { reason } })}
      onClose={onClose}
    />
  );
};
