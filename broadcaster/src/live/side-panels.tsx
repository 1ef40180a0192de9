import type { RoomSession } from '@walnut-live/live-client/room';
import { type ReactNode, useId, useState } from 'react';
import { ChatPanel } from '../chat/chat-panel.tsx';
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
  const id = useId();
  const [tab, setTab] = useState<(typeof tabs)[number]>('chat');
  return (
    <aside className="st-panel" aria-label={t('chat.title')}>
      <div className="st-tabs" role="tablist">
        {tabs.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-${name}`}
            aria-selected={tab === name}
            aria-controls={`${id}-panel`}
            tabIndex={tab === name ? 0 : -1}
            onClick={() => setTab(name)}
            onKeyDown={(event) => {
              if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
              const step = event.key === 'ArrowRight' ? 1 : tabs.length - 1;
              const other = tabs[(tabs.indexOf(name) + step) % tabs.length] ?? 'chat';
              setTab(other);
              document.getElementById(`${id}-${other}`)?.focus();
            }}
          >
            {titles[name]}
          </button>
        ))}
      </div>
      <div className="st-panel-body" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${tab}`}>
        {tab === 'chat' && <ChatPanel session={session} />}
        {tab === 'orders' && <OrderList filter={{ roomId: session.roomId }} />}
        {tab === 'gifts' && <GiftPanel session={session} />}
      </div>
    </aside>
  );
};
