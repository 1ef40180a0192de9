import { useQuery } from '@tanstack/react-query';
import type { Room } from '@walnut-live/contracts';
import type { RoomSession } from '@walnut-live/live-client/room';
import { ErrorState, Picture, Pictures, Sheet } from '@walnut-live/ui';
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
import { useRoomSession, useWakeLock, useWide } from '../live/use-live.ts';
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
 * and cannot end the live.
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
  const navigate = useNavigate();
  const wide = useWide(WIDE_PX);
  const stage = useSelect(session, (state) => state.stage);
  const loaded = useSelect(session, (state) => state.loaded);
  const showing = useSelect(session, (state) => state.showing);
  const told = useSelect(session, (state) => state.stream.state);
  const [sheet, setSheet] = useState<SheetName | null>(null);
  const live = loaded && stage === 'live';
  const over = loaded && stage === 'ended';
  useWakeLock(!over);
  useEffect(() => {
    if (over) onChanged();
  }, [over, onChanged]);

  const streamId = showing?.streamId;
  const guests = showing?.cohosts ?? [];
  const close = (): void => setSheet(null);
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
              <RelayPicture session={session} streamId={streamId} silent={false} />
            </Picture>
            {guests.map(({ seatId, streamId: theirs, name, unitName, muted }) => (
              <StreamTile
                key={seatId}
                roomId={room.id}
                streamId={theirs}
                name={`${name} · ${unitName}`}
                muted={muted}
              />
            ))}
          </Pictures>
        ) : (
          <img src={room.coverUrl} alt="" className="st-preview" />
        )}
        <Hud
          room={room}
          session={session}
          air={live && told === 'live' ? watching : waiting}
          onLeave={() => void navigate('/', { replace: true })}
          leaveLabel={t('assist.leave')}
          waiting={t(live ? 'assist.noPicture' : 'assist.waiting')}
          badge={<span className="st-health">{t('assist.badge')}</span>}
        />
        <Banners session={session} air={watching} />
        <Controls
          onAir={false}
          air={watching}
          onMute={() => undefined}
          onFlip={() => undefined}
          mirror={false}
          onMirror={() => undefined}
          onNotice={() => setSheet('notice')}
          onSource={null}
        />
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
