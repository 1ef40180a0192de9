import { copyTemplates, previewTemplates, type TemplateCopy, TemplateKind } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { EmptyState, useFormat } from '@walnut-live/ui';
import { Button, Checkbox, Radio, Select } from 'antd';
import { type ReactNode, useId, useState } from 'react';
import { Link } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { TableSkeleton } from '../../shared/data-table.tsx';
import { useFilters } from '../../shared/filters.tsx';
import { Page, Panel } from '../../shared/page.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { useUnits } from '../../shared/unit-select.tsx';
import { useTemplateT } from './messages.ts';
import { PlanView } from './plan-view.tsx';
import { type Result, useLastResult } from './result.ts';
import { draftOf, type Wish, wishOf } from './wish.ts';
import './templates.css';

const MOST_STORES = 200;

const storesTouched = (plan: TemplateCopy): number =>
  plan.stores.filter(({ lines }) => lines.some(({ act }) => act === 'make' || act === 'replace')).length;
/** A store was closed, or is no store any more: said by the words of this page. */
const isGone = (error: unknown): boolean =>
  isApiError(error) && (error.code === 'not_found' || error.code === 'invalid_request');

/** A store's set-up to others: chosen, seen beforehand store by store, copied with a reason, and what was done kept readable. */
export default function CopyTemplatesPage(): ReactNode {
  const t = useTemplateT();
  const filters = useFilters();
  const { units } = useUnits();
  const [result, setResult] = useLastResult();
  const stores = units.filter(({ kind }) => kind === 'store');
  const wish = wishOf(draftOf(filters, stores));
  return (
    <Page title={t('title')} hint={t('hint')}>
      {result && <ResultPanel result={result} onClose={() => setResult(null)} />}
      <WishPanel stores={stores} />
      {wish ? (
        <PreviewPanel key={JSON.stringify(wish)} wish={wish} onDone={setResult} />
      ) : (
        <Panel title={t('preview')}>
          <EmptyState illustration="rooms" title={t('preview.none')} hint={t('preview.none.hint')} compact />
        </Panel>
      )}
    </Page>
  );
}

const WishPanel = ({ stores }: { stores: readonly { id: string; name: string }[] }): ReactNode => {
  const t = useTemplateT();
  const id = useId();
  const filters = useFilters();
  const draft = draftOf(filters, stores);
  const options = stores.map((store) => ({ value: store.id, label: store.name }));
  return (
    <Panel title={t('wish')}>
      <div className="co-wish">
        <label htmlFor={`${id}-from`}>{t('from')}</label>
        <Select<string>
          id={`${id}-from`}
          className="co-wish-select"
          showSearch={{ optionFilterProp: 'label' }}
          placeholder={t('from.none')}
          value={draft.from ?? null}
          options={options}
          onChange={(from) => filters.set({ from })}
          data-testid="copy-from"
        />
        <span id={`${id}-what`}>{t('what')}</span>
        <Checkbox.Group
          aria-labelledby={`${id}-what`}
          value={[...draft.kinds]}
          options={TemplateKind.options.map((value) => ({ value, label: t(`kind.${value}`) }))}
          onChange={(kinds) => filters.set({ what: kinds.join(',') })}
          data-testid="copy-what"
        />
        <span id={`${id}-to`}>{t('to')}</span>
        <div className="co-wish-more">
          <Radio.Group
            aria-labelledby={`${id}-to`}
            value={draft.toAll}
            options={[
              { value: true, label: t('to.all') },
              { value: false, label: t('to.some') },
            ]}
            onChange={({ target }) => filters.set({ only: target.value ? undefined : '1' })}
          />
          {!draft.toAll && (
            <Select<string[]>
              aria-label={t('to.some')}
              className="co-wish-select"
              mode="multiple"
              maxCount={MOST_STORES}
              showSearch={{ optionFilterProp: 'label' }}
              placeholder={t('to.none')}
              value={[...draft.to]}
              options={options.filter(({ value }) => value !== draft.from)}
              onChange={(to) => filters.set({ to: to.join(',') })}
              data-testid="copy-to"
            />
          )}
        </div>
        <span id={`${id}-existing`}>{t('existing')}</span>
        <div className="co-wish-more">
          <Radio.Group
            aria-labelledby={`${id}-existing`}
            value={draft.existing}
            options={(['skip', 'replace'] as const).map((value) => ({ value, label: t(`existing.${value}`) }))}
            onChange={({ target }) => filters.set({ existing: target.value === 'replace' ? 'replace' : undefined })}
          />
          {draft.existing === 'replace' && <small className="co-quiet">{t('existing.hint')}</small>}
        </div>
      </div>
    </Panel>
  );
};

