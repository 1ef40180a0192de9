import { MAX_DRAW_PRIZES, prepareDraw } from '@walnut-live/contracts';
import { randomId } from '@walnut-live/live-client/http';
import { Button, IconButton, useErrorText } from '@walnut-live/ui';
import { Plus, Trash2 } from 'lucide-react';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { Chips } from '../controls/chips.tsx';
import { TextField } from '../controls/text-field.tsx';
import { usePlayT } from './messages.ts';
import { type PrizeDraft, readPrizes } from './play-input.ts';

const MINUTES = [1, 3, 5, 10] as const;
const audiences = ['everybody', 'followers', 'customers'] as const;
const kinds = ['parcel', 'coupon'] as const;
const freshPrize = (): PrizeDraft => ({ key: randomId(), name: '', kind: 'parcel', value: '', count: '1', note: '' });

const PrizeFields = ({
  n,
  prize,
  onChange,
  onRemove,
}: {
  n: number;
  prize: PrizeDraft;
  onChange: (prize: PrizeDraft) => void;
  /** None for the only one. */
  onRemove: (() => void) | null;
}): ReactNode => {
  const t = usePlayT();
  const set = (part: Partial<PrizeDraft>): void => onChange({ ...prize, ...part });
  return (
    <div className="st-prize">
      <TextField
        label={t('prize.name', { n })}
        maxLength={40}
        value={prize.name}
        onChange={(name) => set({ name })}
        beside={
          onRemove && <IconButton label={t('prize.remove', { n })} icon={<Trash2 aria-hidden />} onClick={onRemove} />
        }
      />
      <div className="st-field-row">
        <TextField label={t('prize.value')} number="decimal" value={prize.value} onChange={(value) => set({ value })} />
        <TextField label={t('prize.count')} number="numeric" value={prize.count} onChange={(count) => set({ count })} />
      </div>
      <Chips
        legend={t('prize.kind')}
        values={kinds}
        value={prize.kind}
        onChange={(kind) => set({ kind })}
        show={(kind) => t(`prize.${kind}`)}
      />
      {prize.kind === 'coupon' && (
        <TextField
          label={t('prize.note')}
          maxLength={200}
          value={prize.note}
          placeholder={t('prize.note.placeholder')}
          onChange={(note) => set({ note })}
        />
      )}
    </div>
  );
};

/** What is published about a draw; once it is, it stays. */
export const DrawForm = ({ roomId }: { roomId: string }): ReactNode => {
  const t = usePlayT();
  const errorText = useErrorText();
  const { api } = useServices();
  const [title, setTitle] = useState(t('draw.title.default'));
  const [keyword, setKeyword] = useState('');
  const [audience, setAudience] = useState<(typeof audiences)[number]>('everybody');
  const [minutes, setMinutes] = useState<(typeof MINUTES)[number]>(3);
  const [prizes, setPrizes] = useState<readonly PrizeDraft[]>(() => [freshPrize()]);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    const read = readPrizes(prizes);
    if (!read) return setProblem(t('problem.prize'));
    setProblem(null);
    setBusy(true);
    try {
      await api.call(prepareDraw, {
        body: {
          roomId,
          title: title.trim(),
          rules: {
            keyword: keyword.trim() === '' ? null : keyword.trim(),
            followers: audience === 'followers',
            customers: audience === 'customers',
          },
          prizes: read,
          durationSeconds: minutes * 60,
        },
      });
    } catch (error) {
      setProblem(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate data-testid="draw-form">
      <TextField label={t('draw.title')} maxLength={30} value={title} onChange={setTitle} />
      <TextField
        label={t('draw.keyword')}
        maxLength={20}
        value={keyword}
        onChange={setKeyword}
        hint={t('draw.keyword.hint')}
      />
      <h3 className="st-legend">{t('draw.prizes')}</h3>
      {prizes.map((prize, index) => (
        <PrizeFields
          key={prize.key}
          n={index + 1}
          prize={prize}
          onChange={(next) => setPrizes(prizes.map((other) => (other.key === next.key ? next : other)))}
          onRemove={prizes.length === 1 ? null : () => setPrizes(prizes.filter(({ key }) => key !== prize.key))}
        />
      ))}
      {prizes.length < MAX_DRAW_PRIZES && (
        <Button
          variant="soft"
          icon={<Plus size={18} aria-hidden />}
          className="st-play-add"
          onClick={() => setPrizes([...prizes, freshPrize()])}
        >
          {t('prize.add')}
        </Button>
      )}
      <Chips
        legend={t('draw.who')}
        values={audiences}
        value={audience}
        onChange={setAudience}
        show={(who) => t(`draw.who.${who}`)}
      />
      <Chips
        legend={t('draw.duration')}
        values={MINUTES}
        value={minutes}
        onChange={setMinutes}
        show={(n) => t('draw.minutes', { n })}
      />
      <p className="st-problem" role="alert">
        {problem}
      </p>
      <p className="st-hint st-play-hint">{t('draw.publish.hint')}</p>
      <Button type="submit" size="l" block loading={busy} disabled={title.trim() === ''} data-testid="draw-publish">
        {t('draw.publish')}
      </Button>
    </form>
  );
};
