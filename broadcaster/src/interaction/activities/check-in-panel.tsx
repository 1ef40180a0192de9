import { closeCheckIn, openCheckIn } from '@walnut-live/contracts';
import type { RoomSession } from '@walnut-live/live-client/room';
import { Badge, Button, useFormat } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useSelect, useServices } from '../../app/services.tsx';
import { TextField } from '../../controls/text-field.tsx';
import { useActivityT } from './messages.ts';
import { useRun } from './use-run.ts';

/** Opens and closes the check-in of the room. */
export const CheckInPanel = ({ session }: { session: RoomSession }): ReactNode => {
  const t = useActivityT();
  const format = useFormat();
  const { api } = useServices();
  const { busy, run } = useRun();
  const checkIn = useSelect(session, (state) => state.activities.checkIn);
  const [message, setMessage] = useState(checkIn?.message ?? '');
  if (checkIn?.state === 'open')
    return (
      <div className="st-play" data-testid="check-in-panel">
        <div className="st-play-now">
          <Badge tone="hot">{t('checkIn.running')}</Badge>
          {checkIn.message && <strong>{checkIn.message}</strong>}
          <span className="st-act-number wl-number" data-testid="check-in-people" data-count={checkIn.people}>
            {t('checkIn.people', { count: format.count(checkIn.people) })}
          </span>
        </div>
        <Button
          variant="soft"
          size="l"
          block
          loading={busy}
          onClick={() => void run(() => api.call(closeCheckIn, { params: { id: checkIn.id }, body: {} }))}
          data-testid="check-in-close"
        >
          {t('checkIn.close')}
        </Button>
      </div>
    );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void run(() => api.call(openCheckIn, { body: { roomId: session.roomId, message: message.trim() } }));
      }}
    >
      {checkIn && (
        <p className="st-play-last" role="status">
          {t('checkIn.last', { count: format.count(checkIn.people) })}
        </p>
      )}
      <TextField
        label={t('checkIn.message')}
        maxLength={40}
        value={message}
        onChange={setMessage}
        placeholder={t('checkIn.message.placeholder')}
        hint={t('checkIn.hint')}
      />
      <Button type="submit" variant="hot" size="l" block loading={busy} data-testid="check-in-open">
        {t('checkIn.open')}
      </Button>
    </form>
  );
};
