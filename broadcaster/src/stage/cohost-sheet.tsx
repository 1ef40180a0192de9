import { useQuery, useQueryClient } from '@tanstack/react-query';
import {
  endCohost,
  inviteCohost,
  listCohostCandidates,
  listSeats,
  MAX_GUIDES_ON_STAGE,
  muteCohost,
  type Seat,
} from '@walnut-live/contracts';
import type { RoomSession } from '@walnut-live/live-client/room';
import { Avatar, Button, EmptyState, ErrorState, Sheet, Skeleton, useErrorText, useToast } from '@walnut-live/ui';
import { Mic, MicOff, UserMinus, UserPlus } from 'lucide-react';
import { type ReactNode, useEffect, useId, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';

/** Answers of those who were asked are looked for at this pace besides being told by the stage. */
const REFRESH_MS = 5_000;

export const CohostSheet = ({
  session,
  open,
  onClose,
}: {
  session: RoomSession;
  open: boolean;
  onClose: () => void;
}): ReactNode => {
  const t = useT();
  return (
    <Sheet open={open} onClose={onClose} title={t('cohost.title')} height="tall" theme="dark">
      {open && <CohostPanel session={session} />}
    </Sheet>
  );
};

const CohostPanel = ({ session }: { session: RoomSession }): ReactNode => {
  const { api } = useServices();
  const t = useT();
  const toast = useToast();
  const errorText = useErrorText();
  const queries = useQueryClient();
  const searchId = useId();
  const { roomId } = session;
  const [search, setSearch] = useState('');
  const [busy, setBusy] = useState<string | null>(null);
  const params = { id: roomId };
  const seats = useQuery({
    queryKey: ['seats', roomId],
    queryFn: ({ signal }) => api.call(listSeats, { params, signal }),
    refetchInterval: REFRESH_MS,
  });
  const candidates = useQuery({
    queryKey: ['candidates', roomId, search],
    queryFn: ({ signal }) => api.call(listCohostCandidates, { params, query: search ? { search } : {}, signal }),
  });
  useEffect(
    () =>
      session.select(
        ({ showing }) => showing,
        () => {
          void queries.invalidateQueries({ queryKey: ['seats', roomId] });
          void queries.invalidateQueries({ queryKey: ['candidates', roomId] });
        },
      ),
    [session, queries, roomId],
  );

  const run = async (key: string, work: () => Promise<unknown>): Promise<void> => {
    setBusy(key);
    try {
      await work();
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(null);
      void queries.invalidateQueries({ queryKey: ['seats', roomId] });
      void queries.invalidateQueries({ queryKey: ['candidates', roomId] });
    }
  };

  const here = seats.data?.items ?? [];
  const full = here.length >= MAX_GUIDES_ON_STAGE - 1;
  return (
    <>
      <p className="st-hint">{t('cohost.hint', { max: MAX_GUIDES_ON_STAGE })}</p>
      {seats.isError && !seats.data && (
        <ErrorState compact error={seats.error} onRetry={() => void seats.refetch()} retrying={seats.isFetching} />
      )}
      <ul className="st-seats">
        {here.map((seat: Seat) => (
          <li key={seat.id} data-testid="seat" data-state={seat.state}>
            <Avatar name={seat.person.name} size={40} live={seat.state === 'on'} />
            <span className="st-past-text">
              <strong>{seat.person.name}</strong>
              <span>
                {seat.unitName} · {t(`cohost.state.${seat.state}`)}
              </span>
            </span>
            {seat.state !== 'invited' && (
              <Button
                variant="glass"
                size="s"
                icon={seat.muted ? <MicOff aria-hidden /> : <Mic aria-hidden />}
                aria-label={t(seat.muted ? 'cohost.unmute' : 'cohost.mute', { name: seat.person.name })}
                loading={busy === `mute ${seat.id}`}
                onClick={() =>
                  void run(`mute ${seat.id}`, () =>
                    api.call(muteCohost, { params: { id: seat.id }, body: { muted: !seat.muted } }),
                  )
                }
              />
            )}
            <Button
              variant="danger"
              size="s"
              icon={<UserMinus aria-hidden />}
              aria-label={t('cohost.remove', { name: seat.person.name })}
              loading={busy === `end ${seat.id}`}
              onClick={() => void run(`end ${seat.id}`, () => api.call(endCohost, { params: { id: seat.id } }))}
            />
          </li>
        ))}
      </ul>
      <div className="st-field">
        <label htmlFor={searchId}>{t('cohost.search')}</label>
        <input
          id={searchId}
          className="st-input"
          value={search}
          maxLength={40}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      {candidates.isPending && <Skeleton height={56} radius={14} />}
      {candidates.isError && (
        <ErrorState
          compact
          error={candidates.error}
          onRetry={() => void candidates.refetch()}
          retrying={candidates.isFetching}
        />
      )}
      {candidates.data?.items.length === 0 && <EmptyState compact illustration="people" title={t('cohost.nobody')} />}
      <ul className="st-seats">
        {candidates.data?.items.map(({ person, unitName }) => (
          <li key={person.id}>
            <Avatar name={person.name} size={40} />
            <span className="st-past-text">
              <strong>{person.name}</strong>
              <span>{unitName}</span>
            </span>
            <Button
              variant="outline"
              size="s"
              icon={<UserPlus aria-hidden />}
              aria-label={t('cohost.inviteName', { name: person.name })}
              disabled={full}
              loading={busy === person.id}
              onClick={() =>
                void run(person.id, () => api.call(inviteCohost, { params, body: { personId: person.id } }))
              }
            >
              {t('cohost.invite')}
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
};
