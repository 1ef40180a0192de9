import { type RoomAudience, roomAudiences } from '@walnut-live/contracts';
import type { ReactNode } from 'react';
import { Chips } from '../controls/chips.tsx';
import { useWhomT } from './messages.ts';

/** For whom the room is. */
export const AudienceChips = ({
  value,
  onChange,
}: {
  value: RoomAudience;
  onChange: (audience: RoomAudience) => void;
}): ReactNode => {
  const t = useWhomT();
  return (
    <>
      <Chips
        legend={t('audience')}
        values={roomAudiences}
        value={value}
        onChange={onChange}
        show={(audience) => t(`audience.${audience}`)}
      />
      <p className="st-hint">{t(`audience.hint.${value}`)}</p>
    </>
  );
};
