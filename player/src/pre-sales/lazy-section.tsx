import { AppErrorBoundary, lazyWithRetry } from '@walnut-live/ui';
import { type ReactNode, Suspense } from 'react';

// A room that plays is not reloaded for it.
const Section = lazyWithRetry(() => import('./pre-sale-section.tsx'), { mayReload: false });

/** The product can be bought as usual while this is on its way, or does not come. */
export const PreSaleSection = ({ productId }: { productId: string }): ReactNode => (
  <AppErrorBoundary compact className="pl-failed">
    <Suspense fallback={null}>
      <Section productId={productId} />
    </Suspense>
  </AppErrorBoundary>
);
