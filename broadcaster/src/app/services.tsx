import { type Me, may, type Permission } from '@walnut-live/contracts';
import type { Api, PendingActions } from '@walnut-live/live-client/http';
import type { Store } from '@walnut-live/live-client/room';
import { createContext, type ReactNode, useContext, useSyncExternalStore } from 'react';
import type { Capture } from '../capture/capture.ts';

export type Services = { api: Api; capture: Capture; pending: PendingActions };

const ServicesContext = createContext<Services | null>(null);

export const ServicesProvider = ({ services, children }: { services: Services; children: ReactNode }): ReactNode => (
  <ServicesContext value={services}>{children}</ServicesContext>
);

export const useServices = (): Services => {
  const services = useContext(ServicesContext);
  if (!services) throw new Error('ServicesProvider is missing');
  return services;
};

const MeContext = createContext<Me | null>(null);
export const MeProvider = MeContext.Provider;

/** The signed-in member of staff; only below the sign-in gate. */
export const useMe = (): Me => {
  const me = useContext(MeContext);
  if (!me) throw new Error('nobody is signed in here');
  return me;
};

/** What the signed-in person's role allows; where is for the server to say. */
export const useMay = (): ((permission: Permission) => boolean) => {
  const { staff } = useMe();
  return (permission) => staff !== undefined && staff !== null && may(staff.role, permission);
};

/** Re-renders when the selected part changes; selectors must return parts of the state, not new objects. */
export const useSelect = <State, Part>(
  store: Pick<Store<State>, 'get' | 'subscribe'>,
  select: (state: State) => Part,
): Part => useSyncExternalStore(store.subscribe, () => select(store.get()));
