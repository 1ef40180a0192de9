/** Files written in the background: asked for, how far they are, fetched. */
import { createExport, exportFile, exportKinds, listExports, type ReportExport } from '@walnut-live/contracts';
import { EmptyState, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, Progress, Select } from 'antd';
import { type ReactNode, useState } from 'react';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { CsvButton } from '../../shared/page.tsx';
import { useReportT } from './messages.ts';
import type { Asked } from './tables.tsx';

const BUSY_MS = 2_000;
const PERCENT = 100;

export const Files = ({ asked }: { asked: Asked }): ReactNode => {
  const t = useReportT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const [kind, setKind] = useState<ReportExport['kind']>('sales');
  const query = useCall(listExports, undefined, { everyMs: BUSY_MS });
  const create = useAction(createExport, [listExports.id]);
  const begin = async (): Promise<void> => {
    try {
      await create.mutateAsync({ body: { ...asked, kind } });
      toast(t('file.asked'), { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
  };
  return (
    <>
      <div className="co-report-tools">
        <Select
          value={kind}
          onChange={setKind}
          options={exportKinds.map((value) => ({ value, label: t(`file.${value}`) }))}
          style={{ inlineSize: 180 }}
          aria-label={t('file.kind')}
        />
        <Button type="primary" loading={create.isPending} onClick={() => void begin()} data-testid="export-begin">
          {t('file.new')}
        </Button>
      </div>
      <AsyncView
        query={query}
        skeleton={<TableSkeleton rows={3} />}
        isEmpty={(data) => data.items.length === 0}
        empty={<EmptyState illustration="search" title={t('file.none')} />}
      >
        {(data) => (
          <DataTable
            caption={t('tab.files')}
            rows={data.items}
            rowKey={(row) => row.id}
            testId="export-row"
            columns={[
              { key: 'kind', title: t('file.kind'), head: true, render: (row) => <b>{t(`file.${row.kind}`)}</b> },
              { key: 'at', title: t('rows.at'), render: (row) => format.dateTime(row.createdAt) },
              {
                key: 'state',
                title: t('alert.state'),
                render: (row) => (
                  <span className="co-stacked">
                    {t(`file.state.${row.state}`)}
                    {row.state === 'running' && row.expectedRows ? (
                      <Progress
                        percent={Math.min(99, Math.floor((row.rows / row.expectedRows) * PERCENT))}
                        size="small"
                      />
                    ) : null}
                    <small>
                      {row.expectedRows !== null && row.state !== 'done'
                        ? t('file.of', { rows: row.rows, all: row.expectedRows })
                        : t('file.rows', { rows: row.rows })}
                    </small>
                  </span>
                ),
              },
              { key: 'until', title: '', render: (row) => t('file.until', { at: format.date(row.expiresAt) }) },
              {
                key: 'get',
                title: '',
                align: 'end',
                render: (row) =>
                  row.state === 'done' && (
                    <CsvButton route={exportFile} args={{ params: { id: row.id } }} fileName={row.kind} />
                  ),
              },
            ]}
          />
        )}
      </AsyncView>
    </>
  );
};
