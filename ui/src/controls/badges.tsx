import type { ReactNode } from 'react';
import { useFormat } from '../format/use-format.ts';
import { useNow } from '../format/use-now.ts';
import { uiI18n } from '../i18n/ui-messages.ts';
import { cx } from './class-names.ts';

export type LiveState = 'live' | 'scheduled' | 'reconnecting' | 'ended' | 'practice';

/** State of a room. Only `live` moves and is red. */
export const LiveBadge = ({
  state = 'live',
  label,
  className,
}: {
  state?: LiveState;
  /** Instead of the standard word. */
  label?: string;
  className?: string;
}): ReactNode => {
  const t = uiI18n.useT();
  return (
    <span className={cx('wl-live', `wl-live-${state}`, className)}>
      {state === 'live' && (
        <span className="wl-live-bars" aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
      )}
      {state === 'reconnecting' && <span className="wl-live-dot" aria-hidden="true" />}
      {label ?? t(`live.${state}`)}
    </span>
  );
};

export type BadgeTone = 'neutral' | 'brand' | 'hot' | 'success' | 'warn' | 'danger' | 'glass';

export const Badge = ({
  children,
  tone = 'neutral',
  icon,
  className,
}: {
  children: ReactNode;
  tone?: BadgeTone;
  icon?: ReactNode;
  className?: string;
}): ReactNode => (
  <span className={cx('wl-badge', `wl-badge-${tone}`, className)}>
    {icon}
    {children}
  </span>
);

/** Rule Z7: the host's picture is a generated one. Stays as long as that picture is in sight. */
export const AiPictureBadge = ({ className }: { className?: string }): ReactNode => {
  const t = uiI18n.useT();
  return (
    <span className={cx('wl-badge', 'wl-badge-glass', 'wl-ai-picture', className)} data-testid="ai-picture">
      {t('aiPicture')}
    </span>
  );
};

/** "Updated 5 s ago"; turns amber and says so once the data is older than `staleAfterMs`. */
export const StaleBadge = ({
  updatedAt,
  staleAfterMs = 30_000,
  className,
}: {
  /** Epoch milliseconds of the last good answer. */
  updatedAt: number;
  staleAfterMs?: number;
  className?: string;
}): ReactNode => {
  const t = uiI18n.useT();
  const format = useFormat();
  const now = useNow(5000);
  const stale = now - updatedAt > staleAfterMs;
  const when = format.relative(updatedAt, now);
  return (
    <span className={cx('wl-stale', stale && 'wl-stale-old', className)}>
      <span className="wl-stale-dot" aria-hidden="true" />
      {t(stale ? 'stale.stale' : 'stale.updated', { when })}
    </span>
  );
};
