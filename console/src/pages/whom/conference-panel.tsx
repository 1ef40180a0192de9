import {
  type AttendanceLine,
  addMaterial,
  listAttendance,
  listMaterials,
  type Material,
  materialTypes,
  removeMaterial,
  uploadFile,
} from '@walnut-live/contracts';
import { EmptyState, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, Input } from 'antd';
import { type ReactNode, useRef, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';
import { useWhomT } from './messages.ts';

const REFRESH_MS = 15_000;

const Materials = ({ roomId }: { roomId: string }): ReactNode => {
  const t = useWhomT();
  const toast = useToast();
  const errorText = useErrorText();
  const { api, may } = useSession();
  const params = { id: roomId };
  const query = useCall(listMaterials, { params });
  const add = useAction(addMaterial, ['materials.list']);
  const remove = useAction(removeMaterial, ['materials.list']);
  const [title, setTitle] = useState('');
  const [url, setUrl] = useState('');
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);

  const run = async (work: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    try {
      await work();
      setTitle('');
      setUrl('');
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
      if (input.current) input.current.value = '';
    }
  };
  const upload = (file: File | undefined): void => {
    if (!file) return;
    void run(async () => {
      const name = file.name.slice(-80);
      const { id } = await api.call(uploadFile, { query: { purpose: 'material', name }, file });
      await add.mutateAsync({ params, body: { title: title.trim() || name.slice(0, 60), fileId: id, url: null } });
    });
  };
  const columns: Column<Material>[] = [
    {
      key: 'title',
      title: t('material.title'),
      head: true,
      render: (row) =>
        row.url ? (
          <a href={row.url} target="_blank" rel="noreferrer">
            {row.title}
          </a>
        ) : (
          <span className="co-stacked co-start">
            <b>{row.title}</b>
            <small>{row.file?.name}</small>
          </span>
        ),
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (row) =>
        may('rooms:write') && (
          <Button
            size="small"
            danger
            onClick={() => void run(() => remove.mutateAsync({ params: { id: roomId, materialId: row.id } }))}
          >
            {t('material.remove')}
          </Button>
        ),
    },
  ];
  return (
    <Panel title={t('materials')} flush>
      {may('rooms:write') && (
        <div className="co-filters">
          <Input
            value={title}
            maxLength={60}
            placeholder={t('material.title')}
            aria-label={t('material.title')}
            style={{ maxWidth: 220 }}
            onChange={(event) => setTitle(event.target.value)}
          />
          <Input
            value={url}
            maxLength={500}
            placeholder={t('material.url')}
            aria-label={t('material.url')}
            style={{ maxWidth: 280 }}
            onChange={(event) => setUrl(event.target.value)}
          />
          <Button
            loading={busy}
            disabled={!title.trim() || !url.startsWith('https://')}
            onClick={() =>
              void run(() => add.mutateAsync({ params, body: { title: title.trim(), fileId: null, url: url.trim() } }))
            }
          >
            {t('material.add')}
          </Button>
          <input
            ref={input}
            type="file"
            hidden
            accept={materialTypes.join(',')}
            data-testid="material-file"
            onChange={(event) => upload(event.target.files?.[0])}
          />
          <Button loading={busy} onClick={() => input.current?.click()}>
            {t('material.file')}
          </Button>
        </div>
      )}
      <AsyncView
        query={query}
        skeleton={<TableSkeleton rows={2} />}
        isEmpty={({ items }) => items.length === 0}
        empty={<EmptyState compact illustration="bag" title={t('material.none')} />}
      >
        {({ items }) => (
          <DataTable
            caption={t('materials')}
            rows={items}
            columns={columns}
            rowKey={({ id }) => id}
            testId="material-row"
          />
        )}
      </AsyncView>
    </Panel>
  );
};

const Attendance = ({ roomId }: { roomId: string }): ReactNode => {
  const t = useWhomT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api } = useSession();
  const params = { id: roomId };
  const query = useCall(listAttendance, { params }, { everyMs: REFRESH_MS });
  const when = (at: string | null): string => (at ? format.dateTime(at) : '');
  const save = async (): Promise<void> => {
    try {
      const blob = await api.download(listAttendance, { params, query: { format: 'csv' } });
      const url = URL.createObjectURL(blob);
      Object.assign(document.createElement('a'), { href: url, download: `attendance-${roomId}.csv` }).click();
      URL.revokeObjectURL(url);
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
  };
  const columns: Column<AttendanceLine>[] = [
    { key: 'as', title: t('col.invited-as'), head: true, render: (row) => row.invitedAs ?? '' },
    { key: 'state', title: t('col.state'), render: (row) => (row.invitation ? t(`state.${row.invitation}`) : '') },
    { key: 'name', title: t('col.name'), render: (row) => row.person?.name ?? '' },
    { key: 'first', title: t('col.first'), render: (row) => when(row.firstAt) },
    { key: 'last', title: t('col.last'), render: (row) => when(row.lastAt) },
    {
      key: 'minutes',
      title: t('col.minutes'),
      align: 'end',
      render: (row) => (row.firstAt ? format.number(Math.round(row.watchedSeconds / 60)) : ''),
    },
  ];
  return (
    <Panel
      title={t('attendance')}
      extra={
        <Button size="small" onClick={() => void save()} data-testid="attendance-csv">
          {t('attendance.csv')}
        </Button>
      }
      flush
    >
      <AsyncView
        query={query}
        skeleton={<TableSkeleton rows={3} />}
        isEmpty={({ items }) => items.length === 0}
        empty={<EmptyState compact illustration="people" title={t('attendance.none')} />}
      >
        {({ items, invited, came }) => (
          <>
            <p className="co-filters">{t('attendance.sum', { invited, came })}</p>
            <DataTable
              caption={t('attendance')}
              rows={items}
              columns={columns}
              rowKey={(row) => `${row.person?.id ?? ''} ${row.invitedAs ?? ''} ${row.firstAt ?? ''}`}
              testId="attendance-row"
            />
          </>
        )}
      </AsyncView>
    </Panel>
  );
};

export const ConferencePanel = ({ roomId }: { roomId: string }): ReactNode => (
  <div className="co-page">
    <Materials roomId={roomId} />
    <Attendance roomId={roomId} />
  </div>
);
