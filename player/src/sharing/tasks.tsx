/** Prizes for bringing new people, and the ranking. Inside WeChat nothing is given for sharing (rule Z5): the page says so. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { claimTaskPrize, getInviteRanking, type MyInviteTask, myInviteTasks } from '@walnut-live/contracts';
import { Button, EmptyState, ErrorState, Skeleton, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { usePerson } from '../pages/use-person.ts';
import { useSharingT } from './messages.ts';
import './sharing.css';

type Tier = MyInviteTask['tiers'][number];

const TierRow = ({ tier, invited, closed }: { tier: Tier; invited: number; closed: boolean }): ReactNode => {
  const t = useSharingT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api, requireConsumer } = useServices();
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const [claimed, setClaimed] = useState(false);
  const claim = useMutation({
    mutationFn: () => api.call(claimTaskPrize, { params: { id: tier.id }, body: {}, idempotencyKey }),
    onSuccess: () => {
      setClaimed(true);
      toast(t('tasks.got'), { tone: 'success' });
    },
    onError: (error) => toast(errorText(error), { tone: 'error' }),
  });
  const state = claimed ? 'granted' : tier.state;
  return (
    <div className="pl-task-tier" data-testid="task-tier" data-state={state}>
      <span>
        <b>{tier.prize.title}</b>
        <small className="pl-fine">
          {t('tasks.need', { count: tier.threshold })} · {t('tasks.left', { count: format.count(tier.left) })}
        </small>
        <span className="pl-progress" aria-hidden="true">
          <i style={{ width: `${Math.min(100, Math.floor((invited * 100) / tier.threshold))}%` }} />
        </span>
      </span>
      <Button
        variant={state === 'ready' ? 'hot' : 'soft'}
        disabled={state !== 'ready' || closed}
        loading={claim.isPending}
        onClick={() => void requireConsumer('me').then((known) => known && claim.mutate())}
      >
        {state === 'ready'
          ? t('tasks.claim')
          : state === 'locked'
            ? t('tasks.locked', { count: tier.threshold - invited })
            : t(`tasks.${state}`)}
      </Button>
    </div>
  );
};

export const Tasks = (): ReactNode => {
  const t = useSharingT();
  const format = useFormat();
  const { api } = useServices();
  const person = usePerson();
  const query = useQuery({
    queryKey: ['invite-tasks', person?.id],
    queryFn: ({ signal }) => api.call(myInviteTasks, { signal }),
    enabled: Boolean(person),
  });
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />;
  if (!query.data) return <Skeleton height={160} radius={18} />;
  const closed = query.data.channel === 'closed_in_wechat';
  return (
    <section className="pl-card" data-testid="tasks">
      <h2 className="pl-card-title">{t('tasks.title')}</h2>
      {closed && <p className="pl-warn">{t('tasks.wechat')}</p>}
      {query.data.items.length === 0 && <EmptyState illustration="people" title={t('tasks.none')} compact />}
      {query.data.items.map((task) => (
        <div key={task.id}>
          <p className="pl-sum-line">
            <b>{task.title}</b>
            <span className="pl-fine">{t('tasks.until', { date: format.dateTime(task.endsAt) })}</span>
          </p>
          <p className="pl-fine">{t('tasks.invited', { count: format.count(task.invited) })}</p>
          {task.tiers.map((tier) => (
            <TierRow key={tier.id} tier={tier} invited={task.invited} closed={closed} />
          ))}
        </div>
      ))}
      {query.data.items.length > 0 && <p className="pl-fine">{t('tasks.rule')}</p>}
    </section>
  );
};

export const Ranking = (): ReactNode => {
  const t = useSharingT();
  const format = useFormat();
  const { api } = useServices();
  const person = usePerson();
  const [by, setBy] = useState<'customers' | 'sales'>('customers');
  const [period, setPeriod] = useState<'week' | 'month'>('month');
  const query = useQuery({
    queryKey: ['invite-ranking', person?.id, by, period],
    queryFn: ({ signal }) => api.call(getInviteRanking, { query: { by, period }, signal }),
    enabled: Boolean(person),
  });
  const segments = <Value extends string>(
    choices: readonly Value[],
    now: Value,
    set: (next: Value) => void,
    text: (value: Value) => string,
  ) => (
    <div className="pl-segments" role="radiogroup" aria-label={t('rank.title')}>
      {choices.map((choice) => (
        // biome-ignore lint/a11y/useSemanticElements: a segment is the radio
        <button key={choice} type="button" role="radio" aria-checked={choice === now} onClick={() => set(choice)}>
          {text(choice)}
        </button>
      ))}
    </div>
  );
  const figure = (row: { customers: number; netFen: number }) =>
    by === 'sales' ? format.money(row.netFen) : t('rank.people', { count: format.count(row.customers) });
  return (
    <section className="pl-card" data-testid="ranking">
      <h2 className="pl-card-title">
        {t('rank.title')} {query.data && <small className="pl-fine">{query.data.orgUnit.name}</small>}
      </h2>
      {segments(['customers', 'sales'] as const, by, setBy, (value) => t(`rank.${value}`))}
      {segments(['week', 'month'] as const, period, setPeriod, (value) => t(`rank.${value}`))}
      {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />}
      {!query.data && !query.isError && <Skeleton height={120} radius={14} />}
      {query.data && query.data.items.length === 0 && (
        <EmptyState illustration="people" title={t('rank.none')} compact />
      )}
      <ol className="pl-rank">
        {query.data?.items.map((row, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: names are masked and repeat; places have an order
          <li key={at} data-mine={row.mine}>
            <b className="wl-number">{row.place}</b>
            <span>{row.name}</span>
            <span className="wl-number" style={{ flex: 'none' }}>
              {figure(row)}
            </span>
          </li>
        ))}
      </ol>
      {query.data?.mine && (
        <p className="pl-sum-line">
          <span>{t('rank.mine')}</span>
          <span>
            {t('rank.place', { place: query.data.mine.place })} · {figure(query.data.mine)}
          </span>
        </p>
      )}
      <p className="pl-fine">{t('rank.rule')}</p>
    </section>
  );
};
