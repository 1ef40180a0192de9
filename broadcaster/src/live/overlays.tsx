import { headlinePriceAt, pinnedItem, type RoomSession } from '@walnut-live/live-client/room';
import { Badge, cx, IconButton, Price, useNow } from '@walnut-live/ui';
import {
  Camera,
  CameraOff,
  CirclePause,
  FlipHorizontal2,
  Gift,
  Megaphone,
  MessageCircle,
  Mic,
  MicOff,
  MonitorUp,
  PartyPopper,
  ReceiptText,
  Share2,
  ShoppingBag,
  SwitchCamera,
  Users,
} from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { useMay, useSelect } from '../app/services.tsx';
import { useChatLines } from '../chat/chat-panel.tsx';
import { useEncoderT } from '../encoder/messages.ts';
import { GiftTicker } from '../gifts/gift-panel.tsx';
import { useGiftT } from '../gifts/messages.ts';
import { useT } from '../i18n/index.ts';
import { usePlayT } from '../interaction/messages.ts';
import type { BroadcastState } from './broadcast.ts';

export type SheetName = 'bag' | 'gifts' | 'chat' | 'orders' | 'share' | 'notice' | 'cohosts' | 'source' | 'play';

/** Messages shown over the picture. */
const OVERLAY_LINES = 5;
/** How long a purchase stays over the picture. */
const TICKER_MS = 6_000;

/** States that the guide must notice without leaving the picture; the picture's and the chat's connection apart. */
export const Banners = ({ session, air }: { session: RoomSession; air: BroadcastState }): ReactNode => {
  const t = useT();
  const connection = useSelect(session, (state) => state.connection.state);
  const notice = useSelect(session, (state) => state.notice);
  const loaded = useSelect(session, (state) => state.loaded);
  const paused = useSelect(session, (state) => state.paused);
  return (
    <div className="st-banners" role="status">
      {air.publish.status === 'reconnecting' && <p className="st-banner st-banner-bad">{t('live.mediaLost')}</p>}
      {loaded && (connection === 'reconnecting' || connection === 'closed') && (
        <p className="st-banner st-banner-warn">{t('live.socketLost')}</p>
      )}
      {paused && (
        <p className="st-banner st-banner-warn" data-testid="room-paused">
          <CirclePause aria-hidden />
          {t('paused.note')}
        </p>
      )}
      {air.muted.audio && <p className="st-banner st-banner-warn">{t('live.muted')}</p>}
      {air.muted.video && <p className="st-banner st-banner-warn">{t('live.cameraMuted')}</p>}
      {notice !== '' && (
        <p className="st-banner">
          <Megaphone aria-hidden />
          {notice}
        </p>
      )}
    </div>
  );
};

export const Controls = ({
  air,
  mirror,
  onMute,
  onFlip,
  onMirror,
  onNotice,
  onSource,
  onAir,
  children,
}: {
  /** Buttons before the others. */
  children?: ReactNode;
  /** The own camera is published: it can be muted and turned. */
  onAir: boolean;
  air: BroadcastState;
  mirror: boolean;
  onMute: (kind: 'audio' | 'video', muted: boolean) => void;
  onFlip: () => void;
  onMirror: () => void;
  onNotice: () => void;
  /** Null where there is nothing to choose (a relay). */
  onSource: (() => void) | null;
}): ReactNode => {
  const t = useT();
  const own = useEncoderT();
  const { audio, video } = air.muted;
  return (
    <div className="st-live-side">
      {children}
      {onAir && (
        <>
          <IconButton
            variant={audio ? 'danger' : 'glass'}
            size="l"
            label={t(audio ? 'live.mic.on' : 'live.mic.off')}
            icon={audio ? <MicOff aria-hidden /> : <Mic aria-hidden />}
            onClick={() => onMute('audio', !audio)}
          />
          <IconButton
            variant={video ? 'danger' : 'glass'}
            size="l"
            label={t(video ? 'live.camera.on' : 'live.camera.off')}
            icon={video ? <CameraOff aria-hidden /> : <Camera aria-hidden />}
            onClick={() => onMute('video', !video)}
          />
          <IconButton
            variant="glass"
            size="l"
            label={t('prepare.flip')}
            icon={<SwitchCamera aria-hidden />}
            onClick={onFlip}
          />
          <IconButton
            variant="glass"
            size="l"
            label={t('prepare.mirror')}
            icon={<FlipHorizontal2 aria-hidden />}
            aria-pressed={mirror}
            onClick={onMirror}
          />
        </>
      )}
      <IconButton
        variant="glass"
        size="l"
        label={t('live.notice')}
        icon={<Megaphone aria-hidden />}
        onClick={onNotice}
      />
      {onSource && (
        <IconButton
          variant="glass"
          size="l"
          label={own('source')}
          icon={<MonitorUp aria-hidden />}
          onClick={onSource}
        />
      )}
    </div>
  );
};

