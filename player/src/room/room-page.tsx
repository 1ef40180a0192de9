import { cx, useBackGesture } from '@walnut-live/ui';
import { type ReactNode, useEffect, useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { Activities } from '../activities/lazy-activities.tsx';
import { useDocumentTitle } from '../app/use-document-title.ts';
import { DrainCard } from '../cards/lazy-card.tsx';
import { ModeNote, PinnedMessage } from '../chat/above-chat.tsx';
import { TalkProvider } from '../chat/talk-provider.tsx';
import { Door } from '../door/lazy-door.tsx';
import { GiftLayer } from '../gifts/gift-layer.tsx';
import { GivingProvider, useGifts } from '../gifts/giving-provider.tsx';
import { LazyGiftSheet } from '../gifts/lazy-sheet.tsx';
import { UndoBar } from '../gifts/undo-bar.tsx';
import { GroupHint } from '../group-buys/lazy-hint.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { Plays } from '../interaction/lazy-plays.tsx';
import { PurchasePanel } from '../purchase/lazy-panel.tsx';
import { PurchaseProvider, usePurchase } from '../purchase/purchase-provider.tsx';
import { BagSheet } from './bag-sheet.tsx';
import { BottomBar } from './bottom-bar.tsx';
import { Chat } from './chat.tsx';
import { HeartLayer, HeartsProvider } from './hearts.tsx';
import { SellerSheet, ShareSheet } from './lazy-sheets.tsx';
import { Notice } from './notice.tsx';
import { PausedNote } from './paused-note.tsx';
import { PinnedCard } from './pinned-card.tsx';
import { PurchaseBubbles } from './purchase-bubbles.tsx';
import { SideBag, useIsWide } from './side-bag.tsx';
import { Stage } from './stage.tsx';
import { StageOverlay } from './stage-overlay.tsx';
import { TopBar } from './top-bar.tsx';
import { useCleanUrl } from './use-clean-url.ts';
import { useKeyboardInset } from './use-keyboard-inset.ts';
import { linkedProduct, useLinkedProduct } from './use-linked-product.ts';
import { RoomProvider, useRoom, useRoomHandle, useRoomSession } from './use-room.ts';
import { useStageView } from './use-stage-view.ts';
import { VideoProvider } from './video/video-provider.tsx';
import '../chat/chat.css';
import './deck.css';
import './guests.css';
import './overlay.css';
import './room.css';
import './wide.css';

export type RoomSheet = 'bag' | 'share' | 'seller' | null;

const Room = ({ productId }: { productId: string | null }): ReactNode => {
  const t = playerI18n.useT();
  const navigate = useNavigate();
  const session = useRoomHandle();
  const room = useRoom((state) => state.room);
  const view = useStageView();
  const purchase = usePurchase();
  const gifts = useGifts();
  const [sheet, setSheet] = useState<RoomSheet>(null);
  const isWide = useIsWide();
  const panelOpen = purchase.flow !== null;
  useBackGesture(panelOpen, purchase.back);
  useDocumentTitle(room ? `${room.title} · ${room.orgUnit.name}` : t('app.title'));
  useKeyboardInset();
  useLinkedProduct(productId);

  if (view === 'not-for-me')
    return <Door roomId={session.roomId} onRetry={session.reconnect} wasInside={room !== null} />;
  const over = view === 'ended' || view === 'banned' || view === 'not-found' || view === 'replaced';
  const interactive = !over && view !== 'skeleton' && !(view === 'offline' && room === null);

  return (
    <>
      <main className={cx('pl-room', panelOpen && 'pl-room-panel')} data-theme="dark" data-view={view}>
        {room && (
          <div className="pl-backdrop" aria-hidden="true">
            <img src={room.coverUrl} alt="" />
          </div>
        )}
        <h1 className="wl-visually-hidden">{room?.title ?? t('app.title')}</h1>
        <div className="pl-phone">
          <Stage view={view} onDoubleTap={() => interactive && session.like()} />
          <div className="pl-hud" inert={panelOpen && !isWide}>
            <TopBar view={view} onSeller={() => setSheet('seller')} onClose={() => void navigate('/')} />
            <StageOverlay view={view} onBag={() => setSheet('bag')} onShare={() => setSheet('share')} />
            {interactive && (
              <div className="pl-deck">
                <Notice />
                <PinnedMessage />
                <PurchaseBubbles />
                <Plays />
                <Activities />
                <DrainCard />
                <GroupHint />
                <PinnedCard />
                <Chat />
                <ModeNote />
                <PausedNote />
                {!gifts.open && <UndoBar />}
                <BottomBar
                  onBag={() => setSheet('bag')}
                  onShare={() => setSheet('share')}
                  onGift={() => gifts.setOpen(true)}
                />
              </div>
            )}
          </div>
          <GiftLayer />
          <HeartLayer />
        </div>
        <SideBag />
        <PurchasePanel />
      </main>
      <BagSheet open={sheet === 'bag'} onClose={() => setSheet(null)} />
      <LazyGiftSheet />
      <ShareSheet open={sheet === 'share'} onClose={() => setSheet(null)} />
      <SellerSheet open={sheet === 'seller'} onClose={() => setSheet(null)} />
    </>
  );
};

const RoomPage = (): ReactNode => {
  const { roomId = '' } = useParams();
  const session = useRoomSession(roomId);
  const [productId] = useState(() => linkedProduct(location.search));
  useCleanUrl();
  useEffect(() => {
    document.documentElement.classList.add('pl-room-open');
    return () => document.documentElement.classList.remove('pl-room-open');
  }, []);
  if (!session) return <main className="pl-room" data-theme="dark" aria-busy="true" />;
  return (
    <RoomProvider value={session}>
      <VideoProvider>
        <HeartsProvider>
          <PurchaseProvider>
            <GivingProvider>
              <TalkProvider>
                <Room productId={productId} />
              </TalkProvider>
            </GivingProvider>
          </PurchaseProvider>
        </HeartsProvider>
      </VideoProvider>
    </RoomProvider>
  );
};

export default RoomPage;
