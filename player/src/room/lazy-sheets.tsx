import { AppErrorBoundary, lazyWithRetry } from '@walnut-live/ui';
import { type ComponentType, type ReactNode, Suspense } from 'react';

type SheetProps = { open: boolean; onClose: () => void };

// Asked for in the middle of a live: the page is not reloaded for them.
const Share = lazyWithRetry(async () => ({ default: (await import('./share-sheet.tsx')).ShareSheet }), {
  mayReload: false,
});
const Seller = lazyWithRetry(async () => ({ default: (await import('./seller-sheet.tsx')).SellerSheet }), {
  mayReload: false,
});

/** Fetched with the first tap that asks for it. */
const onTap =
  (Sheet: ComponentType<SheetProps>) =>
  (props: SheetProps): ReactNode =>
    props.open && (
      <AppErrorBoundary compact className="pl-failed" onClose={props.onClose}>
        <Suspense fallback={null}>
          <Sheet {...props} />
        </Suspense>
      </AppErrorBoundary>
    );

export const ShareSheet = onTap(Share);
export const SellerSheet = onTap(Seller);
