/** Fetched after the page stands: the first bytes have no room for them. */
import { AppErrorBoundary, lazyWithRetry, Skeleton } from '@walnut-live/ui';
import { type ReactNode, Suspense } from 'react';

const SharesCard = lazyWithRetry(async () => ({ default: (await import('./shares.tsx')).Shares }), {
  mayReload: false,
});
const NewcomerCard = lazyWithRetry(async () => ({ default: (await import('./newcomer.tsx')).Newcomer }), {
  mayReload: false,
});
export const Shares = (): ReactNode => (
  <AppErrorBoundary compact>
    <Suspense fallback={<Skeleton height={180} radius={18} />}>
      <SharesCard />
    </Suspense>
  </AppErrorBoundary>
);
export const Newcomer = (): ReactNode => (
  <AppErrorBoundary compact>
    <Suspense fallback={null}>
      <NewcomerCard />
    </Suspense>
  </AppErrorBoundary>
);
