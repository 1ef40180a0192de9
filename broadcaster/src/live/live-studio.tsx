import { useQueryClient } from '@tanstack/react-query';
import { endRoom, type Room, type StageCohost } from '@walnut-live/contracts';
import type { RoomSession } from '@walnut-live/live-client/room';
import {
  Button,
  ErrorState,
  Picture,
  Pictures,
  Sheet,
  Spinner,
  useBackGesture,
  useConfirm,
  useErrorText,
  useToast,
} from '@walnut-live/ui';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { useNavigate } from 'react-router';
import { useSelect, useServices } from '../app/services.tsx';
import { Splash } from '../app/splash.tsx';
import { BagPanel } from '../bag/bag-panel.tsx';
import { ChatPanel } from '../chat/chat-panel.tsx';
import { EncoderBadge } from '../encoder/encoder-badge.tsx';
import { EncoderStage } from '../encoder/encoder-stage.tsx';
import { useEncoderT } from '../encoder/messages.ts';
import { SourceSheet } from '../encoder/source-sheet.tsx';
import { useRoomStream } from '../encoder/use-room-stream.ts';
import { GiftPanel, GiftTicker } from '../gifts/gift-panel.tsx';
import { useGiftT } from '../gifts/messages.ts';
import { useT } from '../i18n/index.ts';
import { PlaySheet } from '../interaction/play-sheet.tsx';
import { OrderList } from '../orders/order-list.tsx';
import { Preview } from '../prepare/preview.tsx';
import { ProblemCard } from '../prepare/problem-card.tsx';
import { ShareSheet } from '../share/share-sheet.tsx';
import { CohostSheet } from '../stage/cohost-sheet.tsx';
import { RelayBar } from '../stage/relay-bar.tsx';
import { RelayPicture } from '../stage/relay-picture.tsx';
import { StreamTile } from '../stage/stream-tile.tsx';
import { useCutIn } from '../stage/use-cut-in.ts';
import { type BroadcastState, noBroadcast } from './broadcast.ts';
import { HealthBadge } from './health-badge.tsx';
import { Hud } from './hud.tsx';
import { NoticeSheet } from './notice-sheet.tsx';
import { Banners, BottomBar, ChatOverlay, Controls, PinnedCard, PurchaseTicker, type SheetName } from './overlays.tsx';
import { SidePanels } from './side-panels.tsx';
import {
  type OnAir,
  useLeaveWarning,
  useOnAir,
  useOrderNews,
  useRoomSession,
  useWakeLock,
  useWide,
} from './use-live.ts';
import '../prepare/prepare.css';
import './live.css';
import '../stage/stage.css';

/** From this width on bag, chat and orders stand beside the picture instead of in sheets. */
const WIDE_PX = 1100;

export const LiveStudio = ({ room, onEnded }: { room: Room; onEnded: () => void }): ReactNode => {
  const session = useRoomSession(room.id);
  return session ? <Studio room={room} session={session} onEnded={onEnded} /> : <Splash />;
};

/** The programme is on the air without this device. */
const relayed: BroadcastState = { ...noBroadcast.get(), publish: { status: 'live' } };
/** The encoder is not there: a badge says so, and no banner of this device. */
const notOnAir: BroadcastState = noBroadcast.get();
const nobody: readonly StageCohost[] = [];

