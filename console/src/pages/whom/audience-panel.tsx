import { type Room, type RoomAudience, roomAudiences, setAudience } from '@walnut-live/contracts';
import { useErrorText, useToast } from '@walnut-live/ui';
import { Select } from 'antd';
import type { ReactNode } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction } from '../../data/use-call.ts';
import { Panel } from '../../shared/page.tsx';
import { Invitations } from './invitations.tsx';
import { useWhomT } from './messages.ts';

/** For whom the room is, and who is on its list. */
export const AudiencePanel = ({ room }: { room: Room }): ReactNode => {
  const t = useWhomT();
  const toast = useToast();
  const errorText = useErrorText();
  const { may } = useSession();
  const change = useAction(setAudience, ['rooms.get', 'rooms.list']);
  const choose = (audience: RoomAudience): void =>
    change.mutate(
      { params: { id: room.id }, body: { audience } },
      {
        onSuccess: () => toast(t('audience.saved'), { tone: 'success' }),
        onError: (error) => toast(errorText(error), { tone: 'error' }),
      },
    );
  return (
    <div className="co-page">
      <Panel title={t('audience')}>
        {room.kind === 'conference' ? (
          <p>{t('audience.conference')}</p>
        ) : (
          <>
            <Select
              value={room.audience ?? 'everyone'}
              disabled={!may('rooms:write')}
              loading={change.isPending}
              aria-label={t('audience')}
              data-testid="audience"
              style={{ minWidth: 260 }}
              options={roomAudiences.map((audience) => ({ value: audience, label: t(`audience.${audience}`) }))}
              onChange={choose}
            />
            <p className="co-quiet">{t('audience.hint')}</p>
          </>
        )}
      </Panel>
      {(room.audience ?? 'everyone') !== 'everyone' && <Invitations roomId={room.id} />}
    </div>
  );
};
