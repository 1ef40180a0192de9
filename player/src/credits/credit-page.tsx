import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { appealCredit, type SharerCredit, sharerCredit } from '@walnut-live/contracts';
import { Badge, Button, ErrorState, Skeleton, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { type ReactNode, useId, useState } from 'react';
import { useParams } from 'react-router';
import { useServices } from '../app/services.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { Page } from '../pages/page.tsx';
import { usePerson } from '../pages/use-person.ts';
import { useCreditsT } from './messages.ts';
import './credits.css';

const MOST_CHARS = 500;
const HOUR_SECONDS = 3_600;

/** Why an order that my share may have brought is mine, or is not. */
const CreditPage = (): ReactNode => {
  const t = useCreditsT();
  return (
    <Page title={t('one')} backTo="/credits">
      <Credit />
    </Page>
  );
};
export default CreditPage;

const Credit = (): ReactNode => {
  const { orderId = '' } = useParams();
  const { api } = useServices();
  const person = usePerson();
  const query = useQuery({
    queryKey: ['my-credit', orderId, person?.id],
    queryFn: ({ signal }) => api.call(sharerCredit, { params: { id: orderId }, signal }),
    enabled: Boolean(person),
  });
  if (query.isError && !query.data)
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} retrying={query.isFetching} />;
  if (!query.data) return <Skeleton height={240} radius={18} />;
  return <Whole credit={query.data} />;
};

const Whole = ({ credit }: { credit: SharerCredit }): ReactNode => {
  const t = useCreditsT();
  const common = playerI18n.useT();
  const format = useFormat();
  return (
    <div className="pl-credit">
      <section className="pl-card" data-testid="my-credit-verdict" data-mine={credit.mine}>
        <h2 className="pl-card-title">
          {t(credit.mine ? 'verdict.mine' : 'verdict.other', { why: t(`because.${credit.reason}`) })}
        </h2>
        <p className="pl-fine">
          {credit.buyerName} · {credit.roomTitle} · {t('ordered', { time: format.dateTime(credit.placedAt) })}
        </p>
      </section>
      <section className="pl-card">
        <h2 className="pl-card-title">{t('considered')}</h2>
        <ol className="pl-credit-steps">
          {credit.considered
            .filter(({ why }) => why !== 'none')
            .map((step, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a frozen list
              <li key={index} data-won={step.won} data-mine={step.mine}>
                <b>
                  {common(`credit.rule.${step.reason}`)}
                  {step.reason !== 'store' && step.reason !== 'hq' && ` · ${t(step.mine ? 'you' : 'others')}`}
                </b>
                <span>{common(`credit.outcome.${step.why}`)}</span>
                {step.at !== null && <time dateTime={step.at}>{format.dateTime(step.at)}</time>}
              </li>
            ))}
        </ol>
        <p className="pl-fine">
          {t('rule', { hours: Math.round(credit.windowSeconds / HOUR_SECONDS), version: credit.ruleVersion })}
        </p>
      </section>
      <section className="pl-card">
        <h2 className="pl-card-title">{t('commission')}</h2>
        {credit.commission.length === 0 ? (
          <p className="pl-fine">{t('commission.none')}</p>
        ) : (
          credit.commission.map((entry, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: entries of one order never move
            <p key={index} className="pl-sum-line">
              <span>
                {common(`commission.event.${entry.event}`)} · {format.dateTime(entry.at)}
              </span>
              <span className="wl-number">{format.money(entry.amountFen, { sign: true })}</span>
            </p>
          ))
        )}
      </section>
      {credit.versions.length > 1 && (
        <section className="pl-card">
          <h2 className="pl-card-title">{t('history')}</h2>
          {credit.versions.map((version) => (
            <p key={version.version} className="pl-sum-line">
              <span>
                {t(version.version === 1 ? 'decided' : 'ruled')} · {format.dateTime(version.at)}
              </span>
              <span>{t(version.mine ? 'mine' : 'not-mine')}</span>
            </p>
          ))}
        </section>
      )}
      <Appeals credit={credit} />
    </div>
  );
};

const tones = { open: 'warn', upheld: 'neutral', changed: 'success' } as const;

const Appeals = ({ credit }: { credit: SharerCredit }): ReactNode => {
  const t = useCreditsT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api } = useServices();
  const queries = useQueryClient();
  const id = useId();
  const [text, setText] = useState<string | null>(null);
  const appeal = useMutation({
    mutationFn: (said: string) =>
      api.call(appealCredit, { params: { id: credit.orderId }, body: { text: said.trim() } }),
    onSuccess: () => {
      toast(t('appeal.sent'), { tone: 'success' });
      setText(null);
    },
    onError: (error) => toast(errorText(error), { tone: 'error' }),
    onSettled: () =>
      Promise.all(['my-credit', 'my-credits'].map((key) => queries.invalidateQueries({ queryKey: [key] }))),
  });
  if (credit.appeals.length === 0 && !credit.mayAppeal) return null;
  return (
    <section className="pl-card" data-testid="my-appeals">
      <h2 className="pl-card-title">{t('appeals')}</h2>
      {credit.appeals.length === 0 && text === null && (
        <p className="pl-fine">{t('appeals.none', { until: format.dateTime(credit.appealUntil) })}</p>
      )}
      {credit.appeals.map((one) => (
        <div key={one.id} className="pl-my-appeal">
          <p>
            <Badge tone={tones[one.state]}>{t(`appeal.${one.state}`)}</Badge> {one.text}
          </p>
          {one.answer !== null && <p className="pl-fine">{t('appeal.answer', { text: one.answer })}</p>}
        </div>
      ))}
      {credit.mayAppeal && text === null && (
        <Button variant="soft" block onClick={() => setText('')} data-testid="appeal-open">
          {t('appeal')}
        </Button>
      )}
      {text !== null && (
        <form
          className="pl-my-appeal"
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim() !== '' && !appeal.isPending) appeal.mutate(text);
          }}
        >
          <label htmlFor={id}>{t('appeal.label')}</label>
          <textarea
            id={id}
            rows={4}
            maxLength={MOST_CHARS}
            value={text}
            onChange={(event) => setText(event.target.value)}
            data-testid="appeal-text"
          />
          <Button
            type="submit"
            block
            loading={appeal.isPending}
            disabled={text.trim() === ''}
            data-testid="appeal-send"
          >
            {t('appeal.send')}
          </Button>
          <Button variant="ghost" block onClick={() => setText(null)}>
            {t('appeal.cancel')}
          </Button>
        </form>
      )}
    </section>
  );
};
