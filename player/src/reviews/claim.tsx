import { claimReviewPrize, type OrderReview } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Button, useErrorText, useFormat } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useNavigate } from 'react-router';
import { useServices } from '../app/services.tsx';
import { useWhere } from '../delivery/use-where.tsx';
import '../purchase/panel.css';
import { useReviewT } from './messages.ts';

const told = ['claimed', 'all_claimed', 'campaign_over', 'returned', 'case_open', 'no_postage'] as const;

/** Where the prize goes, and what sending it costs: all that is paid for it. */
export const ClaimPrize = ({
  orderId,
  prize,
}: {
  orderId: string;
  prize: NonNullable<OrderReview['prize']>;
}): ReactNode => {
  const t = useReviewT();
  const format = useFormat();
  const errorText = useErrorText();
  const navigate = useNavigate();
  const { api, pending } = useServices();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const where = useWhere({
    ...{ roomId: prize.roomId, lines: [{ skuId: prize.skuId, quantity: 1 }], goodsFen: 0 },
    ...{ parcelOnly: true, disabled: busy },
  });
  const claim = async (): Promise<void> => {
    const taken = busy ? null : where.take();
    if (!taken?.address) return;
    const { address, seenShippingFen } = taken;
    const body = {
      ...{ campaignId: prize.campaignId, address },
      ...(seenShippingFen === undefined ? {} : { seenShippingFen }),
    };
    setBusy(true);
    setFailure(null);
    try {
      const order = await pending.run(`prize:${orderId}`, body, (idempotencyKey) =>
        api.call(claimReviewPrize, { params: { id: orderId }, body, idempotencyKey }),
      );
      await navigate(order.payment ? `/pay/${order.payment.id}` : `/orders/${order.id}`);
    } catch (error) {
      if (where.refusal(error) !== null) where.askAgain();
      setFailure(error);
      setBusy(false);
    }
  };
  const reason =
    isApiError(failure, 'state_conflict') &&
    told.find((known) => known === (failure.facts as { reason?: string }).reason);
  return (
    <div className="rv-claim">
      {where.section}
      {failure !== null && (
        <p className="pl-problem" role="alert">
          {reason ? t(`refused.${reason}`) : (where.refusal(failure) ?? errorText(failure))}
        </p>
      )}
      <Button
        variant="hot"
        loading={busy}
        disabled={where.isRefused || where.isPending}
        onClick={() => void claim()}
        data-testid="prize-pay"
      >
        {typeof where.shippingFen === 'number'
          ? t('prize.pay', { fee: format.money(where.shippingFen) })
          : t('prize.claim')}
      </Button>
    </div>
  );
};
