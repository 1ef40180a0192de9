/** My level and my points: what I have, what ends when, what is missing, and what points are exchanged for. */
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import {
  exchangePoints,
  listPointsExchanges,
  type Membership,
  myMembership,
  myPoints,
  myPointsEntries,
  type PointsExchange,
} from '@walnut-live/contracts';
import { Button, ErrorState, Skeleton, useConfirm, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useMe, useServices } from '../app/services.tsx';
import { useMemberT } from './messages.ts';
import './members.css';

const PAGE = 6;
/** Points for one yuan, of a rate in basis points for one fen. */
const perYuan = (bps: number): number => bps / 100;

const Level = ({ membership }: { membership: Membership }): ReactNode => {
  const t = useMemberT();
  const format = useFormat();
  const { rules, level, next, spendFen } = membership;
  if (!rules) return null;
  const money = (fen: number): string => format.money(fen, { fen: 'trim' });
  const [from, to] = [level?.minSpendFen ?? 0, next?.minSpendFen ?? spendFen];
  const share = next ? Math.min(1, Math.max(0, (spendFen - from) / Math.max(1, to - from))) : 1;
  return (
    <div className="pl-member-level" data-rank={membership.rank} data-testid="level">
      <p className="pl-level-name">{level?.name ?? t('level.none')}</p>
      <p className="pl-level-rate">
        {t('level.rate', { rate: format.number(perYuan(level?.pointsBps ?? rules.basePointsBps)) })}
      </p>
      <div
        className="pl-level-bar"
        role="progressbar"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        aria-label={t('title')}
      >
        <span style={{ inlineSize: `${share * 100}%` }} />
      </div>
      <p className="pl-level-line">
        <span>{t('level.spend', { spend: money(spendFen) })}</span>
        <span>
          {next ? t('level.missing', { more: money(next.minSpendFen - spendFen), name: next.name }) : t('level.top')}
        </span>
      </p>
      <details className="pl-level-rules">
        <summary>{t('level.rules')}</summary>
        <p>{t('level.window', { days: rules.windowDays })}</p>
        <ul>
          {rules.levels.map((one) => (
            <li key={one.rank} data-mine={one.rank === membership.rank}>
              <b>{one.name}</b>
              <span>{t('level.from', { spend: money(one.minSpendFen) })}</span>
              <span>{t('level.rate', { rate: format.number(perYuan(one.pointsBps)) })}</span>
              {one.coupon && <span>{t('level.coupon', { coupon: one.coupon.title })}</span>}
            </li>
          ))}
        </ul>
      </details>
    </div>
  );
};

const Exchanges = ({ balance }: { balance: number }): ReactNode => {
  const t = useMemberT();
  const format = useFormat();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const client = useQueryClient();
  const { api, pending } = useServices();
  const [busy, setBusy] = useState<string | null>(null);
  const query = useQuery({
    queryKey: ['points', 'exchanges'],
    queryFn: ({ signal }) => api.call(listPointsExchanges, { signal }),
  });
  const take = async ({ id, title, points }: PointsExchange): Promise<void> => {
    const agreed = await confirm({
      title: t('exchange.ask', { points: format.number(points), title }),
      body: t('exchange.final'),
      confirmText: t('exchange.take'),
    });
    if (!agreed) return;
    setBusy(id);
    try {
      await pending.run(`points.exchange:${id}`, {}, (idempotencyKey) =>
        api.call(exchangePoints, { params: { id }, body: {}, idempotencyKey }),
      );
      toast(t('exchange.done'), { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
    setBusy(null);
    await Promise.all([['points'], ['my-coupons']].map((queryKey) => client.invalidateQueries({ queryKey })));
  };
  const items = query.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <>
      <h3 className="pl-points-title">{t('exchange')}</h3>
      <ul className="pl-exchanges">
        {items.map((one) => (
          <li key={one.id} data-testid="exchange">
            <span className="pl-exchange-text">
              <b>{one.title}</b>
              <small>
                {t(`exchange.${one.usage}`, {
                  min: format.money(one.minSpendFen, { fen: 'trim' }),
                  off: format.money(one.offFen, { fen: 'trim' }),
                })}
              </small>
              <small className="pl-exchange-price">{t('exchange.price', { points: format.number(one.points) })}</small>
            </span>
            {!one.takeable ? (
              <span className="pl-fine">{t(one.left > 0 ? 'exchange.had' : 'exchange.gone')}</span>
            ) : balance < one.points ? (
              <span className="pl-fine">{t('exchange.short', { points: format.number(one.points - balance) })}</span>
            ) : (
              <Button loading={busy === one.id} onClick={() => void take(one)} data-testid="exchange-take">
                {t('exchange.take')}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
};

const Entries = (): ReactNode => {
  const t = useMemberT();
  const format = useFormat();
  const { api } = useServices();
  const query = useInfiniteQuery({
    queryKey: ['points', 'entries'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      api.call(myPointsEntries, {
        query: { limit: PAGE, ...(pageParam === undefined ? {} : { cursor: pageParam }) },
        signal,
      }),
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });
  if (query.isError && !query.data)
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />;
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <h3 className="pl-points-title">{t('points.history')}</h3>
      {items.length === 0 ? (
        <p className="pl-fine">{t('points.none')}</p>
      ) : (
        <ul className="pl-entries">
          {items.map((entry) => (
            <li key={entry.id}>
              <span className="pl-entries-title">
                {t(`kind.${entry.kind}`)} · {entry.title}
              </span>
              <span className="pl-fine">{format.dateTime(entry.at)}</span>
              <span className="pl-entries-amount wl-number" data-negative={entry.points < 0}>
                {entry.points > 0 ? '+' : ''}
                {format.number(entry.points)}
              </span>
            </li>
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <Button variant="soft" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t('points.more')}
        </Button>
      )}
    </>
  );
};

export const MemberCard = (): ReactNode => {
  const t = useMemberT();
  const format = useFormat();
  const { api } = useServices();
  const me = useMe();
  const isConsumer = me?.kind === 'consumer';
  const membership = useQuery({
    queryKey: ['membership', me?.id],
    queryFn: ({ signal }) => api.call(myMembership, { signal }),
    enabled: isConsumer,
  });
  const points = useQuery({
    queryKey: ['points', 'mine', me?.id],
    queryFn: ({ signal }) => api.call(myPoints, { signal }),
    enabled: isConsumer,
  });
  if (!isConsumer) return null;
  const failed = membership.error ?? points.error;
  if (failed && !(membership.data && points.data)) {
    const again = (): void => void Promise.all([membership.refetch(), points.refetch()]);
    return <ErrorState error={failed} onRetry={again} compact />;
  }
  if (!membership.data || !points.data) return <Skeleton height={180} radius={18} />;
  const { rules } = membership.data;
  // Without rules there is no such thing as a member here.
  if (!rules) return null;
  const { balance, ending } = points.data;
  return (
    <section className="pl-card" data-testid="membership">
      <h2 className="pl-card-title">{t('title')}</h2>
      <Level membership={membership.data} />
      <p className="pl-points">
        <span>{t('points')}</span>
        <b className="wl-number" data-testid="points">
          {format.number(balance)}
        </b>
      </p>
      {balance < 0 && <p className="pl-fine">{t('points.owed')}</p>}
      {ending.slice(0, 2).map(({ points: sum, at }) => (
        <p key={at} className="pl-fine">
          {t('points.ending', { points: format.number(sum), date: format.date(at) })}
        </p>
      ))}
      <p className="pl-fine">{t('points.how', { days: rules.pointsValidDays })}</p>
      <Exchanges balance={balance} />
      <Entries />
    </section>
  );
};
