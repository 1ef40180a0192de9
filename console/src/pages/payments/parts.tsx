import type { PaymentRecord } from '@walnut-live/contracts';
import type { BadgeTone } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { usePaymentT } from './messages.ts';

export const stateTones: Record<PaymentRecord['state'], BadgeTone> = {
  pending: 'warn',
  captured: 'success',
  closed: 'neutral',
  failed: 'danger',
};

/** Who takes the money, and how. */
export const ProviderName = ({ payment }: { payment: PaymentRecord }): ReactNode => {
  const t = usePaymentT();
  if (!payment.started) return <span className="co-quiet">{t('notStarted')}</span>;
  return (
    <span className="co-stacked co-start">
      {t(`provider.${payment.provider}`)}
      {payment.way && <small>{t(`way.${payment.way}`)}</small>}
    </span>
  );
};
