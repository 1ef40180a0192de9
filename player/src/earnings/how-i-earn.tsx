/** What I earn by now and why: rates that apply to me, where my month stands, what each tier gives (rules K5, K6). */
import { useQuery } from '@tanstack/react-query';
import { myCommissionTerms, type ReplyOf } from '@walnut-live/contracts';
import { Badge, Button, EmptyState, ErrorState, Skeleton, useFormat } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { useEarningsT } from './messages.ts';

type Terms = ReplyOf<typeof myCommissionTerms>;
type Rate = Pick<Terms['lines'][number], 'level' | 'product' | 'productRole' | 'unit' | 'bps' | 'fixedFen'>;
/** A brand may have a line for every product. */
const SHOWN = 6;

export const HowIEarn = ({ personId }: { personId: string }): ReactNode => {
  const t = useEarningsT();
  const { api } = useServices();
  const query = useQuery({
    queryKey: ['commission-terms', personId],
    queryFn: ({ signal }) => api.call(myCommissionTerms, { signal }),
  });
  const terms = query.data;
  if (!terms)
    return query.isError ? (
      <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />
    ) : (
      <Skeleton height={260} radius={18} />
    );
  const earnsNothing = terms.tiers.length === 0 && terms.lines.every((line) => !isPaid(line) && !line.announced);
  return (
    <section className="pl-card pl-how" data-testid="how-i-earn">
      <h2 className="pl-card-title">{t('how')}</h2>
      {earnsNothing ? (
        <EmptyState illustration="people" title={t('how.none')} hint={t('how.noneHint')} compact />
      ) : (
        <>
          <p className="pl-fine">{t('how.when', { role: t(`role.${terms.role}`), n: terms.freezeDays })}</p>
          <Rates lines={terms.lines} />
          {terms.tiers.length > 0 && <Month terms={terms} />}
        </>
      )}
    </section>
  );
};

const isPaid = ({ bps, fixedFen }: Pick<Rate, 'bps' | 'fixedFen'>): boolean => (fixedFen ?? bps) > 0;
const keyOf = ({ level, product, productRole, unit }: Rate): string =>
  [level, product?.id, productRole, unit?.id].join(' ');

/** How much: of what is paid, or for each piece. */
const useRateText = (): ((rate: Pick<Rate, 'bps' | 'fixedFen'>) => string) => {
  const t = useEarningsT();
  const format = useFormat();
  return ({ bps, fixedFen }) =>
    fixedFen === null ? `${bps / 100}%` : t('how.piece', { amount: format.money(fixedFen) });
};
/** For what: the more is said, the fewer it is for. */
const useScopeText = (): ((rate: Rate) => string) => {
  const t = useEarningsT();
  const player = playerI18n.useT();
  return ({ product, productRole, unit }) =>
    [product?.title, productRole && player(`product.role.${productRole}`), unit?.name].filter(Boolean).join(' · ') ||
    t('how.everything');
};

const Rates = ({ lines }: { lines: Terms['lines'] }): ReactNode => {
  const t = useEarningsT();
  const format = useFormat();
  const rateText = useRateText();
  const scopeText = useScopeText();
  const [all, setAll] = useState(false);
  return (
    <>
      {([1, 2] as const).map((level) => {
        const ofLevel = lines.filter((line) => line.level === level);
        if (ofLevel.length === 0) return null;
        return (
          <div key={level}>
            <h3 className="pl-how-title">{t(`how.level.${level}`)}</h3>
            <ul className="pl-how-rates">
              {(all ? ofLevel : ofLevel.slice(0, SHOWN)).map((line) => (
                <li key={keyOf(line)} data-testid="my-rate">
                  <span>{scopeText(line)}</span>
                  <b className="wl-number">{rateText(line)}</b>
                  {line.announced && (
                    <small className="pl-fine">
                      {t('how.announced', { date: format.date(line.announced.from), rate: rateText(line.announced) })}
                    </small>
                  )}
                </li>
              ))}
            </ul>
            {!all && ofLevel.length > SHOWN && (
              <Button variant="soft" onClick={() => setAll(true)}>
                {t('how.all', { n: ofLevel.length })}
              </Button>
            )}
          </div>
        );
      })}
    </>
  );
};

const Month = ({ terms: { month, tiers, tier } }: { terms: Terms }): ReactNode => {
  const t = useEarningsT();
  const format = useFormat();
  const rateText = useRateText();
  const scopeText = useScopeText();
  const { next } = month;
  return (
    <>
      <h3 className="pl-how-title">{t('how.month')}</h3>
      <div className="pl-how-month">
        <span className="pl-how-net wl-number">{format.money(month.netFen)}</span>
        <span className="pl-fine">{t('how.net')}</span>
        {next && (
          <progress
            value={month.netFen}
            max={next.minNetFen}
            aria-label={t('how.next', { missing: format.money(next.missingFen), n: next.tier })}
          />
        )}
        <p data-testid="next-tier">
          {next
            ? t('how.next', { missing: format.money(next.missingFen), n: next.tier })
            : t('how.top', { n: month.tier })}
        </p>
        {month.bonusFen > 0 && <p>{t('how.bonus', { amount: format.money(month.bonusFen) })}</p>}
        {month.heldFen > 0 && <p className="pl-fine">{t('how.held', { amount: format.money(month.heldFen) })}</p>}
        {tier > 0 && <p className="pl-fine">{t('how.lastMonth', { n: tier })}</p>}
      </div>
      <ol className="pl-how-tiers">
        {tiers.map((one) => (
          <li key={one.tier} data-testid="tier" aria-current={one.tier === month.tier ? 'step' : undefined}>
            <span>
              <b>{t('how.tier', { n: one.tier })}</b>
              {one.tier === month.tier && <Badge tone="success">{t('how.here')}</Badge>}
            </span>
            <span className="wl-number">{t('how.from', { amount: format.money(one.minNetFen, { fen: 'trim' }) })}</span>
            {one.bonusBps > 0 && <small>{t('how.tierBonus', { percent: `${one.bonusBps / 100}%` })}</small>}
            {one.lines.map((line) => (
              <small key={keyOf(line)}>{t('how.opens', { what: scopeText(line), rate: rateText(line) })}</small>
            ))}
          </li>
        ))}
      </ol>
      <p className="pl-fine">{t('how.netHint')}</p>
    </>
  );
};
