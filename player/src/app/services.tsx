import type { Me } from '@walnut-live/contracts';
import type { Api, PendingActions } from '@walnut-live/live-client/http';
import { AppErrorBoundary, lazyWithRetry } from '@walnut-live/ui';
import {
  createContext,
  type ReactNode,
  Suspense,
  useCallback,
  useContext,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';

/** Why a person is asked to sign in; the sheet says so. */
export type SignInReason = 'chat' | 'buy' | 'play' | 'gift' | 'orders' | 'me';

export type Services = {
  api: Api;
  /** Idempotency keys of actions under way; they survive a reload. */
  pending: PendingActions;
  /** Resolves with true once a consumer is signed in, with false when the person would rather not. */
  requireConsumer: (reason: SignInReason) => Promise<boolean>;
};

const ServicesContext = createContext<Services | null>(null);
// Asked for in the middle of something, so the page is not reloaded for it.
const SignInSheet = lazyWithRetry(() => import('./sign-in-sheet.tsx'), { mayReload: false });

/** Gives the app its services, and hosts the sign-in sheet so that any place can ask for it and then go on. */
export const ServicesProvider = ({
  api,
  pending,
  children,
}: Pick<Services, 'api' | 'pending'> & { children: ReactNode }): ReactNode => {
  const [reason, setReason] = useState<SignInReason | null>(null);
  const answer = useRef<((signedIn: boolean) => void) | null>(null);

  const settle = useCallback((signedIn: boolean): void => {
    const resolve = answer.current;
    answer.current = null;
    setReason(null);
    resolve?.(signedIn);
  }, []);

  const requireConsumer = useCallback(
    async (why: SignInReason): Promise<boolean> => {
      const me = api.me() ?? (await api.ensureSession().catch(() => null));
      if (me?.kind === 'consumer') return true;
      answer.current?.(false);
      setReason(why);
      return new Promise((resolve) => {
        answer.current = resolve;
      });
    },
    [api],
  );

  const services = useMemo(() => ({ api, pending, requireConsumer }), [api, pending, requireConsumer]);
  return (
    <ServicesContext value={services}>
      {children}
      {reason && (
        <AppErrorBoundary compact className="pl-failed" onClose={() => settle(false)}>
          <Suspense fallback={null}>
            <SignInSheet reason={reason} onDone={settle} />
          </Suspense>
        </AppErrorBoundary>
      )}
    </ServicesContext>
  );
};

export const useServices = (): Services => {
  const services = useContext(ServicesContext);
  if (!services) throw new Error('ServicesProvider is missing');
  return services;
};

/** Who is using this page; null until the first session is known. */
export const useMe = (): Me | null => {
  const { api } = useServices();
  return useSyncExternalStore(api.subscribe, api.me, () => null);
};
