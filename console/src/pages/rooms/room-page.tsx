import { PlayCircleOutlined } from '@ant-design/icons';
import { getRoom, isWithin, type Room, reportRoom } from '@walnut-live/contracts';
import { AiPictureBadge, Badge, EmptyState, Skeleton, useFormat } from '@walnut-live/ui';
import { Button, Tabs } from 'antd';
import type { ReactNode } from 'react';
import { Link, useParams } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { useCall } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { AsyncView, Freshness } from '../../shared/async-view.tsx';
import { TableSkeleton } from '../../shared/data-table.tsx';
import { Figures, Page, Panel } from '../../shared/page.tsx';
import { RoomStateBadge } from '../../shared/people.tsx';
import { InviterTable } from '../inviters/inviters-page.tsx';
import { AudiencePanel } from '../whom/audience-panel.tsx';
import { ConferencePanel } from '../whom/conference-panel.tsx';
import { useWhomT } from '../whom/messages.ts';
import { BagEditor } from './bag-editor.tsx';
import { RelayPanel } from './relay-panel.tsx';
import { StreamPanel } from './stream-panel.tsx';
import './room-page.css';

const REFRESH_MS = 10_000;

export default function RoomPage(): ReactNode {
  const t = useT();
  const { roomId = '' } = useParams();
  const query = useCall(getRoom, { params: { id: roomId } }, { everyMs: REFRESH_MS });
  return (
    <Page title={query.data?.title ?? t('room.room')}>
      <AsyncView query={query} skeleton={<Skeleton height={180} radius={18} />}>
        {(room) => <RoomDetail room={room} />}
      </AsyncView>
    </Page>
  );
}

const RoomDetail = ({ room }: { room: Room }): ReactNode => {
  const t = useT();
  const whomT = useWhomT();
  const format = useFormat();
  const { may, staff } = useSession();
  const at = room.startedAt ?? room.scheduledAt;
  return (
    <div className="co-page">
      <section className="co-room-head co-panel">
        <img src={room.coverUrl} alt="" />
        <div>
          <p className="co-inline">
            <RoomStateBadge state={room.state} />
            {room.aiPicture && <AiPictureBadge />}
            {room.isDemo && <Badge>{t('room.demo')}</Badge>}
          </p>
          <p>
            {room.orgUnit.name} · {room.host.name}
          </p>
          {room.relay && <p>{t('relay.of', { title: room.relay.title, unit: room.relay.unitName })}</p>}
          <p className="co-quiet">
            {at ? format.dateTime(at) : t('room.unscheduled')}
            {room.endedAt && ` – ${format.dateTime(room.endedAt)}`}
          </p>
          <div className="co-page-actions">
            <Button
              icon={<PlayCircleOutlined />}
              href={`/r/${room.id}`}
              target="_blank"
              rel="noopener"
              data-testid="open-viewer"
            >
              {t('room.watch')}
            </Button>
            <Link to="/live">{t('nav.live')}</Link>
          </div>
        </div>
      </section>
      {/* A relay shows the programme's stream, which is told at the programme. */}
      {room.state === 'live' && !room.relay && <StreamPanel roomId={room.id} />}
      <Tabs
        items={[
          ...(may('reports:read')
            ? [{ key: 'report', label: t('room.report'), children: <Report roomId={room.id} /> }]
            : []),
          ...(room.orgUnit.kind !== 'store' && !room.relay && isWithin(room.orgUnit.path, staff.orgUnit.path)
            ? [{ key: 'relay', label: t('relay.title'), children: <RelayPanel room={room} /> }]
            : []),
          { key: 'bag', label: t('room.bag'), children: <BagEditor room={room} /> },
          ...(may('rooms:operate') && isWithin(room.orgUnit.path, staff.orgUnit.path)
            ? [
                { key: 'whom', label: whomT('tab'), children: <AudiencePanel room={room} /> },
                ...(room.kind === 'conference'
                  ? [
                      {
                        key: 'conference',
                        label: whomT('tab.conference'),
                        children: <ConferencePanel roomId={room.id} />,
                      },
                    ]
                  : []),
              ]
            : []),
        ]}
      />
    </div>
  );
};

const Report = ({ roomId }: { roomId: string }): ReactNode => {
  const t = useT();
  const format = useFormat();
  const query = useCall(reportRoom, { params: { id: roomId } }, { everyMs: REFRESH_MS });
  return (
    <AsyncView query={query} skeleton={<TableSkeleton rows={4} />}>
      {(report) => (
        <div className="co-page">
          <Figures
            items={[
              { key: 'room-visitors', label: t('room.visitors'), value: format.number(report.visitors) },
              { key: 'room-peak', label: t('room.peak'), value: format.number(report.peakViewers) },
              { key: 'room-chats', label: t('room.chats'), value: format.count(report.chats) },
              { key: 'room-likes', label: t('room.likes'), value: format.count(report.likes) },
              {
                key: 'room-orders',
                label: t('figure.orders'),
                value: format.number(report.orders),
                note: t('room.buyers', { n: format.number(report.buyers) }),
              },
              {
                key: 'room-gmv',
                label: t('figure.gmv'),
                value: format.money(report.gmvFen),
                tone: 'money',
                ...(report.refundedFen > 0
                  ? { note: t('order.refunded-sum', { sum: format.money(report.refundedFen) }) }
                  : {}),
              },
            ]}
          />
          <Panel title={t('room.inviters')} extra={<Freshness query={query} />} flush>
            {report.inviters.length === 0 ? (
              <EmptyState compact illustration="people" title={t('room.no-inviters')} hint={t('inviters.empty-hint')} />
            ) : (
              <InviterTable rows={report.inviters} />
            )}
          </Panel>
        </div>
      )}
    </AsyncView>
  );
};
