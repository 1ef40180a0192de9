import { PlusOutlined } from '@ant-design/icons';
import { listRooms, type Room, type RoomState } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Button, Segmented } from 'antd';
import type { ReactNode } from 'react';
import { useSession } from '../../app/session.tsx';
import { usePages } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { AsyncView, Freshness } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { useFilters } from '../../shared/filters.tsx';
import { MoreButton, Page, Panel } from '../../shared/page.tsx';
import { RoomStateBadge } from '../../shared/people.tsx';
import { NewRoomDialog } from './new-room-dialog.tsx';

const PAGE_SIZE = 20;
const REFRESH_MS = 15_000;
const states: readonly RoomState[] = ['live', 'scheduled', 'ended'];

export default function RoomsPage(): ReactNode {
  const t = useT();
  const { may, staff } = useSession();
  const filters = useFilters();
  const state = states.find((known) => known === filters.get('state'));
  const query = usePages(
    listRooms,
    { query: { orgPath: staff.orgUnit.path, limit: PAGE_SIZE, ...(state ? { state } : {}) } },
    { everyMs: REFRESH_MS },
  );
  const rooms = query.data?.pages.flatMap((page) => page.items) ?? [];
  const newButton = may('rooms:write') ? (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => filters.set({ new: '1' })} data-testid="room-new">
      {t('rooms.new')}
    </Button>
  ) : null;
  return (
    <Page
      title={t('rooms.title')}
      hint={t('rooms.hint')}
      actions={
        <>
          <Freshness query={query} staleAfterMs={REFRESH_MS * 4} />
          {newButton}
        </>
      }
    >
      <Panel flush>
        <div className="co-filters">
          <Segmented
            value={state ?? ''}
            onChange={(next) => filters.set({ state: next })}
            options={[
              { value: '', label: t('rooms.all') },
              ...states.map((known) => ({ value: known as string, label: t(`room.state.${known}`) })),
            ]}
          />
        </div>
        <AsyncView
          query={query}
          skeleton={<TableSkeleton />}
          isEmpty={() => rooms.length === 0}
          empty={
            <EmptyState illustration="rooms" title={t('rooms.empty')} hint={t('rooms.empty-hint')} action={newButton} />
          }
        >
          {() => <RoomTable rooms={rooms} />}
        </AsyncView>
        <MoreButton query={query} />
      </Panel>
      {filters.get('new') && may('rooms:write') && <NewRoomDialog onClose={() => filters.set({ new: undefined })} />}
    </Page>
  );
}

const RoomTable = ({ rooms }: { rooms: readonly Room[] }): ReactNode => {
  const t = useT();
  const format = useFormat();
  const columns: Column<Room>[] = [
    {
      key: 'room',
      title: t('room.room'),
      head: true,
      render: (room) => (
        <span className="co-thing">
          <img className="co-thing-wide" src={room.coverUrl} alt="" width={80} height={45} loading="lazy" />
          <span className="co-stacked co-start">
            <b>{room.title}</b>
            <small>
              {room.orgUnit.name} · {room.host.name}
            </small>
          </span>
        </span>
      ),
    },
    {
      key: 'state',
      title: t('room.state'),
      render: (room) => (
        <span className="co-inline">
          <RoomStateBadge state={room.state} />
          {room.isDemo && <Badge>{t('room.demo')}</Badge>}
        </span>
      ),
    },
    {
      key: 'when',
      title: t('room.when'),
      render: (room) => {
        const at = room.startedAt ?? room.scheduledAt;
        return <span className="co-quiet">{at ? format.dateTime(at) : t('room.unscheduled')}</span>;
      },
    },
    {
      key: 'now',
      title: t('room.viewers-now'),
      align: 'end',
      render: (room) => (room.state === 'live' ? format.count(room.viewersNow) : '—'),
    },
    { key: 'total', title: t('room.viewers-total'), align: 'end', render: (room) => format.count(room.viewersTotal) },
    { key: 'likes', title: t('room.likes'), align: 'end', render: (room) => format.count(room.likes) },
  ];
  return (
    <DataTable
      caption={t('rooms.title')}
      rows={rooms}
      columns={columns}
      rowKey={(room) => room.id}
      href={(room) => ({ to: `/rooms/${room.id}`, label: t('rooms.open', { title: room.title }) })}
      testId="room-row"
    />
  );
};
