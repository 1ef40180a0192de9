import { useQuery } from '@tanstack/react-query';
import type { Room } from '@walnut-live/contracts';
import type { RoomSession } from '@walnut-live/live-client/room';
import { Button, EmptyState, ErrorState, IconButton, Picture, Pictures, Sheet, useErrorText } from '@walnut-live/ui';
import { Volume2, VolumeX } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { roomQuery } from '../app/queries.ts';
import { useMay, useSelect, useServices } from '../app/services.tsx';
import { Splash } from '../app/splash.tsx';
import { BagPanel } from '../bag/bag-panel.tsx';
import { ChatPanel } from '../chat/chat-panel.tsx';
import { GiftPanel, GiftTicker } from '../gifts/gift-panel.tsx';
import { useGiftT } from '../gifts/messages.ts';
import { useT } from '../i18n/index.ts';
import { PlaySheet } from '../interaction/play-sheet.tsx';
import { type BroadcastState, noBroadcast } from '../live/broadcast.ts';
import { EndedPage } from '../live/ended-page.tsx';
import { Hud } from '../live/hud.tsx';
import { NoticeSheet } from '../live/notice-sheet.tsx';
import {
  Banners,
  BottomBar,
  ChatOverlay,
  Controls,
  PinnedCard,
  PurchaseTicker,
  type SheetName,
} from '../live/overlays.tsx';
import { SidePanels } from '../live/side-panels.tsx';
import { useOrderNews, useRoomSession, useWakeLock, useWide } from '../live/use-live.ts';
import { OrderList } from '../orders/order-list.tsx';
import { ShareSheet } from '../share/share-sheet.tsx';
import { RelayPicture } from '../stage/relay-picture.tsx';
import { StreamTile } from '../stage/stream-tile.tsx';
import '../prepare/prepare.css';
import '../live/live.css';
import '../stage/stage.css';

const WIDE_PX = 1100;
/** Nothing of this device is on the air. */
const watching: BroadcastState = { ...noBroadcast.get(), publish: { status: 'live' } };
const waiting: BroadcastState = noBroadcast.get();

/**
 * Beside a host (助播): the room's picture as its viewers see it, with the hands of a host but for the camera. Publishes nothing
 * and cannot end the live. Silent until asked: next to the host its sound would come back through the host's microphone.
 */
export const AssistPage = (): ReactNode => {
  const { id = '' } = useParams();
  const { api } = useServices();
  const room = useQuery({ ...roomQuery(api, id), staleTime: 0 });
  const session = useRoomSession(id);
  if (room.isError && !room.data)
    return (
      <main className="st-center">
        <ErrorState error={room.error} onRetry={() => void room.refetch()} retrying={room.isFetching} />
      </main>
    );
  if (!room.data || !session) return <Splash />;
  if (room.data.state === 'ended') return <EndedPage room={room.data} />;
  return <Assist key={id} room={room.data} session={session} onChanged={() => void room.refetch()} />;
};

