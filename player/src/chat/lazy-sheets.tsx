import { AppErrorBoundary, lazyWithRetry } from '@walnut-live/ui';
import { type ComponentProps, type ReactNode, Suspense } from 'react';

// Asked for in the middle of a live: the page is not reloaded for them.
const Menu = lazyWithRetry(() => import('./message-menu.tsx'), { mayReload: false });
const Expressions = lazyWithRetry(() => import('./expressions.tsx'), { mayReload: false });

const Lazy = ({ onClose, children }: { onClose: () => void; children: ReactNode }): ReactNode => (
  <AppErrorBoundary compact className="pl-failed" onClose={onClose}>
    <Suspense fallback={null}>{children}</Suspense>
  </AppErrorBoundary>
);

export const MessageMenu = (props: ComponentProps<typeof Menu>): ReactNode =>
  props.line && (
    <Lazy onClose={props.onClose}>
      <Menu {...props} />
    </Lazy>
  );

export const ExpressionsSheet = (props: ComponentProps<typeof Expressions>): ReactNode =>
  props.open && (
    <Lazy onClose={props.onClose}>
      <Expressions {...props} />
    </Lazy>
  );
