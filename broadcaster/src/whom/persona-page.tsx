import { useQuery, useQueryClient } from '@tanstack/react-query';
import {
  getMyPersona,
  MAX_BIO_LENGTH,
  MAX_TAG_LENGTH,
  MAX_TAGS,
  type MyPersona,
  putMyPersona,
} from '@walnut-live/contracts';
import { Avatar, Button, ErrorState, Skeleton, useErrorText, useToast } from '@walnut-live/ui';
import { BadgeCheck, ChevronLeft } from 'lucide-react';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { Link } from 'react-router';
import { useMe, useServices } from '../app/services.tsx';
import { TextField } from '../controls/text-field.tsx';
import { useWhomT } from './messages.ts';
import { MyCard } from './my-card.tsx';
import { PictureField } from './picture-field.tsx';
import './whom.css';

const Editor = ({ persona }: { persona: MyPersona }): ReactNode => {
  const t = useWhomT();
  const id = useId();
  const { api } = useServices();
  const me = useMe();
  const toast = useToast();
  const errorText = useErrorText();
  const queries = useQueryClient();
  const [bio, setBio] = useState(persona.bio);
  const [tags, setTags] = useState(persona.tags.join(' '));
  const [photoId, setPhotoId] = useState(persona.photoId);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const words = tags.split(/[\s,，、]+/).filter(Boolean);
      const body = { bio, tags: words.slice(0, MAX_TAGS).map((tag) => tag.slice(0, MAX_TAG_LENGTH)), photoId };
      queries.setQueryData(['my-persona'], await api.call(putMyPersona, { body }));
      toast(t('me.saved'), { tone: 'success' });
    } catch (error) {
      setProblem(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate className="st-persona-section">
      <div className="st-persona-head">
        {photoId ? (
          <img className="st-persona-photo" src={`/api/v1/files/${photoId}`} alt={t('me.photo')} />
        ) : (
          <Avatar name={me.name} size={84} />
        )}
        <div>
          <PictureField purpose="photo" label={t('me.photo.choose')} onUploaded={setPhotoId} testId="photo-file" />
          {photoId && (
            <Button type="button" variant="ghost" size="s" onClick={() => setPhotoId(null)}>
              {t('me.photo.remove')}
            </Button>
          )}
          <p className="st-hint">{t('me.photo.hint')}</p>
        </div>
      </div>
      <div className="st-field">
        <label htmlFor={`${id}-bio`}>{t('me.bio')}</label>
        <textarea
          id={`${id}-bio`}
          className="st-input"
          maxLength={MAX_BIO_LENGTH}
          value={bio}
          onChange={(event) => setBio(event.target.value)}
          data-testid="persona-bio"
        />
        <span className="st-hint">{t('me.bio.hint', { max: MAX_BIO_LENGTH })}</span>
      </div>
      <TextField label={t('me.tags', { max: MAX_TAGS })} value={tags} onChange={setTags} maxLength={80} />
      <p className="st-problem" role="alert" data-testid="persona-problem">
        {problem}
      </p>
      <Button type="submit" size="l" block loading={busy} data-testid="save-persona">
        {t('me.save')}
      </Button>
      <h2>{t('me.trainings')}</h2>
      {persona.trainings.length === 0 ? (
        <p className="st-hint">{t('me.trainings.none')}</p>
      ) : (
        <ul>
          {persona.trainings.map((training) => (
            <li key={training.id}>
              <BadgeCheck size={18} aria-hidden="true" /> {training.title}{' '}
              <small>{t('me.training.by', { date: training.trainedOn, name: training.verifiedBy })}</small>
            </li>
          ))}
        </ul>
      )}
    </form>
  );
};

/** What the guide's public page tells, and their own card. */
export const PersonaPage = (): ReactNode => {
  const t = useWhomT();
  const { api } = useServices();
  const me = useMe();
  const query = useQuery({ queryKey: ['my-persona'], queryFn: ({ signal }) => api.call(getMyPersona, { signal }) });
  return (
    <main className="st-page">
      <header className="st-persona-head">
        <Link to="/" aria-label={t('back')}>
          <ChevronLeft aria-hidden="true" />
        </Link>
        <h1>{t('me.title')}</h1>
        <a href={`/guides/${me.id}`} target="_blank" rel="noreferrer">
          {t('me.preview')}
        </a>
      </header>
      {query.isError ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : query.data ? (
        <Editor persona={query.data} />
      ) : (
        <Skeleton height={360} radius={18} />
      )}
      <MyCard />
    </main>
  );
};
