import type { Poll } from '@walnut-live/contracts';
import { Button, Countdown, cx, Sheet, useFormat, useToast } from '@walnut-live/ui';
import { Check } from 'lucide-react';
import { type ReactNode, useId, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useRoom, useRoomHandle, useServerNow, useServerOffset } from '../room/use-room.ts';
import { useActivityT } from './messages.ts';
import { useProblemText } from './use-problem-text.ts';
import { outcomeOf, sharesOf } from './view.ts';

const Leaders = ({ poll }: { poll: Poll }): ReactNode => {
  const t = useActivityT();
  const selfId = useRoom((state) => state.selfId);
  return (
    <section>
      <h3 className="pl-poll-head">{t('poll.leaders')}</h3>
      <p className="pl-fine">{t('poll.leadersHint')}</p>
      {poll.leaders.length === 0 && <p className="pl-fine">{t('poll.none')}</p>}
      <ol className="pl-leaders" data-testid="quiz-leaders">
        {poll.leaders.map(({ rank, personId, name, right, ms }) => (
          <li key={personId} data-me={personId === selfId ? '' : undefined} data-rank={Math.min(rank, 4)}>
            <b className="wl-number">{rank}</b>
            <span>{personId === selfId ? t('poll.me') : name}</span>
            <span className="wl-number">{t('poll.leader', { right, seconds: (ms / 1_000).toFixed(1) })}</span>
          </li>
        ))}
      </ol>
    </section>
  );
};

/** A question, my answer to it, and what came of it. */
export const PollSheet = ({
  poll,
  choices,
  open,
  onAnswered,
  onClose,
}: {
  poll: Poll;
  /** What I answered; null when I have not. */
  choices: readonly number[] | null;
  open: boolean;
  /** What counts now. */
  onAnswered: (choices: number[]) => void;
  onClose: () => void;
}): ReactNode => {
  const t = useActivityT();
  const format = useFormat();
  const toast = useToast();
  const problemText = useProblemText();
  const { requireConsumer } = useServices();
  const session = useRoomHandle();
  const offset = useServerOffset();
  const now = useServerNow();
  const [picked, setPicked] = useState<readonly number[] | null>(null);
  const [busy, setBusy] = useState(false);
  const name = useId();

  const quiz = poll.kind === 'quiz';
  const over = poll.state !== 'open' || (poll.closesAt !== null && Date.parse(poll.closesAt) <= now);
  const writable = !over && (choices === null || poll.changeable);
  const chosen = (writable ? picked : null) ?? choices ?? [];
  const shares = sharesOf(poll);
  const hasNews = picked !== null && picked.length > 0 && picked.join() !== choices?.join();

  const pick = (no: number): void => {
    const others = chosen.filter((other) => other !== no);
    if (poll.multiple) setPicked((chosen.includes(no) ? others : [...others, no]).sort((a, b) => a - b));
    else setPicked([no]);
  };
  const submit = async (): Promise<void> => {
    if (!picked || !hasNews || !(await requireConsumer('play'))) return;
    setBusy(true);
    try {
      const reply = await session.take('poll:answer', { pollId: poll.id, choices: [...picked] });
      onAnswered(reply.choices);
      if (reply.choices.join() !== picked.join()) toast(t('poll.kept'));
      setPicked(null);
    } catch (error) {
      toast(problemText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };

  const outcome = outcomeOf(poll, choices);
  const said =
    poll.state === 'closed'
      ? t(quiz ? `poll.${outcome}` : 'poll.ended')
      : choices !== null && !hasNews
        ? t(quiz ? 'poll.waiting' : 'poll.thanks')
        : over
          ? t(quiz ? 'poll.missed' : 'poll.ended')
          : '';
  return (
    <Sheet
      open={open}
      onClose={onClose}
      title={t(quiz ? 'poll.quiz' : 'poll.survey')}
      footer={
        writable && (choices === null || hasNews) ? (
          <Button
            variant="hot"
            size="l"
            block
            loading={busy}
            disabled={!hasNews}
            onClick={() => void submit()}
            data-testid="poll-submit"
          >
            {t(choices === null ? 'poll.submit' : 'poll.change')}
          </Button>
        ) : undefined
      }
    >
      <div className="pl-poll" data-testid="poll-sheet" data-state={poll.state}>
        <p className="pl-poll-facts">
          {!quiz && <span>{t(poll.multiple ? 'poll.multiple' : 'poll.single')}</span>}
          <span className="wl-number">{t('poll.answers', { count: format.count(poll.answers) })}</span>
          {poll.state === 'open' && poll.closesAt !== null && (
            <b>
              <Countdown look="text" until={poll.closesAt} serverOffsetMs={offset} />
            </b>
          )}
        </p>
        <fieldset className="pl-options" disabled={!writable || busy}>
          <legend className="pl-poll-question">{poll.question}</legend>
          {poll.options.map((option, index) => {
            const no = index + 1;
            const mine = choices?.includes(no) ?? false;
            const right = poll.rightNo === no;
            const share = shares?.[index];
            return (
              <label
                key={`${no.toString()} ${option}`}
                className={cx(
                  'pl-option',
                  right && 'pl-option-right',
                  poll.rightNo !== null && mine && !right && 'pl-option-wrong',
                )}
                data-testid={`poll-option-${no.toString()}`}
              >
                {share !== undefined && (
                  <i className="pl-option-bar" style={{ scale: `${share.toFixed(3)} 1` }} aria-hidden="true" />
                )}
                <input
                  type={poll.multiple ? 'checkbox' : 'radio'}
                  name={name}
                  checked={chosen.includes(no)}
                  onChange={() => pick(no)}
                />
                <span className="pl-option-text">
                  {option}
                  {(right || mine) && (
                    <small>
                      {right && (
                        <>
                          <Check size={14} aria-hidden="true" />
                          {t('poll.right')}
                        </>
                      )}
                      {mine && <span>{t('poll.mine')}</span>}
                    </small>
                  )}
                </span>
                {share !== undefined && (
                  <span className="pl-option-votes wl-number">
                    {t('poll.votes', { count: format.count(poll.tally?.[index] ?? 0), share: format.percent(share) })}
                  </span>
                )}
              </label>
            );
          })}
        </fieldset>
        <p className="pl-poll-said" role="status" data-outcome={quiz && poll.state === 'closed' ? outcome : undefined}>
          {said}
        </p>
        {quiz && poll.state === 'closed' && <Leaders poll={poll} />}
      </div>
    </Sheet>
  );
};
