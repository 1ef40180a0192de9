import { ArrowLeftOutlined } from '@ant-design/icons';
import { type CreditExplanation, orderCredit, sharerCredit } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Badge, Skeleton, useFormat } from '@walnut-live/ui';
import { Button, Timeline } from 'antd';
import { type ReactNode, useState } from 'react';
import { Link, useParams } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { useCall } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { AsyncView, Freshness } from '../../shared/async-view.tsx';
import { Page, Panel } from '../../shared/page.tsx';
import { CommissionEntries, Verdict, WhySteps } from '../../shared/why-panel.tsx';
import { AppealDialog } from './appeal-dialog.tsx';
import { appealTones } from './appeals.tsx';
import { useAttributionT } from './messages.ts';
import { BindingHistoryDialog, MoveOwnerDialog } from './owner-dialogs.tsx';
import { PartyView } from './party-view.tsx';
import { useDaysText, useWindowText } from './policy.tsx';
import { RuleDialog } from './rule-dialog.tsx';
import { type Step, timelineOf } from './timeline.ts';
import './attribution.css';

const REFRESH_MS = 10_000;

/** Why this inviter, whole: by staff of the order's scope; whoever is only a party of it reads their own part. */
export default function CreditPage(): ReactNode {
  const t = useAttributionT();
  const { orderId = '' } = useParams();
  const query = useCall(orderCredit, { params: { id: orderId } }, { everyMs: REFRESH_MS });
  const isForeign = isApiError(query.error) && query.error.status === 404;
  const mine = useCall(sharerCredit, { params: { id: orderId } }, { enabled: isForeign });
  if (isForeign)
    return (
      <Page title={t('credit.page.mine')} hint={t('mine.masked')}>
        <AsyncView query={mine} skeleton={<Skeleton lines={8} height={22} />}>
          {(credit) => <PartyView credit={credit} />}
        </AsyncView>
      </Page>
    );
  return (
    <AsyncView query={query} skeleton={<Skeleton lines={10} height={24} />}>
      {(credit) => (
        <Page
          title={t('credit.page', { no: credit.order.orderNo })}
          hint={`${credit.order.store.name} · ${credit.order.buyer.name}`}
          actions={
            <>
              <Freshness query={query} />
              <Actions credit={credit} />
            </>
          }
        >
          <Whole credit={credit} />
        </Page>
      )}
    </AsyncView>
  );
}

const Actions = ({ credit }: { credit: CreditExplanation }): ReactNode => {
  const t = useAttributionT();
  const [dialog, setDialog] = useState<'appeal' | 'rule' | null>(null);
  return (
    <>
      <Link to={`/orders/${credit.orderId}`}>
        <Button icon={<ArrowLeftOutlined />}>{t('credit.back')}</Button>
      </Link>
      {credit.mayAppeal && (
        <Button onClick={() => setDialog('appeal')} data-testid="appeal-open">
          {t('appeal.do')}
        </Button>
      )}
      {credit.mayRule && (
        <Button type="primary" onClick={() => setDialog('rule')} data-testid="rule-open">
          {t('credit.rule')}
        </Button>
      )}
      {dialog === 'appeal' && <AppealDialog credit={credit} onClose={() => setDialog(null)} />}
      {dialog === 'rule' && <RuleDialog credit={credit} onClose={() => setDialog(null)} />}
    </>
  );
};

