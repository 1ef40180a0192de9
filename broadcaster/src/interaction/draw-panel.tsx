import { useQuery } from '@tanstack/react-query';
import { cancelDraw, type Draw, drawnPrizes } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import type { RoomSession } from '@walnut-live/live-client/room';
import { Badge, Button, Countdown, useConfirm, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useSelect, useServices } from '../app/services.tsx';
import { DrawForm } from './draw-form.tsx';
import { usePlayT } from './messages.ts';

/** Claims are looked for at this pace while the result is open. */
const REFRESH_MS = 10_000;
/** A draw that was published just now: nodes and viewers hear of it first. */
const OPEN_TRIES = 4;

const Terms = ({ draw }: { draw: Draw }): ReactNode => {
  const t = usePlayT();
  const format = useFormat();
  const { keyword, followers, customers } = draw.rules;
  return (
    <>
      <ul className="st-play-prizes">
        {draw.prizes.map(({ no, name, valueFen, count }) => (
          <li key={no}>
            <span>{name}</span>
            <span className="wl-number">
              {format.money(valueFen, { fen: 'trim' })} × {count}
            </span>
          </li>
        ))}
      </ul>
      <p className="st-hint">
        {keyword === null ? t('draw.rule.tap') : t('draw.rule.keyword', { keyword })}
        {followers && ` · ${t('draw.who.followers')}`}
        {customers && ` · ${t('draw.who.customers')}`}
      </p>
    </>
  );
};

const Result = ({ draw, onAgain }: { draw: Draw; onAgain: () => void }): ReactNode => {
  const t = usePlayT();
  const { api } = useServices();
  const { data } = useQuery({
    queryKey: ['drawn-prizes', draw.id],
    queryFn: ({ signal }) => api.call(drawnPrizes, { params: { id: draw.id }, signal }),
    refetchInterval: REFRESH_MS,
  });
  const stateOf = (rank: number) => data?.items.find((item) => item.rank === rank)?.state;
  return (
    <>
      <h3 className="st-legend">{t('draw.winners')}</h3>
      {draw.winners.length === 0 && <p className="st-hint">{t('draw.nobody')}</p>}
      <ol className="st-play-winners" data-testid="draw-winners">
        {draw.winners.map(({ rank, prizeNo, name, publicId }) => {
          const state = stateOf(rank);
          return (
            <li key={rank}>
              <b className="wl-number">{rank}</b>
              <span>
                {name} <small>{publicId.slice(0, 6)}</small>
                <br />
                {draw.prizes.find(({ no }) => no === prizeNo)?.name}
              </span>
              {state && (
                <Badge tone={state === 'won' ? 'warn' : state === 'lapsed' ? 'neutral' : 'success'}>
                  {t(`state.${state}`)}
                </Badge>
              )}
            </li>
          );
        })}
      </ol>
      <a className="st-play-link" href={`/verify/${draw.id}`} target="_blank" rel="noreferrer">
        {t('draw.verify')}
      </a>
      <Button size="l" block onClick={onAgain} data-testid="draw-again">
        {t('draw.again')}
      </Button>
    </>
  );
};

/** The room's draw, wherever it stands: after a reload it is here as it was. */
export const DrawPanel = ({ session }: { session: RoomSession }): ReactNode => {
  const t = usePlayT();
  const format = useFormat();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const { api } = useServices();
  const draw = useSelect(session, (state) => state.interaction.draw);
  const [busy, setBusy] = useState(false);
  /** The draw whose result was put aside for another round. */
  const [aside, setAside] = useState<string | null>(null);

  const run = async (work: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    try {
      await work();
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  if (!draw || (draw.state === 'closed' && aside === draw.id)) return <DrawForm roomId={session.roomId} />;

  const open = async (): Promise<void> => {
    for (let tries = 1; ; tries++) {
      try {
        return void (await session.openDraw(draw.id));
      } catch (error) {
        const waitMs = isApiError(error, 'too_early') ? error.facts.retryAfterMs : undefined;
        if (typeof waitMs !== 'number' || tries >= OPEN_TRIES) throw error;
        await new Promise((done) => setTimeout(done, waitMs + 100));
      }
    }
  };
  const close = async (): Promise<void> => {
    const yes = await confirm({
      ...{ title: t('draw.close.title'), body: t('draw.close.body'), theme: 'dark' as const },
      ...{ confirmText: t('draw.close'), cancelText: t('cancel') },
    });
    if (yes) await run(() => session.closeDraw(draw.id));
  };
  const cancel = async (): Promise<void> => {
    const yes = await confirm({
      ...{ title: t('draw.cancel.title'), body: t('draw.cancel.body'), theme: 'dark' as const },
      ...{ confirmText: t('draw.cancel'), cancelText: t('cancel'), tone: 'danger' as const },
    });
    const body = { reason: t('draw.cancel.reason') };
    if (yes) await run(() => api.call(cancelDraw, { params: { id: draw.id }, body }));
  };
  const headline = {
    prepared: 'draw.prepared',
    open: 'draw.running',
    closed: 'draw.closed',
    cancelled: 'draw.cancel',
  } as const;
  return (
    <div className="st-play" data-testid="draw-panel" data-state={draw.state}>
      <div className="st-play-now">
        <Badge tone={draw.state === 'open' ? 'hot' : 'brand'}>{t(headline[draw.state])}</Badge>
        <strong>{draw.title}</strong>
        {draw.state === 'open' && draw.closesAt !== null && (
          <Countdown until={draw.closesAt} serverOffsetMs={session.serverNowMs() - Date.now()} />
        )}
        {draw.state !== 'prepared' && (
          <span className="wl-number" data-testid="draw-entries" data-count={draw.entries}>
            {t('draw.entries', { count: format.count(draw.entries) })}
          </span>
        )}
      </div>
      {draw.state === 'closed' ? (
        <Result draw={draw} onAgain={() => setAside(draw.id)} />
      ) : (
        <>
          <Terms draw={draw} />
          <Button
            variant="hot"
            size="l"
            block
            loading={busy}
            onClick={() => void (draw.state === 'prepared' ? run(open) : close())}
            data-testid={draw.state === 'prepared' ? 'draw-open' : 'draw-close'}
          >
            {t(draw.state === 'prepared' ? 'draw.open' : 'draw.close')}
          </Button>
          <Button variant="ghost" block disabled={busy} onClick={() => void cancel()}>
            {t('draw.cancel')}
          </Button>
        </>
      )}
    </div>
  );
};
