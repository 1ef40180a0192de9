import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type Cart, type CartGroup, type CartLine, getCart, putCartLine } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import {
  Badge,
  Button,
  EmptyState,
  ErrorState,
  Price,
  QuantityStepper,
  Skeleton,
  useErrorText,
  useFormat,
  useToast,
} from '@walnut-live/ui';
import { type ReactNode, useEffect, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { useServices } from '../app/services.tsx';
import { Page } from '../pages/page.tsx';
import '../orders/orders.css';
import '../purchase/panel.css';
import { checkoutOnce, unresolvedCheckout } from './checkout-once.ts';
import { useDeliveryT } from './messages.ts';
import { useWhere } from './use-where.tsx';
import './delivery.css';

const REFRESH_MS = 15_000;
const KEY = ['cart'];

/** What was put aside over all rooms; each room's lines are ordered on their own. */
const Groups = (): ReactNode => {
  const t = useDeliveryT();
  const { api, pending } = useServices();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const [paying, setPaying] = useState<string | null>(null);
  const query = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => api.call(getCart, { signal }),
    refetchInterval: REFRESH_MS,
  });
  const groups = query.data?.groups ?? [];
  const group = groups.find(({ roomId }) => roomId === paying);
  // The answer was lost and the lines are gone: they were ordered, and asking once more tells which order it is.
  const lost = paying === null || group || !query.data ? null : unresolvedCheckout(pending, paying);
  const findLost = useMutation({
    mutationFn: async () => lost && checkoutOnce({ api, pending }, lost.payload),
    onSuccess: (order) => order && void navigate(order.payment ? `/pay/${order.payment.id}` : `/orders/${order.id}`),
    onSettled: () => cache.invalidateQueries({ queryKey: KEY }),
  });
  const { mutate: find } = findLost;
  const isLost = lost !== null;
  useEffect(() => {
    if (isLost) find();
  }, [isLost, find]);
  return (
    <>
      {isLost && findLost.isError && <ErrorState error={findLost.error} onRetry={() => find()} />}
      {query.isError && !query.data && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Skeleton height={160} radius={18} />}
      {query.data && groups.length === 0 && (
        <EmptyState illustration="bag" title={t('cart.empty')} hint={t('cart.emptyHint')} />
      )}
      {group ? (
        <CartCheckout group={group} onBack={() => setPaying(null)} />
      ) : (
        <>
          {groups.map((each) => (
            <Group key={each.roomId} group={each} onCheckout={() => setPaying(each.roomId)} />
          ))}
          {groups.length > 1 && <p className="pl-fine">{t('cart.perRoom')}</p>}
        </>
      )}
    </>
  );
};

const CartPage = (): ReactNode => {
  const t = useDeliveryT();
  return (
    <Page title={t('cart.title')} backTo="/">
      <Groups />
    </Page>
  );
};

/** What is left out of an order; the rest of a room is in it. Kept while the page is open. */
const leftOut = new Set<string>();
const keyOf = (roomId: string, line: CartLine): string => `${roomId} ${line.skuId}`;
const chosenOf = ({ roomId, lines }: CartGroup): CartLine[] =>
  lines.filter((line) => line.problem === null && !leftOut.has(keyOf(roomId, line)));

const Group = ({ group, onCheckout }: { group: CartGroup; onCheckout: () => void }): ReactNode => {
  const t = useDeliveryT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api, requireConsumer } = useServices();
  const cache = useQueryClient();
  const [, redraw] = useState(0);
  const chosen = chosenOf(group);
  const set = async (line: CartLine, quantity: number): Promise<void> => {
    try {
      const cart: Cart = await api.call(putCartLine, {
        body: { roomId: group.roomId, skuId: line.skuId, quantity, seenPriceFen: line.seenPriceFen },
      });
      cache.setQueryData(KEY, cart);
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
  };
  return (
    <section className="pl-card" data-testid="cart-group">
      <div className="pl-delivery-row">
        <b>
          {group.store.name} {group.live && <Badge tone="hot">{t('cart.live')}</Badge>}
        </b>
        <Link to={group.live ? `/r/${group.roomId}` : `/r/${group.roomId}/replay`}>{t('cart.room')}</Link>
      </div>
      {group.lines.map((line) => {
        const key = keyOf(group.roomId, line);
        return (
          <div
            key={line.skuId}
            className="pl-cart-line"
            data-testid="cart-line"
            data-problem={line.problem ?? undefined}
          >
            <input
              type="checkbox"
              aria-label={t('cart.choose', { name: line.title })}
              checked={line.problem === null && !leftOut.has(key)}
              disabled={line.problem !== null}
              onChange={(event) => {
                if (event.target.checked) leftOut.delete(key);
                else leftOut.add(key);
                redraw((before) => before + 1);
              }}
            />
            <img src={line.pictureUrl} alt="" width={76} height={76} loading="lazy" />
            <div className="pl-item-text">
              <p className="pl-item-title">{line.title}</p>
              <p className="pl-item-sku">
                {line.skuName} {line.offer && <Badge tone="hot">{t('cart.livePrice')}</Badge>}
              </p>
              <p className="pl-item-money">
                <Price fen={line.unitPriceFen} size="s" />
                {line.seenPriceFen !== line.unitPriceFen && (
                  <small className="pl-fine">{t('cart.was', { price: format.money(line.seenPriceFen) })}</small>
                )}
              </p>
              {line.problem && (
                <p className="pl-problem" data-testid="cart-problem">
                  {line.problem === 'too_many'
                    ? t('cart.problem.too_many', { most: line.most })
                    : t(`cart.problem.${line.problem}`)}
                </p>
              )}
              <div className="pl-delivery-row">
                <QuantityStepper
                  value={line.quantity}
                  max={Math.max(line.most, 1)}
                  disabled={line.most === 0}
                  onChange={(next) => void set(line, next)}
                />
                <Button variant="ghost" size="s" onClick={() => void set(line, 0)} data-testid="cart-remove">
                  {t('cart.remove')}
                </Button>
              </div>
            </div>
          </div>
        );
      })}
      <div className="pl-cart-foot">
        <Price fen={chosen.reduce((sum, line) => sum + line.unitPriceFen * line.quantity, 0)} />
        <Button
          variant="hot"
          disabled={chosen.length === 0}
          onClick={() => void requireConsumer('buy').then((may) => may && onCheckout())}
          data-testid="cart-checkout"
        >
          {t('cart.checkout', { n: chosen.reduce((sum, { quantity }) => sum + quantity, 0) })}
        </Button>
      </div>
    </section>
  );
};

