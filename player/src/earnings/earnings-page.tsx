import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { type MyPayout, myEarnings, myPayouts, type ReplyOf, settleSandboxPayout } from '@walnut-live/contracts';
import {
  Badge,
  type BadgeTone,
  Button,
  EmptyState,
  ErrorState,
  Skeleton,
  useErrorText,
  useFormat,
  useToast,
} from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { acceptByBridge } from '../cashier/wechat-bridge.ts';
import { playerI18n } from '../i18n/messages.ts';
import { Page } from '../pages/page.tsx';
import { usePerson } from '../pages/use-person.ts';
import { HowIEarn } from './how-i-earn.tsx';
import { useEarningsT } from './messages.ts';
import { type Mine, type Offer, PAYOUTS_KEY, WithdrawSheet } from './withdraw-sheet.tsx';
import './earnings.css';

const PAGE = 20;
/** A transfer that waits is looked at again: its receiver may have accepted it elsewhere. */
const REFRESH_MS = 5_000;
const SLOW_REFRESH_MS = 60_000;
/** In the order in which earnings go through them. */
const steps = ['estimated', 'frozen', 'settleable', 'claimed', 'paid', 'held', 'reversed'] as const;
const tones: Record<MyPayout['state'], BadgeTone> = {
  ...{
    created: 'neutral',
    moving: 'neutral',
    waiting: 'warn',
    succeeded: 'success',
    failed: 'danger',
    cancelled: 'neutral',
  },
};

/** By state with what each means, what can be withdrawn, transfers to me, and every entry with its order. */
const EarningsPage = (): ReactNode => {
  const t = useEarningsT();
  const playerT = playerI18n.useT();
  const { requireConsumer } = useServices();
  const person = usePerson();
  return (
    <Page title={t('title')} backTo="/me">
      <div className="pl-earnings">
        {!person ? (
          <Skeleton height={220} radius={18} />
        ) : person.kind === 'guest' ? (
          <EmptyState
            illustration="people"
            title={t('signIn')}
            action={<Button onClick={() => void requireConsumer('me')}>{playerT('signIn.submit')}</Button>}
          />
        ) : (
          <OfMine personId={person.id} />
        )}
      </div>
    </Page>
  );
};
export default EarningsPage;

const OfMine = ({ personId }: { personId: string }): ReactNode => {
  const { api } = useServices();
  const payouts = useInfiniteQuery({
    queryKey: [PAYOUTS_KEY, personId],
    initialPageParam: null as string | null,
    queryFn: ({ signal, pageParam }) =>
      api.call(myPayouts, { query: { limit: PAGE, ...(pageParam === null ? {} : { cursor: pageParam }) }, signal }),
    getNextPageParam: (last) => last.nextCursor,
    refetchInterval: ({ state }) =>
      state.data?.pages[0]?.items.some(({ endedAt }) => endedAt === null) ? REFRESH_MS : SLOW_REFRESH_MS,
  });
  const earnings = useInfiniteQuery({
    queryKey: ['my-earnings', personId, 'all'],
    initialPageParam: null as string | null,
    queryFn: ({ signal, pageParam }) =>
      api.call(myEarnings, { query: { limit: PAGE, ...(pageParam === null ? {} : { cursor: pageParam }) }, signal }),
    getNextPageParam: (last) => last.nextCursor,
  });
  const mine = payouts.data?.pages[0];
  const first = earnings.data?.pages[0];
  return (
    <>
      {payouts.isError && !mine && <ErrorState error={payouts.error} onRetry={() => void payouts.refetch()} compact />}
      {mine ? <Withdrawable mine={mine} /> : payouts.isPending && <Skeleton height={130} radius={18} />}
      <HowIEarn personId={personId} />
      {earnings.isError && !first && (
        <ErrorState error={earnings.error} onRetry={() => void earnings.refetch()} compact />
      )}
      {first ? <Steps byState={first.byState} /> : earnings.isPending && <Skeleton height={260} radius={18} />}
      {mine && (
        <Bills
          items={payouts.data?.pages.flatMap(({ items }) => items) ?? []}
          more={payouts.hasNextPage ? () => void payouts.fetchNextPage() : undefined}
        />
      )}
      {first && (
        <Entries
          items={earnings.data?.pages.flatMap(({ items }) => items) ?? []}
          more={earnings.hasNextPage ? () => void earnings.fetchNextPage() : undefined}
        />
      )}
    </>
  );
};

const Withdrawable = ({ mine }: { mine: Mine }): ReactNode => {
  const t = useEarningsT();
  const format = useFormat();
  const [source, setSource] = useState<Offer['source'] | null>(null);
  const chosen = mine.withdrawable.find((offer) => offer.source === source);
  // An account is what lets anybody withdraw; a name can be given on the way.
  const isOpen = (offer: Offer): boolean => offer.hindrance === null || offer.hindrance === 'real_name_needed';
  return (
    <>
      {mine.withdrawable
        .filter((offer) => offer.source === 'commission' || offer.balanceFen > 0)
        .map((offer) => (
          <section key={offer.source} className="pl-purse" data-testid={`withdraw-${offer.source}`}>
            <span>{t(`source.${offer.source}`)}</span>
            <div className="pl-purse-head">
              <span>
                <span className="pl-purse-sum wl-number">{format.money(Math.max(0, offer.balanceFen))}</span>
                <small>
                  {offer.hindrance && !isOpen(offer) ? t(`hindrance.${offer.hindrance}`) : t('withdrawable')}
                </small>
              </span>
              <Button
                variant="soft"
                disabled={!isOpen(offer)}
                onClick={() => setSource(offer.source)}
                data-testid="withdraw-open"
              >
                {t('withdraw')}
              </Button>
            </div>
          </section>
        ))}
      {mine.withdrawable.some(({ balanceFen }) => balanceFen < 0) && (
        <p className="pl-debt" data-testid="debt">
          {t('debt')}
        </p>
      )}
      {chosen && <WithdrawSheet mine={mine} offer={chosen} onClose={() => setSource(null)} />}
    </>
  );
};

