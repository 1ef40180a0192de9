import { useQuery, useQueryClient } from '@tanstack/react-query';
import { followGuide, getFollow, getPersona, type Persona, type Room, unfollowGuide } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import {
  Avatar,
  Button,
  EmptyState,
  ErrorState,
  LiveBadge,
  Skeleton,
  useErrorText,
  useFormat,
  useToast,
} from '@walnut-live/ui';
import { BadgeCheck, Check, Plus, Share2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Link, useParams } from 'react-router';
import { useMe, useServices } from '../app/services.tsx';
import { Page } from '../pages/page.tsx';
import { usePersonaT } from './messages.ts';
import './persona.css';

const Follow = ({ guideId, followers }: { guideId: string; followers: number }): ReactNode => {
  const t = usePersonaT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api, requireConsumer } = useServices();
  const me = useMe();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const key = ['follow', guideId, me?.id];
  const query = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => api.call(getFollow, { params: { id: guideId }, signal }),
  });
  const following = query.data?.following ?? false;
  const toggle = async (): Promise<void> => {
    if (busy || !(await requireConsumer('me'))) return;
    setBusy(true);
    try {
      const params = { id: guideId };
      if (following) await api.call(unfollowGuide, { params });
      else await api.call(followGuide, { params });
      await queries.invalidateQueries({ queryKey: ['follow', guideId] });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button
        variant={following ? 'soft' : 'primary'}
        icon={following ? <Check size={16} /> : <Plus size={16} />}
        loading={busy}
        aria-pressed={following}
        onClick={() => void toggle()}
        data-testid="persona-follow"
      >
        {t(following ? 'follow.done' : 'follow.do')}
      </Button>
      <span className="pl-fine" data-testid="persona-followers">
        {t('followers', { count: format.count(query.data?.followers ?? followers) })}
      </span>
    </>
  );
};

const Share = ({ name }: { name: string }): ReactNode => {
  const t = usePersonaT();
  const toast = useToast();
  const share = async (): Promise<void> => {
    const url = location.href;
    try {
      if (navigator.share) await navigator.share({ title: name, url });
      else {
        await navigator.clipboard.writeText(url);
        toast(t('shared'), { tone: 'success' });
      }
    } catch {
      // Closed without choosing anybody.
    }
  };
  return (
    <Button variant="soft" icon={<Share2 size={16} />} onClick={() => void share()}>
      {t('share')}
    </Button>
  );
};

const Lives = ({
  title,
  rooms,
  render,
}: {
  title: string;
  rooms: readonly { room: Room; to: string | null }[];
  render: (room: Room, to: string | null) => ReactNode;
}): ReactNode =>
  rooms.length > 0 && (
    <section className="pl-persona-section">
      <h2>{title}</h2>
      <ul className="pl-persona-list">
        {rooms.map(({ room, to }) => {
          const inside = (
            <>
              <img src={room.coverUrl} alt="" loading="lazy" />
              <span className="pl-persona-room-text">
                <b>{room.title}</b>
                {render(room, to)}
              </span>
            </>
          );
          return (
            <li key={room.id}>
              {to ? (
                <Link to={to} className="pl-persona-room" data-testid="persona-room">
                  {inside}
                </Link>
              ) : (
                <span className="pl-persona-room">{inside}</span>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );

const Content = ({ persona }: { persona: Persona }): ReactNode => {
  const t = usePersonaT();
  const format = useFormat();
  const { guide, store, photoUrl, bio, tags, trainings, live, coming, past } = persona;
  const when = (at: string | null): string => (at ? format.dateTime(at) : '');
  const opens = (rooms: readonly Room[]) => rooms.map((room) => ({ room, to: `/r/${room.id}` }));
  const none = live.length + coming.length + past.length === 0;
  return (
    <div data-testid="persona">
      <header className="pl-persona-head">
        {photoUrl ? (
          <img className="pl-persona-photo" src={photoUrl} alt={guide.name} />
        ) : (
          <Avatar name={guide.name} size={84} live={live.length > 0} />
        )}
        <div>
          <p className="pl-persona-name">{guide.name}</p>
          <p>{store.name}</p>
        </div>
      </header>
      <div className="pl-persona-actions">
        <Follow guideId={guide.id} followers={persona.followers} />
        <Share name={guide.name} />
      </div>
      <p className="pl-persona-bio">{bio || t('no-bio')}</p>
      {tags.length > 0 && (
        <section className="pl-persona-section">
          <h2>{t('expertise')}</h2>
          <ul className="pl-persona-tags">
            {tags.map((tag) => (
              <li key={tag}>{tag}</li>
            ))}
          </ul>
        </section>
      )}
      {trainings.length > 0 && (
        <section className="pl-persona-section">
          <h2>{t('trainings')}</h2>
          <ul className="pl-persona-list">
            {trainings.map((training) => (
              <li key={training.id} className="pl-persona-training">
                <BadgeCheck size={20} aria-hidden="true" />
                <span>
                  {training.title}
                  <small>{t('training.by', { date: training.trainedOn, name: training.verifiedBy })}</small>
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <Lives title={t('live')} rooms={opens(live)} render={() => <LiveBadge state="live" />} />
      <Lives title={t('coming')} rooms={opens(coming)} render={(room) => <small>{when(room.scheduledAt)}</small>} />
      <Lives
        title={t('past')}
        rooms={past.map(({ room, hasReplay }) => ({ room, to: hasReplay ? `/r/${room.id}/replay` : null }))}
        render={(room, to) => (
          <small>
            {when(room.endedAt)} · {t(to ? 'replay' : 'no-replay')}
          </small>
        )}
      />
      {none && <EmptyState compact illustration="rooms" title={t('no-lives')} />}
    </div>
  );
};

const Loader = ({ guideId }: { guideId: string }): ReactNode => {
  const t = usePersonaT();
  const { api } = useServices();
  const me = useMe();
  const query = useQuery({
    queryKey: ['persona', guideId, me?.id],
    queryFn: ({ signal }) => api.call(getPersona, { params: { id: guideId }, signal }),
  });
  if (query.isError) {
    const gone = isApiError(query.error, 'not_found') || isApiError(query.error, 'invalid_request');
    if (!gone) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
    return (
      <EmptyState
        illustration="people"
        title={t('gone')}
        hint={t('gone.hint')}
        action={
          <Link to="/" className="wl-btn wl-btn-soft wl-btn-l">
            {t('home')}
          </Link>
        }
      />
    );
  }
  if (!query.data) return <Skeleton height={320} radius={18} />;
  return <Content persona={query.data} />;
};

const PersonaPage = (): ReactNode => {
  const { guideId = '' } = useParams();
  const t = usePersonaT();
  return (
    <Page title={t('title')}>
      <Loader guideId={guideId} />
    </Page>
  );
};

export default PersonaPage;
