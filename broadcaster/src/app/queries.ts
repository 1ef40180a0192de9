import { infiniteQueryOptions, QueryClient, queryOptions } from '@tanstack/react-query';
import {
  getBag,
  getRoom,
  listModeration,
  listOrders,
  listProducts,
  listReports,
  listRooms,
  liveWall,
  type OrderState,
  type RoomState,
} from '@walnut-live/contracts';
import { type Api, isApiError } from '@walnut-live/live-client/http';

export const createQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        // What the server has decided does not change by asking again.
        retry: (count, error) => count < 2 && (!isApiError(error) || error.status === 0 || error.status >= 500),
      },
    },
  });

export const myRoomsQuery = (api: Api, state: RoomState) =>
  queryOptions({
    queryKey: ['rooms', 'mine', state],
    queryFn: ({ signal }) => api.call(listRooms, { query: { mine: 'true', state, limit: 20 }, signal }),
    refetchInterval: 20_000,
  });

export const roomQuery = (api: Api, id: string) =>
  queryOptions({
    queryKey: ['room', id],
    queryFn: ({ signal }) => api.call(getRoom, { params: { id }, signal }),
  });

export const bagQuery = (api: Api, id: string) =>
  queryOptions({
    queryKey: ['bag', id],
    queryFn: ({ signal }) => api.call(getBag, { params: { id }, signal }),
  });

export const productsQuery = (api: Api) =>
  queryOptions({
    queryKey: ['products'],
    queryFn: ({ signal }) => api.call(listProducts, { query: { status: 'on_sale', limit: 100 }, signal }),
    staleTime: 60_000,
  });

/** Orders and sales of my live rooms; polled, and asked again whenever somebody paid. */
export const wallQuery = (api: Api) =>
  queryOptions({
    queryKey: ['wall'],
    queryFn: ({ signal }) => api.call(liveWall, { signal }),
    refetchInterval: 15_000,
  });

export const moderationQuery = (api: Api, id: string) =>
  queryOptions({
    queryKey: ['moderation', id],
    queryFn: ({ signal }) => api.call(listModeration, { params: { id }, signal }),
  });

/** Reported messages of a room; polled, as viewers report at any time. */
export const reportsQuery = (api: Api, roomId: string) =>
  queryOptions({
    queryKey: ['reports', roomId],
    queryFn: ({ signal }) => api.call(listReports, { query: { roomId, limit: 50 }, signal }),
    refetchInterval: 10_000,
  });

export type OrdersFilter = { roomId?: string; state?: OrderState; search?: string };

export const ordersQuery = (api: Api, filter: OrdersFilter) =>
  infiniteQueryOptions({
    queryKey: ['orders', filter],
    queryFn: ({ signal, pageParam }) =>
      api.call(listOrders, { query: { limit: 20, ...filter, ...(pageParam ? { cursor: pageParam } : {}) }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
