import type { ReactNode } from 'react';
import type { MicLevel } from '../capture/use-mic-level.ts';
import { useT } from '../i18n/index.ts';

const BARS = 18;

/** Bars that follow the voice; says in words whether anything was heard. */
export const MicMeter = ({ level }: { level: MicLevel | null }): ReactNode => {
  const t = useT();
  const lit = level ? Math.round(level.level * BARS) : 0;
  return (
    <div className="st-meter">
      <meter
        className="wl-visually-hidden"
        aria-label={t('prepare.mic.level')}
        min={0}
        max={1}
        value={level?.level ?? 0}
      />
      <div className="st-meter-bars" aria-hidden="true">
        {Array.from({ length: BARS }, (_, bar) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: bars have no identity
          <i key={bar} data-lit={bar < lit ? '' : undefined} data-high={bar >= BARS - 3 ? '' : undefined} />
        ))}
      </div>
      {level && <span className="st-meter-text">{t(level.heard ? 'prepare.mic.good' : 'prepare.mic.silent')}</span>}
    </div>
  );
};
