import { AppErrorBoundary, lazyWithRetry } from '@walnut-live/ui';
import { type ComponentProps, type ReactNode, Suspense } from 'react';
import type { AddressBookSheet as Sheet } from './address-book.tsx';

const Book = lazyWithRetry(async () => ({ default: (await import('./address-book.tsx')).AddressBookSheet }), {
  mayReload: false,
});

/** Fetched with the first tap that asks for it. */
export const AddressBookSheet = (props: ComponentProps<typeof Sheet>): ReactNode =>
  props.open && (
    <AppErrorBoundary compact className="pl-failed" onClose={props.onClose}>
      <Suspense fallback={null}>
        <Book {...props} />
      </Suspense>
    </AppErrorBoundary>
  );
