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

export const HealthBadge = ({ health, stats }: { health: Health; stats: PublishStats | null }): ReactNode => {
  const t = useT();
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const level = t(`health.${health.level}`);
  const size = stats && largest(stats);
  const kbps = (bps: number): string => t('health.kbps', { n: format.number(Math.round(bps / 1000)) });
  // Missing is not zero: a dash.
  const or = <T,>(value: T | null | undefined, show: (value: T) => string): string =>
    value === null || value === undefined ? '—' : show(value);
  const rows: [label: string, value: string][] = [
    [
      t('health.bitrate'),
      or(stats?.bitrateBps, (bps) => t('health.bitrate.value', { now: kbps(bps), target: kbps(TARGET_BPS) })),
    ],
    [t('health.uplink'), or(stats?.availableBps, kbps)],
    [t('health.fps'), or(stats?.framesPerSecond, (fps) => t('health.fps.value', { n: Math.round(fps) }))],
    [t('health.rtt'), or(stats?.roundTripMs, (ms) => t('health.ms', { n: Math.round(ms) }))],
    [t('health.loss'), or(stats?.lossRatio, (ratio) => format.percent(ratio))],
    [t('health.size'), or(size, ({ width, height }) => `${width} × ${height}`)],
    [t('health.codec'), or(stats?.codec, (codec) => codec.replace(/^video\//i, ''))],
  ];
  return (
    <>
      <button
        type="button"
        className={cx('st-health', `st-health-${health.level}`)}
        aria-label={t('health.open', { level })}
        onClick={() => setOpen(true)}
      >
        <Signal level={health.level} />
        {level}
      </button>
      <Sheet open={open} onClose={() => setOpen(false)} title={t('health.title')} theme="dark">
        <p className={cx('st-health-reason', `st-health-${health.level}`)} role="status">
          <Signal level={health.level} />
          <span>
            <strong>{level}</strong>
            {t(`health.reason.${health.reason}`)}
          </span>
        </p>
        <dl className="st-rows">
          {rows.map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd className="wl-number">{value}</dd>
            </div>
          ))}
        </dl>
      </Sheet>
    </>
  );
};
