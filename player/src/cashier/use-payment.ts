/** A payment as the server sees it, followed from one to the next when another way is chosen, here or on another device. */
import { useQuery } from '@tanstack/react-query';
import { getOrder, getPayment, listPaymentMethods, type ReplyOf } from '@walnut-live/contracts';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useServices } from '../app/services.tsx';

export type Slip = ReplyOf<typeof getPayment>;

/** While the payer's approval is on its way: how often the server is asked. */
const APPROVED_POLL_MS = 700;
/** While the payer is at the provider. */
const AWAY_POLL_MS = 2_000;
/** After the time to pay is over: whether the server sees it so too. */
const OVER_POLL_MS = 3_000;

export type Waiting = 'no' | 'approved' | 'away' | 'time over';
const pollMs: Record<Waiting, number | false> = {
  no: false,
  approved: APPROVED_POLL_MS,
  away: AWAY_POLL_MS,
  'time over': OVER_POLL_MS,
};

export const usePayment = (first: string, waiting: Waiting, onPaid: (orderId: string | null) => void) => {
  const { api } = useServices();
  const [paymentId, setPaymentId] = useState(first);
  const [hasMoved, setMoved] = useState(false);
  const told = useRef(false);
  const params = { paymentId };

  const slip = useQuery({
    queryKey: ['payment', paymentId],
    queryFn: ({ signal }) => api.call(getPayment, { params, signal }),
    refetchInterval: ({ state }) => (state.data?.state === 'pending' ? pollMs[waiting] : false),
    refetchOnWindowFocus: 'always',
  });
  const methods = useQuery({
    queryKey: ['payment-methods', paymentId],
    queryFn: ({ signal }) => api.call(listPaymentMethods, { params, signal }),
    staleTime: 60_000,
  });
  const data: Slip | undefined = slip.data;
  const isCaptured = data?.state === 'captured';

  const next = data?.followedBy ?? null;
  useEffect(() => {
    if (next === null) return;
    setPaymentId(next);
    setMoved(true);
  }, [next]);

  // Captured is the provider's word; paid is the order's, and what the result page shows.
  // The balance of a pre-sale is paid when its order is more than deposit_paid.
  const unpaid = data?.part === 'balance' ? 'deposit_paid' : 'pending_payment';
  const order = useQuery({
    queryKey: ['order', data?.orderId],
    queryFn: ({ signal }) => api.call(getOrder, { params: { id: data?.orderId ?? '' }, signal }),
    enabled: isCaptured && data.orderId !== null,
    refetchInterval: (query) => (query.state.data?.state === unpaid ? APPROVED_POLL_MS : false),
  });
  const paidOrderId =
    order.data && order.data.state !== unpaid && order.data.state !== 'pending_payment' ? order.data.id : null;
  // Coins are there in the same moment as the money.
  const boughtCoins = isCaptured && data.topUp !== null;
  useEffect(() => {
    if (!(paidOrderId || boughtCoins) || told.current) return;
    told.current = true;
    onPaid(paidOrderId);
  }, [paidOrderId, boughtCoins, onPaid]);

  /** A payment of ours took its place: nothing to tell about. */
  const follow = useCallback((id: string) => {
    setPaymentId(id);
    setMoved(false);
  }, []);
  return { paymentId, slip, data, methods, isCaptured, hasMoved, follow };
};
