import { Spinner, UiProvider } from '@walnut-live/ui';
import { lazy, type ReactNode, Suspense } from 'react';
import { BrowserRouter, Route, Routes } from 'react-router';
import { type Services, ServicesProvider } from './services.tsx';
import './app.css';

// The room is what people come for; everything else waits until it is asked for.
const RoomPage = lazy(() => import('../room/room-page.tsx'));
const ShelfPage = lazy(() => import('../pages/shelf-page.tsx'));
const OrdersPage = lazy(() => import('../pages/orders-page.tsx'));
const OrderPage = lazy(() => import('../pages/order-page.tsx'));
const PayPage = lazy(() => import('../pages/pay-page.tsx'));
const MePage = lazy(() => import('../pages/me-page.tsx'));
const NotFoundPage = lazy(() => import('../pages/not-found-page.tsx'));

const Waiting = (): ReactNode => (
  <div className="pl-waiting">
    <Spinner />
  </div>
);

export const App = ({ api, pending }: Pick<Services, 'api' | 'pending'>): ReactNode => (
  <UiProvider>
    <ServicesProvider api={api} pending={pending}>
      <BrowserRouter>
        <Suspense fallback={<Waiting />}>
          <Routes>
            <Route path="/" element={<ShelfPage />} />
            <Route path="/r/:roomId" element={<RoomPage />} />
            <Route path="/orders" element={<OrdersPage />} />
            <Route path="/orders/:orderId" element={<OrderPage />} />
            <Route path="/pay/:paymentId" element={<PayPage />} />
            <Route path="/me" element={<MePage />} />
            <Route path="*" element={<NotFoundPage />} />
          </Routes>
        </Suspense>
      </BrowserRouter>
    </ServicesProvider>
  </UiProvider>
);
