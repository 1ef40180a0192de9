/** Fetched after the page stands: the first bytes have no room for them. */
import { AppErrorBoundary, lazyWithRetry, Skeleton } from '@walnut-live/ui';
import { type ComponentProps, type ReactNode, Suspense } from 'react';
import type { CouponCode as Code } from './coupon-code.tsx';

const Card = lazyWithRetry(async () => ({ default: (await import('./member-card.tsx')).MemberCard }), {
  mayReload: false,
});
const CodeSheet = lazyWithRetry(async () => ({ default: (await import('./coupon-code.tsx')).CouponCode }), {
  mayReload: false,
});

export const MemberCard = (): ReactNode => (
  <AppErrorBoundary compact>
    <Suspense fallback={<Skeleton height={180} radius={18} />}>
      <Card />
    </Suspense>
  </AppErrorBoundary>
);
export const CouponCode = (props: ComponentProps<typeof Code>): ReactNode => (
  <AppErrorBoundary compact onClose={props.onClose}>
    <Suspense fallback={null}>
      <CodeSheet {...props} />
    </Suspense>
  </AppErrorBoundary>
);
