import {
  AppErrorBoundary,
  Button,
  Countdown,
  ErrorState,
  Illustration,
  lazyWithRetry,
  Spinner,
  useFormat,
} from '@walnut-live/ui';
import { RotateCw, WifiOff } from 'lucide-react';
import { type ReactNode, Suspense } from 'react';
import { Link } from 'react-router';
import { playerI18n } from '../i18n/messages.ts';
import type { StageView } from './stage-view.ts';
import { useRoom, useRoomHandle, useServerOffset } from './use-room.ts';
import { useVideo } from './video/video-provider.tsx';

// Somebody who waits waits for this too; whoever watches does not carry it.
const Booking = lazyWithRetry(() => import('../booking/booking.tsx'), { mayReload: false });

/** A line in the middle of the picture while something is being repaired; everything else goes on. */
const Hint = ({ children, busy = false }: { children: ReactNode; busy?: boolean }): ReactNode => (
  <div className="pl-hint" role="status">
    {busy && <Spinner decorative />}
    {children}
  </div>
);

const Waiting = ({ onShare }: { onShare: () => void }): ReactNode => {
  const t = playerI18n.useT();
  const format = useFormat();
  const offset = useServerOffset();
  const room = useRoom((state) => state.room);
  if (!room) return null;
  return (
    <div className="pl-center" data-testid="waiting">
      <p className="pl-center-kicker">{t('waiting.title')}</p>
      <p className="pl-center-title">{room.title}</p>
      {room.scheduledAt ? (
        <>
          <p className="pl-center-when">{format.dateTime(room.scheduledAt)}</p>
          {Date.parse(room.scheduledAt) > Date.now() + offset ? (
            <Countdown until={room.scheduledAt} serverOffsetMs={offset} className="pl-center-countdown" />
          ) : (
            <p className="pl-center-hint">{t('waiting.soon')}</p>
          )}
        </>
      ) : (
        <p className="pl-center-hint">{t('waiting.soon')}</p>
      )}
      <AppErrorBoundary compact className="pl-failed">
        <Suspense fallback={<div className="pl-booking" aria-busy="true" />}>
          <Booking roomId={room.id} />
        </Suspense>
      </AppErrorBoundary>
      {/* A conference is for who is invited: a link to it would end at its door. */}
      {room.kind !== 'conference' && (
        <Button variant="glass" onClick={onShare}>
          {t('waiting.share')}
        </Button>
      )}
    </div>
  );
};

const Ended = ({ onBag }: { onBag: () => void }): ReactNode => {
  const t = playerI18n.useT();
  const format = useFormat();
  const room = useRoom((state) => state.room);
  const viewersTotal = useRoom((state) => state.viewersTotal);
  const likes = useRoom((state) => state.likes);
  const bagSize = useRoom((state) => state.bag.items.length);
  return (
    <div className="pl-center pl-center-solid" data-testid="ended">
      <p className="pl-center-title">{t(room?.cancelledAt ? 'ended.cancelled' : 'ended.title')}</p>
      <p className="pl-center-hint">{room?.title}</p>
      <dl className="pl-tally">
        <div>
          <dd className="wl-number">{format.count(viewersTotal)}</dd>
          <dt>{t('ended.viewers')}</dt>
        </div>
        <div>
          <dd className="wl-number">{format.count(likes)}</dd>
          <dt>{t('ended.likes')}</dt>
        </div>
      </dl>
      <div className="pl-center-actions">
        {room && !room.isDemo && !room.cancelledAt && (
          <Link
            to={`/r/${room.id}/replay`}
            className="wl-btn wl-btn-glass wl-btn-l wl-btn-block"
            data-testid="to-replay"
          >
            {t('replay.watch')}
          </Link>
        )}
        {bagSize > 0 && (
          <Button variant="hot" size="l" block onClick={onBag}>
            {t('ended.products', { count: bagSize })}
          </Button>
        )}
        <Link to="/orders" className="wl-btn wl-btn-glass wl-btn-l wl-btn-block">
          {t('orders.title')}
        </Link>
        <Link to="/" className="wl-btn wl-btn-ghost wl-btn-m wl-btn-block">
          {t('ended.more')}
        </Link>
      </div>
    </div>
  );
};

const Shut = ({ title, hint, children }: { title: string; hint: string; children?: ReactNode }): ReactNode => {
  const t = playerI18n.useT();
  return (
    <div className="pl-center pl-center-solid" role="alert">
      <Illustration name="broken" size={132} />
      <p className="pl-center-title">{title}</p>
      <p className="pl-center-hint">{hint}</p>
      <div className="pl-center-actions">
        {children}
        <Link to="/" className="wl-btn wl-btn-glass wl-btn-l wl-btn-block">
          {t('ended.more')}
        </Link>
      </div>
    </div>
  );
};

/** What lies over the picture in each state of the room; nothing while it plays. */
export const StageOverlay = ({
  view,
  onBag,
  onShare,
}: {
  view: StageView;
  onBag: () => void;
  onShare: () => void;
}): ReactNode => {
  const t = playerI18n.useT();
  const session = useRoomHandle();
  const loaded = useRoom((state) => state.loaded);
  const lost = useRoom((state) => state.connection.state === 'reconnecting' && state.connection.attempt > 0);
  const { retry } = useVideo();

  switch (view) {
    case 'skeleton':
      return (
        <div className="pl-skeleton" aria-busy="true">
          <Spinner />
        </div>
      );
    case 'waiting':
      return <Waiting onShare={onShare} />;
    case 'starting':
      return <Hint busy>{t('state.starting')}</Hint>;
    case 'stalled':
      return <Hint busy>{t('state.stalled')}</Hint>;
    case 'host-reconnecting':
      return <Hint busy>{t('state.hostReconnecting')}</Hint>;
    case 'programme-waiting':
      return <Hint>{t('state.programmeWaiting')}</Hint>;
    case 'programme-ended':
      return <Hint>{t('state.programmeEnded')}</Hint>;
    case 'video-failed':
      return (
        <div className="pl-hint pl-hint-tall" role="alert">
          <p>{t('state.videoFailed')}</p>
          <Button variant="glass" size="s" icon={<RotateCw size={14} />} onClick={retry}>
            {t('state.retry')}
          </Button>
        </div>
      );
    case 'ended':
      return <Ended onBag={onBag} />;
    case 'banned':
      return <Shut title={t('banned.title')} hint={t('banned.hint')} />;
    case 'not-found':
      return <Shut title={t('notFound.title')} hint={t('notFound.hint')} />;
    case 'replaced':
      return (
        <Shut title={t('replaced.title')} hint={t('replaced.hint')}>
          <Button size="l" block onClick={session.reconnect}>
            {t('replaced.back')}
          </Button>
        </Shut>
      );
    case 'offline':
      return loaded ? (
        <Hint>
          <WifiOff size={18} aria-hidden="true" />
          {t('state.offline')}
        </Hint>
      ) : (
        <div className="pl-center pl-center-solid">
          <ErrorState error="network" title={t('state.offlineTitle')} onRetry={session.reconnect} />
        </div>
      );
    case 'not-for-me': // the door stands instead of the room
    case 'blocked':
      return null;
    case 'playing':
      return lost ? <Hint busy>{t('state.chatReconnecting')}</Hint> : null;
  }
};
