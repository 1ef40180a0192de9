import type { Wave, WaveState } from '@walnut-live/contracts';
import { Badge, type BadgeTone, useNow } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useCampaignT } from './messages.ts';
import { phaseTime } from './wave-view.ts';

const tones: Record<WaveState, BadgeTone> = {
  draft: 'neutral',
  running: 'success',
  paused: 'warn',
  cancelled: 'danger',
  done: 'brand',
};
export const WaveStateBadge = ({ state }: { state: WaveState }): ReactNode => {
  const t = useCampaignT();
  return <Badge tone={tones[state]}>{t(`wave.state.${state}`)}</Badge>;
};

export const PhaseBar = ({ wave }: { wave: Wave }): ReactNode => {
  const t = useCampaignT();
  const now = useNow(30_000);
  return (
    <span className="co-wave-bar">
      {wave.phases.map((phase) => (
        <span key={phase.phase} data-now={phaseTime(phase, now)}>
          {t(`phase.${phase.phase}`)}
        </span>
      ))}
    </span>
  );
};
