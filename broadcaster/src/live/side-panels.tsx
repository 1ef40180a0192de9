import type { RoomSession } from '@walnut-live/live-client/room';
import { type ReactNode, useId, useState } from 'react';
import { ChatPanel } from '../chat/chat-panel.tsx';
import { useT } from '../i18n/index.ts';
import { OrderList } from '../orders/order-list.tsx';

const tabs = ['chat', 'orders'] as const;

/** Chat and orders beside the picture on a large screen. */
export const SidePanels = ({ session }: { session: RoomSession }): ReactNode => {
  const t = useT();
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
              const other = name === 'chat' ? 'orders' : 'chat';
              setTab(other);
              document.getElementById(`${id}-${other}`)?.focus();
            }}
          >
            {t(name === 'chat' ? 'chat.title' : 'orders.room')}
          </button>
        ))}
      </div>
      <div className="st-panel-body" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${tab}`}>
        {tab === 'chat' ? <ChatPanel session={session} /> : <OrderList filter={{ roomId: session.roomId }} />}
      </div>
    </aside>
  );
};
