import { useQuery } from '@tanstack/react-query';
import {
  type CouponKind,
  endCouponDrop,
  listCouponKinds,
  MAX_COUPON_DROP,
  startCouponDrop,
} from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import type { RoomSession } from '@walnut-live/live-client/room';
import {
  Badge,
  Button,
  Countdown,
  ErrorState,
  Skeleton,
  useConfirm,
  useErrorText,
  useFormat,
  useToast,
} from '@walnut-live/ui';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useSelect, useServices } from '../app/services.tsx';
import { Chips } from '../controls/chips.tsx';
import { TextField } from '../controls/text-field.tsx';
import { useCouponT } from './coupon-messages.ts';

const SECONDS = [60, 120, 300] as const;
const DEFAULT_COUNT = '50';
const KINDS = 50;

/** The kinds that this room may drop, one to choose. */
const Kinds = ({
  kinds,
  chosenId,
  onChoose,
}: {
  kinds: readonly CouponKind[];
  chosenId: string | undefined;
  onChoose: (id: string) => void;
}): ReactNode => {
  const t = useCouponT();
  const format = useFormat();
  return (
    <fieldset className="st-fieldset">
      <legend className="st-legend">{t('choose')}</legend>
      {kinds.map((kind) => (
        <label key={kind.id} className="st-coupon-kind">
          <input type="radio" name="coupon-kind" checked={kind.id === chosenId} onChange={() => onChoose(kind.id)} />
          <b className="wl-number">{format.money(kind.offFen, { fen: 'trim' })}</b>
          <span className="st-coupon-text">
            <span>{kind.title}</span>
            <small>
              {t('terms', {
                min: format.money(kind.minSpendFen, { fen: 'trim' }),
                off: format.money(kind.offFen, { fen: 'trim' }),
              })}
              {kind.newcomersOnly && ` · ${t('newcomers')}`}
            </small>
            <small>{t('left', { count: format.count(kind.left), days: kind.validDays })}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
};

const DropForm = ({ session }: { session: RoomSession }): ReactNode => {
  const t = useCouponT();
  const format = useFormat();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const { api, pending } = useServices();
  const [chosen, setChosen] = useState<string | null>(null);
  const [count, setCount] = useState(DEFAULT_COUNT);
  const [seconds, setSeconds] = useState<(typeof SECONDS)[number]>(120);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const kinds = useQuery({
    queryKey: ['coupon-kinds', session.roomId],
    queryFn: ({ signal }) => api.call(listCouponKinds, { query: { roomId: session.roomId, limit: KINDS }, signal }),
  });
  if (kinds.isError) return <ErrorState error={kinds.error} onRetry={() => void kinds.refetch()} compact />;
  if (!kinds.data) return <Skeleton height={160} radius={14} />;
  const usable = kinds.data.items.filter(({ left }) => left > 0);
  const kind = usable.find(({ id }) => id === chosen) ?? usable[0];
  if (!kind) return <p className="st-hint st-play-hint">{t('none')}</p>;

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    const pieces = /^[1-9]\d{0,5}$/.test(count.trim()) ? Number(count.trim()) : 0;
    const max = Math.min(MAX_COUPON_DROP, kind.left);
    if (pieces < 1 || pieces > max) return setProblem(t('count.bad', { max }));
    setProblem(null);
    const yes = await confirm({
      title: t('start.title', { count: pieces, title: kind.title }),
      body: t('start.body', { off: format.money(kind.offFen, { fen: 'trim' }) }),
      theme: 'dark',
      confirmText: t('start'),
      cancelText: t('cancel'),
    });
    if (!yes) return;
    setBusy(true);
    const body = { roomId: session.roomId, kindId: kind.id, count: pieces, durationSeconds: seconds };
    try {
      await pending.run(`coupon-drop:${session.roomId}`, body, (idempotencyKey) =>
        api.call(startCouponDrop, { body, idempotencyKey }),
      );
    } catch (error) {
      const { reason, left } = isApiError(error, 'coupon_not_usable') ? error.facts : {};
      setProblem(
        reason === 'all_claimed'
          ? t('refused.all_claimed', { left: Number(left ?? 0) })
          : reason === 'stopped'
            ? t('refused.stopped')
            : errorText(error),
      );
    } finally {
      setBusy(false);
      void kinds.refetch();
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate data-testid="coupon-form">
      <Kinds kinds={usable} chosenId={kind.id} onChoose={setChosen} />
      <TextField label={t('count')} number="numeric" value={count} onChange={setCount} />
      <Chips legend={t('seconds')} values={SECONDS} value={seconds} onChange={setSeconds} show={(n) => t('n', { n })} />
      <p className="st-problem" role="alert">
        {problem}
      </p>
      <p className="st-hint st-play-hint">{t('hint')}</p>
      <Button type="submit" variant="hot" size="l" block loading={busy} data-testid="coupon-start">
        {t('start')}
      </Button>
    </form>
  );
};

/** The coupon drop of the room, or the form for one. */
export const CouponPanel = ({ session }: { session: RoomSession }): ReactNode => {
  const t = useCouponT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api } = useServices();
  const drop = useSelect(session, (state) => state.interaction.couponDrop ?? null);
  const [busy, setBusy] = useState(false);
  if (drop?.state !== 'running')
    return (
      <>
        {drop && (
          <p className="st-play-last" role="status">
            {t('ended', { taken: format.count(drop.taken), back: format.count(drop.count - drop.taken) })}
          </p>
        )}
        <DropForm session={session} />
      </>
    );
  const end = async (): Promise<void> => {
    setBusy(true);
    try {
      await api.call(endCouponDrop, { params: { id: drop.id }, body: {} });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="st-play" data-testid="coupon-panel">
      <div className="st-play-now">
        <Badge tone="hot">{t('running')}</Badge>
        <strong>{drop.title}</strong>
        <Countdown until={drop.endsAt} serverOffsetMs={session.serverNowMs() - Date.now()} />
        <span className="wl-number">{t('taken', { taken: drop.taken, count: drop.count })}</span>
        <progress max={drop.count} value={drop.taken} aria-label={t('running')} />
      </div>
      <Button variant="soft" size="l" block loading={busy} onClick={() => void end()} data-testid="coupon-end">
        {t('end')}
      </Button>
    </div>
  );
};
