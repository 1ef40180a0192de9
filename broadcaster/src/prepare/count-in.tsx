import { Button, Spinner } from '@walnut-live/ui';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useT } from '../i18n/index.ts';

/** Seconds to breathe in; the room is made and started at their end, so that a cancel leaves nothing live. */
const COUNT_FROM = 3;

export const CountIn = ({
  start,
  onArrived,
  onCancel,
}: {
  start: () => Promise<string>;
  onArrived: (roomId: string) => void;
  /** With the error when starting failed. */
  onCancel: (error?: unknown) => void;
}): ReactNode => {
  const t = useT();
  const [left, setLeft] = useState(COUNT_FROM);
  const started = useRef(false);
  const latest = useRef({ start, onArrived, onCancel });
  useEffect(() => {
    latest.current = { start, onArrived, onCancel };
  });

  useEffect(() => {
    if (left > 0) {
      const timer = setTimeout(() => setLeft(left - 1), 1000);
      return () => clearTimeout(timer);
    }
    if (!started.current) {
      started.current = true;
      const { start: run, onArrived: arrived, onCancel: cancel } = latest.current;
      run().then(arrived, cancel);
    }
  }, [left]);

  return (
    <div className="st-countin">
      <p className="wl-visually-hidden" role="status">
        {left > 0 ? t('prepare.countdown', { n: left }) : t('prepare.starting')}
      </p>
      {left > 0 ? (
        <>
          <span key={left} className="st-countin-number" aria-hidden="true">
            {left}
          </span>
          <Button variant="glass" size="l" onClick={() => onCancel()}>
            {t('prepare.cancel')}
          </Button>
        </>
      ) : (
        <Spinner size={44} label={t('prepare.starting')} />
      )}
    </div>
  );
};
