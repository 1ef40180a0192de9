import { getReplay, type Replay } from '@walnut-live/contracts';
import type { RoomSession, RoomState } from '@walnut-live/live-client/room';
import { Button, ErrorState, Illustration, Spinner, useFormat } from '@walnut-live/ui';
import { ChevronLeft, Store } from 'lucide-react';
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Link, useLocation, useParams } from 'react-router';
import { useServices } from '../app/services.tsx';
import { useDocumentTitle } from '../app/use-document-title.ts';
import { Door } from '../door/lazy-door.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { PurchasePanel } from '../purchase/lazy-panel.tsx';
import { PurchaseProvider, usePurchase } from '../purchase/purchase-provider.tsx';
import { SellerSheet } from '../room/seller-sheet.tsx';
import { RoomProvider, useRoomSession } from '../room/use-room.ts';
import { SellsByReplay } from '../room/use-sale.ts';
import { RecordedVideo } from './recorded-video.tsx';
import { ReplayChat } from './replay-chat.tsx';
import { ReplayProducts, ReplayTimeline } from './replay-products.tsx';
import { useReplay } from './use-replay.ts';
import '../room/overlay.css';
import './recorded.css';
import './replay.css';

/** The room without its live prices: a replay sells at the normal price. */
const asReplay = (session: RoomSession): RoomSession => {
  let from: RoomState | null = null;
  let to: RoomState | null = null;
  const get = (): RoomState => {
    const state = session.get();
    if (to && state === from) return to;
    from = state;
    const items = state.bag.items.map((item) => ({ ...item, offers: [] }));
    to = { ...state, bag: { ...state.bag, pinnedProductId: null, items } };
    return to;
  };
  return { ...session, get };
};

const Shut = ({ title, hint, children }: { title: string; hint?: string; children?: ReactNode }): ReactNode => {
  const t = playerI18n.useT();
  return (
    <div className="pl-replay-shut" data-testid="replay-shut">
      <Illustration name="broken" size={120} />
      <p className="pl-replay-shut-title">{title}</p>
      {hint && <p>{hint}</p>}
      {children}
      <Link to="/" className="wl-btn wl-btn-glass wl-btn-l">
        {t('ended.more')}
      </Link>
    </div>
  );
};

const Player = ({ replay }: { replay: Replay }): ReactNode => {
  const t = playerI18n.useT();
  const { api } = useServices();
  const { flow } = usePurchase();
  const video = useRef<HTMLVideoElement>(null);
  const [atSeconds, setAtSeconds] = useState(0);
  const [seller, setSeller] = useState(false);
  const from = useRef(Number(new URLSearchParams(useLocation().search).get('at') ?? 0));
  const { room } = replay;
  const format = useFormat();
  const renew = useCallback(
    async () => (await api.call(getReplay, { params: { id: room.id } }).catch(() => null))?.media ?? null,
    [api, room.id],
  );
  const jump = useCallback((seconds: number): void => {
    const element = video.current;
    if (!element) return;
    element.currentTime = seconds;
    setAtSeconds(seconds);
    // Without a tap of its own a browser may refuse; the controls are there.
    void element.play().catch(() => undefined);
  }, []);
  // A link to a moment: where the recording begins, once.
  useEffect(() => {
    const element = video.current;
    if (!element || !(from.current > 0)) return;
    const begin = (): void => {
      if (from.current > 0) element.currentTime = from.current;
      from.current = 0;
    };
    element.addEventListener('loadedmetadata', begin, { once: true });
    return () => element.removeEventListener('loadedmetadata', begin);
  }, []);
  if (!replay.media) return null;
  return (
    <>
      <div className="pl-replay-grid" inert={flow !== null}>
        <div className="pl-replay-main">
          <RecordedVideo
            video={video}
            grant={replay.media}
            renew={renew}
            label={t('replay.video', { title: room.title })}
            poster={room.coverUrl}
            aiPicture={room.aiPicture}
            onTime={setAtSeconds}
          />
          <ReplayTimeline replay={replay} atSeconds={atSeconds} onJump={jump} />
          <div className="pl-replay-facts">
            <p>
              {room.host.name} · {room.orgUnit.name}
              {room.startedAt && <> · {format.dateTime(room.startedAt)}</>}
            </p>
            <Button
              variant="glass"
              size="s"
              icon={<Store size={16} />}
              data-testid="replay-seller"
              onClick={() => setSeller(true)}
            >
              {t('replay.seller')}
            </Button>
          </div>
        </div>
        <ReplayProducts replay={replay} onJump={jump} />
        <ReplayChat roomId={room.id} atSeconds={atSeconds} />
      </div>
      <SellerSheet open={seller} onClose={() => setSeller(false)} />
    </>
  );
};

const Content = ({ roomId }: { roomId: string }): ReactNode => {
  const t = playerI18n.useT();
  const { load, retry } = useReplay(roomId);
  useDocumentTitle(load.status === 'loaded' ? `${t('replay.title')} · ${load.replay.room.title}` : t('replay.title'));
  if (load.status === 'loading') {
    return (
      <div className="pl-replay-shut" aria-busy="true">
        <Spinner />
        <p>{t('replay.loading')}</p>
      </div>
    );
  }
  if (load.status === 'failed') return <ErrorState error={load.error} onRetry={retry} />;
  if (load.status === 'not-for-me') return <Door roomId={roomId} onRetry={retry} wasInside={false} />;
  if (load.status === 'banned') return <Shut title={t('replay.banned')} />;
  if (load.status !== 'loaded') return <Shut title={t('notFound.title')} hint={t('notFound.hint')} />;
  const { replay } = load;
  const title = (
    <header className="pl-replay-head">
      <Link to={`/r/${roomId}`} className="pl-replay-back" aria-label={t('replay.back')}>
        <ChevronLeft size={24} aria-hidden="true" />
      </Link>
      <h1>{replay.room.title}</h1>
    </header>
  );
  if (replay.media) {
    return (
      <>
        {title}
        <Player replay={replay} />
      </>
    );
  }
  return (
    <>
      {title}
      {replay.state === 'processing' && (
        <div className="pl-replay-shut" role="status" data-testid="replay-processing">
          <Spinner decorative />
          <p className="pl-replay-shut-title">{t('replay.processing')}</p>
          <p>{t('replay.processingHint')}</p>
        </div>
      )}
      {replay.state === 'recording' && (
        <Shut title={t('replay.live')}>
          <Link to={`/r/${roomId}`} className="wl-btn wl-btn-hot wl-btn-l">
            {t('replay.toLive')}
          </Link>
        </Shut>
      )}
      {replay.state === 'none' && <Shut title={t('replay.none')} />}
      {replay.state === 'hidden' && <Shut title={t('replay.hidden')} />}
      {replay.state === 'gone' && <Shut title={t('replay.gone')} />}
    </>
  );
};

const ReplayPage = (): ReactNode => {
  const { roomId = '' } = useParams();
  const session = useRoomSession(roomId);
  const replaySession = useMemo(() => session && asReplay(session), [session]);
  return (
    <main className="pl-replay" data-theme="dark" aria-busy={!replaySession}>
      {replaySession && (
        <RoomProvider value={replaySession}>
          <SellsByReplay value={true}>
            <PurchaseProvider>
              <Content roomId={roomId} />
              <PurchasePanel />
            </PurchaseProvider>
          </SellsByReplay>
        </RoomProvider>
      )}
    </main>
  );
};

export default ReplayPage;