const Studio = ({ room, session, onEnded }: { room: Room; session: RoomSession; onEnded: () => void }): ReactNode => {
  const { api, capture } = useServices();
  const t = useT();
  const encoderT = useEncoderT();
  const giftT = useGiftT();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const wide = useWide(WIDE_PX);
  const camera = useSelect(capture, (state) => state);
  const stage = useSelect(session, (state) => state.stage);
  const loaded = useSelect(session, (state) => state.loaded);
  const [ending, setEnding] = useState(false);
  const [sheet, setSheet] = useState<SheetName | null>(null);
  const over = loaded && stage === 'ended';
  const showing = useSelect(session, (state) => state.showing);
  // A room that relays publishes nothing until its guide cuts in.
  const isRelay = (showing ?? room).relay != null;
  const cutIn = useCutIn(room.id, showing);
  const toldBack = useCallback(() => toast(encoderT('back'), { tone: 'success' }), [toast, encoderT]);
  const own = useRoomStream(room, session, !over && !isRelay, toldBack);
  const byEncoder = !isRelay && own.source === 'encoder';
  // The room's source decides alone: with an encoder no studio publishes, whoever opens it.
  const publishing = isRelay ? cutIn.publishing : !byEncoder;
  const onAir = useOnAir(room.id, !over && !ending && publishing);
  const ownAir = useSelect(onAir.broadcast ?? noBroadcast, (state) => state);
  const told = useSelect(session, (state) => state.stream.state);
  const air = publishing ? ownAir : byEncoder && told !== 'live' ? notOnAir : relayed;
  const showsRelay = showing?.shows === 'relay';
  const guests = isRelay ? nobody : (showing?.cohosts ?? nobody);

  useWakeLock(!over);
  useLeaveWarning(!over);

  useEffect(() => {
    if (isRelay) return;
    if (byEncoder) capture.close();
    else void capture.open();
  }, [capture, isRelay, byEncoder]);
  useEffect(() => {
    if (over) onEnded();
  }, [over, onEnded]);
  useOrderNews(session);

  const leave = async (): Promise<void> => {
    const yes = await confirm({
      title: t('live.leave.title'),
      body: t('live.leave.body'),
      confirmText: t('live.leave.confirm'),
      cancelText: t('live.stay'),
      theme: 'dark',
    });
    if (!yes) return;
    capture.close();
    void navigate('/', { replace: true });
  };
  useBackGesture(!over, () => void leave());

  const end = async (): Promise<void> => {
    const yes = await confirm({
      title: t('live.end.title'),
      body: t('live.end.body'),
      confirmText: t('live.end.confirm'),
      cancelText: t('live.stay'),
      tone: 'danger',
      theme: 'dark',
    });
    if (!yes) return;
    setEnding(true);
    try {
      await api.call(endRoom, { params: { id: room.id }, body: {} });
      capture.close();
      void queries.invalidateQueries({ queryKey: ['rooms'] });
      onEnded();
    } catch (error) {
      setEnding(false);
      toast(errorText(error), { tone: 'error' });
    }
  };

  const close = (): void => setSheet(null);
  return (
    <main className="st-live" data-theme="dark" data-wide={wide ? '' : undefined}>
      {wide && (
        <aside className="st-panel" aria-label={t('bag.title')}>
          <h2>{t('bag.title')}</h2>
          <div className="st-panel-body">
            <BagPanel session={session} />
          </div>
        </aside>
      )}
      <section className="st-stage st-live-stage">
        {showsRelay ? (
          <>
            {showing.relay?.state === 'live' && (
              <RelayPicture
                session={session}
                streamId={showing.streamId}
                silent={cutIn.publishing}
                label={t('relay.picture')}
                loading={t('relay.loading')}
              />
            )}
            {camera.stream && cutIn.phase !== 'off' && (
              <div className="st-mini">
                <Preview stream={camera.stream} mirror={camera.mirror} />
              </div>
            )}
          </>
        ) : (
          <Pictures guides={guests.length + 1}>
            <Picture>
              {byEncoder ? (
                <EncoderStage room={room} phase={own.phase} onOpen={() => setSheet('source')} />
              ) : (
                <Preview stream={air.muted.video ? null : camera.stream} mirror={camera.mirror} />
              )}
            </Picture>
            {guests.map(({ seatId, streamId, name, unitName, muted }) => (
              <StreamTile
                key={seatId}
                roomId={room.id}
                streamId={streamId}
                name={`${name} · ${unitName}`}
                muted={muted}
              />
            ))}
          </Pictures>
        )}
        <Hud
          room={room}
          session={session}
          air={air}
          onEnd={() => void end()}
          onLeave={() => void leave()}
          ending={ending}
          waiting={byEncoder ? encoderT(told === 'interrupted' ? 'phase.interrupted' : 'phase.waiting') : null}
          badge={
            byEncoder ? (
              <EncoderBadge phase={own.phase} stream={own.stream} />
            ) : (
              publishing && <HealthBadge health={air.health} stats={air.stats} />
            )
          }
        />
        <Banners session={session} air={air} />
        {publishing && !showsRelay && (
          <StageTrouble
            onAir={onAir}
            air={air}
            onToday={() => void navigate('/', { replace: true })}
            onEnded={onEnded}
          />
        )}
        {isRelay && showsRelay && camera.status === 'failed' && camera.problem && cutIn.phase !== 'off' && (
          <div className="st-stage-center">
            <ProblemCard problem={camera.problem} onRetry={() => void capture.retry()} />
          </div>
        )}
        <Controls
          onAir={publishing && !showsRelay}
          air={air}
          onMute={(kind, muted) => onAir.broadcast?.setMuted(kind, muted)}
          onFlip={() => void capture.flip()}
          mirror={camera.mirror}
          onMirror={() => capture.setMirror(!camera.mirror)}
          onNotice={() => setSheet('notice')}
          onSource={isRelay ? null : () => setSheet('source')}
        />
        <div className="st-live-foot">
          {isRelay && showing && <RelayBar roomId={room.id} stage={showing} cutIn={cutIn} />}
          {wide ? (
            <>
              <PurchaseTicker session={session} />
              <GiftTicker session={session} />
            </>
          ) : (
            <ChatOverlay session={session} onOpen={() => setSheet('chat')} />
          )}
          <PinnedCard session={session} onOpen={() => setSheet('bag')} passive={wide} />
          <BottomBar session={session} wide={wide} cohosts={isRelay ? null : guests.length} onOpen={setSheet} />
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
      <Sheet open={!wide && sheet === 'orders'} onClose={close} title={t('orders.room')} height="tall" theme="dark">
        <OrderList filter={{ roomId: room.id }} />
      </Sheet>
      <Sheet open={!wide && sheet === 'gifts'} onClose={close} title={giftT('title')} height="tall" theme="dark">
        <GiftPanel session={session} />
      </Sheet>
      <ShareSheet room={room} open={sheet === 'share'} onClose={close} />
      <CohostSheet session={session} open={sheet === 'cohosts'} onClose={close} />
      <SourceSheet room={room} session={session} own={own} open={sheet === 'source'} onClose={close} />
      <PlaySheet session={session} open={sheet === 'play'} onClose={close} />
      <NoticeSheet session={session} open={sheet === 'notice'} onClose={close} />
    </main>
  );
};

