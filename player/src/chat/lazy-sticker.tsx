import type { StickerId } from '@walnut-live/contracts';
import { lazyWithRetry } from '@walnut-live/ui';
import { type ReactNode, Suspense } from 'react';

const Drawing = lazyWithRetry(() => import('./sticker-drawing.tsx'), { mayReload: false });

/** A sticker with its place kept until it is drawn; its text stands there should that not come. */
export const LazySticker = ({ id, text, size }: { id: StickerId; text: string; size: number }): ReactNode => (
  <span className="pl-sticker" style={{ minWidth: size, minHeight: size }}>
    <Suspense fallback={text}>
      <Drawing id={id} size={size} />
    </Suspense>
  </span>
);
