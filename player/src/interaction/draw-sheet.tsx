import type { Draw, MyPrize } from '@walnut-live/contracts';
import { Button, Countdown, Sheet, useFormat } from '@walnut-live/ui';
import { ChevronRight, ShieldCheck } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useServerOffset } from '../room/use-room.ts';
import { usePlayT } from './messages.ts';

/** Paper that falls when somebody has won; none for whoever asks for less motion (plays.css). */
const CONFETTI = 28;
const shortId = (publicId: string): string => `${publicId.slice(0, 6)}…${publicId.slice(-4)}`;

const Confetti = (): ReactNode => (
  <span className="pl-confetti" aria-hidden="true">
    {Array.from({ length: CONFETTI }, (_, n) => (
      <i key={`paper ${n.toString()}`} data-hue={n % 4} data-late={n % 5} />
    ))}
  </span>
);

const Prizes = ({ draw }: { draw: Draw }): ReactNode => {
  const t = usePlayT();
  const format = useFormat();
  return (
    <section>
      <h3 className="pl-draw-head">{t('draw.prizes')}</h3>
      <ul className="pl-draw-prizes">
        {draw.prizes.map((prize) => (
          <li key={prize.no} data-first={prize.no === 1 ? '' : undefined}>
            <span className="pl-draw-no wl-number">{prize.no}</span>
            <span className="pl-draw-prize">
              <b>{prize.name}</b>
              <span>{t('draw.worth', { price: format.money(prize.valueFen, { fen: 'trim' }) })}</span>
            </span>
            <span className="wl-number">{t('draw.pieces', { count: prize.count })}</span>
          </li>
        ))}
      </ul>
    </section>
  );
};

const Winners = ({ draw, publicId }: { draw: Draw; publicId: string | null }): ReactNode => {
  const t = usePlayT();
  const nameOf = (no: number) => draw.prizes.find((prize) => prize.no === no)?.name ?? '';
  return (
    <section>
      <h3 className="pl-draw-head">{t('draw.winners')}</h3>
      {draw.winners.length === 0 && <p className="pl-fine">{t('draw.nobody')}</p>}
      <ol className="pl-draw-winners" data-testid="draw-winners">
        {draw.winners.map((winner) => {
          const isMe = winner.publicId === publicId;
          return (
            <li key={winner.rank} data-me={isMe ? '' : undefined} data-rank={Math.min(winner.rank, 9)}>
              <span className="pl-draw-no wl-number">{winner.rank}</span>
              <span className="pl-draw-prize">
                <b>{isMe ? t('draw.me') : winner.name}</b>
                <span className="pl-mono">{shortId(winner.publicId)}</span>
              </span>
              <span>{nameOf(winner.prizeNo)}</span>
            </li>
          );
        })}
      </ol>
    </section>
  );
};

export const DrawSheet = ({
  draw,
  publicId,
  prize,
  open,
  busy,
  onEnter,
  onClose,
}: {
  draw: Draw;
  /** Mine, when I am in it. */
  publicId: string | null;
  /** What I won. */
  prize: MyPrize | null;
  open: boolean;
  busy: boolean;
  onEnter: () => void;
  onClose: () => void;
}): ReactNode => {
  const t = usePlayT();
  const format = useFormat();
  const offset = useServerOffset();
  const closed = draw.state === 'closed';
  const { keyword, followers, customers } = draw.rules;
  return (
    <Sheet
      open={open}
      onClose={onClose}
      title={draw.title}
      height="tall"
      footer={
        draw.state === 'open' && publicId === null ? (
          <Button variant="hot" size="l" block loading={busy} onClick={onEnter}>
            {keyword === null ? t('draw.enter') : t('draw.enterKeyword', { keyword })}
          </Button>
        ) : undefined
      }
    >
      <div className="pl-draw" data-testid="draw-sheet">
        {closed ? (
          <div className="pl-draw-hero" data-won={prize ? '' : undefined}>
            {prize && <Confetti />}
            <p className="pl-draw-big">{prize ? t('draw.won') : t('draw.result')}</p>
            <p>{prize ? t('draw.youWon', { prize: prize.prize.name }) : publicId !== null && t('draw.notWon')}</p>
            {prize?.state === 'won' && (
              <>
                <Link to="/me#prizes" className="wl-btn wl-btn-hot wl-btn-l" data-testid="draw-claim">
                  {t('draw.claim')}
                </Link>
                <p className="pl-fine">{t('draw.claimUntil', { time: format.dateTime(prize.claimUntil) })}</p>
              </>
            )}
          </div>
        ) : (
          <div className="pl-draw-hero">
            {draw.state === 'open' && draw.closesAt !== null ? (
              <Countdown until={draw.closesAt} serverOffsetMs={offset} />
            ) : (
              <p className="pl-draw-big">{t('draw.soon')}</p>
            )}
            <p>{t('draw.entries', { count: format.count(draw.entries) })}</p>
          </div>
        )}
        {closed && <Winners draw={draw} publicId={publicId} />}
        <Prizes draw={draw} />
        <section>
          <h3 className="pl-draw-head">{t('draw.rules')}</h3>
          <ul className="pl-draw-rules">
            <li>{keyword === null ? t('rule.tap') : t('rule.keyword', { keyword })}</li>
            {followers && <li>{t('rule.followers')}</li>}
            {customers && <li>{t('rule.customers')}</li>}
            <li>{t('rule.insiders')}</li>
            <li>{t('rule.fair')}</li>
          </ul>
        </section>
        {publicId !== null && (
          <p className="pl-draw-mine">
            <span>{t('draw.publicId')}</span>
            <code>{publicId}</code>
          </p>
        )}
        <Link to={`/verify/${draw.id}`} className="pl-draw-verify" data-testid="draw-verify">
          <ShieldCheck size={18} aria-hidden="true" />
          {t('draw.verify')}
          <ChevronRight size={16} aria-hidden="true" />
        </Link>
      </div>
    </Sheet>
  );
};
