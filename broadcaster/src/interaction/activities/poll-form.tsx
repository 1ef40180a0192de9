import { MAX_POLL_OPTIONS, MIN_POLL_OPTIONS, openPoll } from '@walnut-live/contracts';
import { randomId } from '@walnut-live/live-client/http';
import { Button, IconButton, useErrorText } from '@walnut-live/ui';
import { Plus, Trash2 } from 'lucide-react';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { useServices } from '../../app/services.tsx';
import { Chips } from '../../controls/chips.tsx';
import { TextField } from '../../controls/text-field.tsx';
import { useActivityT } from './messages.ts';
import { type PollDraft, readPoll } from './poll-input.ts';

const kinds = ['quiz', 'survey'] as const;
const QUIZ_SECONDS = [10, 20, 30, 60, 120] as const;
const SURVEY_SECONDS = [0, 60, 300] as const;
const freshOption = () => ({ key: randomId(), text: '' });

/** A question for the room. */
export const PollForm = ({ roomId }: { roomId: string }): ReactNode => {
  const t = useActivityT();
  const errorText = useErrorText();
  const { api } = useServices();
  const name = useId();
  const [draft, setDraft] = useState<PollDraft>(() => ({
    ...{ kind: 'quiz', question: '', rightKey: null, quizSeconds: 20, surveySeconds: 0 },
    ...{ multiple: false, liveResults: true, changeable: false, options: [freshOption(), freshOption()] },
  }));
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const set = (part: Partial<PollDraft>): void => setDraft({ ...draft, ...part });
  const { kind, options, rightKey } = draft;
  const quiz = kind === 'quiz';

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    const body = readPoll(roomId, draft);
    if (!body) return setProblem(t('poll.problem'));
    setProblem(null);
    setBusy(true);
    try {
      await api.call(openPoll, { body });
    } catch (error) {
      setProblem(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate data-testid="poll-form">
      <Chips
        legend={t('poll.kind')}
        values={kinds}
        value={kind}
        onChange={(next) => set({ kind: next })}
        show={(k) => t(`poll.${k}`)}
      />
      <TextField
        label={t('poll.question')}
        maxLength={60}
        value={draft.question}
        onChange={(question) => set({ question })}
        {...(quiz ? { hint: t('poll.rightHint') } : {})}
      />
      {options.map(({ key, text }, index) => {
        const n = index + 1;
        return (
          <TextField
            key={key}
            label={t('poll.option', { n })}
            maxLength={30}
            value={text}
            onChange={(next) =>
              set({ options: options.map((other) => (other.key === key ? { key, text: next } : other)) })
            }
            beside={
              <>
                {quiz && (
                  <label className="st-act-right">
                    <input
                      type="radio"
                      name={name}
                      aria-label={t('poll.right', { n })}
                      checked={rightKey === key}
                      onChange={() => set({ rightKey: key })}
                      data-testid={`poll-right-${n.toString()}`}
                    />
                  </label>
                )}
                {options.length > MIN_POLL_OPTIONS && (
                  <IconButton
                    label={t('poll.remove', { n })}
                    icon={<Trash2 aria-hidden />}
                    onClick={() => set({ options: options.filter((other) => other.key !== key) })}
                  />
                )}
              </>
            }
          />
        );
      })}
      {options.length < MAX_POLL_OPTIONS && (
        <Button
          variant="soft"
          icon={<Plus size={18} aria-hidden />}
          className="st-play-add"
          onClick={() => set({ options: [...options, freshOption()] })}
        >
          {t('poll.add')}
        </Button>
      )}
      {quiz ? (
        <Chips
          legend={t('poll.seconds')}
          values={QUIZ_SECONDS}
          value={draft.quizSeconds as (typeof QUIZ_SECONDS)[number]}
          onChange={(quizSeconds) => set({ quizSeconds })}
          show={(n) => t('poll.n', { n })}
        />
      ) : (
        <>
          <Chips
            legend={t('poll.choices')}
            values={['one', 'many'] as const}
            value={draft.multiple ? 'many' : 'one'}
            onChange={(how) => set({ multiple: how === 'many' })}
            show={(how) => t(`poll.choices.${how}`)}
          />
          <Chips
            legend={t('poll.results')}
            values={['live', 'end'] as const}
            value={draft.liveResults ? 'live' : 'end'}
            onChange={(when) => set({ liveResults: when === 'live' })}
            show={(when) => t(`poll.results.${when}`)}
          />
          <Chips
            legend={t('poll.change')}
            values={['no', 'yes'] as const}
            value={draft.changeable ? 'yes' : 'no'}
            onChange={(may) => set({ changeable: may === 'yes' })}
            show={(may) => t(`poll.change.${may}`)}
          />
          <Chips
            legend={t('poll.seconds')}
            values={SURVEY_SECONDS}
            value={draft.surveySeconds as (typeof SURVEY_SECONDS)[number]}
            onChange={(surveySeconds) => set({ surveySeconds })}
            show={(n) => (n === 0 ? t('poll.endless') : t('poll.minutes', { n: n / 60 }))}
          />
        </>
      )}
      <p className="st-problem" role="alert">
        {problem}
      </p>
      <Button type="submit" variant="hot" size="l" block loading={busy} data-testid="poll-start">
        {t('poll.start')}
      </Button>
    </form>
  );
};
