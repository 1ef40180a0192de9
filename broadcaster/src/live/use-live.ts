import { useQueryClient } from '@tanstack/react-query';
import { startRoom } from '@walnut-live/contracts';
import { joinRoom, type RoomSession } from '@walnut-live/live-client/room';
import { useCallback, useEffect, useState } from 'react';
import { useSelect, useServices } from '../app/services.tsx';
import { type Broadcast, createBroadcast } from './broadcast.ts';

/** Joins the room for as long as the component lives. */
export const useRoomSession = (roomId: string): RoomSession | null => {
  const { api } = useServices();
  const [session, setSession] = useState<RoomSession | null>(null);
  useEffect(() => {
    const joined = joinRoom({ api, roomId });
    setSession(joined);
    return () => {
      joined.close();
      setSession(null);
    };
  }, [api, roomId]);
  return session;
};

/** Order lists and figures follow each payment in the room. */
export const useOrderNews = (session: RoomSession): void => {
  const queries = useQueryClient();
  useEffect(
    () =>
      session.onEvent((event) => {
        if (event.kind !== 'order:paid') return;
        void queries.invalidateQueries({ queryKey: ['wall'] });
        void queries.invalidateQueries({ queryKey: ['orders'] });
      }),
    [session, queries],
  );
};

export type OnAir = {
  broadcast: Broadcast | null;
  /** Starting was refused or nobody answered. */
  error: unknown;
  /** Tries again: after an error, or to take the live back from another device. */
  again: () => void;
};

/**
 * Keeps the programme on air as long as the room is live and the camera works. `start` on a live room answers the same
 * as the first time, so a reload, a crash and a first start are one path.
 */
export const useOnAir = (roomId: string, enabled: boolean): OnAir => {
  const { api, capture } = useServices();
  const queries = useQueryClient();
  const hasStream = useSelect(capture, (state) => state.stream !== null);
  const [broadcast, setBroadcast] = useState<Broadcast | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt starts anew
  useEffect(() => {
    if (!enabled || !hasStream) return;
    const controller = new AbortController();
    let made: Broadcast | null = null;
    let undo = (): void => undefined;
    setError(null);
    api.call(startRoom, { params: { id: roomId }, body: {}, signal: controller.signal }).then(
      ({ room, publish }) => {
        // Chosen in another studio meanwhile: whoever asks the room will know.
        if (room.source === 'encoder' && !room.relay) {
          void queries.invalidateQueries({ queryKey: ['room-stream', roomId] });
          return;
        }
        const { stream } = capture.get();
        if (controller.signal.aborted || !stream) return;
        const started = createBroadcast({ api, roomId, grant: publish, stream });
        made = started;
        undo = capture.subscribe(() => {
          const next = capture.get().stream;
          if (next) started.setStream(next);
        });
        setBroadcast(started);
      },
      (failure: unknown) => {
        if (!controller.signal.aborted) setError(failure);
      },
    );
    return () => {
      controller.abort();
      undo();
      made?.close();
      setBroadcast(null);
    };
  }, [api, capture, queries, roomId, enabled, hasStream, attempt]);

  return { broadcast, error, again: useCallback(() => setAttempt((count) => count + 1), []) };
};

/** Keeps the screen on; asked for again whenever the page comes back, because the system takes it away when hidden. */
export const useWakeLock = (enabled: boolean): void => {
  useEffect(() => {
    if (!enabled || !('wakeLock' in navigator)) return;
    let lock: WakeLockSentinel | null = null;
    let over = false;
    const ask = (): void => {
      if (document.visibilityState !== 'visible' || over) return;
      navigator.wakeLock.request('screen').then(
        (given) => {
          if (over) void given.release();
          else lock = given;
        },
        // Refused on low battery: the live goes on.
        () => undefined,
      );
    };
    ask();
    document.addEventListener('visibilitychange', ask);
    return () => {
      over = true;
      document.removeEventListener('visibilitychange', ask);
      void lock?.release();
    };
  }, [enabled]);
};

/** The browser's own question before a reload or a closed tab. */
export const useLeaveWarning = (enabled: boolean): void => {
  useEffect(() => {
    if (!enabled) return;
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [enabled]);
};

/** True from this width on; follows the window. */
export const useWide = (minWidthPx: number): boolean => {
  const [wide, setWide] = useState(() => matchMedia(`(min-width: ${minWidthPx}px)`).matches);
  useEffect(() => {
    const query = matchMedia(`(min-width: ${minWidthPx}px)`);
    const follow = (): void => setWide(query.matches);
    follow();
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, [minWidthPx]);
  return wide;
};
