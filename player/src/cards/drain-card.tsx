import { getMyDrainCard, markDrainCard, type RoutedDrainCard } from '@walnut-live/contracts';
import { Sheet } from '@walnut-live/ui';
import { QrCode, X } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { useMe, useServices } from '../app/services.tsx';
import { useRoomHandle } from '../room/use-room.ts';
import { askDelayMs } from './ask-delay.ts';
import { useCardT } from './messages.ts';
import './card.css';

/** Browsers inside chat apps read a code under a long press; saving a picture is what they cannot. */
const readsCodes = /MicroMessenger|wxwork|QQ\//i.test(navigator.userAgent);

const CardSheet = ({ card, onClose }: { card: RoutedDrainCard; onClose: () => void }): ReactNode => {
  const t = useCardT();
  return (
    <Sheet open onClose={onClose} title={card.title} wide="center">
      <div className="pl-card-sheet" data-testid="card-sheet">
        <p>
          {card.guide
            ? t('card.guideOf', { guide: card.guide, store: card.store })
            : t('card.of', { store: card.store })}
        </p>
        {card.pictureUrl && (
          <>
            <img src={card.pictureUrl} alt={t('card.picture', { title: card.title })} data-testid="card-picture" />
            <p className="pl-fine">{t(readsCodes ? 'card.press' : 'card.scan')}</p>
          </>
        )}
        {card.hint && <p>{card.hint}</p>}
        {card.pictureUrl && !readsCodes && (
          <a className="wl-btn wl-btn-soft wl-btn-l wl-btn-block" href={card.pictureUrl} download={card.title}>
            {t('card.save')}
          </a>
        )}
        {card.link && (
          <a className="wl-btn wl-btn-primary wl-btn-l wl-btn-block" href={card.link} target="_blank" rel="noreferrer">
            {t('card.link')}
          </a>
        )}
        <p className="pl-fine">{t('card.own')}</p>
      </div>
    </Sheet>
  );
};

/** The card of the viewer's own store, as long as the host shows it. Nothing when that store has none. */
const DrainCard = ({ random = Math.random }: { random?: () => number }): ReactNode => {
  const t = useCardT();
  const { api } = useServices();
  const me = useMe();
  const room = useRoomHandle();
  const { roomId } = room;
  const [card, setCard] = useState<RoutedDrainCard | null>(null);
  const [open, setOpen] = useState(false);
  const [hidden, setHidden] = useState(false);

  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever signs in may belong to another store
  useEffect(() => {
    let wanted = true;
    const { viewersNow, drainCard } = room.get();
    const shownAgoMs = drainCard ? room.serverNowMs() - Date.parse(drainCard.shownAt) : 0;
    const waiting = setTimeout(
      () =>
        // A card that does not come is none: the live goes on.
        void api.call(getMyDrainCard, { params: { id: roomId } }).then(
          (answer) => {
            if (!wanted) return;
            setCard(answer.card);
            if (answer.card) mark(answer.card.id, 'seen');
          },
          () => undefined,
        ),
      askDelayMs({ viewers: viewersNow, shownAgoMs }, random),
    );
    return () => {
      wanted = false;
      clearTimeout(waiting);
    };
  }, [api, roomId, me?.id]);
  function mark(cardId: string, what: 'seen' | 'tapped'): void {
    void api.call(markDrainCard, { params: { id: roomId }, body: { cardId, what } }).catch(() => undefined);
  }

  if (!card || hidden) return null;
  return (
    <>
      <div className="pl-card-strip" data-testid="drain-card" data-kind={card.kind} data-store={card.store}>
        <button
          type="button"
          className="pl-card-strip-open"
          onClick={() => {
            mark(card.id, 'tapped');
            setOpen(true);
          }}
          data-testid="drain-card-open"
        >
          <QrCode size={26} aria-hidden="true" />
          <span className="pl-card-strip-text">
            <b>{card.title || t(`card.${card.kind}`)}</b>
            <small>{card.guide ?? card.store}</small>
          </span>
          <span className="pl-card-strip-go">{t(`card.${card.kind}`)}</span>
        </button>
        <button
          type="button"
          className="pl-card-strip-hide"
          aria-label={t('card.hide')}
          onClick={() => setHidden(true)}
        >
          <X size={16} aria-hidden="true" />
        </button>
      </div>
      {open && <CardSheet card={card} onClose={() => setOpen(false)} />}
    </>
  );
};

export default DrainCard;