const Assist = ({
  room,
  session,
  onChanged,
}: {
  room: Room;
  session: RoomSession;
  onChanged: () => void;
}): ReactNode => {
  const t = useT();
  const giftT = useGiftT();
  const may = useMay();
  const errorText = useErrorText();
  const navigate = useNavigate();
  const wide = useWide(WIDE_PX);
  const stage = useSelect(session, (state) => state.stage);
  const loaded = useSelect(session, (state) => state.loaded);
  const showing = useSelect(session, (state) => state.showing);
  const told = useSelect(session, (state) => state.stream.state);
  const role = useSelect(session, (state) => state.role);
  const connection = useSelect(session, (state) => state.connection);
  const [listening, setListening] = useState(false);
  const [sheet, setSheet] = useState<SheetName | null>(null);
  const live = loaded && stage === 'live';
  const lost = connection.state === 'closed' && connection.reason !== 'left' ? connection : null;
  const over = (loaded && stage === 'ended') || lost?.reason === 'ended';
  useWakeLock(!over);
  useOrderNews(session);
  useEffect(() => {
    if (over) onChanged();
  }, [over, onChanged]);

  const streamId = showing?.streamId;
  const guests = showing?.cohosts ?? [];
  const isRelay = showing?.shows === 'relay';
  const close = (): void => setSheet(null);
  const toToday = (): void => void navigate('/', { replace: true });
  if (loaded && role === 'viewer')
    return (
      <main className="st-center" data-testid="assist-not-yours">
        <EmptyState
          illustration="people"
          title={t('assist.notYours')}
          hint={t('assist.notYours.hint')}
          action={<Button onClick={toToday}>{t('live.toToday')}</Button>}
        />
      </main>
    );
  const waitsFor = over
    ? 'assist.over'
    : lost
      ? 'assist.lost'
      : !loaded
        ? 'assist.connecting'
        : live
          ? 'assist.noPicture'
          : 'assist.waiting';
  return (
    <main className="st-live" data-theme="dark" data-wide={wide ? '' : undefined} data-testid="assist-desk">
      {wide && (
        <aside className="st-panel" aria-label={t('bag.title')}>
          <h2>{t('bag.title')}</h2>
          <div className="st-panel-body">
            <BagPanel session={session} />
          </div>
        </aside>
      )}
      <section className="st-stage st-live-stage">
        {live && streamId ? (
          <Pictures guides={guests.length + 1}>
            <Picture>
              <RelayPicture
                session={session}
                streamId={streamId}
                silent={false}
                listening={listening}
                label={t(isRelay ? 'relay.picture' : 'assist.picture')}
                loading={t(isRelay ? 'relay.loading' : 'assist.noPicture')}
              />
            </Picture>
            {guests.map(({ seatId, streamId: theirs, name, unitName, muted }) => (
              <StreamTile
                key={seatId}
                roomId={room.id}
                streamId={theirs}
                name={`${name} · ${unitName}`}
                muted={muted}
                silent={!listening}
              />
            ))}
          </Pictures>
        ) : (
          <img src={room.coverUrl} alt="" className="st-preview" />
        )}
        <Hud
          room={room}
          session={session}
          air={live && !lost && told === 'live' ? watching : waiting}
          onLeave={toToday}
          leaveLabel={t('assist.leave')}
          waiting={t(waitsFor)}
          badge={<span className="st-health">{t('assist.badge')}</span>}
        />
        <Banners session={session} air={watching} />
        {lost && !over && (
          <div className="st-stage-center">
            <div className="st-problem-card" role="alert" data-testid="assist-lost">
              <h2>{t('assist.lost')}</h2>
              <p>{lost.reason === 'replaced' ? t('assist.replaced') : errorText(lost.code ?? lost.reason)}</p>
              <Button onClick={session.reconnect}>{t('live.retry')}</Button>
              <Button variant="ghost" onClick={toToday}>
                {t('live.toToday')}
              </Button>
            </div>
          </div>
        )}
        <Controls
          onAir={false}
          air={watching}
          onMute={() => undefined}
          onFlip={() => undefined}
          mirror={false}
          onMirror={() => undefined}
          onNotice={() => setSheet('notice')}
          onSource={null}
        >
          <IconButton
            variant="glass"
            size="l"
            label={t(listening ? 'assist.mute' : 'assist.listen')}
            icon={listening ? <Volume2 aria-hidden /> : <VolumeX aria-hidden />}
            onClick={() => setListening(!listening)}
            data-testid="assist-sound"
          />
        </Controls>
        <div className="st-live-foot">
          {wide ? (
            <>
              <PurchaseTicker session={session} />
              <GiftTicker session={session} />
            </>
          ) : (
            <ChatOverlay session={session} onOpen={() => setSheet('chat')} />
          )}
          <PinnedCard session={session} onOpen={() => setSheet('bag')} passive={wide} />
          <BottomBar session={session} wide={wide} cohosts={null} onOpen={setSheet} />
        </div>
      </section>
      {wide && <SidePanels session={session} />}

      <Sheet open={!wide && sheet === 'bag'} onClose={close} title={t('bag.title')} height="tall" theme="dark">
        <BagPanel session={session} />
      </Sheet>
      <Sheet
        open={!wide && sheet === 'chat'}
        onClose={close}
        title={t('chat.title')}
        height="tall"
        theme="dark"
        className="st-chat-sheet"
      >
        <ChatPanel session={session} />
      </Sheet>
      {may('orders:read') && (
        <Sheet open={!wide && sheet === 'orders'} onClose={close} title={t('orders.room')} height="tall" theme="dark">
          <OrderList filter={{ roomId: room.id }} />
        </Sheet>
      )}
      <Sheet open={!wide && sheet === 'gifts'} onClose={close} title={giftT('title')} height="tall" theme="dark">
        <GiftPanel session={session} />
      </Sheet>
      <ShareSheet room={room} open={sheet === 'share'} onClose={close} />
      <PlaySheet session={session} open={sheet === 'play'} onClose={close} />
      <NoticeSheet session={session} open={sheet === 'notice'} onClose={close} />
    </main>
  );
};
