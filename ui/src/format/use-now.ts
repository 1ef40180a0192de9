import { useEffect, useState } from 'react';

/**
 * The server's clock, re-rendered on a beat. `serverOffsetMs` = server time − device time, measured by the caller.
 * Beats are aligned to whole intervals of server time, so two countdowns on a page change together.
 */
export const useNow = (intervalMs = 1000, serverOffsetMs = 0): number => {
  const [now, setNow] = useState(() => Date.now() + serverOffsetMs);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const beat = (): void => {
      const current = Date.now() + serverOffsetMs;
      setNow(current);
      timer = setTimeout(beat, intervalMs - (current % intervalMs) + 4);
    };
    beat();
    return () => clearTimeout(timer);
  }, [intervalMs, serverOffsetMs]);
  return now;
};
