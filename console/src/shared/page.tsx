import { DownloadOutlined } from '@ant-design/icons';
import type { Route } from '@walnut-live/contracts';
import type { CallArgs } from '@walnut-live/live-client/http';
import { Skeleton, saveFile, useErrorText, useToast } from '@walnut-live/ui';
import { Button, Tooltip } from 'antd';
import { type ReactNode, useEffect, useState } from 'react';
import { useSession } from '../app/session.tsx';
import { useT } from '../i18n/index.ts';

/** Title, what it is about, and what can be done; the document's title follows. */
export const Page = ({
  title,
  hint,
  actions,
  children,
}: {
  title: string;
  hint?: string;
  actions?: ReactNode;
  children: ReactNode;
}): ReactNode => {
  const t = useT();
  useEffect(() => {
    document.title = `${title} · ${t('brand.name')}`;
  }, [title, t]);
  return (
    <div className="co-page">
      <div className="co-page-head">
        <div>
          <h1>{title}</h1>
          {hint && <p className="co-page-hint">{hint}</p>}
        </div>
        {actions && <div className="co-page-actions">{actions}</div>}
      </div>
      {children}
    </div>
  );
};

export const Panel = ({
  title,
  extra,
  children,
  flush = false,
  testId,
}: {
  title?: string;
  extra?: ReactNode;
  children: ReactNode;
  /** Content reaches the edges (tables). */
  flush?: boolean;
  testId?: string;
}): ReactNode => (
  <section className={flush ? 'co-panel co-panel-flush' : 'co-panel'} {...(testId ? { 'data-testid': testId } : {})}>
    {(title || extra) && (
      <div className="co-panel-head">
        {title && <h2>{title}</h2>}
        {extra}
      </div>
    )}
    {children}
  </section>
);

export type Figure = { key: string; label: string; value: string; note?: string; tone?: 'money' | 'good' | 'bad' };

/** A row of figures: still coming, there, or (after a failure without any answer) unknown. */
export const Figures = ({
  items,
  loading = false,
  failed = false,
}: {
  items: readonly Figure[];
  loading?: boolean;
  failed?: boolean;
}): ReactNode => (
  <dl className="co-figures" aria-busy={loading && !failed}>
    {items.map((item) => (
      <div key={item.key} className="co-figure" data-testid={`figure-${item.key}`}>
        <dt>{item.label}</dt>
        <dd className={item.tone ? `co-figure-${item.tone} wl-number` : 'wl-number'}>
          {loading && failed ? '—' : loading ? <Skeleton width="70%" height={26} /> : item.value}
        </dd>
        {item.note && !loading && <dd className="co-figure-note">{item.note}</dd>}
      </div>
    ))}
  </dl>
);

/** Fetches the CSV of a list with its filters and hands it to the browser. */
export const CsvButton = <const R extends Route>({
  route,
  args,
  fileName,
}: {
  route: R;
  args: CallArgs<R>;
  fileName: string;
}): ReactNode => {
  const t = useT();
  const { api } = useSession();
  const toast = useToast();
  const errorText = useErrorText();
  const [busy, setBusy] = useState(false);
  const download = async (): Promise<void> => {
    setBusy(true);
    try {
      const blob = await api.download(route, args);
      saveFile(blob, `${fileName}-${new Date().toISOString().slice(0, 10)}.csv`);
      toast(t('csv.done'), { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Tooltip title={t('csv.hint')}>
      <Button icon={<DownloadOutlined />} loading={busy} onClick={() => void download()} data-testid="csv-download">
        {t('csv.download')}
      </Button>
    </Tooltip>
  );
};

export const MoreButton = ({
  query,
}: {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}): ReactNode => {
  const t = useT();
  if (!query.hasNextPage) return null;
  return (
    <div className="co-more">
      <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {t('common.more')}
      </Button>
    </div>
  );
};
