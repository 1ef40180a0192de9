import { getSettlementTerms, type ReplyOf } from '@walnut-live/contracts';
import { Skeleton, useFormat } from '@walnut-live/ui';
import { Button } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { DataTable } from '../../shared/data-table.tsx';
import { Page, Panel } from '../../shared/page.tsx';
import { TermsDialog } from './terms-dialog.tsx';
import { useTermsT } from './terms-messages.ts';

export type Terms = ReplyOf<typeof getSettlementTerms>;
const BPS = 10_000;

/** The terms in force: withdrawal, and the tax that is withheld. */
export default function TermsPage(): ReactNode {
  const t = useTermsT();
  const { may } = useSession();
  // As they were when the dialog was opened: what was read anew must not take its fields away.
  const [opened, setOpened] = useState<Terms | null>(null);
  const query = useCall(getSettlementTerms, undefined);
  return (
    <Page
      title={t('title')}
      hint={t('hint')}
      actions={
        may('settlements:approve') &&
        query.data && (
          <Button type="primary" onClick={() => setOpened(query.data)} data-testid="terms-change">
            {t('change')}
          </Button>
        )
      }
    >
      <AsyncView query={query} skeleton={<Skeleton height={320} radius={16} />}>
        {(terms) => (
          <div className="co-page">
            <Shown terms={terms} />
          </div>
        )}
      </AsyncView>
      {opened && <TermsDialog terms={opened} onClose={() => setOpened(null)} />}
    </Page>
  );
}

const Shown = ({ terms }: { terms: Terms }): ReactNode => {
  const t = useTermsT();
  const format = useFormat();
  const { withholding } = terms;
  const facts = (rows: readonly (readonly [string, ReactNode])[]): ReactNode => (
    <dl className="co-facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="wl-number">{value}</dd>
        </div>
      ))}
    </dl>
  );
  return (
    <>
      <p className="co-quiet" data-testid="terms-version">
        {t('version', { n: terms.version, time: format.dateTime(terms.effectiveFrom) })}
        {terms.version > 1 && terms.reason && ` · ${t('why', { reason: terms.reason })}`}
      </p>
      <Panel title={t('withdrawal')}>
        {facts([
          [t('minimum'), format.money(terms.minimumFen)],
          [t('dayCap'), format.money(terms.dayCapFen)],
          [t('dayTransfers'), t('times', { n: terms.dayTransfers })],
          [t('realName'), format.money(terms.realNameFromFen)],
        ])}
      </Panel>
      <Panel title={t('tax')}>
        <p className="co-warning">{t('check')}</p>
        {facts([
          [t('appliesTo'), t(`appliesTo.${withholding.appliesTo}`)],
          [t('exempt'), format.money(withholding.exemptFen)],
          [t('deductUntil'), format.money(withholding.deductUntilFen)],
          [t('deduct'), format.money(withholding.deductFen)],
          [t('deductRate'), format.percent(withholding.deductBps / BPS)],
        ])}
        <h3 className="co-bands-title">{t('bands')}</h3>
        <DataTable
          caption={t('bands')}
          rows={withholding.bands}
          rowKey={({ overFen }) => String(overFen)}
          testId="band-row"
          columns={[
            { key: 'over', title: t('band.over'), head: true, render: ({ overFen }) => format.money(overFen) },
            { key: 'rate', title: t('band.rate'), align: 'end', render: ({ bps }) => format.percent(bps / BPS) },
            {
              key: 'quick',
              title: t('band.quick'),
              align: 'end',
              render: ({ quickFen }) => format.money(quickFen),
            },
          ]}
        />
      </Panel>
    </>
  );
};
