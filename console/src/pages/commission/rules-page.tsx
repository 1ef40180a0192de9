import {
  type CommissionDraft,
  type CommissionProblem,
  type CommissionRule,
  type CommissionTerms,
  getCommissionRules,
  listCommissionRules,
  listOrgUnits,
  publishCommissionRules,
  saveCommissionDraft,
} from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat, useToast } from '@walnut-live/ui';
import { Button, Space } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { Figures, Page, Panel } from '../../shared/page.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useCommissionT } from './messages.ts';
import { RatesEditor } from './rates-editor.tsx';
import { SimulationPanel } from './simulation-panel.tsx';

const MOST_REASON = 200;
const SHORTEST_REASON = 2;
const VERSIONS = 20;
/** Rates have two decimals, and none is lost. */
const percent = (bps: number): string => `${bps / 100}%`;
const touched = ['commission-rules.get', 'commission-rules.versions'];

const termsOf = (rule: CommissionRule): CommissionTerms => ({
  ...{ levelOneBps: rule.levelOneBps, levelTwoBps: rule.levelTwoBps, levelTwoEnabled: rule.levelTwoEnabled },
  ...{
    rates: rule.rates,
    tiers: rule.tiers,
    freezeDays: rule.freezeDays,
    lockDays: rule.lockDays,
    noticeDays: rule.noticeDays,
  },
});

/** What is paid for bringing orders: in force, announced, in draft; tried on a month before it is published. */
export default function CommissionRulesPage(): ReactNode {
  const t = useCommissionT();
  const format = useFormat();
  const { may } = useSession();
  const rules = useCall(getCommissionRules, undefined);
  const [begun, setBegun] = useState<CommissionTerms | null>(null);
  return (
    <Page title={t('title')} hint={t('hint')}>
      <AsyncView query={rules} skeleton={<TableSkeleton />}>
        {(found) => {
          const newest = found.announced.at(-1) ?? found;
          const terms = found.draft?.terms ?? begun;
          return (
            <div className="co-terms-stack">
              <RulePanel rule={found} products={found.products} title={t('inForce', { version: found.version })} />
              {found.announced.map((rule) => (
                <RulePanel
                  key={rule.version}
                  rule={rule}
                  products={found.products}
                  title={`${t('announced')} · ${t('version')} ${rule.version}`}
                  note={t('announced.until', { at: format.dateTime(rule.effectiveFrom) })}
                />
              ))}
              {may('commission:write') &&
                (terms ? (
                  <DraftPanel
                    key={found.draft?.revision ?? 0}
                    draft={found.draft}
                    initial={terms}
                    onPublished={() => setBegun(null)}
                  />
                ) : (
                  <Panel title={t('draft')}>
                    <EmptyState
                      illustration="orders"
                      title={t('draft.none')}
                      hint={t('draft.none.hint')}
                      action={
                        <Button type="primary" onClick={() => setBegun(termsOf(newest))} data-testid="draft-begin">
                          {t('draft.begin')}
                        </Button>
                      }
                    />
                  </Panel>
                ))}
            </div>
          );
        }}
      </AsyncView>
      <History />
    </Page>
  );
}

const RulePanel = ({
  rule,
  products,
  title,
  note,
}: {
  rule: CommissionRule;
  products: readonly { id: string; title: string }[];
  title: string;
  note?: string;
}): ReactNode => {
  const t = useCommissionT();
  const format = useFormat();
  const units = useCall(listOrgUnits, undefined);
  type Line = CommissionRule['rates'][number];
  const scopeOf = (line: Line): string =>
    [
      line.productId && (products.find(({ id }) => id === line.productId)?.title ?? t('product')),
      line.productRole && t(`productRole.${line.productRole}`),
      line.storePath && (units.data?.items.find(({ path }) => path === line.storePath)?.name ?? line.storePath),
      line.inviterRole && t(`role.${line.inviterRole}`),
      line.minTier === undefined ? undefined : `${t('tier')} ${line.minTier}`,
      line.minMemberLevel === undefined ? undefined : `${t('member')} ${line.minMemberLevel}`,
    ]
      .filter(Boolean)
      .join(' · ') || t('any');
  const columns: Column<Line>[] = [
    { key: 'scope', title: t('rates'), head: true, render: scopeOf },
    { key: 'level', title: t('level'), align: 'end', render: ({ level }) => level },
    {
      key: 'rate',
      title: t('rate'),
      align: 'end',
      render: (line) => (
        <b className="wl-number">
          {line.fixedFen === undefined ? percent(line.bps ?? 0) : format.money(line.fixedFen)}
        </b>
      ),
    },
  ];
  return (
    <Panel title={title} {...(note === undefined ? {} : { extra: <Badge tone="warn">{note}</Badge> })} testId="rule">
      <Figures
        items={[
          { key: 'one', label: t('levelOne'), value: percent(rule.levelOneBps) },
          {
            key: 'two',
            label: t('levelTwo'),
            value: rule.levelTwoEnabled ? percent(rule.levelTwoBps) : t('levelTwo.off'),
          },
          { key: 'freeze', label: t('freeze'), value: format.count(rule.freezeDays) },
          { key: 'notice', label: t('notice'), value: format.count(rule.noticeDays) },
          { key: 'lock', label: t('lock'), value: format.count(rule.lockDays) },
        ]}
      />
      {rule.rates.length > 0 && (
        <DataTable caption={t('rates')} rows={rule.rates} columns={columns} rowKey={(line) => JSON.stringify(line)} />
      )}
      {rule.tiers.length > 0 && (
        <p>
          {rule.tiers.map(({ minNetFen, bonusBps }, n) => (
            <span key={minNetFen}>
              {n > 0 && ' · '}
              {t('tierNo', { n: n + 1 })} ≥ {format.money(minNetFen, { fen: 'trim' })}, +{percent(bonusBps)}
            </span>
          ))}
        </p>
      )}
    </Panel>
  );
};

