import type { StreamHealth } from '@walnut-live/contracts';
import { Badge, useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useStreamT } from '../i18n/stream.ts';

const tones = { good: 'success', fair: 'warn', poor: 'danger' } as const;
/** Below this it is said to be nothing. */
const TOLD_LOSS = 0.005;

/** The picture as it arrives, in a word, and the loss when there is any. */
export const StreamHealthBadge = ({
  health,
  lossRatio,
}: {
  health: StreamHealth | null;
  lossRatio: number | null;
}): ReactNode => {
  const t = useStreamT();
  const format = useFormat();
  return (
    <Badge {...(health ? { tone: tones[health] } : {})}>
      {t(`health.${health ?? 'unknown'}`)}
      {lossRatio !== null && lossRatio >= TOLD_LOSS && ` · ${t('loss', { n: format.percent(lossRatio) })}`}
    </Badge>
  );
};
