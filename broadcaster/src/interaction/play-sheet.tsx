import type { RoomSession } from '@walnut-live/live-client/room';
import { Sheet } from '@walnut-live/ui';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Tabs } from '../controls/tabs.tsx';
import { CardPanel } from '../whom/card-panel.tsx';
import { ChainPanel } from './activities/chain-panel.tsx';
import { CheckInPanel } from './activities/check-in-panel.tsx';
import { CountdownPanel } from './activities/countdown-panel.tsx';
import { PollPanel } from './activities/poll-panel.tsx';
import { CouponPanel } from './coupon-panel.tsx';
import { DrawPanel } from './draw-panel.tsx';
import { usePlayT } from './messages.ts';
import { RainPanel } from './rain-panel.tsx';
import './activities/activities.css';
import './play.css';

const tabs = ['draw', 'rain', 'coupon', 'poll', 'checkIn', 'countdown', 'chain', 'card'] as const;
const panels = {
  draw: DrawPanel,
  rain: RainPanel,
  coupon: CouponPanel,
  poll: PollPanel,
  checkIn: CheckInPanel,
  countdown: CountdownPanel,
  chain: ChainPanel,
  card: CardPanel,
} as const;

/** Opens on what runs. */
const Panel = ({ session }: { session: RoomSession }): ReactNode => {
  const t = usePlayT();
  const [chosen, setChosen] = useState<(typeof tabs)[number]>(() => {
    const { interaction, activities } = session.get();
    if (interaction.redPacket?.state === 'running') return 'rain';
    if (interaction.couponDrop?.state === 'running') return 'coupon';
    if (interaction.draw?.state === 'open') return 'draw';
    const { poll, chain } = activities;
    return poll?.state === 'open' ? 'poll' : chain?.state === 'open' ? 'chain' : 'draw';
  });
  const Chosen = panels[chosen];
  const row = useRef<HTMLDivElement>(null);
  // On a phone the row of tabs is wider than the sheet.
  useEffect(() => {
    row.current
      ?.querySelector(`[role="tab"][aria-controls][id$="-${chosen}"]`)
      ?.scrollIntoView?.({ inline: 'center', block: 'nearest' });
  }, [chosen]);
  return (
    <div className="st-play-tabs" ref={row}>
      <Tabs
        names={tabs}
        chosen={chosen}
        onChoose={setChosen}
        title={(name) => t(`tab.${name}`)}
        bodyClass="st-play-body"
      >
        <Chosen session={session} />
      </Tabs>
    </div>
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
