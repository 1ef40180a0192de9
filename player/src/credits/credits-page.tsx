import { useInfiniteQuery } from '@tanstack/react-query';
import { myCredits, type SharerCreditLine } from '@walnut-live/contracts';
import { Badge, Button, EmptyState, ErrorState, Skeleton, useFormat } from '@walnut-live/ui';
import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useServices } from '../app/services.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { Page } from '../pages/page.tsx';
import { SignInFirst } from '../pages/sign-in-first.tsx';
import { usePerson } from '../pages/use-person.ts';
import { useCreditsT } from './messages.ts';
import './credits.css';

const PAGE_SIZE = 20;

const Line = ({ line }: { line: SharerCreditLine }): ReactNode => {
  const t = useCreditsT();
  const common = playerI18n.useT();
  const format = useFormat();
  return (
    <Link
      to={`/credits/${line.orderId}`}
      className="pl-card pl-my-credit"
      data-testid="my-credit"
      data-mine={line.mine}
    >
      <span className="pl-my-credit-head">
        <b>{line.buyerName}</b>
        <Badge tone={line.mine ? 'success' : 'neutral'}>{t(line.mine ? 'mine' : 'not-mine')}</Badge>
        {line.appeal && <Badge tone="warn">{t(`appeal.${line.appeal}`)}</Badge>}
        <ChevronRight size={16} aria-hidden="true" />
      </span>
      <span className="pl-fine">{line.roomTitle}</span>
      <span className="pl-my-credit-foot">
        <span className="pl-fine">{t('ordered', { time: format.dateTime(line.placedAt) })}</span>
        {line.mine || line.amountFen !== 0 ? (
          <b className="wl-number">{format.money(line.amountFen)}</b>
        ) : (
          <span className="pl-fine">{common(`credit.outcome.${line.why}`)}</span>
        )}
      </span>
    </Link>
  );
};

const Lines = (): ReactNode => {
  const t = useCreditsT();
  const { api } = useServices();
  const person = usePerson();
  const query = useInfiniteQuery({
    queryKey: ['my-credits', person?.id],
    queryFn: ({ pageParam, signal }) =>
      api.call(myCredits, { query: { limit: PAGE_SIZE, ...(pageParam ? { cursor: pageParam } : {}) }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    enabled: Boolean(person) && person?.kind !== 'guest',
  });
  if (person?.kind === 'guest') return <SignInFirst reason="me" />;
  if (person === null) return <ErrorState error="network" onRetry={() => location.reload()} />;
  if (query.isError && !query.data)
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} retrying={query.isFetching} />;
  if (!query.data) return <Skeleton height={150} radius={18} />;
  const lines = query.data.pages.flatMap((page) => page.items);
  if (lines.length === 0) return <EmptyState illustration="people" title={t('empty')} hint={t('empty.hint')} />;
  return (
    <>
      <ol className="pl-my-credits">
        {lines.map((line) => (
          <li key={line.orderId}>
            <Line line={line} />
          </li>
        ))}
      </ol>
      {query.hasNextPage && (
        <Button variant="soft" block loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
    </>
  );
};

/** What my shares brought, order by order. */
const CreditsPage = (): ReactNode => {
  const t = useCreditsT();
  return (
    <Page title={t('title')} backTo="/me">
      <p className="pl-fine">{t('hint')}</p>
      <Lines />
    </Page>
  );
};
export default CreditsPage;
