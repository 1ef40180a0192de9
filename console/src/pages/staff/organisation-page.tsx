import { PlusOutlined } from '@ant-design/icons';
import { closeOrgUnit, type OrgNode, orgTree, unitBlocks } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Button, Checkbox } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { SearchFilter, useFilters } from '../../shared/filters.tsx';
import { Page, Panel } from '../../shared/page.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { useStaffT } from './messages.ts';
import { ChangeUnitDialog, NewUnitDialog } from './unit-dialogs.tsx';
import './staff.css';

/** How far a unit stands in from the one above it. */
const STEP_PX = 18;
const depthOf = ({ unit }: OrgNode, root: number): number => unit.path.split('.').length - root;

/** The tree of my units: made, renamed and closed here. A path stays as it was made, so nothing is moved. */
export default function OrganisationPage(): ReactNode {
  const t = useStaffT();
  const all = useT();
  const format = useFormat();
  const filters = useFilters();
  const { may } = useSession();
  const [adding, setAdding] = useState<string | null>(null);
  const [changing, setChanging] = useState<OrgNode | null>(null);
  const [closing, setClosing] = useState<OrgNode | null>(null);
  const query = useCall(orgTree, undefined);
  const q = filters.get('q')?.toLowerCase() ?? '';
  const withClosed = filters.get('closed') === '1';
  const items = query.data?.items ?? [];
  const root = Math.min(...items.map(({ unit }) => unit.path.split('.').length));
  const rows = items.filter(
    ({ unit, legalName, closedAt }) =>
      (withClosed || closedAt === null) &&
      [unit.name, unit.path, legalName].some((value) => value.toLowerCase().includes(q)),
  );
  const open = items.filter(({ closedAt }) => closedAt === null).length;
  const columns: Column<OrgNode>[] = [
    {
      key: 'name',
      title: t('tree.name'),
      head: true,
      render: (node) => (
        <span className="co-stacked co-start" style={{ paddingInlineStart: q ? 0 : depthOf(node, root) * STEP_PX }}>
          <span className="co-inline">
            <b>{node.unit.name}</b>
            <Badge>{all(`unit.${node.unit.kind}`)}</Badge>
            {node.closedAt !== null && <Badge tone="neutral">{t('tree.closed')}</Badge>}
          </span>
          <small>{node.unit.path}</small>
        </span>
      ),
    },
    {
      key: 'seller',
      title: t('tree.legal'),
      render: (node) =>
        node.legalName ? (
          <span className="co-stacked co-start">
            <span>{node.legalName}</span>
            <small>{[node.licenceNo, node.servicePhone].filter(Boolean).join(' · ')}</small>
          </span>
        ) : (
          <span className={node.unit.kind === 'store' && node.closedAt === null ? 'co-minus' : 'co-zero'}>
            {t('tree.legal.none')}
          </span>
        ),
    },
    { key: 'staff', title: t('tree.staff'), align: 'end', render: ({ staff }) => format.number(staff) },
    ...(may('org:write')
      ? [
          {
            key: 'do',
            title: '',
            align: 'end' as const,
            render: (node: OrgNode) =>
              node.closedAt === null && (
                <span className="co-inline">
                  {node.unit.kind !== 'store' && (
                    <Button size="small" onClick={() => setAdding(node.unit.id)} data-testid="unit-add">
                      {t('tree.add')}
                    </Button>
                  )}
                  <Button size="small" onClick={() => setChanging(node)} data-testid="unit-change">
                    {t('tree.rename')}
                  </Button>
                  {node.unit.kind !== 'hq' && (
                    <Button size="small" danger onClick={() => setClosing(node)} data-testid="unit-close">
                      {t('tree.close')}
                    </Button>
                  )}
                </span>
              ),
          },
        ]
      : []),
  ];
  return (
    <Page
      title={t('tree.title')}
      hint={query.data ? `${t('tree.count', { n: format.number(open) })}${t('tree.hint')}` : t('tree.hint')}
      actions={
        may('org:write') && (
          <Button
            type="primary"
            icon={<PlusOutlined />}
            disabled={items.length === 0}
            onClick={() => setAdding(items[0]?.unit.id ?? null)}
            data-testid="unit-new"
          >
            {t('tree.new')}
          </Button>
        )
      }
    >
      <Panel flush>
        <div className="co-filters">
          <SearchFilter filters={filters} placeholder={t('tree.search')} />
          <Checkbox
            checked={withClosed}
            onChange={({ target }) => filters.set({ closed: target.checked ? '1' : undefined })}
          >
            {t('tree.withClosed')}
          </Checkbox>
        </div>
        <AsyncView
          query={query}
          skeleton={<TableSkeleton />}
          isEmpty={() => rows.length === 0}
          empty={
            <EmptyState
              illustration="search"
              title={all('common.nothing-found')}
              hint={all('common.nothing-found-hint')}
            />
          }
        >
          {() => (
            <DataTable
              caption={t('tree.title')}
              rows={rows}
              columns={columns}
              rowKey={({ unit }) => unit.id}
              testId="unit-row"
            />
          )}
        </AsyncView>
      </Panel>
      {adding !== null && <NewUnitDialog units={items} parentId={adding} onClose={() => setAdding(null)} />}
      {changing && <ChangeUnitDialog key={changing.unit.id} node={changing} onClose={() => setChanging(null)} />}
      {closing && <CloseDialog key={closing.unit.id} node={closing} onClose={() => setClosing(null)} />}
    </Page>
  );
}

const CloseDialog = ({ node, onClose }: { node: OrgNode; onClose: () => void }): ReactNode => {
  const t = useStaffT();
  const close = useAction(closeOrgUnit, ['org.tree', 'org.list']);
  const told = isApiError(close.error) ? close.error.facts.blocks : undefined;
  const blocks = Array.isArray(told) ? unitBlocks.filter((block) => told.includes(block)) : [];
  return (
    <ReasonDialog
      danger
      title={t('tree.close.title', { name: node.unit.name })}
      hint={t('tree.close.hint')}
      refusal={
        blocks.length > 0
          ? `${t('tree.blocks')}${blocks.map((block) => t(`block.${block}`)).join(t('list.and'))}`
          : undefined
      }
      label={t('account.reason')}
      okText={t('tree.close')}
      done={t('tree.close.done')}
      shortest={2}
      most={200}
      pending={close.isPending}
      error={close.error}
      onSubmit={(reason) => close.mutateAsync({ params: { id: node.unit.id }, body: { reason } })}
      onClose={onClose}
    />
  );
};
