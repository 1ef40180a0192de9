import type { Playback, PlaybackState } from '@walnut-live/live-client/playback';
import { watchGrants } from '@walnut-live/live-client/room';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useServices } from '../../app/services.tsx';
import type { VideoPhase } from '../stage-view.ts';
import { useRoom, useRoomHandle } from '../use-room.ts';
import type { QualityId, Video } from './video-provider.tsx';
import { whenWeChatAllows } from './wechat.ts';

/** How often the age of the picture is measured. */
const FIGURES_EVERY_MS = 2_000;
/** Older than this by HLS, and "back to live" is offered. */
const BEHIND_MS = 15_000;

const phases: Record<PlaybackState['status'], VideoPhase> = {
  connecting: 'starting',
  idle: 'starting',
  interrupted: 'interrupted',
  playing: 'playing',
  stalled: 'stalled',
  blocked: 'blocked',
  ended: 'idle',
  failed: 'failed',
};

/** Plays the room while it is live and an element is attached. The player code itself is loaded only then. */
export const useVideoEngine = (): Video => {
  const { api } = useServices();
  const session = useRoomHandle();
  const live = useRoom((state) => state.loaded && state.stage === 'live' && !state.selfBanned);
  const [element, attach] = useState<HTMLVideoElement | null>(null);
  const [state, setState] = useState<PlaybackState | null>(null);
  const [figures, setFigures] = useState<{ latencyMs: number | null; levels: readonly QualityId[]; level: QualityId }>({
    latencyMs: null,
    levels: [],
    level: 'auto',
  });
  const [hasFrame, setHasFrame] = useState(false);
  const [loadFailed, setLoadFailed] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const playback = useRef<Playback | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` starts over
  useEffect(() => {
    if (!element || !live) return;
    let wanted = true;
    let undo: (() => void)[] = [];
    const begin = async (): Promise<void> => {
      const { createPlayback } = await import('@walnut-live/live-client/playback');
      if (!wanted) return;
      const made = createPlayback({
        video: element,
        grant: watchGrants(api, session),
        serverNowMs: session.serverNowMs,
        // Somebody who has tapped on this page already may hear it at once.
        startWithSound: navigator.userActivation?.hasBeenActive ?? false,
      });
      playback.current = made;
      const told = (next: PlaybackState): void => {
        setState(next);
        if (next.status === 'playing') setHasFrame(true);
      };
      told(made.state);
      const measure = (): void => {
        if (document.hidden) return;
        void made.figures().then(({ latencyMs }) => {
          if (!wanted) return;
          setFigures((before) => {
            const next = { latencyMs, levels: made.levels, level: made.level };
            return JSON.stringify(before) === JSON.stringify(next) ? before : next;
          });
        });
      };
      const timer = setInterval(measure, FIGURES_EVERY_MS);
      undo = [made.on('state', told), whenWeChatAllows(() => void made.play()), () => clearInterval(timer), made.close];
    };
    begin().catch(() => wanted && setLoadFailed(true));
    return () => {
      wanted = false;
      for (const end of undo) end();
      playback.current = null;
      setState(null);
      setLoadFailed(false);
      setFigures({ latencyMs: null, levels: [], level: 'auto' });
    };
  }, [api, session, element, live, attempt]);

  // The pointer has moved: the picture follows, without leaving the room.
  useEffect(
    () =>
      session.select(
        ({ showing }) => showing,
        (showing, before) => {
          if (showing && before && showing.streamId !== before.streamId)
            playback.current?.switchStream(Date.parse(showing.since));
        },
        (a, b) => a?.streamId === b?.streamId,
      ),
    [session],
  );

  // By HLS those beside the host are in the picture: it is another one from when the first comes until the last has gone.
  useEffect(
    () =>
      session.select(
        ({ showing }) => (showing ? { streamId: showing.streamId, together: showing.cohosts.length > 0 } : null),
        (now, before) => {
          if (!now || !before || now.streamId !== before.streamId || now.together === before.together) return;
          if (playback.current?.state.mode === 'smooth') playback.current.switchStream(session.serverNowMs());
        },
        (a, b) => a?.streamId === b?.streamId && a?.together === b?.together,
      ),
    [session],
  );

  const enableSound = useCallback(() => void playback.current?.unmute(), []);
  const setQuality = useCallback((id: QualityId) => {
    playback.current?.setLevel(id);
    setFigures((before) => ({ ...before, level: id }));
  }, []);
  const backToLive = useCallback(() => playback.current?.goLive(), []);
  const retry = useCallback(() => {
    if (playback.current) playback.current.retry();
    else setAttempt((count) => count + 1);
  }, []);

  return useMemo<Video>(() => {
    const phase: VideoPhase = loadFailed ? 'failed' : !live ? 'idle' : state ? phases[state.status] : 'starting';
    const shown = phase === 'playing' || phase === 'stalled';
    return {
      phase,
      mode: state && shown ? state.mode : null,
      smooth: state?.mode === 'smooth',
      fallbackReason: state && shown ? state.fallbackReason : null,
      soundOnly: shown && (state?.soundOnly ?? false),
      soundOn: state !== null && !state.muted,
      latencyMs: shown ? figures.latencyMs : null,
      hasFrame,
      soundBlocked: state?.needsGesture ?? false,
      playBlocked: phase === 'blocked',
      qualities: figures.levels,
      quality: figures.level,
      behindLive: state?.mode === 'smooth' && (figures.latencyMs ?? 0) > BEHIND_MS,
      attach,
      enableSound,
      setQuality,
      backToLive,
      retry,
    };
  }, [state, figures, hasFrame, loadFailed, live, enableSound, setQuality, backToLive, retry]);
};
