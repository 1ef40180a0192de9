/** What the last copy did, kept in this tab: a reload does not lose it. Later it stands in the audit log. */
import { TemplateCopy } from '@walnut-live/contracts';
import { readJson, safeSessionStorage } from '@walnut-live/ui';
import { useState } from 'react';
import { useSession } from '../../app/session.tsx';

export interface Result {
  /** RFC 3339. */
  readonly at: string;
  readonly reason: string;
  /** Whether something else was done than had been shown. */
  readonly differs: boolean;
  readonly plan: TemplateCopy;
}

export const useLastResult = (): [Result | null, (result: Result | null) => void] => {
  const { staff } = useSession();
  const key = `walnut-live.template-copy.${staff.username}`;
  const [result, setResult] = useState<Result | null>(() => {
    const kept = readJson<Result>(safeSessionStorage(), key);
    const plan = TemplateCopy.safeParse(kept?.plan);
    return kept && plan.success ? { ...kept, plan: plan.data } : null;
  });
  const keep = (next: Result | null): void => {
    setResult(next);
    if (next) safeSessionStorage().setItem(key, JSON.stringify(next));
    else safeSessionStorage().removeItem(key);
  };
  return [result, keep];
};
