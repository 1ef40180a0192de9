import { type ReactNode, useEffect, useRef, useState } from 'react';
import { playerI18n } from '../i18n/messages.ts';
import { useRoomHandle } from './use-room.ts';

/** How long one purchase is shown, and how many may wait; more than that would be old news. */
const SHOWN_MS = 3_600;
const QUEUE_LIMIT = 6;

type Bubble = { id: number; buyer: string; product: string; quantity: number };

/** Who bought what, from `order:paid` facts only (rule Z8). One at a time. */
export const PurchaseBubbles = (): ReactNode => {
  const t = playerI18n.useT();
  const session = useRoomHandle();
  const [queue, setQueue] = useState<readonly Bubble[]>([]);
  const nextId = useRef(0);
  const shown = queue[0];
  const shownId = shown?.id;

  useEffect(
    () =>
      session.onEvent((event) => {
        if (event.kind !== 'order:paid') return;
        nextId.current += 1;
        const bubble: Bubble = {
          id: nextId.current,
          buyer: event.buyerName,
          product: event.productTitle,
          quantity: event.quantity,
        };
        setQueue((waiting) => (waiting.length < QUEUE_LIMIT ? [...waiting, bubble] : waiting));
      }),
    [session],
  );

  useEffect(() => {
    if (shownId === undefined) return;
    const timer = setTimeout(() => setQueue((waiting) => waiting.filter(({ id }) => id !== shownId)), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [shownId]);

  return (
    <div className="pl-bubbles" role="status">
      {shown && (
        <span key={shown.id} className="pl-bubble" data-testid="purchase-bubble">
          <b>{shown.buyer}</b> {t('bubble.bought')} {shown.product}
          {shown.quantity > 1 && <span className="wl-number"> ×{shown.quantity}</span>}
        </span>
      )}
    </div>
  );
};
