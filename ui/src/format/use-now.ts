import { useEffect, useRef, useState } from 'react';

/**
 * The server's clock, re-rendered on a beat. `serverOffsetMs` = server time − device time, measured by the caller; it may
 * differ a little at every render (a measured clock does), so a new value counts from the next beat on.
 * Beats are aligned to whole intervals of server time, so two countdowns on a page change together.
 */
export const useNow = (intervalMs = 1000, serverOffsetMs = 0): number => {
  const offset = useRef(serverOffsetMs);
  const [now, setNow] = useState(() => Date.now() + serverOffsetMs);
  useEffect(() => {
    offset.current = serverOffsetMs;
  }, [serverOffsetMs]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const beat = (): void => {
      const current = Date.now() + offset.current;
      setNow(current);
      timer = setTimeout(beat, intervalMs - (current % intervalMs) + 4);
    };
    beat();
    return () => clearTimeout(timer);
  }, [intervalMs]);
  return now;
};
