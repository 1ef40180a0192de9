import { cancelPoll, closePoll, type Poll } from '@walnut-live/contracts';
import type { RoomSession } from '@walnut-live/live-client/room';
import { Badge, Button, Countdown, useConfirm, useFormat } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useSelect, useServices } from '../../app/services.tsx';
import { useActivityT } from './messages.ts';
import { PollForm } from './poll-form.tsx';
import { useRun } from './use-run.ts';

const Distribution = ({ poll }: { poll: Poll }): ReactNode => {
  const t = useActivityT();
  const format = useFormat();
  return (
    <ul className="st-act-options" data-testid="poll-distribution">
      {poll.options.map((option, index) => {
        const votes = poll.tally?.[index] ?? 0;
        const share = poll.answers === 0 ? 0 : votes / poll.answers;
        return (
          <li key={`${index.toString()} ${option}`} data-right={poll.rightNo === index + 1 ? '' : undefined}>
            {poll.tally && <i style={{ scale: `${share.toFixed(3)} 1` }} aria-hidden="true" />}
            <span>{option}</span>
            {poll.tally && (
              <span className="wl-number">
                {t('poll.votes', { count: format.count(votes), share: format.percent(share) })}
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
};

/** The question of the room, or the form for one. */
export const PollPanel = ({ session }: { session: RoomSession }): ReactNode => {
  const t = useActivityT();
  const format = useFormat();
  const confirm = useConfirm();
  const { api } = useServices();
  const { busy, run } = useRun();
  const poll = useSelect(session, (state) => state.activities.poll);
  /** The one whose result was put aside for another question. */
  const [aside, setAside] = useState<string | null>(null);
  if (!poll || poll.state === 'cancelled' || (poll.state === 'closed' && aside === poll.id))
    return <PollForm roomId={session.roomId} />;
  const params = { id: poll.id };
  const cancel = async (): Promise<void> => {
    const yes = await confirm({
      ...{ title: t('poll.cancel.title'), body: t('poll.cancel.body'), theme: 'dark' as const },
      ...{ confirmText: t('poll.cancel'), cancelText: t('cancel'), tone: 'danger' as const },
    });
    if (yes) await run(() => api.call(cancelPoll, { params, body: { reason: t('poll.cancel.reason') } }));
  };
  const isOpen = poll.state === 'open';
  return (
    <div className="st-play" data-testid="poll-panel" data-state={poll.state}>
      <div className="st-play-now">
        <Badge tone={isOpen ? 'hot' : 'neutral'}>{t(isOpen ? 'poll.running' : 'poll.closed')}</Badge>
        <strong>{poll.question}</strong>
        {isOpen && poll.closesAt !== null && (
          <Countdown until={poll.closesAt} serverOffsetMs={session.serverNowMs() - Date.now()} />
        )}
        <span className="wl-number" data-testid="poll-answers" data-count={poll.answers}>
          {t('poll.answers', { count: format.count(poll.answers) })}
        </span>
      </div>
      <Distribution poll={poll} />
      {isOpen && poll.tally === null && <p className="st-hint">{t('poll.hidden')}</p>}
      {poll.leaders.length > 0 && (
        <>
          <h3 className="st-legend">{t('poll.leaders')}</h3>
          <ol className="st-play-winners" data-testid="quiz-leaders">
            {poll.leaders.map(({ rank, personId, name, right, ms }) => (
              <li key={personId}>
                <b className="wl-number">{rank}</b>
                <span>{name}</span>
                <span className="wl-number">{t('poll.leader', { right, seconds: (ms / 1_000).toFixed(1) })}</span>
              </li>
            ))}
          </ol>
        </>
      )}
      {isOpen ? (
        <>
          <Button
            variant="hot"
            size="l"
            block
            loading={busy}
            onClick={() => void run(() => api.call(closePoll, { params, body: {} }))}
            data-testid="poll-close"
          >
            {t('poll.close')}
          </Button>
          <Button variant="ghost" block disabled={busy} onClick={() => void cancel()}>
            {t('poll.cancel')}
          </Button>
        </>
      ) : (
        <Button size="l" block onClick={() => setAside(poll.id)} data-testid="poll-again">
          {t('poll.again')}
        </Button>
      )}
    </div>
  );
};
