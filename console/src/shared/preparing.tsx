/** Reports while all figures are counted anew, as after an upgrade: no fault, and asked again by itself. */
import { isApiError } from '@walnut-live/live-client/http';
import { EmptyState } from '@walnut-live/ui';
import { type ReactNode, useEffect, useRef } from 'react';
import { useT } from '../i18n/index.ts';

const AGAIN_MS = 30_000;

export const isPreparing = (error: unknown): boolean =>
  isApiError(error, 'unavailable') && error.facts.preparing === true;

/** Asks again once the server has said it is worth it. `error`: of the last try; one that is no such thing asks nothing. */
export const useAskAgain = (error: unknown, refetch: () => unknown): void => {
  const latest = useRef(refetch);
  useEffect(() => {
    latest.current = refetch;
  });
  useEffect(() => {
    if (!isPreparing(error)) return;
    const seconds = isApiError(error) ? error.retryAfterSeconds : null;
    const timer = setTimeout(() => void latest.current(), seconds === null ? AGAIN_MS : seconds * 1_000);
    return () => clearTimeout(timer);
  }, [error]);
};

export const Preparing = (): ReactNode => {
  const t = useT();
  return (
    <div role="status" data-testid="preparing">
      <EmptyState title={t('preparing.title')} hint={t('preparing.hint')} />
    </div>
  );
};
