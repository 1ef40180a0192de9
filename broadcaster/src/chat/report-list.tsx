import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ChatReport, resolveReport } from '@walnut-live/contracts';
import {
  Avatar,
  Badge,
  Button,
  EmptyState,
  ErrorState,
  Skeleton,
  useErrorText,
  useFormat,
  useToast,
} from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { reportsQuery } from '../app/queries.ts';
import { useServices } from '../app/services.tsx';
import { useTalkT } from './messages.ts';

/** How many messages wait for a judgement; 0 while nobody knows. */
export const useOpenReports = (roomId: string): number => {
  const { api } = useServices();
  return useQuery(reportsQuery(api, roomId)).data?.open ?? 0;
};

/** Messages that viewers reported or the word list points out; each is judged by one tap. */
export const ReportList = ({ roomId }: { roomId: string }): ReactNode => {
  const { api } = useServices();
  const t = useTalkT();
  const toast = useToast();
  const errorText = useErrorText();
  const queries = useQueryClient();
  const query = reportsQuery(api, roomId);
  const list = useQuery(query);
  const [busy, setBusy] = useState<string | null>(null);

  const judge = async (id: string, outcome: 'upheld' | 'dismissed'): Promise<void> => {
    setBusy(id);
    try {
      await api.call(resolveReport, { params: { id }, body: { outcome } });
      toast(t(`reports.${outcome}`), { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      await queries.invalidateQueries({ queryKey: query.queryKey });
      setBusy(null);
    }
  };

  if (list.isError && !list.data) return <ErrorState compact error={list.error} onRetry={() => void list.refetch()} />;
  if (!list.data) return <Skeleton lines={3} height={72} />;
  if (list.data.items.length === 0)
    return <EmptyState compact illustration="chat" title={t('reports.empty')} hint={t('reports.hint')} />;
  return (
    <ul className="st-reports" data-testid="reports">
      {list.data.items.map((report) => (
        <li key={report.id}>
          <Reported report={report} />
          <div className="st-actions-row">
            <Button
              variant="danger"
              size="m"
              disabled={busy !== null}
              loading={busy === report.id}
              onClick={() => void judge(report.id, 'upheld')}
            >
              {t('reports.uphold')}
            </Button>
            <Button variant="soft" size="m" disabled={busy !== null} onClick={() => void judge(report.id, 'dismissed')}>
              {t('reports.dismiss')}
            </Button>
          </div>
        </li>
      ))}
    </ul>
  );
};

const Reported = ({ report }: { report: ChatReport }): ReactNode => {
  const t = useTalkT();
  const format = useFormat();
  return (
    <>
      <span className="st-line-who">
        <Avatar name={report.author.name} size={32} />
        <b>{report.author.name}</b>
        <time dateTime={report.at}>{format.time(report.at)}</time>
      </span>
      <blockquote className="st-quote">{report.text}</blockquote>
      <span className="st-report-why">
        {report.term && <Badge tone="warn">{t('reports.term', { term: report.term })}</Badge>}
        {report.voices > 0 && <Badge tone="danger">{t('reports.voices', { count: report.voices })}</Badge>}
        {report.reasons.map(({ reason, count }) => (
          <Badge key={reason}>
            {t(`why.${reason}`)}
            {count > 1 && ` ×${count}`}
          </Badge>
        ))}
      </span>
      {report.notes.map((note) => (
        <p key={note} className="st-hint">
          “{note}”
        </p>
      ))}
    </>
  );
};
