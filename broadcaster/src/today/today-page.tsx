import { useQuery } from '@tanstack/react-query';
import type { Room } from '@walnut-live/contracts';
import { Avatar, BrandMark, Button, EmptyState, ErrorState, Skeleton, useFormat, useNow } from '@walnut-live/ui';
import { CalendarPlus, ChevronRight, Headset, House, LayoutDashboard, LogOut, ReceiptText, Video } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Link, NavLink, useNavigate } from 'react-router';
import { myRoomsQuery } from '../app/queries.ts';
import { useMay, useMe, useServices } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';
import { LanguageButton } from '../sign-in/sign-in-page.tsx';
import { Invitations, Programmes } from '../stage/today-stage.tsx';
import { PersonaLink } from '../whom/persona-link.tsx';
import { RoomCard } from './room-card.tsx';
import { RoomSheet } from './room-sheet.tsx';
import { partOfDay, todayView } from './today-view.ts';
import '../whom/whom.css';
import './today.css';

export const TabBar = (): ReactNode => {
  const t = useT();
  const may = useMay();
  // One place is no choice.
  if (!may('orders:read')) return null;
  return (
    <nav className="st-tabbar" aria-label={t('app.name')}>
      <NavLink to="/" end>
        <House aria-hidden />
        {t('today.nav.today')}
      </NavLink>
      <NavLink to="/orders">
        <ReceiptText aria-hidden />
        {t('today.nav.orders')}
      </NavLink>
    </nav>
  );
};

const RoomsSkeleton = (): ReactNode => (
  <div className="st-rooms" aria-busy="true">
    {[0, 1, 2].map((key) => (
      <Skeleton key={key} height={132} radius={18} />
    ))}
  </div>
);

export const TodayPage = (): ReactNode => {
  const { api } = useServices();
  const me = useMe();
  const t = useT();
  const format = useFormat();
  const navigate = useNavigate();
  const now = useNow(30_000);
  const may = useMay();
  const mayHost = may('rooms:write');
  const live = useQuery(myRoomsQuery(api, 'live'));
  const scheduled = useQuery(myRoomsQuery(api, 'scheduled'));
  const ended = useQuery(myRoomsQuery(api, 'ended'));
  const [editing, setEditing] = useState<Room | 'new' | null>(null);

  const queries = [live, scheduled, ended];
  const failed = queries.find((query) => query.isError && !query.data);
  const loading = queries.some((query) => query.isPending);
  const view = todayView({
    meId: me.id,
    nowMs: now,
    live: live.data?.items ?? [],
    scheduled: scheduled.data?.items ?? [],
    ended: ended.data?.items ?? [],
  });

  return (
    <main className="st-page st-today">
      <header className="st-today-head">
        <BrandMark size={40} label={t('app.brand')} />
        <div className="st-today-who">
          <h1>{t(`today.greeting.${partOfDay(new Date(now).getHours())}`, { name: me.name })}</h1>
          <p>{me.staff?.orgUnit.name}</p>
        </div>
        <LanguageButton />
        <Button
          variant="ghost"
          size="s"
          icon={<LogOut aria-hidden />}
          onClick={() => void api.signOut()}
          aria-label={t('app.signOut')}
          title={t('app.signOut')}
        />
      </header>

      {mayHost ? (
        <Link to={view.goTo} className="st-go" data-resume={view.resume ? '' : undefined}>
          <span className="st-go-button" aria-hidden="true">
            <Video />
          </span>
          <span className="st-go-text">
            <strong>{t(view.resume ? 'today.resume' : 'today.goLive')}</strong>
            <span>{(view.resume ?? view.due)?.title ?? t('today.goLive.hint')}</span>
          </span>
          <ChevronRight aria-hidden className="st-go-arrow" />
        </Link>
      ) : (
        <p className="st-hint" data-testid="assist-hint">
          {t('assist.hint')}
        </p>
      )}

      {mayHost && (
        <>
          <PersonaLink />
          <Invitations />
          <Programmes />
        </>
      )}

      {/* Another app of the same house, with the same sign-in. */}
      <a href="/console/" className="st-persona-link" data-testid="to-console">
        <LayoutDashboard aria-hidden="true" />
        {t('today.console')}
        <ChevronRight aria-hidden="true" />
      </a>

      {failed && (
        <ErrorState
          error={failed.error}
          onRetry={() => queries.forEach((query) => void query.refetch())}
          retrying={queries.some((query) => query.isFetching)}
        />
      )}
      {loading && !failed && <RoomsSkeleton />}

      {!failed && !loading && (
        <>
          {(view.live.length > 0 || !mayHost) && (
            <section>
              <h2>{t('today.live')}</h2>
              {view.live.length === 0 && (
                <EmptyState compact illustration="rooms" title={t('assist.none')} hint={t('assist.none.hint')} />
              )}
              <div className="st-rooms">
                {view.live.map((room) => (
                  <RoomCard
                    key={room.id}
                    room={room}
                    actions={
                      <Link
                        to={`/rooms/${room.id}/assist`}
                        className="wl-btn wl-btn-soft wl-btn-s"
                        data-testid="assist"
                        aria-label={`${t('assist.open')} ${room.title}`}
                      >
                        <Headset aria-hidden /> {t('assist.open')}
                      </Link>
                    }
                  />
                ))}
              </div>
            </section>
          )}
          <section>
            <div className="st-section-head">
              <h2>{t('today.scheduled')}</h2>
              {mayHost && (
                <Button variant="soft" size="s" icon={<CalendarPlus aria-hidden />} onClick={() => setEditing('new')}>
                  {t('today.create')}
                </Button>
              )}
            </div>
            {view.scheduled.length === 0 ? (
              <EmptyState
                compact
                illustration="rooms"
                title={t('today.noScheduled')}
                {...(mayHost && { hint: t('today.noScheduled.hint') })}
              />
            ) : (
              <div className="st-rooms">
                {view.scheduled.map(({ room, overdue }) => (
                  <RoomCard
                    key={room.id}
                    room={room}
                    overdue={overdue}
                    actions={
                      mayHost ? (
                        <>
                          <Button variant="soft" size="s" onClick={() => setEditing(room)}>
                            {t('today.edit')}
                          </Button>
                          <Button size="s" onClick={() => void navigate(`/rooms/${room.id}/prepare`)}>
                            {t('today.start')}
                          </Button>
                        </>
                      ) : (
                        <Link to={`/rooms/${room.id}/assist`} className="wl-btn wl-btn-soft wl-btn-s">
                          <Headset aria-hidden /> {t('assist.prepare')}
                        </Link>
                      )
                    }
                  />
                ))}
              </div>
            )}
          </section>
          <section>
            <h2>{t('today.ended')}</h2>
            {view.ended.length === 0 ? (
              <p className="st-hint">{t('today.noEnded')}</p>
            ) : (
              <ul className="st-past">
                {view.ended.map((room) => (
                  <li key={room.id}>
                    <Link to={`/rooms/${room.id}/${mayHost ? 'live' : 'assist'}`}>
                      <Avatar name={room.host.name} size={40} />
                      <span className="st-past-text">
                        <strong>{room.title}</strong>
                        <span>
                          {room.endedAt && format.dateTime(room.endedAt)} ·{' '}
                          {t('today.viewersTotal', { count: format.count(room.viewersTotal) })}
                        </span>
                      </span>
                      <ChevronRight aria-hidden />
                    </Link>
                  </li>
                ))}
              </ul>
            )}
          </section>
        </>
      )}
      <RoomSheet editing={editing} onClose={() => setEditing(null)} />
      <TabBar />
    </main>
  );
};
