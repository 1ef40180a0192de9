import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type GiftView, getWallet, listGifts } from '@walnut-live/contracts';
import { Button, ErrorState, Sheet, Skeleton, useFormat, useLocale, useToast } from '@walnut-live/ui';
import { ChevronRight } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { QueryHost } from '../app/query-host.tsx';
import { useMe, useServices } from '../app/services.tsx';
import { Cashier } from '../cashier/cashier.tsx';
import '../purchase/panel.css';
import { AdultForm } from './adult-form.tsx';
import { CoinIcon } from './coin-icon.tsx';
import { CoinShop } from './coin-shop.tsx';
import { useGifts, useGiving } from './giving-provider.tsx';
import { useGiftT } from './messages.ts';
import { UndoBar } from './undo-bar.tsx';
import './sheet.css';

type Step = 'grid' | 'adult' | 'coins' | { paymentId: string };
const QUANTITIES = [1, 10, 66] as const;

const useWallet = () => {
  const { api } = useServices();
  const me = useMe();
  return useQuery({
    queryKey: ['wallet', me?.id],
    queryFn: ({ signal }) => api.call(getWallet, { query: { limit: 1 }, signal }),
    enabled: me?.kind === 'consumer',
  });
};

const GiftSheet = (): ReactNode => {
  const t = useGiftT();
  const { open, setOpen, need, setNeed } = useGifts();
  const [step, setStep] = useState<Step>('grid');
  const queries = useQueryClient();
  const toast = useToast();
  const { requireConsumer } = useServices();
  const wallet = useWallet();
  const state = wallet.data?.adult.state;

  useEffect(() => {
    if (need === null) return;
    if (need === 'prices') void queries.invalidateQueries({ queryKey: ['gifts'] });
    else setStep(need);
    setNeed(null);
  }, [need, setNeed, queries]);

  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: ['wallet'] });
  const close = (): void => setOpen(false);
  /** Coins are bought by adults: who has not shown it yet is asked first and comes back here. */
  const shown = step === 'coins' && state !== undefined && state !== 'adult' ? 'adult' : step;
  const title =
    shown === 'grid'
      ? 'title'
      : shown === 'adult'
        ? 'adult.title'
        : shown === 'coins'
          ? 'coins.title'
          : 'cashier.title';

  return (
    <Sheet
      open={open}
      onClose={shown === 'grid' ? close : () => setStep('grid')}
      title={t(title)}
      theme={shown === 'grid' ? 'dark' : 'light'}
      wide="side"
      className="pl-gift-sheet"
    >
      {shown === 'grid' ? (
        <Grid
          wallet={wallet.data}
          onTopUp={() => void requireConsumer('gift').then((may) => may && setStep('coins'))}
        />
      ) : wallet.isError && !wallet.data ? (
        <ErrorState error={wallet.error} onRetry={() => void wallet.refetch()} compact />
      ) : shown === 'adult' ? (
        <AdultForm
          minor={state === 'minor'}
          onDone={() => {
            void refresh();
            setStep((wallet.data?.coins ?? 0) > 0 ? 'grid' : 'coins');
          }}
        />
      ) : shown === 'coins' ? (
        wallet.data ? (
          <CoinShop wallet={wallet.data} onCashier={(paymentId) => setStep({ paymentId })} />
        ) : (
          <Skeleton lines={4} height={32} />
        )
      ) : (
        <div className="pl-pay-page">
          <Cashier
            paymentId={shown.paymentId}
            onPaid={() => {
              toast(t('coins.done'), { tone: 'success' });
              void refresh();
              setStep('grid');
            }}
            onLater={() => {
              toast(t('cashier.later'));
              setStep('grid');
            }}
          />
        </div>
      )}
    </Sheet>
  );
};

