/** One asynchronous view: what is coming, what went wrong (with retry and request id), nothing there, old data said to be old. */
import { ReloadOutlined } from '@ant-design/icons';
import { CopyButton, ErrorState, requestIdOf, StaleBadge, useErrorText } from '@walnut-live/ui';
import { Button } from 'antd';
import type { ReactNode } from 'react';
import { useT } from '../i18n/index.ts';
import { isPreparing, Preparing, useAskAgain } from './preparing.tsx';

/** What of a query this needs; ordinary and paged queries both fit. */
export type Asking<T> = {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  isFetching: boolean;
  isPlaceholderData?: boolean;
  dataUpdatedAt: number;
  refetch: () => unknown;
};

export const AsyncView = <T,>({
  query,
  skeleton,
  isEmpty,
  empty,
  children,
}: {
  query: Asking<T>;
  skeleton: ReactNode;
  isEmpty?: (data: T) => boolean;
  empty?: ReactNode;
  children: (data: T) => ReactNode;
}): ReactNode => {
  const retry = (): void => void query.refetch();
  const { data, error } = query;
  useAskAgain(error, retry);
  if (data === undefined) {
    if (isPreparing(error)) return <Preparing />;
    if (error) return <ErrorState error={error} onRetry={retry} retrying={query.isFetching} />;
    return <div aria-busy="true">{skeleton}</div>;
  }
  return (
    <div className={query.isPlaceholderData ? 'co-refreshing' : undefined} aria-busy={query.isPlaceholderData ?? false}>
      {error ? (
        <OldData error={error} updatedAt={query.dataUpdatedAt} onRetry={retry} retrying={query.isFetching} />
      ) : null}
      {isEmpty?.(data) ? empty : children(data)}
    </div>
  );
};

const OldData = ({
  error,
  updatedAt,
  onRetry,
  retrying,
}: {
  error: unknown;
  updatedAt: number;
  onRetry: () => void;
  retrying: boolean;
}): ReactNode => {
  const t = useT();
  const errorText = useErrorText();
  const text = isPreparing(error) ? t('preparing.hint') : errorText(error);
  const requestId = requestIdOf(error);
  return (
    <div className="co-old-data" role="status">
      <StaleBadge updatedAt={updatedAt} staleAfterMs={0} />
      <span>{text}</span>
      {requestId && <CopyButton text={requestId} label={t('common.request-id')} />}
      <Button size="small" icon={<ReloadOutlined />} loading={retrying} onClick={onRetry}>
        {t('common.retry')}
      </Button>
    </div>
  );
};

/** "Updated 5 s ago" with a way to ask now. */
export const Freshness = ({
  query,
  staleAfterMs,
}: {
  query: Pick<Asking<unknown>, 'dataUpdatedAt' | 'isFetching' | 'refetch'>;
  staleAfterMs?: number;
}): ReactNode => {
  const t = useT();
  if (query.dataUpdatedAt === 0) return null;
  return (
    <span className="co-freshness">
      <StaleBadge updatedAt={query.dataUpdatedAt} {...(staleAfterMs === undefined ? {} : { staleAfterMs })} />
      <Button
        type="text"
        size="small"
        icon={<ReloadOutlined spin={query.isFetching} />}
        aria-label={t('common.refresh')}
        onClick={() => void query.refetch()}
      />
    </span>
  );
};
