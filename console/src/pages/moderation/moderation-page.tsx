import { Tabs } from 'antd';
import type { ReactNode } from 'react';
import { useSession } from '../../app/session.tsx';
import { useFilters } from '../../shared/filters.tsx';
import { Page } from '../../shared/page.tsx';
import { Corrections } from './corrections.tsx';
import { useModerationT } from './messages.ts';
import { Reports } from './reports.tsx';
import { Sanctions } from './sanctions.tsx';
import { Words } from './words.tsx';
import './moderation.css';

/** Each tab has filters of its own. */
const FILTERS = ['q', 'kind', 'place', 'outcome', 'state'] as const;

export default function ModerationPage(): ReactNode {
  const t = useModerationT();
  const filters = useFilters();
  const { may } = useSession();
  const moderates = may('rooms:operate');
  const shown = ['words', 'corrections', ...(moderates ? ['reports', 'sanctions'] : [])];
  const current = shown.find((tab) => tab === filters.get('tab')) ?? 'words';
  return (
    <Page title={t('title')} hint={t('hint')}>
      <Tabs
        activeKey={current}
        onChange={(tab) =>
          filters.set({
            ...Object.fromEntries(FILTERS.map((name) => [name, undefined])),
            tab: tab === 'words' ? undefined : tab,
          })
        }
        destroyOnHidden
        items={[
          { key: 'words', label: t('tab.words'), children: <Words filters={filters} /> },
          { key: 'corrections', label: t('tab.corrections'), children: <Corrections filters={filters} /> },
          ...(moderates
            ? [
                { key: 'reports', label: t('tab.reports'), children: <Reports filters={filters} /> },
                { key: 'sanctions', label: t('tab.sanctions'), children: <Sanctions filters={filters} /> },
              ]
            : []),
        ]}
      />
    </Page>
  );
}
