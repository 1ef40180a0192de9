import { ErrorState, lazyWithRetry } from '@walnut-live/ui';
import { type ReactNode, Suspense } from 'react';
import { useNavigate, useParams } from 'react-router';
import { playerI18n } from '../i18n/messages.ts';
import { OrderDetail } from '../orders/order-detail.tsx';
import { Page } from './page.tsx';
import { SignInFirst } from './sign-in-first.tsx';
import { usePerson } from './use-person.ts';

const AfterSaleEntry = lazyWithRetry(() => import('../after-sale/entry.tsx'), { mayReload: false });
const ReviewEntry = lazyWithRetry(() => import('../reviews/entry.tsx'), { mayReload: false });
const AfterSalePage = lazyWithRetry(() => import('../after-sale/after-sale-page.tsx'));

const OrderPage = (): ReactNode => {
  const t = playerI18n.useT();
  const { orderId = '', '*': rest = '' } = useParams();
  const navigate = useNavigate();
  const person = usePerson();
  const [what, caseId] = rest.split('/');
  if (what === 'after-sale' && person?.kind === 'consumer') return <AfterSalePage orderId={orderId} caseId={caseId} />;
  return (
    <Page title={t('order.title')} backTo="/orders">
      {person === null ? (
        <ErrorState error="network" onRetry={() => location.reload()} />
      ) : person && person.kind !== 'consumer' ? (
        <SignInFirst reason="orders" />
      ) : (
        person && (
          <>
            <OrderDetail orderId={orderId} onPay={({ paymentId }) => void navigate(`/pay/${paymentId}`)} />
            <Suspense fallback={null}>
              <ReviewEntry orderId={orderId} />
              <AfterSaleEntry orderId={orderId} />
            </Suspense>
          </>
        )
      )}
    </Page>
  );
};

export default OrderPage;
