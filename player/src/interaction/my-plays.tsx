import { useQuery, useQueryClient } from '@tanstack/react-query';
import { claimPrize, type MyPrize, myPrizes, myRewards } from '@walnut-live/contracts';
import {
  Badge,
  type BadgeTone,
  Button,
  ErrorState,
  Price,
  Sheet,
  Skeleton,
  safeLocalStorage,
  useErrorText,
  useFormat,
  useToast,
} from '@walnut-live/ui';
import { type FormEvent, type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { useServices } from '../app/services.tsx';
import { useLedHere } from '../pages/use-led-here.ts';
import { usePerson } from '../pages/use-person.ts';
import { AddressForm } from '../purchase/address-form.tsx';
import { checkAddress, loadAddress, saveAddress } from '../purchase/address-store.ts';
import { usePlayT } from './messages.ts';
import './plays.css';

const tone: Record<MyPrize['state'], BadgeTone> = {
  won: 'hot',
  claimed: 'success',
  shipped: 'success',
  lapsed: 'neutral',
};

const ClaimForm = ({ prize, onDone }: { prize: MyPrize; onDone: () => void }): ReactNode => {
  const t = usePlayT();
  const toast = useToast();
  const errorText = useErrorText();
  const { api } = useServices();
  const [draft, setDraft] = useState(() => loadAddress(safeLocalStorage()));
  const [wrong, setWrong] = useState<ReadonlySet<string>>(new Set());
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const check = checkAddress(draft);
    setWrong(check.ok ? new Set() : check.wrong);
    if (!check.ok) return;
    setBusy(true);
    try {
      await api.call(claimPrize, { params: { id: prize.id }, body: { address: check.address } });
      saveAddress(safeLocalStorage(), draft);
      toast(t('prizes.claimed'), { tone: 'success' });
      onDone();
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <AddressForm draft={draft} wrong={wrong} onChange={setDraft} />
      <Button type="submit" variant="hot" size="l" block loading={busy} data-testid="claim-submit">
        {t('prizes.submit')}
      </Button>
    </form>
  );
};

const PrizeLine = ({ prize, onChanged }: { prize: MyPrize; onChanged: () => void }): ReactNode => {
  const t = usePlayT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api } = useServices();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const isParcel = prize.prize.kind === 'parcel';
  const claimCoupon = async (): Promise<void> => {
    setBusy(true);
    try {
      await api.call(claimPrize, { params: { id: prize.id }, body: {} });
      onChanged();
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <li className="pl-prize" data-testid="prize" data-state={prize.state}>
      <div className="pl-prize-text">
        <b>{prize.prize.name}</b>
        <Badge tone={tone[prize.state]}>{t(`prizes.state.${prize.state}`)}</Badge>
      </div>
      <p className="pl-fine">{t('prizes.from', { room: prize.roomTitle, time: format.dateTime(prize.wonAt) })}</p>
      {prize.note !== '' && <p className="pl-prize-note">{prize.note}</p>}
      {prize.trackingNo !== null && <p className="pl-fine">{t('prizes.tracking', { no: prize.trackingNo })}</p>}
      {prize.state === 'claimed' && isParcel && <p className="pl-fine">{t('prizes.waits')}</p>}
      {prize.state === 'won' && (
        <>
          <p className="pl-fine">{t('draw.claimUntil', { time: format.dateTime(prize.claimUntil) })}</p>
          <Button
            variant="hot"
            loading={busy}
            onClick={() => (isParcel ? setOpen(true) : void claimCoupon())}
            data-testid="claim"
          >
            {t(isParcel ? 'prizes.parcel' : 'prizes.coupon')}
          </Button>
        </>
      )}
      <Sheet open={open} onClose={() => setOpen(false)} title={t('prizes.address')} height="tall">
        <ClaimForm
          prize={prize}
          onDone={() => {
            setOpen(false);
            onChanged();
          }}
        />
      </Sheet>
    </li>
  );
};

/** What this person won in draws; nothing on the page for whoever is not signed in. */
export const Prizes = (): ReactNode => {
  const t = usePlayT();
  const { api } = useServices();
  const person = usePerson();
  const queries = useQueryClient();
  const queryKey = ['my-prizes', person?.id];
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => api.call(myPrizes, { query: { limit: 20 }, signal }),
    enabled: person?.kind === 'consumer',
  });
  const section = useLedHere('prizes', query.data !== undefined);
  if (person?.kind !== 'consumer') return null;
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />;
  if (!query.data) return <Skeleton height={96} radius={18} />;
  const { items } = query.data;
  return (
    <section ref={section} className="pl-card" id="prizes" data-testid="prizes">
      <h2 className="pl-card-title">{t('prizes.title')}</h2>
      {items.length === 0 ? (
        <p className="pl-fine">{t('prizes.none')}</p>
      ) : (
        <ul className="pl-prizes">
          {items.map((prize) => (
            <PrizeLine key={prize.id} prize={prize} onChanged={() => void queries.invalidateQueries({ queryKey })} />
          ))}
        </ul>
      )}
    </section>
  );
};

/** The reward account: its balance and what came into it. */
export const Rewards = (): ReactNode => {
  const t = usePlayT();
  const format = useFormat();
  const { api } = useServices();
  const person = usePerson();
  const query = useQuery({
    queryKey: ['my-rewards', person?.id],
    queryFn: ({ signal }) => api.call(myRewards, { query: { limit: 20 }, signal }),
    enabled: person?.kind === 'consumer',
  });
  const section = useLedHere('rewards', query.data !== undefined);
  if (person?.kind !== 'consumer') return null;
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />;
  if (!query.data) return <Skeleton height={96} radius={18} />;
  const { balanceFen, items } = query.data;
  return (
    <section ref={section} className="pl-card" id="rewards" data-testid="rewards">
      <h2 className="pl-card-title">{t('rewards.title')}</h2>
      <p className="pl-earned">
        <Price fen={balanceFen} size="xl" tone="plain" />
        <span className="pl-fine">{t('rewards.hint')}</span>
      </p>
      {balanceFen > 0 && (
        <Link to="/me/earnings" className="wl-btn wl-btn-soft wl-btn-m" data-testid="rewards-withdraw">
          {t('rewards.withdraw')}
        </Link>
      )}
      {items.length === 0 ? (
        <p className="pl-fine">{t('rewards.none')}</p>
      ) : (
        <ul className="pl-entries">
          {items.map((item) => (
            <li key={item.id}>
              <span className="pl-entries-title">{item.title}</span>
              <span className="pl-fine">
                {item.roomTitle} · {format.dateTime(item.at)}
              </span>
              <span className="pl-entries-amount wl-number">{format.money(item.amountFen, { sign: true })}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
};
