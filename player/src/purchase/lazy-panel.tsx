import { Spinner } from '@walnut-live/ui';
import { lazy, type ReactNode, Suspense, useEffect } from 'react';
import { usePurchase } from './purchase-provider.tsx';

const load = () => import('./purchase-panel.tsx');
const Panel = lazy(load);

/** Fetched once the room has settled, so that the first tap on "buy" finds it there. */
const PRELOAD_AFTER_MS = 2_500;

export const PurchasePanel = (): ReactNode => {
  const { flow } = usePurchase();
  useEffect(() => {
    const timer = setTimeout(() => void load().catch(() => undefined), PRELOAD_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!flow) return null;
  return (
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
  );
};
