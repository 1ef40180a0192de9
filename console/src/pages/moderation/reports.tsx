import { type ChatReport, listReports, resolveReport } from '@walnut-live/contracts';
import { Badge, EmptyState, useConfirm, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, Segmented } from 'antd';
import type { ReactNode } from 'react';
import { useAction, usePages } from '../../data/use-call.ts';
import { Freshness } from '../../shared/async-view.tsx';
import type { Column } from '../../shared/data-table.tsx';
import type { Filters } from '../../shared/filters.tsx';
import { Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { useModerationT } from './messages.ts';

const PAGE_SIZE = 30;
const REFRESH_MS = 10_000;

/** Messages that viewers reported, or the word list points out, of all rooms of my scope. */
export const Reports = ({ filters }: { filters: Filters }): ReactNode => {
  const t = useModerationT();
  const format = useFormat();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const resolve = useAction(resolveReport, ['chat-reports.list']);
  const state = filters.get('state') === 'closed' ? 'closed' : 'open';
  const query = usePages(listReports, { query: { state, limit: PAGE_SIZE } }, { everyMs: REFRESH_MS });

  const judge = async (report: ChatReport, outcome: 'upheld' | 'dismissed'): Promise<void> => {
    if (outcome === 'upheld') {
      const asked = { title: t('reports.confirm'), body: report.text, confirmText: t('reports.uphold') };
      if (!(await confirm({ ...asked, tone: 'danger' }))) return;
    }
    try {
      await resolve.mutateAsync({ params: { id: report.id }, body: { outcome } });
      toast(t(`reports.${outcome}`), { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
  };

  const columns: Column<ChatReport>[] = [
    {
      key: 'message',
      title: t('reports.message'),
      head: true,
      render: (report) => (
        <span className="co-stacked co-start co-said">
          {report.text}
          <small>
            {report.author.name} · {format.dateTime(report.at)}
          </small>
        </span>
      ),
    },
    {
      key: 'why',
      title: t('reports.why'),
      render: (report) => (
        <span className="co-whys">
          {report.term && <Badge tone="warn">{t('reports.term', { term: report.term })}</Badge>}
          {report.voices > 0 && <Badge tone="danger">{t('reports.voices', { count: report.voices })}</Badge>}
          {report.reasons.map(({ reason }) => (
            <Badge key={reason}>{t(`why.${reason}`)}</Badge>
          ))}
          {report.notes.map((note) => (
            <small key={note}>“{note}”</small>
          ))}
        </span>
      ),
    },
    { key: 'room', title: t('reports.room'), render: (report) => report.room.title },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (report) =>
        report.state === 'open' ? (
          <span className="co-inline">
            <Button danger size="small" onClick={() => void judge(report, 'upheld')} data-testid="report-uphold">
              {t('reports.uphold')}
            </Button>
            <Button size="small" onClick={() => void judge(report, 'dismissed')} data-testid="report-dismiss">
              {t('reports.dismiss')}
            </Button>
          </span>
        ) : (
          <span className="co-stacked">
            <Badge tone={report.state === 'upheld' ? 'danger' : 'neutral'}>{t(`reports.${report.state}`)}</Badge>
            {report.closedBy && <small>{t('reports.by', { name: report.closedBy.name })}</small>}
          </span>
        ),
    },
  ];
  return (
    <Panel flush>
      <div className="co-filters">
        <Segmented
          value={state}
          onChange={(next) => filters.set({ state: next === 'open' ? undefined : next })}
          options={[
            { value: 'open', label: t('reports.open') },
            { value: 'closed', label: t('reports.closed') },
          ]}
        />
        <Freshness query={query} staleAfterMs={REFRESH_MS * 4} />
      </div>
      <PagedTable
        query={query}
        empty={<EmptyState illustration="chat" title={t('reports.empty')} />}
        caption={t('tab.reports')}
        columns={columns}
        rowKey={(report) => report.id}
        testId="report-row"
      />
    </Panel>
  );
};
