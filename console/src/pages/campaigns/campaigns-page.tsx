import { Tabs } from 'antd';
import type { ReactNode } from 'react';
import { useFilters } from '../../shared/filters.tsx';
import { Page } from '../../shared/page.tsx';
import { useCampaignT } from './messages.ts';
import { Outbox } from './outbox.tsx';
import { MessagePolicyForm } from './policy.tsx';
import { Slots } from './slots.tsx';
import { Waves } from './waves.tsx';
import './campaigns.css';

/** Waves, recurring lives, and what was sent. Tab and opened wave stand in the URL. */
export default function CampaignsPage(): ReactNode {
  const t = useCampaignT();
  const filters = useFilters();
  const tabs = [
    { key: 'waves', label: t('tab.waves'), children: <Waves /> },
    { key: 'slots', label: t('tab.slots'), children: <Slots /> },
    { key: 'outbox', label: t('tab.outbox'), children: <Outbox /> },
    { key: 'policy', label: t('tab.policy'), children: <MessagePolicyForm /> },
  ];
  const wanted = filters.get('tab') ?? 'waves';
  return (
    <Page title={t('title')} hint={t('hint')}>
      <Tabs
        activeKey={tabs.some(({ key }) => key === wanted) ? wanted : 'waves'}
        destroyOnHidden
        items={tabs}
        onChange={(tab) => filters.set({ tab: tab === 'waves' ? undefined : tab, wave: undefined, state: undefined })}
      />
    </Page>
  );
}
