import { AlertOutlined, EyeOutlined, PlayCircleOutlined, ShoppingOutlined } from '@ant-design/icons';
import { liveWall, type ReplyOf } from '@walnut-live/contracts';
import {
  AiPictureBadge,
  Badge,
  EmptyState,
  formatDuration,
  LiveBadge,
  Skeleton,
  useFormat,
  useNow,
} from '@walnut-live/ui';
import { Button } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { useCall } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { useStreamT } from '../../i18n/stream.ts';
import { AsyncView, Freshness } from '../../shared/async-view.tsx';
import { Figures, Page } from '../../shared/page.tsx';
import { StreamHealthBadge } from '../../shared/stream-health.tsx';
import { useTroubleText } from './trouble.ts';
import './live-wall.css';

type Item = ReplyOf<typeof liveWall>['items'][number];

const REFRESH_MS = 5_000;
const STALE_AFTER_MS = 20_000;

export default function LiveWallPage(): ReactNode {
  const t = useT();
  const format = useFormat();
  const query = useCall(liveWall, undefined, { everyMs: REFRESH_MS });
  const items = query.data?.items ?? [];
  const sum = (pick: (item: Item) => number): number => items.reduce((total, item) => total + pick(item), 0);
  return (
    <Page
      title={t('live.title')}
      hint={t('live.hint')}
      actions={<Freshness query={query} staleAfterMs={STALE_AFTER_MS} />}
    >
      <Figures
        loading={query.data === undefined}
        failed={query.isError}
        items={[
          { key: 'live-rooms', label: t('live.rooms'), value: format.number(items.length) },
          { key: 'live-viewers', label: t('live.viewers'), value: format.count(sum((item) => item.viewersNow)) },
          { key: 'live-orders', label: t('live.orders'), value: format.number(sum((item) => item.orders)) },
          { key: 'live-gmv', label: t('live.gmv'), value: format.money(sum((item) => item.gmvFen)), tone: 'money' },
          {
            key: 'live-trouble',
            label: t('live.in-trouble'),
            value: format.number(items.filter((item) => item.trouble.length > 0).length),
            ...(items.some((item) => item.trouble.length > 0) ? { tone: 'bad' as const } : {}),
          },
        ]}
      />
      <AsyncView
        query={query}
        skeleton={
          <div className="co-wall">
            {[0, 1, 2].map((card) => (
              <div key={card} className="co-live-card">
                <Skeleton height={148} radius={0} />
                <div className="co-live-body">
                  <Skeleton lines={3} />
                </div>
              </div>
            ))}
          </div>
        }
        isEmpty={(data) => data.items.length === 0}
        empty={
          <EmptyState
            illustration="rooms"
            title={t('live.empty')}
            hint={t('live.empty-hint')}
            action={<NewRoomLink />}
          />
        }
      >
        {(data) => (
          <div className="co-wall">
            {data.items.map((item) => (
              <LiveCard key={item.room.id} item={item} answeredAtMs={query.dataUpdatedAt} />
            ))}
          </div>
        )}
      </AsyncView>
    </Page>
  );
}

const NewRoomLink = (): ReactNode => {
  const t = useT();
  const { may } = useSession();
  return may('rooms:write') ? <Link to="/rooms?new=1">{t('rooms.new')}</Link> : null;
};

const LiveCard = ({ item, answeredAtMs }: { item: Item; answeredAtMs: number }): ReactNode => {
  const t = useT();
  const format = useFormat();
  const streamT = useStreamT();
  const troubleText = useTroubleText();
  const now = useNow(1_000);
  const { room } = item;
  const broken = item.trouble.length > 0;
  const runningMs = item.liveSeconds * 1_000 + Math.max(0, now - answeredAtMs);
  return (
    <article
      className={broken ? 'co-live-card co-live-broken' : 'co-live-card'}
      data-testid="live-card"
      data-id={room.id}
    >
      <div className="co-live-cover">
        <img src={room.coverUrl} alt="" loading="lazy" />
        <div className="co-live-badges">
          <LiveBadge state={item.streamState === 'interrupted' ? 'reconnecting' : 'live'} />
          {room.aiPicture && <AiPictureBadge />}
          {room.isDemo && <Badge tone="glass">{t('room.demo')}</Badge>}
        </div>
        <span className="co-live-clock wl-number">{formatDuration(runningMs)}</span>
      </div>
      <div className="co-live-body">
        <h2>
          <Link to={`/rooms/${room.id}`} className="co-cover-link">
            {room.title}
          </Link>
        </h2>
        <p className="co-quiet">
          {room.orgUnit.name} · {room.host.name}
        </p>
        {broken && (
          <ul className="co-live-trouble">
            {item.trouble.map((trouble) => (
              <li key={trouble}>
                <AlertOutlined /> {troubleText(trouble)}
              </li>
            ))}
          </ul>
        )}
        <dl className="co-live-numbers">
          <div>
            <dt>
              <EyeOutlined /> {t('live.viewers')}
            </dt>
            <dd className="wl-number">{format.count(item.viewersNow)}</dd>
          </div>
          <div>
            <dt>
              <ShoppingOutlined /> {t('live.orders')}
            </dt>
            <dd className="wl-number">{format.number(item.orders)}</dd>
          </div>
          <div className="co-live-gmv">
            <dt>{t('live.gmv')}</dt>
            <dd className="wl-number">{format.money(item.gmvFen)}</dd>
          </div>
        </dl>
        {item.stream && item.streamState !== 'idle' && (
          <p className="co-live-stream" data-testid="live-stream" data-health={item.stream.health ?? ''}>
            {item.streamState === 'live' && (
              <StreamHealthBadge health={item.stream.health} lossRatio={item.stream.lossRatio} />
            )}
            <span className="wl-number" title={streamT('watching.hint')}>
              {streamT('watching', {
                realtime: format.count(item.stream.viewers.realtime),
                smooth: format.count(item.stream.viewers.smooth),
              })}
            </span>
          </p>
        )}
        <Button
          className="co-above"
          size="small"
          icon={<PlayCircleOutlined />}
          href={`/r/${room.id}`}
          target="_blank"
          rel="noopener"
        >
          {t('room.watch')}
        </Button>
      </div>
    </article>
  );
};
