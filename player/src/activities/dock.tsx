import { type CheckIn, myAnswer, myCheckIn, type Poll } from '@walnut-live/contracts';
import { Countdown, useFormat, useToast } from '@walnut-live/ui';
import { BarChart3, CalendarCheck, Flame, Hourglass, Lightbulb, ListOrdered } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { createPortal } from 'react-dom';
import { useServices } from '../app/services.tsx';
import { useMine } from '../interaction/use-mine.ts';
import { usePurchase } from '../purchase/purchase-provider.tsx';
import { useRoom, useRoomHandle, useServerNow, useServerOffset } from '../room/use-room.ts';
import { ChainSheet } from './chain-sheet.tsx';
import { useActivityT } from './messages.ts';
import { PollSheet } from './poll-sheet.tsx';
import { useProblemText } from './use-problem-text.ts';
import { countdownView } from './view.ts';
import './activities.css';

const CountdownChip = (): ReactNode => {
  const t = useActivityT();
  const countdown = useRoom((state) => state.activities.countdown);
  const offset = useServerOffset();
  const view = countdownView(countdown, useServerNow());
  if (!countdown || view === 'none') return null;
  return (
    <p className="pl-act pl-act-still" data-testid="countdown" data-state={view}>
      <Hourglass size={16} aria-hidden="true" />
      <span className="pl-act-name">{countdown.title}</span>
      {view === 'over' ? (
        <b role="status">{t('countdown.over')}</b>
      ) : (
        <b>
          <Countdown look="text" until={countdown.endsAt} serverOffsetMs={offset} />
        </b>
      )}
    </p>
  );
};

const DAY_MS = 86_400_000;
const SHANGHAI_OFFSET_MS = 8 * 3_600_000;

