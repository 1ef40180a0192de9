import { Button } from '@walnut-live/ui';
import { CameraOff, MicOff, ShieldAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { CaptureProblem } from '../capture/problem.ts';
import { useT } from '../i18n/index.ts';

const icons: Partial<Record<CaptureProblem, ReactNode>> = {
  insecure: <ShieldAlert aria-hidden />,
  unsupported: <ShieldAlert aria-hidden />,
  micDenied: <MicOff aria-hidden />,
  micMissing: <MicOff aria-hidden />,
};

/** What is wrong with camera or microphone, what to do, and a retry where one can help. */
export const ProblemCard = ({ problem, onRetry }: { problem: CaptureProblem; onRetry: () => void }): ReactNode => {
  const t = useT();
  return (
    <div className="st-problem-card" role="alert">
      <span className="st-problem-icon">{icons[problem] ?? <CameraOff aria-hidden />}</span>
      <h2>{t(`problem.${problem}.title`)}</h2>
      <p>{t(`problem.${problem}.hint`)}</p>
      {problem !== 'insecure' && problem !== 'unsupported' && (
        <Button variant="primary" onClick={onRetry}>
          {t('problem.retry')}
        </Button>
      )}
    </div>
  );
};
