/** Who is signed in and what they may do. The gate shows the pages only to staff; losing the session brings the sign-in back. */
import type { Me, Permission } from '@walnut-live/contracts';
import { type Api, isApiError, type PendingActions } from '@walnut-live/live-client/http';
import { ErrorState, Spinner } from '@walnut-live/ui';
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from 'react';
import { SignInPage } from '../pages/sign-in/sign-in-page.tsx';

export type Staff = NonNullable<Me['staff']>;
export type Session = {
  api: Api;
  pending: PendingActions;
  me: Me;
  staff: Staff;
  may: (permission: Permission) => boolean;
};
const SessionContext = createContext<Session | null>(null);

export const SessionGate = ({
  api,
  pending,
  children,
}: {
  api: Api;
  pending: PendingActions;
  children: ReactNode;
}): ReactNode => {
  const me = useSyncExternalStore(api.subscribe, api.me);
  const [restored, setRestored] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);

  const restore = useCallback((): void => {
    setFailure(null);
    api.ensureSession().then(
      () => setRestored(true),
      (error: unknown) => {
        if (isApiError(error) && error.status === 401) setRestored(true);
        else setFailure(error);
      },
    );
  }, [api]);
  useEffect(restore, [restore]);

  const session = useMemo<Session | null>(() => {
    if (!me?.staff) return null;
    const { staff } = me;
    return { api, pending, me, staff, may: (permission) => staff.permissions.includes(permission) };
  }, [api, pending, me]);

  if (session) return <SessionContext value={session}>{children}</SessionContext>;
  if (failure !== null) {
    return (
      <main className="co-gate">
        <ErrorState error={failure} onRetry={restore} />
      </main>
    );
  }
  if (!restored) {
    return (
      <main className="co-gate" aria-busy="true">
        <Spinner />
      </main>
    );
  }
  return <SignInPage api={api} />;
};

export const useSession = (): Session => {
  const session = useContext(SessionContext);
  if (!session) throw new Error('SessionGate is missing above useSession');
  return session;
};
