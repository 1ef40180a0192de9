import type { RoomSession } from '@walnut-live/live-client/room';
import { Sheet } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useSelect } from '../app/services.tsx';
import { Tabs } from '../controls/tabs.tsx';
import { DrawPanel } from './draw-panel.tsx';
import { usePlayT } from './messages.ts';
import { RainPanel } from './rain-panel.tsx';
import './play.css';

const tabs = ['draw', 'rain'] as const;

/** Opens on what runs. */
const Panel = ({ session }: { session: RoomSession }): ReactNode => {
  const t = usePlayT();
  const raining = useSelect(session, (state) => state.interaction.redPacket?.state === 'running');
  const [chosen, setChosen] = useState<(typeof tabs)[number]>(raining ? 'rain' : 'draw');
  return (
    <Tabs names={tabs} chosen={chosen} onChoose={setChosen} title={(name) => t(`tab.${name}`)} bodyClass="st-play-body">
      {chosen === 'draw' ? <DrawPanel session={session} /> : <RainPanel session={session} />}
    </Tabs>
  );
};

export const PlaySheet = ({
  session,
  open,
  onClose,
}: {
  session: RoomSession;
  open: boolean;
  onClose: () => void;
}): ReactNode => {
  const t = usePlayT();
  return (
    <Sheet open={open} onClose={onClose} title={t('title')} height="tall" theme="dark">
      {open && <Panel session={session} />}
    </Sheet>
  );
};
