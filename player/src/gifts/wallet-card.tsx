import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { getWallet, type ReplyOf, withdrawAdultCheck } from '@walnut-live/contracts';
import {
  Button,
  ErrorState,
  Skeleton,
  useConfirm,
  useErrorText,
  useFormat,
  useLocale,
  useToast,
} from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useMe, useServices } from '../app/services.tsx';
import { CoinIcon } from './coin-icon.tsx';
import { useGiftT } from './messages.ts';

type Movement = ReplyOf<typeof getWallet>['items'][number];
const plain = ['coins_bought', 'coins_given_back', 'coins_not_given_back'] as const;
const ofGifts = ['gift_given', 'gift_taken_back'] as const;
const PAGE = 8;

/** My coins, what moved them, and the consent to the adult check, which can be withdrawn (rule Z6). */
export const WalletCard = (): ReactNode => {
  const t = useGiftT();
  const format = useFormat();
  const { api } = useServices();
  const me = useMe();
  const query = useInfiniteQuery({
    queryKey: ['wallet', me?.id, 'movements'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      api.call(getWallet, {
        query: { limit: PAGE, ...(pageParam === undefined ? {} : { cursor: pageParam }) },
        signal,
      }),
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    enabled: me?.kind === 'consumer',
  });
  if (me?.kind !== 'consumer') return null;
  if (query.isError && !query.data)
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />;
  const wallet = query.data?.pages[0];
  if (!wallet) return <Skeleton height={120} radius={18} />;
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section className="pl-card" data-testid="wallet">
      <h2 className="pl-card-title">{t('wallet.title')}</h2>
      <p className="pl-earned pl-earned-row">
        <CoinIcon size={26} />
        <b className="wl-number">{format.number(wallet.coins)}</b>
      </p>
      {items.length === 0 ? (
        <p className="pl-fine">{t('wallet.empty')}</p>
      ) : (
        <ul className="pl-entries">
          {items.map((movement) => (
            <li key={movement.id}>
              <span className="pl-entries-title">
                <Words movement={movement} />
              </span>
              <span className="pl-fine">
                {format.dateTime(movement.at)} · {t('wallet.balance', { count: format.number(movement.balanceCoins) })}
              </span>
              <span className="pl-entries-amount wl-number" data-negative={movement.coins < 0}>
                {movement.coins > 0 ? '+' : ''}
                {format.number(movement.coins)}
              </span>
            </li>
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <Button variant="soft" size="s" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t('wallet.more')}
        </Button>
      )}
      {wallet.adult.state !== 'none' && <Consent />}
    </section>
  );
};

const Words = ({ movement: { kind, gift } }: { movement: Movement }): ReactNode => {
  const t = useGiftT();
  const { locale } = useLocale();
  const simple = plain.find((known) => known === kind);
  const given = ofGifts.find((known) => known === kind);
  if (simple) return t(`move.${simple}`);
  if (given && gift)
    return t(`move.${given}`, { gift: locale === 'en' ? gift.nameEn : gift.name, count: gift.quantity });
  return t('move.other');
};

const Consent = (): ReactNode => {
  const t = useGiftT();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const queries = useQueryClient();
  const { api } = useServices();
  const [busy, setBusy] = useState(false);
  const withdraw = async (): Promise<void> => {
    const yes = await confirm({
      title: t('wallet.withdraw.title'),
      body: t('wallet.withdraw.body'),
      confirmText: t('wallet.withdraw'),
    });
    if (!yes) return;
    setBusy(true);
    try {
      await api.call(withdrawAdultCheck);
      toast(t('wallet.withdrawn'), { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
    await queries.invalidateQueries({ queryKey: ['wallet'] });
    setBusy(false);
  };
  return (
    <Button variant="ghost" size="s" loading={busy} onClick={() => void withdraw()} data-testid="withdraw-consent">
      {t('wallet.withdraw')}
    </Button>
  );
};
