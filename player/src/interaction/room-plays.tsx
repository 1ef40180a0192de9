import { grabRedPacket, myDraw, myGrab } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Button, Countdown, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Gift, Sparkles, TicketCheck } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { createPortal } from 'react-dom';
import { useServices } from '../app/services.tsx';
import { CouponDropCard } from '../coupons/drop-card.tsx';
import { useRoom, useRoomHandle, useServerNow, useServerOffset } from '../room/use-room.ts';
import { DrawSheet } from './draw-sheet.tsx';
import { usePlayT } from './messages.ts';
import { Rain } from './rain.tsx';
import { useMine } from './use-mine.ts';
import './plays.css';

/** The draw of the room as a card over the picture, and its sheet. */
const DrawCard = (): ReactNode => {
  const t = usePlayT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api, requireConsumer } = useServices();
  const session = useRoomHandle();
  const draw = useRoom((state) => state.interaction.draw);
  const offset = useServerOffset();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const drawId = draw?.id ?? null;
  const { mine, again } = useMine(drawId === null ? null : `${drawId} ${draw?.state}`, () =>
    api.call(myDraw, { params: { id: drawId ?? '' } }),
  );
  const [entered, setEntered] = useState<{ drawId: string; publicId: string } | null>(null);
  const publicId = mine?.publicId ?? (entered?.drawId === drawId ? entered.publicId : null);

  // Typed by hand, the keyword enters as well.
  const keyword = draw?.rules.keyword ?? null;
  const saying = useRoom((state) => state.outbox.length);
  useEffect(() => {
    // Acknowledged is entered; an empty outbox is also what a reload begins with, and that was asked already.
    if (saying > 0 && keyword !== null) return () => void again();
    return undefined;
  }, [saying, keyword, again]);
  // Whoever is in it sees how it ends.
  const ended = draw?.state === 'closed';
  useEffect(
    () => session.onEvent((event) => void (event.kind === 'draw:closed' && publicId !== null && setOpen(true))),
    [session, publicId],
  );

  if (!draw) return null;
  const enter = async (): Promise<void> => {
    if (!(await requireConsumer('play'))) return;
    setBusy(true);
    try {
      setEntered({ drawId: draw.id, publicId: await session.enterDraw(draw.id) });
      toast(t('draw.enteredToast'), { tone: 'success' });
      void again();
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
      if (isApiError(error, 'draw_not_open')) void again();
    } finally {
      setBusy(false);
    }
  };
  const won = mine?.prize ?? null;
  return (
    <>
      <article className="pl-play" data-testid="draw-card" data-state={draw.state} data-won={won ? '' : undefined}>
        <button type="button" className="pl-play-main" onClick={() => setOpen(true)}>
          <span className="pl-play-icon" aria-hidden="true">
            {won ? <Sparkles size={22} /> : <Gift size={22} />}
          </span>
          <span className="pl-play-text">
            <b>{won ? t('draw.won') : draw.title}</b>
            <span>
              {draw.state === 'prepared' && t('draw.soon')}
              {draw.state === 'open' && draw.closesAt !== null && (
                <>
                  <Countdown look="text" until={draw.closesAt} serverOffsetMs={offset} />
                  <i aria-hidden="true">·</i>
                </>
              )}
              {draw.state === 'open' && t('draw.entries', { count: format.count(draw.entries) })}
              {ended && t('draw.result')}
            </span>
          </span>
        </button>
        {draw.state === 'open' ? (
          publicId === null ? (
            <Button variant="hot" loading={busy} onClick={() => void enter()} data-testid="draw-enter">
              {t('draw.enter')}
            </Button>
          ) : (
            <span className="pl-play-in" data-testid="draw-entered">
              <TicketCheck size={16} aria-hidden="true" />
              {t('draw.entered')}
            </span>
          )
        ) : (
          ended && (
            <Button variant="glass" onClick={() => setOpen(true)} data-testid="draw-result">
              {t('draw.see')}
            </Button>
          )
        )}
      </article>
      {/* Not among the parts of the deck: what lies over a page belongs to the page. */}
      {createPortal(
        <DrawSheet
          draw={draw}
          publicId={publicId}
          prize={won}
          open={open}
          busy={busy}
          onEnter={() => void enter()}
          onClose={() => setOpen(false)}
        />,
        document.body,
      )}
    </>
  );
};

/** How long the end of a rain stays on the screen of somebody who has not seen it. */
const OVER_SHOWN_MS = 15_000;

/** The rain of the room: it comes by itself, can be hidden, and is a card then. */
const RedPacketCard = (): ReactNode => {
  const t = usePlayT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api, pending, requireConsumer } = useServices();
  const packet = useRoom((state) => state.interaction.redPacket);
  const now = useServerNow();
  const id = packet?.id ?? null;
  const [hidden, setHidden] = useState<string | null>(null);
  const [grabbed, setGrabbed] = useState<{ id: string; amountFen: number | null } | null>(null);
  const { mine } = useMine(id, () => api.call(myGrab, { params: { id: id ?? '' } }));
  if (!packet) return null;

  const result =
    grabbed?.id === packet.id
      ? grabbed
      : mine && mine.amountFen !== null
        ? { id: packet.id, amountFen: mine.amountFen }
        : null;
  const grab = async (): Promise<void> => {
    if (!(await requireConsumer('play'))) return;
    try {
      const { amountFen } = await pending.run(`red-packet:${packet.id}`, {}, (idempotencyKey) =>
        api.call(grabRedPacket, { params: { id: packet.id }, body: {}, idempotencyKey }),
      );
      setGrabbed({ id: packet.id, amountFen });
    } catch (error) {
      // Another tap of ours is on its way.
      if (!isApiError(error, 'request_in_flight')) toast(errorText(error), { tone: 'error' });
    }
  };
  const over = packet.state === 'ended' || Date.parse(packet.endsAt) <= now;
  const endedAt = Date.parse(packet.endedAt ?? packet.endsAt);
  if (
    over &&
    grabbed?.id !== packet.id &&
    (hidden === packet.id || now - endedAt > OVER_SHOWN_MS || mine?.amountFen != null)
  )
    return null;
  const isHidden = hidden === packet.id || (grabbed?.id !== packet.id && mine?.amountFen != null);
  if (isHidden)
    return over ? null : (
      <article className="pl-play pl-play-red" data-testid="red-packet-card">
        <span className="pl-play-icon" aria-hidden="true">
          ¥
        </span>
        <span className="pl-play-text">
          <b>{packet.title}</b>
          <span>
            {result && result.amountFen !== null
              ? `${t('rain.got')} ${format.money(result.amountFen)}`
              : t('rain.left', { count: format.count(packet.count - packet.taken) })}
          </span>
        </span>
        {result === null && (
          <Button variant="hot" onClick={() => setHidden(null)}>
            {t('rain.open')}
          </Button>
        )}
      </article>
    );
  return (
    <Rain packet={packet} now={now} over={over} result={result} onGrab={grab} onHide={() => setHidden(packet.id)} />
  );
};

const RoomPlays = (): ReactNode => (
  <>
    <RedPacketCard />
    <CouponDropCard />
    <DrawCard />
  </>
);
export default RoomPlays;
