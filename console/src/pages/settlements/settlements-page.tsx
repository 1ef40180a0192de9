import { PlusOutlined } from '@ant-design/icons';
import { exportWithholding, listSettlements, type SettlementRun } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Button, DatePicker, Tabs, Tooltip } from 'antd';
import dayjs from 'dayjs';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { useFilters } from '../../shared/filters.tsx';
import { CsvButton, Page, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { Bills } from './bills.tsx';
import { Differences } from './differences.tsx';
import { useSettlementT } from './messages.ts';
import { NewRunDialog } from './new-run-dialog.tsx';
import { runTones } from './parts.tsx';
import './settlements.css';

const PAGE_SIZE = 30;
const REFRESH_MS = 10_000;
const tabs = ['runs', 'bills', 'differences'] as const;

/** Settlement runs, and for finance every transfer to people beside them. */
export default function SettlementsPage(): ReactNode {
  const t = useSettlementT();
  const filters = useFilters();
  const { may } = useSession();
  const [creating, setCreating] = useState(false);
  const seesBills = may('payouts:read');
  const current = tabs.find((tab) => tab === filters.get('tab') && (tab === 'runs' || seesBills)) ?? 'runs';
  const runs = <Runs />;
  return (
    <Page
      title={t('title')}
      hint={t('hint')}
      actions={
        <>
          {seesBills && <Withholding />}
          {may('settlements:prepare') && (
            <Button
              type="primary"
              icon={<PlusOutlined />}
              onClick={() => setCreating(true)}
              data-testid="settlement-new"
            >
              {t('create')}
            </Button>
          )}
        </>
      }
    >
      {seesBills ? (
        <Tabs
          activeKey={current}
          destroyOnHidden
          onChange={(tab) => filters.set({ state: undefined, q: undefined, tab: tab === 'runs' ? undefined : tab })}
          items={[
            { key: 'runs', label: t('tab.runs'), children: runs },
            { key: 'bills', label: t('tab.bills'), children: <Bills filters={filters} /> },
            { key: 'differences', label: t('tab.differences'), children: <Differences /> },
          ]}
        />
      ) : (
        runs
      )}
      {creating && <NewRunDialog onClose={() => setCreating(false)} />}
    </Page>
  );
}

const Runs = (): ReactNode => {
  const t = useSettlementT();
  const { may } = useSession();
  const format = useFormat();
  const query = usePages(listSettlements, { query: { limit: PAGE_SIZE } }, { everyMs: REFRESH_MS });
  const columns: Column<SettlementRun>[] = [
    {
      key: 'run',
      title: t('run'),
      head: true,
      render: (run) => (
        <span className="co-stacked co-start">
          <b>{run.title}</b>
          <small>{t('upTo', { at: format.dateTime(run.upTo) })}</small>
        </span>
      ),
    },
    { key: 'scope', title: t('scope'), render: (run) => run.orgUnit.name },
    {
      key: 'state',
      title: t('state'),
      render: (run) => <Badge tone={runTones[run.state]}>{t(`state.${run.state}`)}</Badge>,
    },
    {
      key: 'people',
      title: t('people'),
      align: 'end',
      render: ({ preview, progress }) =>
        format.count(preview?.sums.payPeople ?? progress.due + progress.claimed + progress.paid + progress.returned),
    },
    {
      key: 'net',
      title: t('amount'),
      align: 'end',
      render: ({ preview, progress }) => (
        <b className="wl-number">{format.money(preview?.sums.netFen ?? progress.claimedFen)}</b>
      ),
    },
    {
      key: 'progress',
      title: t('progress'),
      render: ({ progress }) => {
        const all = progress.due + progress.claimed + progress.paid + progress.returned + progress.carried;
        return all === 0 ? '–' : t('progress.of', { paid: format.count(progress.paid), all: format.count(all) });
      },
    },
    {
      key: 'by',
      title: t('by'),
      render: (run) => (
        <span className="co-stacked co-start">
          <small>{t('by.prepared', { name: run.createdBy.name })}</small>
          {run.approvedBy && <small>{t('by.approved', { name: run.approvedBy.name })}</small>}
        </span>
      ),
    },
  ];
  return (
    <Panel flush>
      <PagedTable
        query={query}
        empty={
          <EmptyState
            illustration="orders"
            title={t('empty')}
            hint={t(may('settlements:prepare') ? 'empty.hint' : 'empty.waits')}
          />
        }
        caption={t('title')}
        columns={columns}
        rowKey={({ id }) => id}
        href={(run) => ({ to: `/settlements/${run.id}`, label: t('open', { title: run.title }) })}
        testId="settlement-row"
      />
    </Panel>
  );
};

/** For the declaration that finance makes. */
const Withholding = (): ReactNode => {
  const t = useSettlementT();
  const [month, setMonth] = useState(() => dayjs());
  return (
    <Tooltip title={t('withholding.hint')}>
      <span className="co-settle-export">
        <DatePicker
          picker="month"
          value={month}
          allowClear={false}
          inputReadOnly
          disabledDate={(day) => day.isAfter(dayjs(), 'month')}
          onChange={(chosen) => chosen && setMonth(chosen)}
          aria-label={t('withholding')}
          prefix={t('withholding')}
        />
        <CsvButton
          route={exportWithholding}
          args={{ query: { month: month.format('YYYY-MM') } }}
          fileName={`withholding-${month.format('YYYY-MM')}`}
        />
      </span>
    </Tooltip>
  );
};
