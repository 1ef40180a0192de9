import type { RoomSession } from '@walnut-live/live-client/room';
import { type ReactNode, useState } from 'react';
import { useMay } from '../app/services.tsx';
import { ChatPanel } from '../chat/chat-panel.tsx';
import { Tabs } from '../controls/tabs.tsx';
import { GiftPanel } from '../gifts/gift-panel.tsx';
import { useGiftT } from '../gifts/messages.ts';
import { useT } from '../i18n/index.ts';
import { OrderList } from '../orders/order-list.tsx';

const tabs = ['chat', 'orders', 'gifts'] as const;

/** Chat, orders and gifts beside the picture on a large screen. */
export const SidePanels = ({ session }: { session: RoomSession }): ReactNode => {
  const t = useT();
  const giftT = useGiftT();
  const titles = { chat: t('chat.title'), orders: t('orders.room'), gifts: giftT('title') };
  const may = useMay();
  const names = tabs.filter((name) => name !== 'orders' || may('orders:read'));
  const [tab, setTab] = useState<(typeof tabs)[number]>('chat');
  return (
    <aside className="st-panel" aria-label={t('chat.title')}>
      <Tabs names={names} chosen={tab} onChoose={setTab} title={(name) => titles[name]} bodyClass="st-panel-body">
        {tab === 'chat' && <ChatPanel session={session} />}
        {tab === 'orders' && <OrderList filter={{ roomId: session.roomId }} />}
        {tab === 'gifts' && <GiftPanel session={session} />}
      </Tabs>
    </aside>
  );
};
