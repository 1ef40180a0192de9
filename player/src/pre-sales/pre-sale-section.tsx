import { useQuery } from '@tanstack/react-query';
import { preSalesOfRoom, type RoomPreSales } from '@walnut-live/contracts';
import { Button, Price, useFormat } from '@walnut-live/ui';
import { CalendarClock } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { usePurchase } from '../purchase/purchase-provider.tsx';
import { useRoom, useServerNow } from '../room/use-room.ts';
import { usePreSaleT } from './messages.ts';
import { PreSaleCheckout } from './pre-sale-checkout.tsx';
import { inAllFen } from './sums.ts';
import './pre-sales.css';

const REFRESH_MS = 20_000;

type Offered = RoomPreSales['items'][number];

/** In a product's sheet: what can be had by a deposit now and a balance later. Nothing when there is none. */
const PreSaleSection = ({ productId }: { productId: string }): ReactNode => {
  const t = usePreSaleT();
  const { api, requireConsumer } = useServices();
  const { dispatch } = usePurchase();
  const roomId = useRoom((state) => state.roomId);
  const now = useServerNow();
  const [chosen, setChosen] = useState<Offered | null>(null);
  const query = useQuery({
    queryKey: ['pre-sales', roomId],
    queryFn: ({ signal }) => api.call(preSalesOfRoom, { query: { roomId }, signal }),
    refetchInterval: REFRESH_MS,
  });
  if (chosen)
    return (
      <PreSaleCheckout
        roomId={roomId}
        terms={chosen}
        onBack={() => {
          setChosen(null);
          void query.refetch();
        }}
        onPlaced={({ orderId, paymentId }) =>
          dispatch(paymentId ? { type: 'cashier', orderId, paymentId } : { type: 'result', orderId })
        }
      />
    );
  const items =
    query.data?.items.filter(
      ({ product, depositUntil }) => product.id === productId && Date.parse(depositUntil) > now,
    ) ?? [];
  if (items.length === 0) return null;
  const choose = (terms: Offered): void => void requireConsumer('buy').then((may) => may && setChosen(terms));
  return (
    <section className="pl-presale" data-testid="pre-sale-section" aria-label={t('title')}>
      {items.map((terms) => (
        <Offer key={terms.id} terms={terms} now={now} onChoose={() => choose(terms)} />
      ))}
    </section>
  );
};

const Offer = ({ terms, now, onChoose }: { terms: Offered; now: number; onChoose: () => void }): ReactNode => {
  const t = usePreSaleT();
  const format = useFormat();
  const yuan = (fen: number): string => format.money(fen, { fen: 'trim' });
  const begun = Date.parse(terms.startsAt) <= now;
  const isGone = terms.left === 0;
  const inAll = inAllFen(terms);
  const swellFen = terms.worthFen - terms.depositFen;
  return (
    <article className="pl-presale-offer" data-testid="pre-sale-offer">
      <header>
        <span className="pl-presale-tag">
          <CalendarClock size={14} aria-hidden="true" /> {t('title')}
        </span>
        <b>{terms.sku.name}</b>
        <small className="pl-presale-count">
          {t('limit', { count: terms.perPerson })}
          {terms.left !== null && terms.left > 0 && ` · ${t('left', { count: terms.left })}`}
        </small>
      </header>
      <div className="pl-presale-money">
        <span>
          <small>{t('inAll')}</small>
          <Price fen={inAll} {...(terms.shelfPriceFen > inAll ? { struckFen: terms.shelfPriceFen } : {})} size="l" />
        </span>
        <Button variant="hot" disabled={!begun || isGone} onClick={onChoose} data-testid="pre-sale-choose">
          {isGone ? t('none') : begun ? t('pay', { amount: yuan(terms.depositFen) }) : t('soon')}
        </Button>
      </div>
      <p className="pl-presale-worth">
        {swellFen > 0
          ? t('worth', { deposit: yuan(terms.depositFen), worth: yuan(terms.worthFen) })
          : t('deposit', { deposit: yuan(terms.depositFen) })}
        {swellFen > 0 && t('saves', { amount: yuan(swellFen) })}
      </p>
      <dl className="pl-presale-times">
        <dt>{t('depositUntil')}</dt>
        <dd>
          {begun
            ? t('until', { time: format.dateTime(terms.depositUntil) })
            : t('from', { time: format.dateTime(terms.startsAt) })}
        </dd>
        <dt>{t('balance')}</dt>
        <dd>{t('window', { from: format.dateTime(terms.balanceFrom), until: format.dateTime(terms.balanceUntil) })}</dd>
        <dt>{t('ships')}</dt>
        <dd>{t('shipsBy', { time: format.dateTime(terms.shipsBy) })}</dd>
        <dt>{t('unpaid')}</dt>
        <dd>{t(terms.keepsDeposit ? 'unpaid.kept' : 'unpaid.returned')}</dd>
      </dl>
    </article>
  );
};

export default PreSaleSection;
