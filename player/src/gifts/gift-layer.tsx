import { useLocale } from '@walnut-live/ui';
import { type ReactNode, useEffect, useReducer, useState } from 'react';
import { useRoomHandle } from '../room/use-room.ts';
import { nextEndMs, noGifts, reduceLanes, type ShownBurst } from './gift-lanes.ts';
import { useGiftT } from './messages.ts';
import './gifts.css';

const LEAST_TICK_MS = 50;

const useReducedMotion = (): boolean => {
  const [reduced, setReduced] = useState(() => matchMedia('(prefers-reduced-motion: reduce)').matches);
  useEffect(() => {
    const query = matchMedia('(prefers-reduced-motion: reduce)');
    const follow = (): void => setReduced(query.matches);
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, []);
  return reduced;
};

const Lane = ({ shown }: { shown: ShownBurst }): ReactNode => {
  const t = useGiftT();
  const { locale } = useLocale();
  return (
    <div className="pl-gift-lane" data-effect={shown.effect} data-own={shown.own} data-testid="gift-lane">
      <span className="pl-gift-lane-text">
        <b>{shown.name}</b>
        <span>{t('chat.sent', { gift: locale === 'en' ? shown.giftNameEn : shown.giftName })}</span>
      </span>
      <img src={shown.pictureUrl} alt="" width="52" height="52" />
      <span key={shown.count} className="pl-gift-count wl-number" data-testid="gift-count">
        <i>×</i>
        {shown.count}
      </span>
    </div>
  );
};

/** Gifts over the picture and under every control; whoever asks for less motion sees them stand. */
export const GiftLayer = (): ReactNode => {
  const session = useRoomHandle();
  const reduced = useReducedMotion();
  const [state, dispatch] = useReducer(reduceLanes, noGifts);

  useEffect(
    () =>
      session.onEvent((event) => {
        const nowMs = performance.now();
        if (event.kind === 'gift:sent')
          dispatch({ type: 'sent', gift: event.gift, own: event.gift.personId === session.get().selfId, nowMs });
        else if (event.kind === 'gift:taken-back')
          dispatch({ type: 'taken-back', comboId: event.comboId, quantity: event.quantity, nowMs });
      }),
    [session],
  );

  const endMs = nextEndMs(state);
  useEffect(() => {
    if (endMs === null) return;
    const waitMs = Math.max(LEAST_TICK_MS, endMs - performance.now());
    const timer = setTimeout(() => dispatch({ type: 'tick', nowMs: performance.now() }), waitMs);
    return () => clearTimeout(timer);
  }, [endMs]);

  return (
    <div className="pl-gifts" aria-hidden="true" data-testid="gift-layer">
      {!reduced && state.large && (
        <div key={state.large.comboId} className="pl-gift-large" data-testid="gift-large">
          <span className="pl-gift-rays" />
          <img src={state.large.pictureUrl} alt="" />
        </div>
      )}
      <div className="pl-gift-lanes">
        {state.lanes.map((shown, lane) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a lane is its place
          <div key={lane} className="pl-gift-slot">
            {shown && <Lane key={shown.comboId} shown={shown} />}
          </div>
        ))}
      </div>
    </div>
  );
};
