import { AppErrorBoundary, lazyWithRetry } from '@walnut-live/ui';
import { type ComponentProps, type ReactNode, Suspense } from 'react';

const ClosedDoor = lazyWithRetry(() => import('./door.tsx'), { mayReload: false });

export const Door = (props: ComponentProps<typeof ClosedDoor>): ReactNode => (
  <AppErrorBoundary compact className="pl-failed">
    <Suspense fallback={<main className="pl-room" data-theme="dark" aria-busy="true" />}>
      <ClosedDoor {...props} />
    </Suspense>
  </AppErrorBoundary>
);