const Whole = ({ credit }: { credit: CreditExplanation }): ReactNode => {
  const t = useAttributionT();
  const format = useFormat();
  const windowText = useWindowText();
  const daysText = useDaysText();
  const { may } = useSession();
  const { policy } = credit;
  return (
    <div className="co-credit" data-testid="credit-page">
      <div className="co-credit-verdict">
        <Verdict credit={credit.credit} />
      </div>
      <div>
        <Panel title={t('credit.timeline')}>
          <Timeline
            items={timelineOf(credit).map((step) => ({
              color: step.kind === 'ruling' || step.kind === 'appeal' ? 'orange' : 'green',
              content: <TimelineStep step={step} />,
            }))}
          />
        </Panel>
        <Panel title={t('credit.candidates')}>
          <WhySteps considered={credit.considered} decidedAt={credit.order.placedAt} />
          <p className="co-quiet co-small">
            {t('credit.policy.line', {
              version: credit.ruleVersion,
              window: windowText(policy.creditWindowSeconds),
              days: daysText(policy.protectDays),
            })}
          </p>
        </Panel>
      </div>
      <div>
        <Owner credit={credit} />
        <Panel title={t('credit.versions')} testId="credit-versions">
          <ul className="co-credit-list">
            {credit.versions.map((version) => (
              <li key={version.version} data-testid="credit-version">
                <b>
                  {t(version.ruling ? `credit.version.${version.ruling.outcome}` : 'credit.version.first')}
                  {' → '}
                  {version.inviter?.name ?? `${t('credit.version.nobody')} (${version.orgUnit.name})`}
                </b>
                {version.ruling && <span>{version.ruling.reason}</span>}
                <small className="co-quiet">
                  {version.ruling
                    ? t('credit.by', { who: version.ruling.by.name, at: format.dateTime(version.at) })
                    : format.dateTime(version.at)}
                </small>
              </li>
            ))}
          </ul>
        </Panel>
        <Panel title={t('credit.appeals')} testId="credit-appeals">
          {credit.appeals.length === 0 && <p className="co-quiet">{t('credit.appeals.none')}</p>}
          <ul className="co-credit-list">
            {credit.appeals.map((appeal) => (
              <li key={appeal.id}>
                <span>
                  <b>{appeal.by.name}</b> {t(`role.${appeal.role}`)}{' '}
                  <Badge tone={appealTones[appeal.state]}>{t(`appeal.${appeal.state}`)}</Badge>
                </span>
                <span>{appeal.text}</span>
                <small className="co-quiet">{format.dateTime(appeal.at)}</small>
              </li>
            ))}
          </ul>
        </Panel>
        {may('commission:read') && (
          <Panel title={t('credit.commission')}>
            {credit.commission.length === 0 ? (
              <p className="co-quiet">{t('credit.commission.none')}</p>
            ) : (
              <CommissionEntries entries={credit.commission} titled={false} withPeople />
            )}
          </Panel>
        )}
      </div>
    </div>
  );
};

const TimelineStep = ({ step }: { step: Step }): ReactNode => {
  const t = useAttributionT();
  const common = useT();
  const format = useFormat();
  const text = (): string => {
    switch (step.kind) {
      case 'bound':
        return t('tl.bound', { store: step.store });
      case 'click':
        return step.who === null ? t('tl.click.other') : t('tl.click', { who: step.who });
      case 'paid':
        return t('tl.paid', { sum: format.money(step.fen) });
      case 'appeal':
        return t('tl.appeal', { who: step.who });
      default:
        return t(`tl.${step.kind}`);
    }
  };
  return (
    <span data-testid="timeline-step" data-kind={step.kind}>
      {step.kind === 'click' && step.won ? <b>{text()}</b> : text()}
      {step.kind === 'click' && step.won && <> · {common('why.won')}</>}
      <small className="co-quiet co-block">{format.dateTime(step.at)}</small>
    </span>
  );
};

const Owner = ({ credit }: { credit: CreditExplanation }): ReactNode => {
  const t = useAttributionT();
  const format = useFormat();
  const { may } = useSession();
  const [dialog, setDialog] = useState<'move' | 'history' | null>(null);
  const { owner, order } = credit;
  return (
    <Panel title={t('credit.owner')} testId="credit-owner">
      {owner === null ? (
        <p className="co-quiet">{t('credit.owner.none')}</p>
      ) : (
        <>
          <p className="co-credit-owner">
            <b>
              {owner.store.name}
              {owner.guide && ` · ${owner.guide.name}`}
            </b>
            <small className="co-quiet">{t('credit.owner.since', { at: format.dateTime(owner.boundAt) })}</small>
            <small className="co-quiet">
              {owner.protectedUntil === null
                ? t('credit.owner.forever')
                : t('credit.owner.protected', { at: format.dateTime(owner.protectedUntil) })}
            </small>
          </p>
          <p className="co-quiet">{t(owner.sinceBefore ? 'credit.owner.kept' : 'credit.owner.later')}</p>
        </>
      )}
      <span className="co-credit-actions">
        {may('customers:read') && (
          <Button size="small" onClick={() => setDialog('history')} data-testid="owner-history">
            {t('credit.owner.history')}
          </Button>
        )}
        {may('attribution:rule') && (
          <Button size="small" onClick={() => setDialog('move')} data-testid="owner-move">
            {t('credit.owner.move')}
          </Button>
        )}
      </span>
      {dialog === 'history' && <BindingHistoryDialog customerId={order.buyer.id} onClose={() => setDialog(null)} />}
      {dialog === 'move' && <MoveOwnerDialog customerId={order.buyer.id} onClose={() => setDialog(null)} />}
    </Panel>
  );
};
