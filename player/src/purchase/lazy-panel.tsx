import { AppErrorBoundary, lazyWithRetry, Spinner } from '@walnut-live/ui';
import { type ReactNode, Suspense, useEffect } from 'react';
import { usePurchase } from './purchase-provider.tsx';

const load = () => import('./purchase-panel.tsx');
// A room that plays is not reloaded for it; the boundary offers that.
const Panel = lazyWithRetry(load, { mayReload: false });

/** Fetched once the room has settled, so that the first tap on "buy" finds it there. */
const PRELOAD_AFTER_MS = 2_500;

export const PurchasePanel = (): ReactNode => {
  const { flow, dispatch } = usePurchase();
  useEffect(() => {
    const timer = setTimeout(() => void load().catch(() => undefined), PRELOAD_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!flow) return null;
  return (
    <AppErrorBoundary compact className="pl-failed" onClose={() => dispatch({ type: 'close' })}>
      <Suspense
        fallback={
          <div className="pl-panel" data-theme="light" aria-busy="true">
            <div className="pl-panel-loading">
              <Spinner />
            </div>
          </div>
        }
      >
        <Panel />
      </Suspense>
    </AppErrorBoundary>
  );
};
