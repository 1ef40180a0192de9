import { ExperimentOutlined, HistoryOutlined, PlusOutlined, UploadOutlined } from '@ant-design/icons';
import { type GuardTerm, listTerms, type TermAction, type TermKind, termKinds } from '@walnut-live/contracts';
import { Badge, type BadgeTone, EmptyState, useFormat } from '@walnut-live/ui';
import { Button, Segmented } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { type Filters, SearchFilter } from '../../shared/filters.tsx';
import { CsvButton, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { useModerationT } from './messages.ts';
import { TermDrawer } from './term-drawer.tsx';
import { HistoryDrawer, ImportDrawer, TryDrawer } from './word-tools.tsx';

const PAGE_SIZE = 50;
const actionTones: Record<TermAction, BadgeTone> = { block: 'danger', mask: 'warn', show: 'brand', allow: 'success' };

export const KindName = ({ kind }: { kind: TermKind }): ReactNode => {
  const t = useModerationT();
  return t(`kind.${kind}`);
};

/** The brand's word list: everybody who may read it sees the same; headquarters changes it. */
export const Words = ({ filters }: { filters: Filters }): ReactNode => {
  const t = useModerationT();
  const format = useFormat();
  const { may } = useSession();
  const writes = may('words:write');
  const [edited, setEdited] = useState<GuardTerm | 'new' | null>(null);
  const [tool, setTool] = useState<'import' | 'history' | 'try' | null>(null);
  const kind = termKinds.find((known) => known === filters.get('kind'));
  const q = filters.get('q');
  const asked = { ...(kind ? { kind } : {}), ...(q ? { search: q } : {}) };
  const query = usePages(listTerms, { query: { ...asked, limit: PAGE_SIZE } });
  const head = query.data?.pages.at(-1);

  const columns: Column<GuardTerm>[] = [
    {
      key: 'term',
      title: t('words.term'),
      head: true,
      render: (term) => (
        <span className="co-inline">
          {writes ? (
            <button type="button" className="co-term" onClick={() => setEdited(term)} data-testid="term-open">
              {term.text}
            </button>
          ) : (
            <b>{term.text}</b>
          )}
          {term.origin === 'starter' && <Badge>{t('words.starter')}</Badge>}
          {!term.active && <Badge tone="warn">{t('words.resting')}</Badge>}
        </span>
      ),
    },
    { key: 'kind', title: t('words.kind'), render: (term) => <KindName kind={term.kind} /> },
    {
      key: 'action',
      title: t('words.action'),
      render: (term) => <Badge tone={actionTones[term.action]}>{t(`action.${term.action}`)}</Badge>,
    },
    {
      key: 'source',
      title: t('words.source'),
      deskOnly: true,
      render: (term) => <span className="co-quiet co-source">{term.source || '—'}</span>,
    },
    {
      key: 'changed',
      title: t('words.changed'),
      render: (term) => (
        <span className="co-stacked co-start">
          {term.updatedBy?.name ?? t('words.starter')}
          <small>{format.dateTime(term.updatedAt)}</small>
        </span>
      ),
    },
  ];
  return (
    <Panel flush>
      <div className="co-filters">
        <SearchFilter filters={filters} placeholder={t('words.search')} />
        <Segmented
          value={kind ?? ''}
          onChange={(next) => filters.set({ kind: next })}
          options={[
            { value: '', label: t('kind.all') },
            ...termKinds.map((known) => ({ value: known as string, label: t(`kind.${known}`) })),
          ]}
        />
      </div>
      <div className="co-filters">
        {head && <span className="co-quiet">{t('words.count', { count: head.total, version: head.version })}</span>}
        <Button icon={<ExperimentOutlined />} onClick={() => setTool('try')}>
          {t('try.open')}
        </Button>
        <Button icon={<HistoryOutlined />} onClick={() => setTool('history')}>
          {t('history.open')}
        </Button>
        <CsvButton route={listTerms} args={{ query: { ...asked, format: 'csv' } }} fileName="word-list" />
        {writes && (
          <>
            <Button icon={<UploadOutlined />} onClick={() => setTool('import')} data-testid="term-import">
              {t('import.open')}
            </Button>
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited('new')} data-testid="term-new">
              {t('words.add')}
            </Button>
          </>
        )}
      </div>
      <PagedTable
        query={query}
        empty={<EmptyState illustration="search" title={t('words.empty')} hint={t('words.rule')} />}
        caption={t('tab.words')}
        columns={columns}
        rowKey={(term) => term.id}
        testId="term-row"
      />
      <TermDrawer term={edited} onClose={() => setEdited(null)} />
      <ImportDrawer open={tool === 'import'} onClose={() => setTool(null)} />
      <HistoryDrawer open={tool === 'history'} onClose={() => setTool(null)} />
      <TryDrawer open={tool === 'try'} onClose={() => setTool(null)} />
    </Panel>
  );
};
