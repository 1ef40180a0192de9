import type { PublishStats } from '@walnut-live/live-client/media';
import { cx, Sheet, useFormat } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useT } from '../i18n/index.ts';
import { type Health, TARGET_BPS } from './health.ts';

const bars: Record<Health['level'], number> = { excellent: 4, good: 3, poor: 1, lost: 0, measuring: 0 };

const Signal = ({ level }: { level: Health['level'] }): ReactNode => (
  <span className="st-signal" aria-hidden="true">
    {[1, 2, 3, 4].map((bar) => (
      <i key={bar} data-on={bar <= bars[level] ? '' : undefined} />
    ))}
  </span>
);

/** Best layer that is really being sent. */
const largest = (stats: PublishStats): { width: number; height: number } | null => {
  let best: { width: number; height: number } | null = null;
  for (const { width, height } of stats.layers)
    if (width !== null && height !== null && (!best || width * height > best.width * best.height))
      best = { width, height };
  return best;
};

/** How figures are written. Missing is not zero: a dash. */
export const useFigures = () => {
  const t = useT();
  const format = useFormat();
  return {
    kbps: (bps: number): string => t('health.kbps', { n: format.number(Math.round(bps / 1000)) }),
    fps: (fps: number): string => t('health.fps.value', { n: Math.round(fps) }),
    ms: (ms: number): string => t('health.ms', { n: Math.round(ms) }),
    or: <T,>(value: T | null | undefined, show: (value: T) => string): string =>
      value === null || value === undefined ? '—' : show(value),
  };
};

/** One word over the picture; behind it the reason and the figures. */
export const HealthButton = ({
  level,
  word,
  label,
  title,
  reason,
  rows,
}: {
  level: Health['level'];
  word: string;
  /** For those who do not see the bars. */
  label: string;
  title: string;
  reason: string;
  rows: readonly (readonly [label: string, value: string])[];
}): ReactNode => {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className={cx('st-health', `st-health-${level}`)}
        data-testid="health"
        data-level={level}
        aria-label={label}
        onClick={() => setOpen(true)}
      >
        <Signal level={level} />
        {word}
      </button>
      <Sheet open={open} onClose={() => setOpen(false)} title={title} theme="dark">
        <p className={cx('st-health-reason', `st-health-${level}`)} role="status">
          <Signal level={level} />
          <span>
            <strong>{word}</strong>
            {reason}
          </span>
        </p>
        <dl className="st-rows">
          {rows.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd className="wl-number">{value}</dd>
            </div>
          ))}
        </dl>
      </Sheet>
    </>
  );
};

/** This device's own way up. */
export const HealthBadge = ({ health, stats }: { health: Health; stats: PublishStats | null }): ReactNode => {
  const t = useT();
  const format = useFormat();
  const { kbps, fps, ms, or } = useFigures();
  const level = t(`health.${health.level}`);
  const size = stats && largest(stats);
  return (
    <HealthButton
      level={health.level}
      word={level}
      label={t('health.open', { level })}
      title={t('health.title')}
      reason={t(`health.reason.${health.reason}`)}
      rows={[
        [
          t('health.bitrate'),
          or(stats?.bitrateBps, (bps) => t('health.bitrate.value', { now: kbps(bps), target: kbps(TARGET_BPS) })),
        ],
        [t('health.uplink'), or(stats?.availableBps, kbps)],
        [t('health.fps'), or(stats?.framesPerSecond, fps)],
        [t('health.rtt'), or(stats?.roundTripMs, ms)],
        [t('health.loss'), or(stats?.lossRatio, (ratio) => format.percent(ratio))],
        [t('health.size'), or(size, ({ width, height }) => `${width} × ${height}`)],
        [t('health.codec'), or(stats?.codec, (codec) => codec.replace(/^video\//i, ''))],
      ]}
    />
  );
};