/** One tap; afterwards it is a badge. */
const CheckInChip = ({ checkIn }: { checkIn: CheckIn }): ReactNode => {
  const t = useActivityT();
  const format = useFormat();
  const toast = useToast();
  const problemText = useProblemText();
  const { api, requireConsumer } = useServices();
  const session = useRoomHandle();
  // Once a day: after midnight in China it is another question.
  const day = Math.floor((session.serverNowMs() + SHANGHAI_OFFSET_MS) / DAY_MS);
  const { mine, again } = useMine(`${checkIn.id} ${day}`, () => api.call(myCheckIn, { params: { id: checkIn.id } }));
  const [busy, setBusy] = useState(false);

  const go = async (): Promise<void> => {
    if (busy || !(await requireConsumer('play'))) return;
    setBusy(true);
    try {
      const { streak } = await session.take('checkin:do', {});
      await again();
      toast(streak > 1 ? t('checkIn.streakToast', { count: streak }) : t('checkIn.doneToast'), { tone: 'success' });
    } catch (error) {
      toast(problemText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  if (mine?.done)
    return (
      <p
        className="pl-act pl-act-still"
        data-testid="checked-in"
        data-streak={mine.streak}
        title={checkIn.message || undefined}
      >
        {mine.streak > 1 ? <Flame size={16} aria-hidden="true" /> : <CalendarCheck size={16} aria-hidden="true" />}
        <b>{mine.streak > 1 ? t('checkIn.streak', { count: mine.streak }) : t('checkIn.done')}</b>
        <span className="wl-number">{t('checkIn.people', { count: format.count(checkIn.people) })}</span>
      </p>
    );
  return (
    <button
      type="button"
      className="pl-act pl-act-hot"
      aria-busy={busy || undefined}
      onClick={() => void go()}
      data-testid="check-in"
      data-people={checkIn.people}
    >
      <CalendarCheck size={16} aria-hidden="true" />
      <span className="pl-act-name">{checkIn.message || t('checkIn.do')}</span>
      {checkIn.message && <b>{t('checkIn.do')}</b>}
      <span className="wl-number">{t('checkIn.people', { count: format.count(checkIn.people) })}</span>
    </button>
  );
};

/** A quiz that began so recently opens by itself. */
const NEW_MS = 6_000;

/** Nobody is torn out of what they do: a question opens by itself only over a room in which nothing else is going on. */
const isFree = (): boolean =>
  document.querySelector('dialog[open]') === null && !document.activeElement?.matches('input, textarea');

const PollChip = ({ poll }: { poll: Poll }): ReactNode => {
  const t = useActivityT();
  const format = useFormat();
  const { api } = useServices();
  const session = useRoomHandle();
  const { flow } = usePurchase();
  const offset = useServerOffset();
  const [open, setOpen] = useState(false);
  const [given, setGiven] = useState<{ pollId: string; choices: number[] } | null>(null);
  const { mine } = useMine(poll.id, () => api.call(myAnswer, { params: { id: poll.id } }));
  const choices = (given?.pollId === poll.id ? given.choices : mine?.choices) ?? null;
  const shopping = flow !== null;
  const answered = choices !== null;
  const quiz = poll.kind === 'quiz';
  // This chip comes with the question: a question that is new stands in the state, not in an event that is still to come.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each question once, when it comes
  useEffect(() => {
    const isNew = session.serverNowMs() - Date.parse(poll.openedAt) < NEW_MS;
    if (quiz && poll.state === 'open' && isNew && !shopping && isFree()) setOpen(true);
  }, [poll.id]);
  // Whoever answered sees how it ends.
  useEffect(
    () =>
      session.onEvent((event) => {
        if (event.kind === 'poll:closed' && answered && !shopping && isFree()) setOpen(true);
      }),
    [session, answered, shopping],
  );
  const waits = poll.state === 'open' && !answered;
  return (
    <>
      <button
        type="button"
        className={waits ? 'pl-act pl-act-hot' : 'pl-act'}
        onClick={() => setOpen(true)}
        data-testid="poll"
        data-kind={poll.kind}
        data-state={poll.state}
        data-answers={poll.answers}
      >
        {quiz ? <Lightbulb size={16} aria-hidden="true" /> : <BarChart3 size={16} aria-hidden="true" />}
        <b>{t(quiz ? 'poll.quiz' : 'poll.survey')}</b>
        <span className="wl-number">
          {poll.state !== 'open' ? (
            t('poll.result')
          ) : answered ? (
            t(quiz ? 'poll.answered' : 'poll.voted')
          ) : poll.closesAt !== null ? (
            <Countdown look="text" until={poll.closesAt} serverOffsetMs={offset} />
          ) : (
            t('poll.answers', { count: format.count(poll.answers) })
          )}
        </span>
      </button>
      {/* Not among the parts of the deck: what lies over a page belongs to the page. */}
      {createPortal(
        <PollSheet
          key={poll.id}
          poll={poll}
          choices={choices}
          open={open}
          onAnswered={(taken) => setGiven({ pollId: poll.id, choices: taken })}
          onClose={() => setOpen(false)}
        />,
        document.body,
      )}
    </>
  );
};

const ChainChip = (): ReactNode => {
  const t = useActivityT();
  const format = useFormat();
  const chain = useRoom((state) => state.activities.chain);
  const [open, setOpen] = useState(false);
  if (!chain) return null;
  return (
    <>
      <button
        type="button"
        className="pl-act"
        onClick={() => setOpen(true)}
        data-testid="chain"
        data-people={chain.people}
        data-pieces={chain.pieces}
      >
        <ListOrdered size={16} aria-hidden="true" />
        <span className="pl-act-name">{chain.title}</span>
        <b className="wl-number">
          {chain.state === 'closed'
            ? t('chain.closed')
            : t('chain.sums', { people: format.count(chain.people), pieces: format.count(chain.pieces) })}
        </b>
      </button>
      {createPortal(
        <ChainSheet key={chain.id} chain={chain} open={open} onClose={() => setOpen(false)} />,
        document.body,
      )}
    </>
  );
};

const Dock = (): ReactNode => {
  const t = useActivityT();
  const { checkIn, poll } = useRoom((state) => state.activities);
  return (
    <section className="pl-acts" aria-label={t('label')}>
      <CountdownChip />
      {poll && poll.state !== 'cancelled' && <PollChip poll={poll} />}
      {checkIn?.state === 'open' && <CheckInChip checkIn={checkIn} />}
      <ChainChip />
    </section>
  );
};
export default Dock;
