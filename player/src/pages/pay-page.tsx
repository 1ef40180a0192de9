import { ErrorState } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useNavigate, useParams } from 'react-router';
import { Cashier } from '../cashier/cashier.tsx';
import { playerI18n } from '../i18n/messages.ts';
import '../purchase/panel.css';
import { Page } from './page.tsx';
import { SignInFirst } from './sign-in-first.tsx';
import { usePerson } from './use-person.ts';

const PayPage = (): ReactNode => {
  const t = playerI18n.useT();
  const { paymentId = '' } = useParams();
  const navigate = useNavigate();
  const person = usePerson();
  return (
    <Page title={t('cashier.title')} backTo="/orders">
      {person === null ? (
        <ErrorState error="network" onRetry={() => location.reload()} />
      ) : person && person.kind !== 'consumer' ? (
        <SignInFirst reason="orders" />
      ) : (
        person && (
          <div className="pl-pay-page">
            <Cashier
              paymentId={paymentId}
              onPaid={(orderId) => void navigate(orderId === null ? '/me' : `/orders/${orderId}`, { replace: true })}
              onLater={() => void navigate('/orders', { replace: true })}
            />
          </div>
        )
      )}
    </Page>
  );
};

export default PayPage;
