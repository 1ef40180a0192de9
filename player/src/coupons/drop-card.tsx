import { type CouponGrab, grabCoupon, myCouponGrab } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Button, Countdown, IconButton, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { TicketCheck, X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useMine } from '../interaction/use-mine.ts';
import { useRoom, useServerNow, useServerOffset } from '../room/use-room.ts';
import { useCouponT } from './messages.ts';
import './coupons.css';

/** How long the end of a drop stays on the screen of somebody who did not get one. */
const OVER_SHOWN_MS = 8_000;

/** The coupon drop of the room as a card over the picture: it counts down, is grabbed by one tap, and says what came of it. */
export const CouponDropCard = (): ReactNode => {
  const t = useCouponT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api, pending, requireConsumer } = useServices();
  const drop = useRoom((state) => state.interaction.couponDrop ?? null);
  const now = useServerNow();
  const offset = useServerOffset();
  const id = drop?.id ?? null;
  const [hidden, setHidden] = useState<string | null>(null);
  const [grabbed, setGrabbed] = useState<{ id: string; outcome: CouponGrab['outcome'] } | null>(null);
  const [busy, setBusy] = useState(false);
  const { mine } = useMine(id, () => api.call(myCouponGrab, { params: { id: id ?? '' } }));
  if (!drop || hidden === drop.id) return null;

  const outcome = grabbed?.id === drop.id ? grabbed.outcome : mine?.coupon ? 'got' : null;
  const over = drop.state === 'ended' || Date.parse(drop.endsAt) <= now;
  if (over && now - Date.parse(drop.endedAt ?? drop.endsAt) > OVER_SHOWN_MS) return null;
  const left = drop.count - drop.taken;
  const leading = Date.parse(drop.startsAt) > now;
  const grab = async (): Promise<void> => {
    if (busy || !(await requireConsumer('play'))) return;
    setBusy(true);
    try {
      const answer = await pending.run(`coupon-drop:${drop.id}`, {}, (idempotencyKey) =>
        api.call(grabCoupon, { params: { id: drop.id }, body: {}, idempotencyKey }),
      );
      setGrabbed({ id: drop.id, outcome: answer.outcome });
    } catch (error) {
      // Another tap of ours is on its way.
      if (!isApiError(error, 'request_in_flight')) toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  const said =
    outcome !== null
      ? t(`drop.${outcome}`)
      : over
        ? t(left > 0 ? 'drop.over' : 'drop.gone')
        : leading
          ? t('drop.soon')
          : t('drop.left', { count: format.count(left) });
  const state = outcome ?? (over ? 'over' : leading ? 'lead' : 'open');
  return (
    <article className="pl-drop-card" aria-label={t('drop.label')} data-testid="coupon-drop" data-state={state}>
      <p className="pl-drop-off">
        <b className="wl-number">{format.money(drop.offFen, { fen: 'trim' })}</b>
        <small>
          {t('terms', {
            min: format.money(drop.minSpendFen, { fen: 'trim' }),
            off: format.money(drop.offFen, { fen: 'trim' }),
          })}
        </small>
      </p>
      <p className="pl-drop-text">
        <b>{drop.title}</b>
        <span role="status">{said}</span>
        {outcome === null && !over && (
          <small>
            {drop.newcomersOnly && `${t('newcomers')} · `}
            <Countdown look="text" until={leading ? drop.startsAt : drop.endsAt} serverOffsetMs={offset} />
          </small>
        )}
      </p>
      {outcome === 'got' ? (
        <span className="pl-drop-mine">
          <TicketCheck size={18} aria-hidden="true" />
          {t('drop.mine')}
        </span>
      ) : (
        outcome === null &&
        !over && (
          <Button
            variant="hot"
            loading={busy}
            disabled={leading || left === 0}
            onClick={() => void grab()}
            data-testid="grab-coupon"
          >
            {t('drop.grab')}
          </Button>
        )
      )}
      <IconButton
        label={t('drop.hide')}
        icon={<X size={16} />}
        variant="ghost"
        className="pl-drop-hide"
        onClick={() => setHidden(drop.id)}
      />
    </article>
  );
};
