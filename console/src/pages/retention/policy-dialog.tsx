import { MAX_KEEP_DAYS, previewRetention, type RetentionPolicy, setRetention } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Skeleton, useFormat } from '@walnut-live/ui';
import { InputNumber } from 'antd';
import { type ReactNode, useEffect, useId, useState } from 'react';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { useRetentionT } from './messages.ts';

const TYPING_MS = 400;

/** Other days for a kind, with a look at what the next run would then take. */
export const PolicyDialog = ({ policy, onClose }: { policy: RetentionPolicy; onClose: () => void }): ReactNode => {
  const t = useRetentionT();
  const id = useId();
  const [keepDays, setKeepDays] = useState<number | null>(policy.keepDays);
  const set = useAction(setRetention, ['retention.list', 'retention.preview']);
  const isRight = keepDays !== null && keepDays >= policy.leastDays && keepDays <= MAX_KEEP_DAYS;
  const preview = usePreview(policy, isRight ? keepDays : null);
  const isStale = isApiError(set.error) && set.error.code === 'state_conflict';
  return (
    <ReasonDialog
      title={t('change.title', { kind: t(`kind.${policy.kind}`) })}
      hint={t('change.hint')}
      refusal={isStale ? t('change.stale') : undefined}
      label={t('reason')}
      okText={t('save')}
      done={t('done')}
      shortest={2}
      most={200}
      ready={isRight && preview.shown === keepDays}
      danger={isRight && keepDays < policy.keepDays}
      pending={set.isPending}
      error={set.error}
      onSubmit={(reason) =>
        set.mutateAsync({
          params: { kind: policy.kind },
          body: { keepDays: keepDays ?? policy.keepDays, reason, seenVersion: policy.version },
        })
      }
      onClose={onClose}
    >
      <div className="co-stacked co-start co-retention">
        <label htmlFor={id}>{t('change.days')}</label>
        <InputNumber
          id={id}
          value={keepDays}
          min={1}
          max={MAX_KEEP_DAYS}
          precision={0}
          status={isRight ? '' : 'error'}
          aria-describedby={`${id}-least`}
          onChange={setKeepDays}
          data-testid="retention-days"
        />
        <small id={`${id}-least`} className={isRight ? 'co-quiet' : 'co-minus'}>
          {t('change.tooShort', { n: policy.leastDays })}
        </small>
      </div>
      {isRight && <Preview query={preview.query} />}
    </ReasonDialog>
  );
};

/** What other days would take, once typing rests, and of which days that is what stands there: null while none is, or an old one. */
const usePreview = (policy: RetentionPolicy, keepDays: number | null) => {
  const [asked, setAsked] = useState(policy.keepDays);
  useEffect(() => {
    if (keepDays === null) return;
    const timer = setTimeout(() => setAsked(keepDays), TYPING_MS);
    return () => clearTimeout(timer);
  }, [keepDays]);
  const query = useCall(previewRetention, { params: { kind: policy.kind }, query: { keepDays: asked } });
  const shown = query.isPlaceholderData || query.isError ? null : (query.data?.keepDays ?? null);
  return { query, shown };
};

const Preview = ({ query }: { query: ReturnType<typeof usePreview>['query'] }): ReactNode => {
  const t = useRetentionT();
  const format = useFormat();
  return (
    <section aria-live="polite" data-testid="retention-preview">
      <AsyncView query={query} skeleton={<Skeleton height={44} radius={8} />}>
        {({ tables }) => {
          const over = tables.filter(({ rows }) => rows > 0);
          if (over.length === 0) return <p className="co-quiet co-dialog-lead">{t('preview.none')}</p>;
          return (
            <div className="co-warning">
              <p>{t('preview')}</p>
              <ul>
                {over.map(({ table, rows, oldest }) => (
                  <li key={table}>
                    {t(`table.${table}`)} · {t('preview.rows', { n: format.number(rows) })}
                    {oldest !== null && ` · ${t('preview.oldest', { date: format.dateTime(oldest) })}`}
                  </li>
                ))}
              </ul>
            </div>
          );
        }}
      </AsyncView>
    </section>
  );
};