/** What stops the programme and needs the guide: the camera, a refusal, another device. */
const StageTrouble = ({
  onAir,
  air,
  onToday,
  onEnded,
}: {
  onAir: OnAir;
  air: BroadcastState;
  onToday: () => void;
  onEnded: () => void;
}): ReactNode => {
  const { capture } = useServices();
  const t = useT();
  const camera = useSelect(capture, (state) => state);
  if (camera.status === 'failed' && camera.problem)
    return (
      <div className="st-stage-center">
        <ProblemCard problem={camera.problem} onRetry={() => void capture.retry()} />
      </div>
    );
  if (onAir.error)
    return (
      <div className="st-stage-center">
        <div className="st-problem-card">
          <ErrorState
            compact
            error={onAir.error}
            onRetry={() => {
              onEnded();
              onAir.again();
            }}
          />
          <Button variant="ghost" onClick={onToday}>
            {t('live.toToday')}
          </Button>
        </div>
      </div>
    );
  if (air.publish.status === 'failed') {
    const { reason } = air.publish;
    const mayRetry = reason !== 'revoked' && reason !== 'unsupported';
    return (
      <div className="st-stage-center">
        <div className="st-problem-card" role="alert">
          <h2>{t(`live.failed.${reason}.title`)}</h2>
          <p>{t(`live.failed.${reason}.hint`)}</p>
          {mayRetry && (
            <Button onClick={onAir.again}>
              {t(reason === 'replaced' ? 'live.failed.replaced.action' : 'live.retry')}
            </Button>
          )}
          <Button variant="ghost" onClick={onToday}>
            {t('live.toToday')}
          </Button>
        </div>
      </div>
    );
  }
  if (camera.status === 'opening' || air.publish.status === 'connecting')
    return (
      <div className="st-stage-wait">
        <Spinner label={t(camera.status === 'opening' ? 'prepare.opening' : 'live.connecting')} />
      </div>
    );
  return null;
};