/** The last words of the room, and who has just bought, over the picture. */
export const ChatOverlay = ({ session, onOpen }: { session: RoomSession; onOpen: () => void }): ReactNode => {
  const t = useT();
  const lines = useChatLines(session).slice(-OVERLAY_LINES);
  return (
    <button type="button" className="st-overlay" onClick={onOpen}>
      <span className="wl-visually-hidden">{t('chat.title')}</span>
      <PurchaseTicker session={session} />
      <GiftTicker session={session} />
      {lines.map((line) => (
        <span key={line.messageId} className={cx('st-bubble', line.role !== 'viewer' && 'st-bubble-host')}>
          <b>{line.name}</b> {line.text}
        </span>
      ))}
    </button>
  );
};

export const PurchaseTicker = ({ session }: { session: RoomSession }): ReactNode => {
  const t = useT();
  const last = useSelect(session, (state) => state.purchases.at(-1));
  const [shown, setShown] = useState<typeof last>(undefined);
  useEffect(() => {
    if (!last) return;
    setShown(last);
    const timer = setTimeout(() => setShown(undefined), TICKER_MS);
    return () => clearTimeout(timer);
  }, [last]);
  if (!shown) return null;
  return (
    <span key={shown.seq} className="st-bubble st-bubble-order">
      <ReceiptText aria-hidden />
      {t('orders.ticker', { name: shown.buyerName, title: shown.productTitle, quantity: shown.quantity })}
    </span>
  );
};

/** The product that is being talked about, as viewers see it. */
export const PinnedCard = ({
  session,
  passive,
  onOpen,
}: {
  session: RoomSession;
  /** The bag already stands beside the picture. */
  passive: boolean;
  onOpen: () => void;
}): ReactNode => {
  const t = useT();
  const bag = useSelect(session, (state) => state.bag);
  const now = useNow(1000, session.serverNowMs() - Date.now());
  const item = pinnedItem(bag);
  if (!item) return null;
  const price = headlinePriceAt(item, now);
  const content = (
    <>
      <img src={item.product.pictureUrl} alt="" width="52" height="52" />
      <span className="st-pinned-text">
        <Badge tone="hot">{t('bag.pinned')}</Badge>
        <strong>{item.product.title}</strong>
      </span>
      {price && <Price fen={price.priceFen} struckFen={price.struckFen} size="s" />}
    </>
  );
  return passive ? (
    <div className="st-pinned">{content}</div>
  ) : (
    <button type="button" className="st-pinned" onClick={onOpen}>
      {content}
    </button>
  );
};

export const BottomBar = ({
  session,
  wide,
  cohosts,
  onOpen,
}: {
  session: RoomSession;
  wide: boolean;
  /** Co-hosts here; null where none can be invited (a relay). */
  cohosts: number | null;
  onOpen: (sheet: SheetName) => void;
}): ReactNode => {
  const t = useT();
  const giftT = useGiftT();
  const playT = usePlayT();
  const may = useMay();
  const entered = useSelect(session, ({ interaction: { draw } }) => (draw?.state === 'open' ? draw.entries : 0));
  const isConference = useSelect(session, (state) => state.room?.kind === 'conference');
  const products = useSelect(session, (state) => state.bag.items.length);
  const purchases = useSelect(session, (state) => state.purchases.length);
  const entries: { sheet: SheetName; label: string; icon: ReactNode; count?: number }[] = [
    { sheet: 'bag', label: t('live.bag'), icon: <ShoppingBag aria-hidden />, count: products },
    { sheet: 'chat', label: t('live.chat'), icon: <MessageCircle aria-hidden /> },
    ...(may('orders:read')
      ? [{ sheet: 'orders' as const, label: t('live.order'), icon: <ReceiptText aria-hidden />, count: purchases }]
      : []),
    { sheet: 'gifts', label: giftT('open'), icon: <Gift aria-hidden /> },
    { sheet: 'play', label: playT('title'), icon: <PartyPopper aria-hidden />, count: entered },
    ...(cohosts === null
      ? []
      : [{ sheet: 'cohosts' as const, label: t('cohost.title'), icon: <Users aria-hidden />, count: cohosts }]),
    // A link into a conference would end at its door.
    ...(isConference ? [] : [{ sheet: 'share' as const, label: t('live.share'), icon: <Share2 aria-hidden /> }]),
  ];
  return (
    <nav className="st-bar" aria-label={t('live.more')}>
      {entries
        .filter((entry) => !wide || ['play', 'cohosts', 'share'].includes(entry.sheet))
        .map(({ sheet, label, icon, count = 0 }) => (
          <button key={sheet} type="button" onClick={() => onOpen(sheet)} data-testid={`bar-${sheet}`}>
            <span className="st-bar-icon">
              {icon}
              {count > 0 && (
                <span className="wl-icon-btn-count" aria-hidden="true">
                  {count > 99 ? '99+' : count}
                </span>
              )}
            </span>
            {label}
          </button>
        ))}
    </nav>
  );
};
