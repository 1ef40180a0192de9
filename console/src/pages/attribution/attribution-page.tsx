import { Tabs } from 'antd';
import type { ReactNode } from 'react';
import { useSession } from '../../app/session.tsx';
import { useFilters } from '../../shared/filters.tsx';
import { Page } from '../../shared/page.tsx';
import { Appeals } from './appeals.tsx';
import { useAttributionT } from './messages.ts';
import { Mine } from './mine.tsx';
import { Policy } from './policy.tsx';
import { Transfers } from './transfers.tsx';
import './attribution.css';

/** Appeals, orders I brought, customers handed over, the policy. Tab and filters stand in the URL. */
export default function AttributionPage(): ReactNode {
  const t = useAttributionT();
  const filters = useFilters();
  const { may } = useSession();
  const tabs = [
    { key: 'appeals', label: t('tab.appeals'), children: <Appeals /> },
    { key: 'mine', label: t('tab.mine'), children: <Mine /> },
    ...(may('customers:transfer') ? [{ key: 'transfers', label: t('tab.transfers'), children: <Transfers /> }] : []),
    { key: 'policy', label: t('tab.policy'), children: <Policy /> },
  ];
  const wanted = filters.get('tab') ?? 'appeals';
  return (
    <Page title={t('title')} hint={t('hint')}>
      <Tabs
        activeKey={tabs.some(({ key }) => key === wanted) ? wanted : 'appeals'}
        destroyOnHidden
        items={tabs}
        onChange={(tab) => filters.set({ tab: tab === 'appeals' ? undefined : tab, state: undefined, role: undefined })}
      />
    </Page>
  );
}
