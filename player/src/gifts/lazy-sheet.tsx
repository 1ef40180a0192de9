import { AppErrorBoundary, lazyWithRetry } from '@walnut-live/ui';
import { type ReactNode, Suspense, useEffect } from 'react';
import { useGifts } from './giving-provider.tsx';

const load = () => import('./gift-sheet.tsx');
// A room that plays is not reloaded for it; the boundary offers that.
const GiftSheet = lazyWithRetry(load, { mayReload: false });

/** Fetched once the room has settled, so that the first tap on the gift finds it there. */
const PRELOAD_AFTER_MS = 4_000;

export const LazyGiftSheet = (): ReactNode => {
  const { open, setOpen } = useGifts();
  useEffect(() => {
    const timer = setTimeout(() => void load().catch(() => undefined), PRELOAD_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!open) return null;
  return (
    <AppErrorBoundary compact className="pl-failed" onClose={() => setOpen(false)}>
      <Suspense fallback={null}>
        <GiftSheet />
      </Suspense>
    </AppErrorBoundary>
  );
};
