import { listPrizes, type PrizeOnList, PrizeState, shipPrize } from '@walnut-live/contracts';
import { Badge, type BadgeTone, EmptyState, useFormat, useToast } from '@walnut-live/ui';
import { Button, Segmented } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, usePages } from '../../data/use-call.ts';
import { Freshness } from '../../shared/async-view.tsx';
import type { Column } from '../../shared/data-table.tsx';
import type { Filters } from '../../shared/filters.tsx';
import { Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { ShipDialog } from '../../shared/ship-dialog.tsx';
import { usePrizeT } from './messages.ts';

const PAGE_SIZE = 30;
const REFRESH_MS = 15_000;
const states = PrizeState.options;
const tones: Record<PrizeOnList['state'], BadgeTone> = {
  won: 'neutral',
  claimed: 'warn',
  shipped: 'success',
  lapsed: 'neutral',
};

/** Who won what in the rooms of my scope; claimed parcels are sent from here. */
export const Prizes = ({ filters }: { filters: Filters }): ReactNode => {
  const t = usePrizeT();
  const format = useFormat();
  const { may } = useSession();
  const [sending, setSending] = useState<PrizeOnList | null>(null);
  const state = states.find((known) => known === filters.get('state'));
  const query = usePages(
    listPrizes,
    { query: { limit: PAGE_SIZE, ...(state ? { state } : {}) } },
    { everyMs: REFRESH_MS },
  );
  const isParcel = ({ prize }: PrizeOnList): boolean => prize.kind === 'parcel';
  const columns: Column<PrizeOnList>[] = [
    {
      key: 'prize',
      title: t('prize'),
      head: true,
      render: (row) => (
        <span className="co-stacked co-start">
          <b>{row.prize.name}</b>
          <small>
            {t(`kind.${row.prize.kind}`)} · {format.money(row.prize.valueFen)}
          </small>
        </span>
      ),
    },
    { key: 'winner', title: t('winner'), render: (row) => row.winner.name },
    {
      key: 'draw',
      title: t('draw'),
      deskOnly: true,
      render: (row) => (
        <span className="co-stacked co-start">
          {row.drawTitle}
          <small>
            {row.room.title} · {row.orgUnit.name}
          </small>
        </span>
      ),
    },
    {
      key: 'address',
      title: t('address'),
      render: (row) =>
        row.address ? (
          <span className="co-stacked co-start">
            {row.address.recipient} {row.address.phone}
            <small>
              {row.address.province}
              {row.address.city}
              {row.address.district}
              {row.address.street}
            </small>
          </span>
        ) : (
          <span className="co-quiet">{isParcel(row) ? t('hidden') : '—'}</span>
        ),
    },
    {
      key: 'state',
      title: t('state'),
      render: (row) => (
        <span className="co-stacked co-start">
          <Badge tone={!isParcel(row) && row.state === 'claimed' ? 'success' : tones[row.state]}>
            {!isParcel(row) && row.state === 'claimed' ? t('state.claimed.code') : t(`state.${row.state}`)}
          </Badge>
          {row.state === 'won' && <small>{t('until', { date: format.dateTime(row.claimUntil) })}</small>}
          {row.trackingNo && <small>{row.trackingNo}</small>}
        </span>
      ),
    },
    {
      key: 'won',
      title: t('won'),
      deskOnly: true,
      render: (row) => <span className="co-quiet">{format.dateTime(row.wonAt)}</span>,
    },
    ...(may('orders:ship')
      ? [
          {
            key: 'do',
            title: '',
            align: 'end' as const,
            render: (row: PrizeOnList) =>
              isParcel(row) && (row.state === 'claimed' || row.state === 'shipped') ? (
                <Button
                  size="small"
                  type={row.state === 'claimed' ? 'primary' : 'default'}
                  onClick={() => setSending(row)}
                  data-testid="prize-ship"
                >
                  {t(row.state === 'claimed' ? 'ship' : 'correct')}
                </Button>
              ) : null,
          },
        ]
      : []),
  ];
  return (
    <Panel flush>
      <div className="co-filters">
        <Segmented
          value={state ?? ''}
          onChange={(next) => filters.set({ state: next || undefined })}
          options={[
            { value: '', label: t('state.all') },
            ...states.map((known) => ({ value: known as string, label: t(`state.${known}`) })),
          ]}
        />
        <Freshness query={query} staleAfterMs={REFRESH_MS * 4} />
      </div>
      <PagedTable
        query={query}
        empty={<EmptyState illustration="orders" title={t('empty')} hint={t('empty.hint')} />}
        caption={t('tab.prizes')}
        columns={columns}
        rowKey={(row) => row.id}
        testId="prize-row"
      />
      {sending && <ShipPrizeDialog key={sending.id} prize={sending} onClose={() => setSending(null)} />}
    </Panel>
  );
};

const ShipPrizeDialog = ({ prize, onClose }: { prize: PrizeOnList; onClose: () => void }): ReactNode => {
  const t = usePrizeT();
  const toast = useToast();
  const ship = useAction(shipPrize, ['prizes.list', 'draws.prizes']);
  const send = async (trackingNo: string): Promise<void> => {
    await ship.mutateAsync({ params: { id: prize.id }, body: { trackingNo } });
    toast(t('shipped'), { tone: 'success' });
    onClose();
  };
  return (
    <ShipDialog send={send} pending={ship.isPending} error={ship.error} onClose={onClose}>
      <p className="co-quiet">
        {prize.prize.name} · {prize.winner.name}
      </p>
    </ShipDialog>
  );
};
