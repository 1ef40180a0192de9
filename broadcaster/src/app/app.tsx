import { type Me, may } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { AppErrorBoundary, Button, EmptyState, ErrorState, lazyWithRetry } from '@walnut-live/ui';
import { type ReactNode, Suspense, useCallback, useEffect, useState } from 'react';
import { Navigate, Route, Routes, useLocation, useParams } from 'react-router';
import { useT } from '../i18n/index.ts';
import { SignInPage } from '../sign-in/sign-in-page.tsx';
import { TodayPage } from '../today/today-page.tsx';
import { MeProvider, useMay, useServices } from './services.tsx';
import { Splash } from './splash.tsx';

const OrdersPage = lazyWithRetry(async () => ({ default: (await import('../orders/orders-page.tsx')).OrdersPage }));
const PreparePage = lazyWithRetry(async () => ({ default: (await import('../prepare/prepare-page.tsx')).PreparePage }));
const LivePage = lazyWithRetry(async () => ({ default: (await import('../live/live-page.tsx')).LivePage }));
const AssistPage = lazyWithRetry(async () => ({ default: (await import('../assist/assist-page.tsx')).AssistPage }));
const CohostPage = lazyWithRetry(async () => ({ default: (await import('../stage/cohost-page.tsx')).CohostPage }));

const PersonaPage = lazyWithRetry(async () => ({ default: (await import('../whom/persona-page.tsx')).PersonaPage }));

/** A link into somebody's live leads whoever may not go live to their place beside it. */
const ToAssist = (): ReactNode => <Navigate to={`/rooms/${useParams().id}/assist`} replace />;

const Pages = (): ReactNode => {
  const may = useMay();
  return (
    <Routes>
      <Route index element={<TodayPage />} />
      <Route path="rooms/:id/assist" element={<AssistPage />} />
      {may('orders:read') && <Route path="orders" element={<OrdersPage />} />}
      {may('rooms:write') ? (
        <>
          <Route path="persona" element={<PersonaPage />} />
          <Route path="go" element={<PreparePage />} />
          <Route path="rooms/:id/prepare" element={<PreparePage />} />
          <Route path="rooms/:id/live" element={<LivePage />} />
          <Route path="cohost/:seatId" element={<CohostPage />} />
        </>
      ) : (
        <Route path="rooms/:id/*" element={<ToAssist />} />
      )}
      <Route path="*" element={<Navigate to="/" replace />} />
    </Routes>
  );
};

type Gate = { state: 'checking' } | { state: 'out' } | { state: 'in'; me: Me } | { state: 'failed'; error: unknown };

/** Sign-in gate and routes. Being offline is not being signed out: that gets a retry instead of a form. */
export const App = (): ReactNode => {
  const { api } = useServices();
  const t = useT();
  const { pathname } = useLocation();
  const [gate, setGate] = useState<Gate>({ state: 'checking' });

  const check = useCallback((): void => {
    setGate({ state: 'checking' });
    api.ensureSession().then(
      (me) => setGate({ state: 'in', me }),
      (error: unknown) =>
        setGate(isApiError(error) && error.status === 401 ? { state: 'out' } : { state: 'failed', error }),
    );
  }, [api]);

  useEffect(() => {
    check();
    return api.subscribe((me) => setGate(me ? { state: 'in', me } : { state: 'out' }));
  }, [api, check]);

  if (gate.state === 'checking') return <Splash />;
  if (gate.state === 'failed')
    return (
      <main className="st-center">
        <ErrorState error={gate.error} onRetry={check} />
      </main>
    );
  if (gate.state === 'out') return <SignInPage />;
  if (!gate.me.staff || !may(gate.me.staff.role, 'rooms:operate'))
    return (
      <main className="st-center">
        <EmptyState
          illustration="people"
          title={t('app.notAllowed.title')}
          hint={t('app.notAllowed.hint')}
          action={<Button onClick={() => void api.signOut()}>{t('app.signOut')}</Button>}
        />
      </main>
    );
  return (
    <MeProvider value={gate.me}>
      <AppErrorBoundary resetKey={pathname}>
        <Suspense fallback={<Splash />}>
          <Pages />
        </Suspense>
      </AppErrorBoundary>
    </MeProvider>
  );
};