const DraftPanel = ({
  draft,
  initial,
  onPublished,
}: {
  draft: CommissionDraft | null;
  initial: CommissionTerms;
  onPublished: () => void;
}): ReactNode => {
  const t = useCommissionT();
  const format = useFormat();
  const toast = useToast();
  const [terms, setTerms] = useState(initial);
  const [publishing, setPublishing] = useState(false);
  const save = useAction(saveCommissionDraft, touched);
  const publish = useAction(publishCommissionRules, touched);
  const isDirty = draft === null || JSON.stringify(terms) !== JSON.stringify(draft.terms);
  const keep = async (): Promise<void> => {
    await save.mutateAsync({ body: { revision: draft?.revision ?? 0, terms } });
    toast(t('draft.saved'), { tone: 'success' });
  };
  const told = ({ problem, line }: CommissionProblem) =>
    `${line === null ? '' : t('problem.line', { n: line + 1 })}${t(`problem.${problem}`)}`;
  return (
    <>
      <Panel
        title={t('draft')}
        testId="draft"
        extra={
          <Space wrap>
            {draft && !isDirty && (
              <small className="co-quiet">
                {t('draft.by', { name: draft.savedBy.name, at: format.dateTime(draft.savedAt) })}
              </small>
            )}
            {isDirty && <Badge tone="warn">{t('dirty')}</Badge>}
            <Button
              disabled={!isDirty}
              loading={save.isPending}
              onClick={() => void keep().catch(() => undefined)}
              data-testid="draft-save"
            >
              {t('save')}
            </Button>
            <Button
              type="primary"
              disabled={isDirty || !draft || draft.problems.length > 0}
              onClick={() => setPublishing(true)}
              data-testid="draft-publish"
            >
              {t('publish')}
            </Button>
          </Space>
        }
      >
        <Failure error={save.error} />
        {draft && !isDirty && draft.problems.length > 0 && (
          <ul className="co-terms-problems">
            {draft.problems.map((problem) => (
              <li key={`${problem.line} ${problem.problem}`}>{told(problem)}</li>
            ))}
          </ul>
        )}
        <RatesEditor terms={terms} onChange={setTerms} />
      </Panel>
      <SimulationPanel terms={terms} />
      {publishing && draft && (
        <ReasonDialog
          title={t('publish.title')}
          label={t('publish.reason')}
          hint={draft.cuts ? t('publish.cut', { at: format.dateTime(draft.effectiveFrom) }) : t('publish.rise')}
          okText={t('publish')}
          done={t('publish.done')}
          most={MOST_REASON}
          shortest={SHORTEST_REASON}
          pending={publish.isPending}
          error={publish.error}
          onSubmit={async (reason) => {
            await publish.mutateAsync({ kind: `${draft.revision}`, body: { revision: draft.revision, reason } });
            onPublished();
          }}
          onClose={() => setPublishing(false)}
        />
      )}
    </>
  );
};

const History = (): ReactNode => {
  const t = useCommissionT();
  const format = useFormat();
  const [before, setBefore] = useState<number | undefined>(undefined);
  const versions = useCall(listCommissionRules, {
    query: { limit: VERSIONS, ...(before === undefined ? {} : { before }) },
  });
  const columns: Column<CommissionRule>[] = [
    { key: 'version', title: t('version'), head: true, render: ({ version }) => version },
    {
      key: 'published',
      title: t('publishedAt'),
      render: ({ publishedAt }) => (publishedAt === null ? t('version.first') : format.dateTime(publishedAt)),
    },
    { key: 'effective', title: t('effectiveFrom'), render: ({ effectiveFrom }) => format.dateTime(effectiveFrom) },
    { key: 'rate', title: t('levelOne'), align: 'end', render: ({ levelOneBps }) => percent(levelOneBps) },
    { key: 'lines', title: t('rates'), align: 'end', render: ({ rates }) => t('lines', { n: rates.length }) },
    { key: 'by', title: t('by'), render: ({ publishedBy }) => publishedBy?.name ?? '–' },
    { key: 'reason', title: t('reason'), render: ({ reason }) => reason || '–' },
  ];
  return (
    <Panel title={t('history')} flush>
      <AsyncView query={versions} skeleton={<TableSkeleton rows={3} />}>
        {({ items, next }) => (
          <>
            <DataTable
              caption={t('history')}
              rows={items}
              columns={columns}
              rowKey={({ version }) => `${version}`}
              testId="rule-version"
            />
            {next !== null && <Button onClick={() => setBefore(next)}>{t('more')}</Button>}
          </>
        )}
      </AsyncView>
    </Panel>
  );
};