const CartCheckout = ({ group, onBack }: { group: CartGroup; onBack: () => void }): ReactNode => {
  const t = useDeliveryT();
  const format = useFormat();
  const errorText = useErrorText();
  const navigate = useNavigate();
  const { api, pending } = useServices();
  const cache = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const lines = chosenOf(group);
  const goodsFen = lines.reduce((sum, line) => sum + line.unitPriceFen * line.quantity, 0);
  const where = useWhere({
    roomId: group.roomId,
    lines: lines.map(({ skuId, quantity }) => ({ skuId, quantity })),
    goodsFen,
    disabled: busy,
  });
  const submit = async (): Promise<void> => {
    const taken = where.take();
    if (busy || where.isPending || !taken) return;
    setBusy(true);
    setFailure(null);
    const body = {
      roomId: group.roomId,
      lines: lines.map(({ skuId, quantity, unitPriceFen, offer }) => ({
        ...{ skuId, quantity, seenPriceFen: unitPriceFen },
        ...(offer ? { offerId: offer.id, offerVersion: offer.version } : {}),
      })),
      ...taken,
    };
    try {
      const order = await checkoutOnce({ api, pending }, body);
      await cache.invalidateQueries({ queryKey: KEY });
      void navigate(order.payment ? `/pay/${order.payment.id}` : `/orders/${order.id}`);
    } catch (error) {
      setFailure(error);
      setBusy(false);
      where.askAgain();
      await cache.invalidateQueries({ queryKey: KEY });
    }
  };
  if (lines.length === 0) {
    return (
      <EmptyState
        illustration="bag"
        title={t('checkout.changed')}
        action={<Button onClick={onBack}>{t('cart.title')}</Button>}
      />
    );
  }
  const { shippingFen } = where;
  const stale = ['price_changed', 'out_of_stock', 'offer_not_open', 'offer_sold_out', 'limit_exceeded'] as const;
  return (
    <div className="pl-order" data-testid="cart-order">
      {where.section}
      <section className="pl-card">
        <p className="pl-card-store">{group.store.name}</p>
        {lines.map((line) => (
          <div key={line.skuId} className="pl-item">
            <img src={line.pictureUrl} alt="" width={56} height={56} />
            <div className="pl-item-text">
              <p className="pl-item-title">{line.title}</p>
              <p className="pl-item-money">
                <Price fen={line.unitPriceFen} tone="plain" size="s" />
                <span className="wl-number">×{line.quantity}</span>
              </p>
            </div>
          </div>
        ))}
      </section>
      <section className="pl-card pl-sum">
        <p>
          <span>{t('checkout.items')}</span>
          <span className="wl-number">{format.money(goodsFen)}</span>
        </p>
        <p>
          <span>
            {t('checkout.shipping')} {where.freeHint && <small>{where.freeHint}</small>}
          </span>
          <span className="wl-number" data-testid="cart-shipping">
            {typeof shippingFen !== 'number'
              ? t('checkout.later')
              : shippingFen === 0
                ? t('checkout.free')
                : format.money(shippingFen)}
          </span>
        </p>
        <p className="pl-sum-total">
          <span>{t('checkout.total')}</span>
          <span className="wl-number">{format.money(goodsFen + (shippingFen ?? 0))}</span>
        </p>
      </section>
      {failure !== null && (
        <p className="pl-problem" role="alert">
          {where.refusal(failure) ??
            (stale.some((code) => isApiError(failure, code)) ? t('checkout.changed') : errorText(failure))}
        </p>
      )}
      <div className="pl-order-actions">
        <Button variant="ghost" onClick={onBack}>
          {t('cart.title')}
        </Button>
        <Button
          variant="hot"
          loading={busy}
          disabled={where.isRefused || where.isPending}
          onClick={() => void submit()}
          data-testid="cart-place"
        >
          {t('checkout.submit')}
        </Button>
      </div>
    </div>
  );
};

export default CartPage;
