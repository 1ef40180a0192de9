import { cancelCountdown, moveCountdown, startCountdown } from '@walnut-live/contracts';
import type { RoomSession } from '@walnut-live/live-client/room';
import { Badge, Button, Countdown, useNow } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useSelect, useServices } from '../../app/services.tsx';
import { Chips } from '../../controls/chips.tsx';
import { TextField } from '../../controls/text-field.tsx';
import { useActivityT } from './messages.ts';
import { useRun } from './use-run.ts';

const MINUTES = [1, 3, 5, 10, 30] as const;
const MORE_MS = 60_000;

/** Starts a countdown; gives it a minute more or takes it away while it runs. */
export const CountdownPanel = ({ session }: { session: RoomSession }): ReactNode => {
  const t = useActivityT();
  const { api } = useServices();
  const { busy, run } = useRun();
  const countdown = useSelect(session, (state) => state.activities.countdown);
  const [title, setTitle] = useState(t('countdown.title.default'));
  const [minutes, setMinutes] = useState<(typeof MINUTES)[number]>(5);
  const offset = session.serverNowMs() - Date.now();
  const now = useNow(1_000, offset);
  if (countdown?.state === 'running' && Date.parse(countdown.endsAt) > now) {
    const params = { id: countdown.id };
    const endsAt = new Date(Date.parse(countdown.endsAt) + MORE_MS).toISOString();
    return (
      <div className="st-play" data-testid="countdown-panel">
        <div className="st-play-now">
          <Badge tone="hot">{t('countdown.running')}</Badge>
          <strong>{countdown.title}</strong>
          <Countdown until={countdown.endsAt} serverOffsetMs={offset} />
        </div>
        <Button
          size="l"
          block
          loading={busy}
          onClick={() => void run(() => api.call(moveCountdown, { params, body: { endsAt } }))}
          data-testid="countdown-more"
        >
          {t('countdown.more')}
        </Button>
        <Button
          variant="ghost"
          block
          disabled={busy}
          onClick={() => void run(() => api.call(cancelCountdown, { params, body: {} }))}
          data-testid="countdown-cancel"
        >
          {t('countdown.cancel')}
        </Button>
      </div>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const body = { roomId: session.roomId, title: title.trim(), seconds: minutes * 60 };
        void run(() => api.call(startCountdown, { body }));
      }}
    >
      <TextField label={t('countdown.title')} maxLength={20} value={title} onChange={setTitle} />
      <Chips
        legend={t('countdown.length')}
        values={MINUTES}
        value={minutes}
        onChange={setMinutes}
        show={(n) => t('countdown.minutes', { n })}
      />
      <Button
        type="submit"
        variant="hot"
        size="l"
        block
        loading={busy}
        disabled={title.trim() === ''}
        data-testid="countdown-start"
      >
        {t('countdown.start')}
      </Button>
    </form>
  );
};
