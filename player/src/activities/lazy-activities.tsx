import { AppErrorBoundary, lazyWithRetry } from '@walnut-live/ui';
import { type ReactNode, Suspense, useState } from 'react';
import { useRoom } from '../room/use-room.ts';

// A room that plays is not reloaded for it; the boundary offers that.
const Dock = lazyWithRetry(() => import('./dock.tsx'), { mayReload: false });

/** Check-in, quiz and survey, countdown, chain; fetched when the room has one. */
export const Activities = (): ReactNode => {
  const activities = useRoom((state) => state.activities);
  const [given, setGiven] = useState(false);
  if (given || !Object.values(activities).some(Boolean)) return null;
  return (
    <AppErrorBoundary compact className="pl-failed" onClose={() => setGiven(true)}>
      <Suspense fallback={null}>
        <Dock />
      </Suspense>
    </AppErrorBoundary>
  );
};
