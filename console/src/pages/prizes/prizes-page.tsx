import { Tabs } from 'antd';
import type { ReactNode } from 'react';
import { useFilters } from '../../shared/filters.tsx';
import { Page } from '../../shared/page.tsx';
import { Budgets } from './budgets.tsx';
import { usePrizeT } from './messages.ts';
import { Prizes } from './prizes.tsx';

export default function PrizesPage(): ReactNode {
  const t = usePrizeT();
  const filters = useFilters();
  return (
    <Page title={t('title')} hint={t('hint')}>
      <Tabs
        activeKey={filters.get('tab') === 'budgets' ? 'budgets' : 'prizes'}
        destroyOnHidden
        onChange={(tab) => filters.set({ state: undefined, tab: tab === 'prizes' ? undefined : tab })}
        items={[
          { key: 'prizes', label: t('tab.prizes'), children: <Prizes filters={filters} /> },
          { key: 'budgets', label: t('tab.budgets'), children: <Budgets /> },
        ]}
      />
    </Page>
  );
}
