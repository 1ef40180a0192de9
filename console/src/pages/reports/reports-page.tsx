import { Tabs } from 'antd';
import type { ReactNode } from 'react';
import { useNavigate, useParams } from 'react-router';
import { chinaRangeOf, OrgFilter, RangeFilter, useFilters } from '../../shared/filters.tsx';
import { Page, Panel } from '../../shared/page.tsx';
import { Files } from './files.tsx';
import { useReportT } from './messages.ts';
import { Cohorts, Funnel } from './people.tsx';
import { RowsDrawer } from './rows-drawer.tsx';
import { Acquisition, BreakdownTable, Guides } from './tables.tsx';
import './reports.css';

const tabs = ['guides', 'breakdown', 'funnel', 'cohorts', 'acquisition', 'files'] as const;

export default function ReportsPage(): ReactNode {
  const t = useReportT();
  const navigate = useNavigate();
  const params = useParams();
  const filters = useFilters();
  const tab = tabs.find((known) => known === params.tab) ?? 'guides';
  const org = filters.get('org');
  const asked = { ...chinaRangeOf(filters), ...(org ? { orgUnitId: org } : {}) };
  return (
    <Page title={t('title')} hint={t('hint')}>
      <Panel flush>
        <Tabs
          className="co-report-tabs"
          activeKey={tab}
          onChange={(next) => void navigate(`/reports/${next}${filters.search}`)}
          items={tabs.map((key) => ({ key, label: t(`tab.${key}`) }))}
        />
        <div className="co-filters">
          {tab !== 'cohorts' && <RangeFilter filters={filters} />}
          <OrgFilter filters={filters} />
        </div>
        {tab === 'guides' && <Guides asked={asked} filters={filters} />}
        {tab === 'breakdown' && <BreakdownTable asked={asked} filters={filters} />}
        {tab === 'funnel' && <Funnel asked={asked} />}
        {tab === 'cohorts' && <Cohorts asked={asked} filters={filters} />}
        {tab === 'acquisition' && <Acquisition asked={asked} />}
        {tab === 'files' && <Files asked={asked} />}
      </Panel>
      <RowsDrawer filters={filters} />
    </Page>
  );
}
