import { useQuery } from '@tanstack/react-query';
import { answerInvitation, endCohost, type Invitation, listInvitations, type MediaGrant } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import type { RoomSession } from '@walnut-live/live-client/room';
import {
  Button,
  ErrorState,
  IconButton,
  LiveBadge,
  NamePlate,
  Picture,
  Pictures,
  useConfirm,
  useErrorText,
  useToast,
} from '@walnut-live/ui';
import { Headphones, Mic, MicOff, Power, SwitchCamera } from 'lucide-react';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useSelect, useServices } from '../app/services.tsx';
import { Splash } from '../app/splash.tsx';
import { useT } from '../i18n/index.ts';
import { type Broadcast, createBroadcast, noBroadcast } from '../live/broadcast.ts';
import { HealthBadge } from '../live/health-badge.tsx';
import { useLeaveWarning, useRoomSession, useWakeLock } from '../live/use-live.ts';
import { Preview } from '../prepare/preview.tsx';
import { ProblemCard } from '../prepare/problem-card.tsx';
import { StreamTile } from './stream-tile.tsx';
import '../prepare/prepare.css';
import '../live/live.css';
import './stage.css';

const CHECK_EVERY_MS = 4_000;

type Accepted = { invitation: Invitation; publish: MediaGrant };

/** The studio of a co-host: accepting is entering, and again after a reload. */
export const CohostPage = (): ReactNode => {
  const { seatId = '' } = useParams();
  const { api } = useServices();
  const t = useT();
  const navigate = useNavigate();
  const [accepted, setAccepted] = useState<Accepted | null>(null);
  const [error, setError] = useState<unknown>(null);

  const enter = useCallback((): void => {
    setError(null);
    api.call(answerInvitation, { params: { id: seatId }, body: { accept: true } }).then(
      ({ invitation, publish }) => {
        if (invitation && publish) setAccepted({ invitation, publish });
      },
      (failure: unknown) => setError(failure),
    );
  }, [api, seatId]);
  useEffect(enter, [enter]);

  if (error) {
    const isOver = isApiError(error) && ['gone', 'not_found', 'room_not_live'].includes(error.code);
    return (
      <main className="st-center">
        <ErrorState
          error={error}
          {...(isOver ? { title: t('cohost.over') } : {})}
          onRetry={isOver ? () => void navigate('/', { replace: true }) : enter}
        />
      </main>
    );
  }
  return accepted ? <Stage accepted={accepted} /> : <Splash />;
};

const Stage = ({ accepted }: { accepted: Accepted }): ReactNode => {
  const session = useRoomSession(accepted.invitation.room.id);
  return session ? <CohostStudio accepted={accepted} session={session} /> : <Splash />;
};

