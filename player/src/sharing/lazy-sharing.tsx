/** Fetched after the page stands: the first bytes have no room for them. */
import { AppErrorBoundary, lazyWithRetry, Skeleton } from '@walnut-live/ui';
import { type ComponentProps, type ReactNode, Suspense } from 'react';

const SharesCard = lazyWithRetry(async () => ({ default: (await import('./shares.tsx')).Shares }), {
  mayReload: false,
});
const NewcomerCard = lazyWithRetry(async () => ({ default: (await import('./newcomer.tsx')).Newcomer }), {
  mayReload: false,
});
const Button = lazyWithRetry(async () => ({ default: (await import('./share-button.tsx')).ShareButton }), {
  mayReload: false,
});
/** Small, and nothing stands in its place: what is beside it does not wait for it. */
export const ShareButton = (props: ComponentProps<typeof Button>): ReactNode => (
  <AppErrorBoundary compact>
    <Suspense fallback={<Skeleton width={116} height={44} radius={99} />}>
      <Button {...props} />
    </Suspense>
  </AppErrorBoundary>
);
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
