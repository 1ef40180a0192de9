import { AppErrorBoundary, lazyWithRetry } from '@walnut-live/ui';
import { type ReactNode, Suspense } from 'react';

const Chip = lazyWithRetry(() => import('./material.tsx'), { mayReload: false });

/** Only conferences have material. */
export const MaterialChip = ({ roomId }: { roomId: string }): ReactNode => (
  <AppErrorBoundary compact className="pl-failed">
    <Suspense fallback={null}>
      <Chip roomId={roomId} />
    </Suspense>
  </AppErrorBoundary>
);
