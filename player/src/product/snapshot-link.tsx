import { AppErrorBoundary, lazyWithRetry } from '@walnut-live/ui';
import { type ReactNode, Suspense, useState } from 'react';
import { useProductT } from './messages.ts';
import './product.css';

const Snapshot = lazyWithRetry(async () => ({ default: (await import('./snapshot-sheet.tsx')).SnapshotSheet }), {
  mayReload: false,
});

/** Opens the product page as it was when the order was made (rule Z1). */
export const SnapshotLink = ({ orderId, itemId }: { orderId: string; itemId: string }): ReactNode => {
  const t = useProductT();
  const [open, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <>
      <button type="button" className="pl-snapshot-link" data-testid="snapshot" onClick={() => setOpen(true)}>
        {t('snapshot.open')}
      </button>
      {open && (
        <AppErrorBoundary compact className="pl-failed" onClose={close}>
          <Suspense fallback={null}>
            <Snapshot orderId={orderId} itemId={itemId} onClose={close} />
          </Suspense>
        </AppErrorBoundary>
      )}
    </>
  );
};
