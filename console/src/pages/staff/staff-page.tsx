import { PlusOutlined } from '@ant-design/icons';
import { listStaff, type ReplyOf } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Button, Tabs } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useCall } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { SearchFilter, useFilters } from '../../shared/filters.tsx';
import { Page, Panel } from '../../shared/page.tsx';
import { PersonCell } from '../../shared/people.tsx';
import { useWhomT } from '../whom/messages.ts';
import { TrainingsDrawer } from '../whom/trainings-drawer.tsx';
import { CodeDialog, NewAccountDialog } from './account-dialogs.tsx';
import { AccountDrawer } from './account-drawer.tsx';
import { HostRules } from './host-rules.tsx';
import { useStaffT } from './messages.ts';

type Person = ReplyOf<typeof listStaff>['items'][number];

/** Accounts of my scope, and what hosts need before a live. */
export default function StaffPage(): ReactNode {
  const t = useT();
  const staffT = useStaffT();
  const filters = useFilters();
  const { may } = useSession();
  const [making, setMaking] = useState(false);
  const [code, setCode] = useState<string | null>(null);
  return (
    <Page
      title={t('staff.title')}
      hint={t('staff.hint')}
      actions={
        may('staff:write') && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)} data-testid="account-new">
            {staffT('account.new')}
          </Button>
        )
      }
    >
      <Tabs
        activeKey={filters.get('tab') === 'hosts' ? 'hosts' : 'accounts'}
        destroyOnHidden
        onChange={(tab) => filters.set({ tab: tab === 'hosts' ? tab : undefined })}
        items={[
          { key: 'accounts', label: staffT('tab.accounts'), children: <Accounts /> },
          { key: 'hosts', label: staffT('tab.hosts'), children: <HostRules /> },
        ]}
      />
      {making && <NewAccountDialog onMade={setCode} onClose={() => setMaking(false)} />}
      {code !== null && <CodeDialog code={code} onClose={() => setCode(null)} />}
    </Page>
  );
}

const Accounts = (): ReactNode => {
  const t = useT();
  const format = useFormat();
  const filters = useFilters();
  const whomT = useWhomT();
  const staffT = useStaffT();
  const account = filters.get('account');
  const [trained, setTrained] = useState<Person | null>(null);
  const q = filters.get('q')?.toLowerCase() ?? '';
  const query = useCall(listStaff, undefined);
  const matches = ({ name, username, orgUnit }: Person): boolean =>
    [name, username, orgUnit.name].some((text) => text.toLowerCase().includes(q));
  const columns: Column<Person>[] = [
    {
      key: 'name',
      title: t('staff.name'),
      head: true,
      render: (person) => <PersonCell name={person.name} note={person.username} />,
    },
    { key: 'role', title: t('staff.role'), render: (person) => t(`role.${person.role}`) },
    {
      key: 'unit',
      title: t('staff.unit'),
      render: (person) => (
        <span className="co-inline">
          {person.orgUnit.name}
          <Badge>{t(`unit.${person.orgUnit.kind}`)}</Badge>
        </span>
      ),
    },
    {
      key: 'active',
      title: t('staff.state'),
      render: (person) => (
        <Badge tone={person.active ? 'success' : 'neutral'}>
          {t(person.active ? 'staff.active' : 'staff.inactive')}
        </Badge>
      ),
    },
    {
      key: 'trainings',
      title: '',
      align: 'end',
      render: (person) => (
        <span className="co-inline">
          <Button size="small" onClick={() => setTrained(person)} data-testid="trainings">
            {whomT('trainings.open')}
          </Button>
          <Button size="small" onClick={() => filters.set({ account: person.id })} data-testid="account">
            {staffT('account.open')}
          </Button>
        </span>
      ),
    },
  ];
  return (
    <>
      <Panel flush>
        <div className="co-filters">
          <SearchFilter filters={filters} placeholder={t('staff.search')} />
          {query.data && (
            <span className="co-quiet">{t('staff.count', { n: format.number(query.data.items.length) })}</span>
          )}
        </div>
        <AsyncView
          query={query}
          skeleton={<TableSkeleton />}
          isEmpty={(data) => !data.items.some(matches)}
          empty={
            <EmptyState illustration={q ? 'search' : 'people'} title={t(q ? 'common.nothing-found' : 'staff.empty')} />
          }
        >
          {(data) => (
            <DataTable
              caption={t('staff.title')}
              rows={data.items.filter(matches)}
              columns={columns}
              rowKey={(person) => person.id}
              testId="staff-row"
            />
          )}
        </AsyncView>
      </Panel>
      {account && <AccountDrawer key={account} id={account} onClose={() => filters.set({ account: undefined })} />}
      {trained && <TrainingsDrawer key={trained.id} person={trained} onClose={() => setTrained(null)} />}
    </>
  );
};