const PreviewPanel = ({ wish, onDone }: { wish: Wish; onDone: (result: Result) => void }): ReactNode => {
  const t = useTemplateT();
  const [copying, setCopying] = useState<TemplateCopy | null>(null);
  const query = useCall(previewTemplates, { body: wish });
  // What another wish would do, or one that could not be read again, is nothing to go by.
  const plan = query.isPlaceholderData || query.isError ? undefined : query.data;
  const n = plan ? storesTouched(plan) : 0;
  const isNothing = plan !== undefined && n === 0;
  return (
    <Panel
      flush
      title={t('preview')}
      testId="copy-preview"
      extra={
        <Button type="primary" disabled={n === 0} onClick={() => plan && setCopying(plan)} data-testid="copy-begin">
          {n === 0 ? t('copy.none') : t('copy', { n })}
        </Button>
      }
    >
      {isGone(query.error) ? (
        <EmptyState illustration="search" title={t('preview.gone')} hint={t('preview.gone.hint')} compact />
      ) : (
        <AsyncView
          query={query}
          skeleton={<TableSkeleton rows={4} />}
          isEmpty={(data) => data.stores.every(({ lines }) => lines.length === 0)}
          empty={<EmptyState illustration="rooms" title={t('preview.empty')} hint={t('preview.empty.hint')} compact />}
        >
          {(data) => (
            <>
              {isNothing && (
                <div className="co-plan-head">
                  <p className="co-quiet">{t('nothing')}</p>
                </div>
              )}
              <PlanView plan={data} testId="copy-row" />
            </>
          )}
        </AsyncView>
      )}
      {copying && <CopyDialog wish={wish} seen={copying} onDone={onDone} onClose={() => setCopying(null)} />}
    </Panel>
  );
};

const CopyDialog = ({
  wish,
  seen,
  onDone,
  onClose,
}: {
  wish: Wish;
  /** What was shown when the dialog opened. */
  seen: TemplateCopy;
  onDone: (result: Result) => void;
  onClose: () => void;
}): ReactNode => {
  const t = useTemplateT();
  const format = useFormat();
  const copy = useAction(copyTemplates, ['templates.preview']);
  const { make, replace } = seen.sums;
  const submit = async (reason: string): Promise<void> => {
    const plan = await copy.mutateAsync({ body: { ...wish, reason } });
    const differs = JSON.stringify(plan.stores) !== JSON.stringify(seen.stores);
    onDone({ at: new Date().toISOString(), reason, differs, plan });
  };
  return (
    <ReasonDialog
      title={t('copy.title', { n: storesTouched(seen) })}
      hint={t('copy.hint', { make: format.number(make), replace: format.number(replace) })}
      refusal={isGone(copy.error) ? t('copy.refused') : undefined}
      label={t('copy.reason')}
      okText={t('copy', { n: storesTouched(seen) })}
      done={t('copy.done')}
      danger={replace > 0}
      most={200}
      pending={copy.isPending}
      error={copy.error}
      onSubmit={submit}
      onClose={onClose}
    />
  );
};

const ResultPanel = ({ result, onClose }: { result: Result; onClose: () => void }): ReactNode => {
  const t = useTemplateT();
  const format = useFormat();
  const { may } = useSession();
  return (
    <Panel
      flush
      title={t('result')}
      testId="copy-result"
      extra={<Button onClick={onClose}>{t('result.close')}</Button>}
    >
      <div className="co-plan-head">
        <p>
          {t('result.from', { name: result.plan.source.name })} ·{' '}
          {t('result.at', { time: format.dateTime(result.at), reason: result.reason })}
          {may('audit:read') && (
            <>
              {' · '}
              <Link to="/audit?action=templates:copied">{t('result.audit')}</Link>
            </>
          )}
        </p>
        {result.differs && <p className="co-minus">{t('result.differs')}</p>}
      </div>
      <PlanView plan={result.plan} testId="copy-result-row" />
    </Panel>
  );
};
