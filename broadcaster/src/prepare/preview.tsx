import { cx } from '@walnut-live/ui';
import { type ReactNode, useEffect, useRef } from 'react';

/** The guide's own picture. Always silent: hearing oneself is an echo. */
export const Preview = ({
  stream,
  mirror,
  className,
}: {
  stream: MediaStream | null;
  mirror: boolean;
  className?: string;
}): ReactNode => {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    element.srcObject = stream;
    if (stream) void element.play().catch(() => undefined);
    return () => {
      element.srcObject = null;
    };
  }, [stream]);
  return (
    <video
      ref={video}
      className={cx('st-preview', mirror && 'st-preview-mirror', className)}
      autoPlay
      muted
      playsInline
      aria-hidden="true"
      tabIndex={-1}
    />
  );
};
