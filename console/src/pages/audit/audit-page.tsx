import { type AuditRow, auditActors, listAudit } from '@walnut-live/contracts';
import { EmptyState, useFormat } from '@walnut-live/ui';
import { Input, Select } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useCall, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { type Filters, OrgFilter, RangeFilter, rangeOf, useFilters } from '../../shared/filters.tsx';
import { CsvButton, Page, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { actThings, wordsOf } from './acts.ts';
import { useAuditT } from './messages.ts';
import { targetKinds } from './target-kinds.ts';
import { targetLink } from './target-link.ts';

const PAGE = 50;
const ACTION = /^[a-z_-]{1,40}(:[a-z_-]{1,40})?$/;
const TARGET = /^[\w:-]{1,80}$/;
const fitting = (value: string | undefined, shape: RegExp): string | undefined =>
  value !== undefined && shape.test(value) ? value : undefined;

/** What was done in my scope; every row opens what it is about. */
export default function AuditPage(): ReactNode {
  const t = useAuditT();
  const format = useFormat();
  const kindText = useKindText();
  const { may } = useSession();
  const filters = useFilters();
  const actorId = filters.get('actor');
  const action = fitting(filters.get('action'), ACTION);
  const target = fitting(filters.get('target'), TARGET);
  const orgUnitId = filters.get('org');
  const asked = {
    ...rangeOf(filters),
    ...(actorId ? { actorId } : {}),
    ...(action ? { action } : {}),
    ...(target ? { target } : {}),
    ...(orgUnitId ? { orgUnitId } : {}),
  };
  const query = usePages(listAudit, { query: { ...asked, limit: PAGE } });
  const columns: Column<AuditRow>[] = [
    { key: 'at', title: t('at'), render: ({ at }) => <span className="wl-number">{format.timestamp(at)}</span> },
    { key: 'actor', title: t('actor'), render: ({ actor }) => actor?.name ?? t('system') },
    { key: 'action', title: t('action'), head: true, render: ({ action }) => <Act action={action} /> },
    {
      key: 'target',
      title: t('target'),
      width: '24%',
      render: (row) => <Target row={row} />,
    },
    { key: 'unit', title: t('unit'), render: ({ unit }) => unit.name || unit.path },
    {
      key: 'reason',
      title: t('reason'),
      render: (row) => (
        <span className="co-stacked co-start">
          <span>{row.reason}</span>
          <Detail detail={row.detail} />
        </span>
      ),
    },
  ];
  return (
    <Page
      title={t('title')}
      hint={t('hint')}
      actions={<CsvButton route={listAudit} args={{ query: { ...asked, format: 'csv' } }} fileName="audit" />}
    >
      <Panel flush>
        <div className="co-filters">
          <RangeFilter filters={filters} />
          <OrgFilter filters={filters} />
          <ActorFilter filters={filters} known={query.data?.pages[0]?.items[0]?.actor ?? undefined} />
          <ActFilter filters={filters} />
          <TextFilter filters={filters} name="target" label={t('filter.target')} />
        </div>
        <PagedTable
          query={query}
          empty={<EmptyState illustration="search" title={t('empty')} hint={t('empty.hint')} />}
          caption={t('title')}
          columns={columns}
          rowKey={({ id }) => id}
          href={(row) => ({
            to: targetLink(row.target, may) ?? `/audit?target=${row.target}`,
            label: `${t('open')} ${row.targetName ?? kindText(row.target)}`,
          })}
          testId="audit-row"
        />
      </Panel>
    </Page>
  );
}

/** Its words, and the name by which the api filters beside them. */
const Act = ({ action }: { action: string }): ReactNode => {
  const t = useAuditT();
  const words = wordsOf(action);
  if (!words) return <b>{action}</b>;
  return (
    <span className="co-stacked co-start">
      <b>{words.map((word) => t(word)).join(' · ')}</b>
      <small className="co-audit-id">{action}</small>
    </span>
  );
};

/** What changed, as it was written, for whoever wants it. */
const Detail = ({ detail }: { detail: AuditRow['detail'] }): ReactNode => {
  const t = useAuditT();
  const facts = Object.entries(detail);
  if (facts.length === 0) return null;
  return (
    <details className="co-above co-audit-detail">
      <summary>{t('detail')}</summary>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt lang="en">{name}</dt>
            <dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
};

const useKindText = (): ((target: string) => string) => {
  const t = useAuditT();
  return (target) => {
    const [word = ''] = target.split(':');
    const key = `kind.${word}`;
    return isKind(key) ? t(key) : word;
  };
};

/** What it is called, what it is, and its id; a thing without a name is told by what it is. */
const Target = ({ row }: { row: AuditRow }): ReactNode => {
  const kind = useKindText()(row.target);
  const [, ...rest] = row.target.split(':');
  return (
    <span className="co-stacked co-start">
      <span>{row.targetName ?? kind}</span>
      {row.targetName !== null && <small>{kind}</small>}
      {rest.length > 0 && <small className="co-audit-id">{rest.join(':')}</small>}
    </span>
  );
};
const isKind = (key: string): key is keyof typeof targetKinds.zh => Object.hasOwn(targetKinds.zh, key);

/** Goes into the URL with Enter or when the field is left. */
const TextFilter = ({ filters, name, label }: { filters: Filters; name: string; label: string }): ReactNode => {
  const given = filters.get(name) ?? '';
  return (
    <Input
      key={given}
      className="co-filter-search"
      defaultValue={given}
      maxLength={80}
      allowClear
      placeholder={label}
      aria-label={label}
      onPressEnter={(event) => filters.set({ [name]: event.currentTarget.value.trim() })}
      onBlur={(event) => filters.set({ [name]: event.target.value.trim() })}
      data-testid={`filter-${name}`}
    />
  );
};

const ActFilter = ({ filters }: { filters: Filters }): ReactNode => {
  const t = useAuditT();
  const given = fitting(filters.get('action'), ACTION);
  const words = given === undefined ? undefined : wordsOf(given);
  const things = actThings.map((thing) => ({ value: thing as string, label: t(`thing.${thing}`) }));
  // One whole act comes by a link.
  const whole = words && given ? [{ value: given, label: words.map((word) => t(word)).join(' · ') }] : [];
  return (
    <Select
      className="co-filter-org"
      showSearch={{ optionFilterProp: 'label' }}
      allowClear
      placeholder={t('filter.action')}
      aria-label={t('filter.action')}
      value={given}
      onChange={(action: string | undefined) => filters.set({ action })}
      options={[...whole, ...things]}
      data-testid="filter-action"
    />
  );
};

/** `known` is one who acted: a reader who comes by a link sees the name and not the id. */
const ActorFilter = ({ filters, known }: { filters: Filters; known: AuditRow['actor'] | undefined }): ReactNode => {
  const t = useAuditT();
  const [q, setQ] = useState('');
  const actors = useCall(auditActors, { query: { q } }, { enabled: q.trim() !== '' });
  const given = filters.get('actor');
  const found = actors.data?.items ?? [];
  const listed = known && known.id === given && !found.some(({ id }) => id === given) ? [known, ...found] : found;
  return (
    <Select
      className="co-filter-org"
      showSearch
      allowClear
      filterOption={false}
      placeholder={t('filter.actor')}
      aria-label={t('filter.actor')}
      value={given}
      onSearch={setQ}
      onChange={(actor: string | undefined) => filters.set({ actor })}
      options={listed.map(({ id, name }) => ({ value: id, label: name }))}
      data-testid="filter-actor"
    />
  );
};
