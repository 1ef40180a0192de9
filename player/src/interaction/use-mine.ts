import { useCallback, useEffect, useRef, useState } from 'react';
import { useMe } from '../app/services.tsx';

/**
 * What concerns this person alone, asked of the server: for each `key`, after a sign-in, and by `again`. A question that
 * fails leaves what was known; an older answer never replaces a newer one.
 */
export const useMine = <Answer>(key: string | null, ask: () => Promise<Answer>) => {
  const me = useMe();
  const [mine, setMine] = useState<{ key: string; answer: Answer } | null>(null);
  const asked = useRef(0);
  const latest = useRef(ask);
  useEffect(() => {
    latest.current = ask;
  });
  const again = useCallback(async (): Promise<void> => {
    if (key === null) return;
    asked.current += 1;
    const turn = asked.current;
    const answer = await latest.current().catch(() => null);
    if (answer !== null && turn === asked.current) setMine({ key, answer });
  }, [key]);
  const personId = me?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another person is another answer
  useEffect(() => void again(), [again, personId]);
  return { mine: mine?.key === key ? mine.answer : null, again };
};