const CohostStudio = ({ accepted, session }: { accepted: Accepted; session: RoomSession }): ReactNode => {
  const { api, capture } = useServices();
  const t = useT();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const navigate = useNavigate();
  const { invitation, publish } = accepted;
  const { room, seatId } = invitation;
  const camera = useSelect(capture, (state) => state);
  const showing = useSelect(session, (state) => state.showing);
  const ended = useSelect(session, (state) => state.loaded && state.stage === 'ended');
  const [broadcast, setBroadcast] = useState<Broadcast | null>(null);
  const air = useSelect(broadcast ?? noBroadcast, (state) => state);
  const [ownMute, setOwnMute] = useState(false);
  const invitations = useQuery({
    queryKey: ['invitations'],
    queryFn: ({ signal }) => api.call(listInvitations, { signal }),
    refetchInterval: CHECK_EVERY_MS,
  });
  const mine = invitations.data?.items.find((item) => item.seatId === seatId);
  const onStage = showing?.cohosts.find((cohost) => cohost.seatId === seatId);
  const hostMuted = onStage?.muted ?? mine?.muted ?? false;
  // Fetched after entering: a list from before the invitation says nothing.
  const removed = invitations.data !== undefined && invitations.isFetchedAfterMount && mine === undefined;
  const over = ended || removed;

  useWakeLock(!over);
  useLeaveWarning(!over);
  useEffect(() => {
    void capture.open();
    return () => capture.close();
  }, [capture]);

  const hasStream = camera.stream !== null;
  useEffect(() => {
    const { stream } = capture.get();
    if (over || !hasStream || !stream) return;
    const made = createBroadcast({ api, roomId: room.id, grant: publish, stream });
    const undo = capture.subscribe(() => {
      const next = capture.get().stream;
      if (next) made.setStream(next);
    });
    setBroadcast(made);
    return () => {
      undo();
      made.close();
      setBroadcast(null);
    };
  }, [api, capture, room.id, publish, over, hasStream]);

  // The host's word goes before one's own.
  useEffect(() => broadcast?.setMuted('audio', ownMute || hostMuted), [broadcast, ownMute, hostMuted]);

  useEffect(() => {
    if (!over) return;
    toast(t(ended ? 'cohost.roomEnded' : 'cohost.removed'));
    void navigate('/', { replace: true });
  }, [over, ended, toast, t, navigate]);

  const leave = async (): Promise<void> => {
    const yes = await confirm({
      title: t('cohost.leave.title'),
      body: t('cohost.leave.body'),
      confirmText: t('cohost.leave'),
      cancelText: t('live.stay'),
      theme: 'dark',
    });
    if (!yes) return;
    try {
      await api.call(endCohost, { params: { id: seatId } });
      void navigate('/', { replace: true });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
  };

  const others = (showing?.cohosts ?? []).filter((cohost) => cohost.seatId !== seatId);
  const muted = ownMute || hostMuted;
  return (
    <main className="st-live" data-theme="dark">
      <section className="st-stage st-live-stage">
        <Pictures guides={others.length + 2}>
          {showing && (
            <StreamTile
              key={showing.streamId}
              roomId={room.id}
              streamId={showing.streamId}
              name={`${room.host.name} · ${room.unitName}`}
              muted={false}
            />
          )}
          {others.map(({ seatId: id, streamId, name, unitName, muted: silent }) => (
            <StreamTile key={id} roomId={room.id} streamId={streamId} name={`${name} · ${unitName}`} muted={silent} />
          ))}
          <Picture data-testid="own-picture">
            <Preview stream={camera.stream} mirror={camera.mirror} />
            <NamePlate name={t('cohost.me')} muted={muted} />
          </Picture>
        </Pictures>
        <header className="st-hud">
          <div className="st-hud-row">
            <div className="st-hud-title">
              <h1>{room.title}</h1>
              <p className="st-hud-state" data-testid="cohost-state" data-on={onStage ? '' : undefined}>
                <LiveBadge state={onStage && air.publish.status === 'live' ? 'live' : 'reconnecting'} />
                <span>{t(onStage ? 'cohost.onStage' : 'cohost.connecting')}</span>
              </p>
            </div>
            <HealthBadge health={air.health} stats={air.stats} />
            <IconButton
              variant="danger"
              label={t('cohost.leave')}
              icon={<Power aria-hidden />}
              onClick={() => void leave()}
            />
          </div>
        </header>
        {camera.status === 'failed' && camera.problem && (
          <div className="st-stage-center">
            <ProblemCard problem={camera.problem} onRetry={() => void capture.retry()} />
          </div>
        )}
        {air.publish.status === 'failed' && (
          <div className="st-stage-center">
            <div className="st-problem-card" role="alert">
              <h2>{t(`live.failed.${air.publish.reason}.title`)}</h2>
              <Button variant="ghost" onClick={() => void navigate('/', { replace: true })}>
                {t('live.toToday')}
              </Button>
            </div>
          </div>
        )}
        <div className="st-live-foot">
          {hostMuted && <p className="st-banner st-banner-warn">{t('cohost.mutedByHost')}</p>}
          <p className="st-banner">
            <Headphones aria-hidden />
            {t('cohost.echo')}
          </p>
          <div className="st-cohost-controls">
            <IconButton
              variant={muted ? 'danger' : 'glass'}
              size="l"
              label={t(muted ? 'live.mic.on' : 'live.mic.off')}
              icon={muted ? <MicOff aria-hidden /> : <Mic aria-hidden />}
              disabled={hostMuted}
              onClick={() => setOwnMute(!ownMute)}
            />
            <IconButton
              variant="glass"
              size="l"
              label={t('prepare.flip')}
              icon={<SwitchCamera aria-hidden />}
              onClick={() => void capture.flip()}
            />
          </div>
        </div>
      </section>
    </main>
  );
};
