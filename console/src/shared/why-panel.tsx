/** Why an order is credited to whom: the winner in one sentence, then every candidate in the order in which the rule looked. */
import {
  BankOutlined,
  CrownOutlined,
  LinkOutlined,
  ShopOutlined,
  UserOutlined,
  UserSwitchOutlined,
} from '@ant-design/icons';
import { type CreditReason, orderCredit, type ReplyOf } from '@walnut-live/contracts';
import { cx, Skeleton, useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useCall } from '../data/use-call.ts';
import { useT } from '../i18n/index.ts';
import { AsyncView } from './async-view.tsx';
import { useReasonText } from './people.tsx';
import './why-panel.css';

/** A refund takes some seconds to come through, a ruling comes when headquarters makes it. */
const REFRESH_MS = 5_000;

type Explanation = ReplyOf<typeof orderCredit>;
type Candidate = Explanation['considered'][number];

const icons: Record<CreditReason, ReactNode> = {
  hq_ruling: <CrownOutlined />,
  share_link: <LinkOutlined />,
  owner_guide: <UserSwitchOutlined />,
  room_guide: <UserOutlined />,
  store: <ShopOutlined />,
  hq: <BankOutlined />,
};

export const WhyPanel = ({ orderId }: { orderId: string }): ReactNode => {
  const query = useCall(orderCredit, { params: { id: orderId } }, { everyMs: REFRESH_MS });
  return (
    <div data-testid="why-panel">
      <AsyncView query={query} skeleton={<Skeleton lines={5} height={18} />}>
        {(explanation) => <Why explanation={explanation} />}
      </AsyncView>
    </div>
  );
};

const Why = ({ explanation }: { explanation: Explanation }): ReactNode => {
  const t = useT();
  const format = useFormat();
  const { credit, considered } = explanation;
  return (
    <div className="co-why">
      <Verdict credit={credit} />
      <WhySteps considered={considered} decidedAt={explanation.order.placedAt} />
      <p className="co-quiet co-small">
        {t('why.frozen', { at: format.dateTime(explanation.decidedAt), version: explanation.ruleVersion })}
      </p>
      {explanation.commission.length > 0 && <CommissionEntries entries={explanation.commission} />}
    </div>
  );
};

export const Verdict = ({ credit }: { credit: Explanation['credit'] }): ReactNode => {
  const t = useT();
  return (
    <p className="co-why-verdict" data-testid="why-verdict">
      {credit.inviter
        ? t('why.verdict.person', { who: credit.inviter.name, why: t(`why.because.${credit.reason}`) })
        : t('why.verdict.unit', { who: credit.orgUnit.name, why: t(`why.because.${credit.reason}`) })}
    </p>
  );
};

/** Every candidate in the order in which the rule looked. */
export const WhySteps = ({
  considered,
  decidedAt,
}: {
  considered: readonly Candidate[];
  decidedAt: string;
}): ReactNode => (
  <ol className="co-why-steps">
    {considered.map((candidate, index) => (
      <Step key={candidate.touchId ?? `${candidate.reason}-${index}`} candidate={candidate} decidedAt={decidedAt} />
    ))}
  </ol>
);

const Step = ({ candidate, decidedAt }: { candidate: Candidate; decidedAt: string }): ReactNode => {
  const t = useT();
  const format = useFormat();
  const reasonText = useReasonText();
  const { reason, why, person, at, channel } = candidate;
  const isClick = reason === 'share_link' && at !== null;
  return (
    <li
      className={cx('co-why-step', candidate.won && 'co-why-won', why === 'none' && 'co-why-none')}
      data-testid="why-step"
      data-reason={reason}
      data-why={why}
    >
      <span className="co-why-icon">{icons[reason]}</span>
      <div>
        <strong>
          {reasonText(reason)}
          {person && <span className="co-why-person">{person.name}</span>}
        </strong>
        <p>{t(`why.${why}`)}</p>
        {isClick && (
          <p className="co-quiet co-small">
            {t('why.clicked', { at: format.dateTime(at), ago: beforeText(t, at, decidedAt) })}
            {channel && ` · ${t(`channel.${channelOf(channel)}`)}`}
          </p>
        )}
        {reason === 'owner_guide' && at !== null && (
          <p className="co-quiet co-small">{t('why.bound', { at: format.dateTime(at) })}</p>
        )}
      </div>
    </li>
  );
};

const channels = ['copy', 'poster', 'wechat', 'moments', 'other'] as const;
const channelOf = (channel: string): (typeof channels)[number] =>
  channels.find((known) => known === channel) ?? 'other';

const beforeText = (t: ReturnType<typeof useT>, at: string, decidedAt: string): string => {
  const seconds = Math.max(1, Math.round((Date.parse(decidedAt) - Date.parse(at)) / 1000));
  if (seconds < 60) return t('why.before.seconds', { n: seconds });
  if (seconds < 3_600) return t('why.before.minutes', { n: Math.round(seconds / 60) });
  return t('why.before.hours', { n: Math.round(seconds / 3_600) });
};

type Entry = Omit<Explanation['commission'][number], 'beneficiary'> & {
  beneficiary?: Explanation['commission'][number]['beneficiary'];
};
/** What was posted for the order, entry by entry, and what is left of it. */
export const CommissionEntries = ({
  entries,
  withPeople = false,
  titled = true,
}: {
  entries: readonly Entry[];
  /** Says whose each entry is: after a ruling there is more than one person. */
  withPeople?: boolean;
  /** False where a heading stands above it already. */
  titled?: boolean;
}): ReactNode => {
  const t = useT();
  const format = useFormat();
  const total = entries.reduce((sum, entry) => sum + entry.amountFen, 0);
  return (
    <div className={cx('co-why-commission', titled && 'co-why-titled')}>
      {titled && <strong>{t('why.commission')}</strong>}
      <ul>
        {entries.map((entry, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: entries of one order never move
          <li key={index} data-testid="commission-entry" data-event={entry.event} data-state={entry.state}>
            <span>
              {t(`commission.event.${entry.event}`)}
              {withPeople && entry.beneficiary && ` · ${entry.beneficiary.name}`}
              <small>
                {t('commission.sum', { basis: format.money(entry.basisFen), rate: format.percent(entry.bps / 10_000) })}
              </small>
            </span>
            <b className={entry.amountFen < 0 ? 'wl-number co-minus' : 'wl-number'}>
              {format.money(entry.amountFen, { sign: true })}
            </b>
          </li>
        ))}
        <li className="co-why-total">
          <span>{t('commission.net')}</span>
          <b className="wl-number" data-testid="commission-total">
            {format.money(total)}
          </b>
        </li>
      </ul>
    </div>
  );
};
