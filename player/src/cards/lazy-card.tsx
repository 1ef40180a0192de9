import { AppErrorBoundary, lazyWithRetry } from '@walnut-live/ui';
import { type ReactNode, Suspense } from 'react';
import { useRoom } from '../room/use-room.ts';

const Card = lazyWithRetry(() => import('./drain-card.tsx'), { mayReload: false });

/** Fetched when the host shows one. */
export const DrainCard = (): ReactNode => {
  const shown = useRoom((state) => state.drainCard);
  if (!shown) return null;
  return (
    <AppErrorBoundary compact className="pl-failed" onClose={() => undefined}>
      <Suspense fallback={null}>
        <Card key={shown.shownAt} />
      </Suspense>
    </AppErrorBoundary>
  );
};
