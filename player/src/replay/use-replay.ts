import { getReplay, type Replay } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { useCallback, useEffect, useState } from 'react';
import { useServices } from '../app/services.tsx';

/** While the last segments are on their way. */
const ASK_AGAIN_MS = 3_000;

export type ReplayLoad =
  | { status: 'loading' }
  | { status: 'loaded'; replay: Replay }
  | { status: 'banned' | 'not-for-me' | 'missing' }
  | { status: 'failed'; error: unknown };

/** The replay of a room; asked for again while it is being made. */
export const useReplay = (roomId: string): { load: ReplayLoad; retry: () => void } => {
  const { api } = useServices();
  const [load, setLoad] = useState<ReplayLoad>({ status: 'loading' });
  const [turn, setTurn] = useState(0);
  const retry = useCallback(() => {
    setLoad({ status: 'loading' });
    setTurn((now) => now + 1);
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a retry is another turn
  useEffect(() => {
    let left = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      try {
        const replay = await api.call(getReplay, { params: { id: roomId } });
        if (left) return;
        setLoad({ status: 'loaded', replay });
        if (replay.state === 'processing') timer = setTimeout(() => void ask(), ASK_AGAIN_MS);
      } catch (error) {
        if (left) return;
        if (isApiError(error, 'banned')) setLoad({ status: 'banned' });
        else if (isApiError(error, 'not_in_audience')) setLoad({ status: 'not-for-me' });
        else if (isApiError(error, 'not_found') || isApiError(error, 'invalid_request')) setLoad({ status: 'missing' });
        else setLoad({ status: 'failed', error });
      }
    };
    void ask();
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [api, roomId, turn]);
  return { load, retry };
};
