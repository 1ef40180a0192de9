import { AppErrorBoundary } from '@walnut-live/ui';
import { type ComponentType, type ReactNode, useEffect, useState } from 'react';
import { useRoom } from '../room/use-room.ts';

/** Fetched with the first group that moves while somebody watches; a hint that does not come is not missed. */
export const GroupHint = (): ReactNode => {
  const wanted = useRoom((state) => state.groupNews.length > 0);
  const [Hint, setHint] = useState<ComponentType | null>(null);
  useEffect(() => {
    if (wanted) void import('./group-hint.tsx').then((part) => setHint(() => part.default)).catch(() => undefined);
  }, [wanted]);
  return (
    Hint && (
      <AppErrorBoundary compact className="pl-failed" onClose={() => setHint(null)}>
        <Hint />
      </AppErrorBoundary>
    )
  );
};