type Earned = ReplyOf<typeof myEarnings>;
const Steps = ({ byState }: { byState: Earned['byState'] }): ReactNode => {
  const t = useEarningsT();
  const format = useFormat();
  const sums = new Map(byState.map(({ state, amountFen }) => [state, amountFen]));
  return (
    <section className="pl-card">
      <h2 className="pl-card-title">{t('states')}</h2>
      <ul className="pl-steps">
        {steps
          .filter((state) => !['held', 'reversed'].includes(state) || sums.has(state))
          .map((state) => (
            <li key={state} data-testid={`earned-${state}`}>
              <b>{t(`state.${state}`)}</b>
              <span className="pl-fine">{t(`state.${state}.what`)}</span>
              <span className="wl-number">{format.money(sums.get(state) ?? 0)}</span>
            </li>
          ))}
      </ul>
    </section>
  );
};

const More = ({ more }: { more: (() => void) | undefined }): ReactNode => {
  const t = useEarningsT();
  return (
    more && (
      <Button variant="soft" onClick={more}>
        {t('more')}
      </Button>
    )
  );
};

const Bills = ({ items, more }: { items: readonly MyPayout[]; more: (() => void) | undefined }): ReactNode => {
  const t = useEarningsT();
  const format = useFormat();
  return (
    <section className="pl-card" data-testid="my-bills">
      <h2 className="pl-card-title">{t('bills')}</h2>
      {items.length === 0 ? (
        <p className="pl-fine">{t('bills.none')}</p>
      ) : (
        <ul className="pl-bills">
          {items.map((bill) => (
            <li key={bill.id} data-testid="my-bill" data-state={bill.state}>
              <span>
                <span className="pl-entries-title">
                  {t(`bill.${bill.kind}`)} · {t(`source.${bill.source}`)}
                </span>
                <br />
                <span className="pl-fine">
                  {format.dateTime(bill.endedAt ?? bill.createdAt)}
                  {bill.withheldFen > 0 && ` · ${t('bill.tax', { amount: format.money(bill.withheldFen) })}`}
                </span>
              </span>
              <span className="pl-bills-sum">
                <span className="wl-number">{format.money(bill.netFen)}</span>
                <br />
                <Badge tone={tones[bill.state]}>{t(`bill.${bill.state}`)}</Badge>
              </span>
              {bill.acceptance && <Accept id={bill.id} acceptance={bill.acceptance} />}
            </li>
          ))}
        </ul>
      )}
      <More more={more} />
    </section>
  );
};

/** The receiver says yes: in WeChat by its own sheet, in the sandbox by this button. */
const Accept = ({ id, acceptance }: { id: string; acceptance: NonNullable<MyPayout['acceptance']> }): ReactNode => {
  const t = useEarningsT();
  const toast = useToast();
  const errorText = useErrorText();
  const { api } = useServices();
  const cache = useQueryClient();
  const accept = useMutation({
    mutationFn: async () => {
      if (acceptance.provider === 'sandbox') {
        await api.call(settleSandboxPayout, { params: { id }, body: { outcome: 'succeeded' } });
        return 'done' as const;
      }
      const { mchId, appId } = acceptance;
      return acceptByBridge({ mchId, appId, package: acceptance.package });
    },
    onSuccess: (answer) => {
      if (answer === 'absent') toast(t('accept.absent'), { tone: 'error' });
      else if (answer === 'done') toast(t('accepted'), { tone: 'success' });
    },
    onError: (error) => toast(errorText(error), { tone: 'error' }),
    onSettled: () =>
      Promise.all([PAYOUTS_KEY, 'my-earnings'].map((key) => cache.invalidateQueries({ queryKey: [key] }))),
  });
  return (
    <Button
      className="pl-bills-accept"
      loading={accept.isPending}
      onClick={() => accept.mutate()}
      data-testid="bill-accept"
    >
      {t('accept')}
    </Button>
  );
};

const Entries = ({ items, more }: { items: Earned['items']; more: (() => void) | undefined }): ReactNode => {
  const t = useEarningsT();
  const format = useFormat();
  return (
    <section className="pl-card" data-testid="my-entries">
      <h2 className="pl-card-title">{t('entries')}</h2>
      {items.length === 0 ? (
        <p className="pl-fine">{t('entries.none')}</p>
      ) : (
        <ul className="pl-entries">
          {items.map((entry) => (
            <li key={entry.id}>
              <span className="pl-entries-title">{entry.itemTitle}</span>
              <span className="pl-fine">
                {format.dateTime(entry.at)} · {t(`event.${entry.event}`)} · {t(`state.${entry.state}`)}
                <br />
                {t('order', { no: entry.orderNo })}
              </span>
              <span className="pl-entries-amount wl-number" data-negative={entry.amountFen < 0}>
                {format.money(entry.amountFen, { sign: true })}
              </span>
            </li>
          ))}
        </ul>
      )}
      <More more={more} />
    </section>
  );
};
