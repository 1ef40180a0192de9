import type { CSSProperties, ReactNode } from 'react';
import { cx } from './class-names.ts';

export type SkeletonProps = {
  /** Any CSS length; numbers are pixels. */
  width?: number | string;
  height?: number | string;
  radius?: number | string;
  /** Several text lines, the last one shorter. */
  lines?: number;
  className?: string;
};

/** Shape of what is coming. Hidden from assistive technology: put `aria-busy` on the region. */
export const Skeleton = ({
  width = '100%',
  height = '1em',
  radius,
  lines = 1,
  className,
}: SkeletonProps): ReactNode => {
  const style = (line: number): CSSProperties => ({
    width: lines > 1 && line === lines - 1 ? '62%' : width,
    height,
    ...(radius === undefined ? {} : { borderRadius: radius }),
  });
  return (
    <span className={cx('wl-skeleton-group', className)} aria-hidden="true">
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity
        <span key={line} className="wl-skeleton" style={style(line)} />
      ))}
    </span>
  );
};
