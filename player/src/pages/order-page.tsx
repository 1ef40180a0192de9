import { ErrorState } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useNavigate, useParams } from 'react-router';
import { playerI18n } from '../i18n/messages.ts';
import { OrderDetail } from '../orders/order-detail.tsx';
import { Page } from './page.tsx';
import { SignInFirst } from './sign-in-first.tsx';
import { usePerson } from './use-person.ts';

const OrderPage = (): ReactNode => {
  const t = playerI18n.useT();
  const { orderId = '' } = useParams();
  const navigate = useNavigate();
  const person = usePerson();
  return (
    <Page title={t('order.title')} backTo="/orders">
      {person === null ? (
        <ErrorState error="network" onRetry={() => location.reload()} />
      ) : person && person.kind !== 'consumer' ? (
        <SignInFirst reason="orders" />
      ) : (
        person && <OrderDetail orderId={orderId} onPay={({ paymentId }) => void navigate(`/pay/${paymentId}`)} />
      )}
    </Page>
  );
};

export default OrderPage;
