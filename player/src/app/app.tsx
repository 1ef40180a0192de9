import { AppErrorBoundary, lazyWithRetry, Spinner, UiProvider } from '@walnut-live/ui';
import { type ReactNode, Suspense, useLayoutEffect, useRef } from 'react';
import { BrowserRouter, Route, Routes, useLocation, useNavigationType } from 'react-router';
import RoomPage from '../room/room-page.tsx';
import { type Services, ServicesProvider } from './services.tsx';
import './app.css';

// The room is what people come for, so it is in the first file; everything else waits until it is asked for.
const ReplayPage = lazyWithRetry(() => import('../replay/replay-page.tsx'));
const ShelfPage = lazyWithRetry(() => import('../pages/shelf-page.tsx'));
const OrdersPage = lazyWithRetry(() => import('../pages/orders-page.tsx'));
const OrderPage = lazyWithRetry(() => import('../pages/order-page.tsx'));
const PayPage = lazyWithRetry(() => import('../pages/pay-page.tsx'));
const MePage = lazyWithRetry(() => import('../pages/me-page.tsx'));
const CreditsPage = lazyWithRetry(() => import('../credits/credits-page.tsx'));
const CreditPage = lazyWithRetry(() => import('../credits/credit-page.tsx'));
const EarningsPage = lazyWithRetry(() => import('../earnings/earnings-page.tsx'));
const MyDataPage = lazyWithRetry(() => import('../my-data/my-data-page.tsx'));
const VerifyPage = lazyWithRetry(() => import('../interaction/verify-page.tsx'));
const PersonaPage = lazyWithRetry(() => import('../persona/persona-page.tsx'));
const InvitationPage = lazyWithRetry(() => import('../door/invitation-page.tsx'));
const GroupPage = lazyWithRetry(() => import('../group-buys/group-page.tsx'));
const ContentPage = lazyWithRetry(() => import('../sharing/content-page.tsx'));
const InvitePage = lazyWithRetry(() => import('../sharing/invite-page.tsx'));
const CartPage = lazyWithRetry(() => import('../delivery/cart-page.tsx'));
const NotFoundPage = lazyWithRetry(() => import('../pages/not-found-page.tsx'));

const Waiting = (): ReactNode => (
  <div className="pl-waiting">
    <Spinner />
  </div>
);

/** A page that a link opens begins at its top; on the way back the browser knows where one was. */
const useTop = (pathname: string): void => {
  const kind = useNavigationType();
  const before = useRef(pathname);
  useLayoutEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    if (kind !== 'POP') scrollTo(0, 0);
  }, [pathname, kind]);
};

/** Going elsewhere, or back, leaves a page that failed. */
const Pages = (): ReactNode => {
  const { pathname } = useLocation();
  useTop(pathname);
  return (
    <AppErrorBoundary resetKey={pathname}>
      <Suspense fallback={<Waiting />}>
        <Routes>
          <Route path="/" element={<ShelfPage />} />
          <Route path="/r/:roomId" element={<RoomPage />} />
          <Route path="/r/:roomId/replay" element={<ReplayPage />} />
          <Route path="/orders" element={<OrdersPage />} />
          <Route path="/orders/:orderId/*" element={<OrderPage />} />
          <Route path="/pay/:paymentId" element={<PayPage />} />
          <Route path="/cart" element={<CartPage />} />
          <Route path="/me" element={<MePage />} />
          <Route path="/credits" element={<CreditsPage />} />
          <Route path="/credits/:orderId" element={<CreditPage />} />
          <Route path="/me/earnings" element={<EarningsPage />} />
          <Route path="/me/data" element={<MyDataPage />} />
          <Route path="/verify/:drawId" element={<VerifyPage />} />
          <Route path="/guides/:guideId" element={<PersonaPage />} />
          <Route path="/invitation" element={<InvitationPage />} />
          <Route path="/g/:groupId" element={<GroupPage />} />
          <Route path="/c/:contentId" element={<ContentPage />} />
          <Route path="/invite" element={<InvitePage />} />
          <Route path="*" element={<NotFoundPage />} />
        </Routes>
      </Suspense>
    </AppErrorBoundary>
  );
};

export const App = ({ api, pending }: Pick<Services, 'api' | 'pending'>): ReactNode => (
  <UiProvider>
    <ServicesProvider api={api} pending={pending}>
      <BrowserRouter>
        <Pages />
      </BrowserRouter>
    </ServicesProvider>
  </UiProvider>
);
