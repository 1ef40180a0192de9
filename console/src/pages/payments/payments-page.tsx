import { Tabs } from 'antd';
import type { ReactNode } from 'react';
import { useFilters } from '../../shared/filters.tsx';
import { Page } from '../../shared/page.tsx';
import { Differences } from './differences.tsx';
import { usePaymentT } from './messages.ts';
import { Payments } from './payments.tsx';
import { Runs } from './runs.tsx';
import './payments.css';

const tabs = ['payments', 'differences', 'runs'] as const;

/** Payments with their providers' own numbers and states, and the bills they are held against. */
export default function PaymentsPage(): ReactNode {
  const t = usePaymentT();
  const filters = useFilters();
  const current = tabs.find((tab) => tab === filters.get('tab')) ?? 'payments';
  return (
    <Page title={t('title')} hint={t('hint')}>
      <Tabs
        activeKey={current}
        destroyOnHidden
        onChange={(tab) =>
          filters.set({
            state: undefined,
            provider: undefined,
            day: undefined,
            tab: tab === 'payments' ? undefined : tab,
          })
        }
        items={[
          { key: 'payments', label: t('tab.payments'), children: <Payments filters={filters} /> },
          { key: 'differences', label: t('tab.differences'), children: <Differences filters={filters} /> },
          { key: 'runs', label: t('tab.runs'), children: <Runs filters={filters} /> },
        ]}
      />
    </Page>
  );
}
