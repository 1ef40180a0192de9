import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type DrainCard, listDrainCards, putDrainCard } from '@walnut-live/contracts';
import { Button, Skeleton, useErrorText, useToast } from '@walnut-live/ui';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useMe, useServices } from '../app/services.tsx';
import { TextField } from '../controls/text-field.tsx';
import { useWhomT } from './messages.ts';
import { PictureField } from './picture-field.tsx';

const idOf = (url: string | null | undefined): string | null => url?.split('/').at(-1) ?? null;

const CardForm = ({ card }: { card: DrainCard | undefined }): ReactNode => {
  const t = useWhomT();
  const { api } = useServices();
  const me = useMe();
  const toast = useToast();
  const errorText = useErrorText();
  const queries = useQueryClient();
  const [title, setTitle] = useState(card?.title ?? t('my-card.name.default'));
  const [link, setLink] = useState(card?.link ?? '');
  const [pictureId, setPictureId] = useState(idOf(card?.pictureUrl));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!link.trim() && !pictureId) return setProblem(t('my-card.need'));
    setBusy(true);
    setProblem(null);
    try {
      await api.call(putDrainCard, {
        body: {
          ...{ kind: 'guide', orgUnitId: me.staff?.orgUnit.id ?? '', guideId: me.id },
          ...{ title: title.trim(), hint: '', link: link.trim() || null, pictureId, expiresAt: null },
        },
      });
      await queries.invalidateQueries({ queryKey: ['drain-cards'] });
      toast(t('me.saved'), { tone: 'success' });
    } catch (error) {
      setProblem(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate className="st-persona-section">
      <h2>{t('my-card.title')}</h2>
      <TextField label={t('my-card.name')} value={title} onChange={setTitle} maxLength={30} />
      <TextField
        label={t('my-card.link')}
        value={link}
        onChange={setLink}
        maxLength={500}
        placeholder="https://work.weixin.qq.com/…"
      />
      <div className="st-persona-head">
        {pictureId && <img className="st-own-picture" src={`/api/v1/files/${pictureId}`} alt={t('my-card.picture')} />}
        <PictureField purpose="card" label={t('my-card.choose')} onUploaded={setPictureId} testId="card-file" />
      </div>
      <p className="st-problem" role="alert">
        {problem}
      </p>
      <Button type="submit" size="l" block loading={busy} data-testid="save-card">
        {t('my-card.save')}
      </Button>
    </form>
  );
};

/** The guide's own card: what customers who belong to them are led to, in whatever room. */
export const MyCard = (): ReactNode => {
  const { api } = useServices();
  const me = useMe();
  const query = useQuery({ queryKey: ['drain-cards'], queryFn: ({ signal }) => api.call(listDrainCards, { signal }) });
  if (query.isPending) return <Skeleton height={200} radius={14} />;
  return <CardForm card={query.data?.items.find((card) => card.kind === 'guide' && card.guide?.id === me.id)} />;
};