const Grid = ({
  wallet,
  onTopUp,
}: {
  wallet: ReturnType<typeof useWallet>['data'];
  onTopUp: () => void;
}): ReactNode => {
  const t = useGiftT();
  const format = useFormat();
  const { locale } = useLocale();
  const { api, requireConsumer } = useServices();
  const { giving, setNeed } = useGifts();
  const queries = useQueryClient();
  const sending = useGiving((state) => state.sending);
  const told = useGiving((state) => state.coins);
  const given = useGiving((state) => state.cooling.length);
  const gifts = useQuery({ queryKey: ['gifts'], queryFn: ({ signal }) => api.call(listGifts, { signal }) });
  const [chosenId, setChosenId] = useState<string | null>(null);
  const [quantity, setQuantity] = useState<number>(1);

  // What was given or taken back changes what is left of the caps.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs for each gift that came or went
  useEffect(() => {
    void queries.invalidateQueries({ queryKey: ['wallet'] });
  }, [given, told, queries]);

  if (gifts.isError && !gifts.data)
    return <ErrorState error={gifts.error} onRetry={() => void gifts.refetch()} retrying={gifts.isFetching} compact />;
  const items = gifts.data?.items;
  const chosen = items?.find(({ id }) => id === chosenId) ?? items?.[0];
  const nameOf = (gift: GiftView): string => (locale === 'en' ? gift.nameEn : gift.name);

  const send = async (): Promise<void> => {
    if (!chosen || !(await requireConsumer('gift'))) return;
    if (wallet && wallet.adult.state !== 'adult') return setNeed('adult');
    giving.give({ gift: chosen, quantity });
  };
  const half = wallet && wallet.usage.day.usedCoins * 2 >= wallet.usage.day.capCoins;

  return (
    <div className="pl-gift-body">
      <div className="pl-gift-grid" role="radiogroup" aria-label={t('title')}>
        {items?.map((gift) => (
          // biome-ignore lint/a11y/useSemanticElements: a card is the radio
          <button
            key={gift.id}
            type="button"
            role="radio"
            aria-checked={gift.id === chosen?.id}
            className="pl-gift-card"
            data-testid="gift-card"
            onClick={() => setChosenId(gift.id)}
          >
            <img src={gift.pictureUrl} alt="" width="64" height="64" />
            <span className="pl-gift-name">{nameOf(gift)}</span>
            <span className="pl-gift-price wl-number">
              <CoinIcon size={13} />
              {format.number(gift.priceCoins)}
            </span>
          </button>
        )) ?? Array.from({ length: 8 }, (_, i) => <Skeleton key={String(i)} height={112} radius={16} />)}
      </div>
      <div className="pl-gift-line">
        <button type="button" className="pl-gift-balance" onClick={onTopUp} data-testid="gift-top-up">
          <CoinIcon size={18} />
          <b className="wl-number" data-testid="gift-balance">
            {wallet ? format.number(wallet.coins) : '—'}
          </b>
          <span>{t('topUp')}</span>
          <ChevronRight size={14} aria-hidden="true" />
        </button>
        {wallet && (
          <p className="pl-gift-usage" data-half={half} data-testid="gift-usage">
            {t('today', {
              used: format.number(wallet.usage.day.usedCoins),
              cap: format.number(wallet.usage.day.capCoins),
            })}
          </p>
        )}
      </div>
      <UndoBar />
      <div className="pl-gift-foot">
        <div className="pl-gift-quantities" role="radiogroup" aria-label={t('quantity')}>
          {QUANTITIES.map((count) => (
            // biome-ignore lint/a11y/useSemanticElements: a segment is the radio
            <button
              key={count}
              type="button"
              role="radio"
              aria-checked={count === quantity}
              onClick={() => setQuantity(count)}
            >
              {count}
            </button>
          ))}
        </div>
        <Button variant="hot" size="l" disabled={!chosen} data-testid="gift-send" onClick={() => void send()}>
          {t(sending || given > 0 ? 'combo' : 'send')}
        </Button>
      </div>
      {wallet && <p className="pl-gift-rule">{t('rule', { seconds: wallet.coolingSeconds })}</p>}
    </div>
  );
};

const HostedGiftSheet = (): ReactNode => (
  <QueryHost>
    <GiftSheet />
  </QueryHost>
);
export default HostedGiftSheet;
