import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { isApiError } from '@walnut-live/live-client/http';
import type { ReactNode } from 'react';

/**
 * One cache for all lazily loaded pages and panels, so that an order seen in the room is there on its page. It lives in
 * this module because the room must not pay for it before the first purchase.
 */
const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < 2 && isApiError(error) && (error.status === 0 || error.status >= 500),
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false },
  },
});

export const QueryHost = ({ children }: { children: ReactNode }): ReactNode => (
  <QueryClientProvider client={client}>{children}</QueryClientProvider>
);

/** Another person must not see what the one before had loaded. */
export const forgetQueries = (): void => client.clear();
