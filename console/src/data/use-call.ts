/** Calls of the api as cached queries: one key per route and arguments. */

import {
  type InfiniteData,
  keepPreviousData,
  QueryClient,
  type UseInfiniteQueryResult,
  type UseQueryResult,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import type { ReplyOf, Route } from '@walnut-live/contracts';
import { type CallRest, isApiError } from '@walnut-live/live-client/http';
import { useRef } from 'react';
import { useSession } from '../app/session.tsx';

const TRIES = 2;

export const createQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        // What the server has decided is not asked again; a lost answer is. What is being prepared has its own time.
        retry: (failures, error) =>
          failures < TRIES &&
          isApiError(error) &&
          error.facts.preparing !== true &&
          (error.status === 0 || error.status >= 500),
        refetchOnWindowFocus: true,
      },
    },
  });

type Options = { everyMs?: number; enabled?: boolean };

export const useCall = <const R extends Route>(
  route: R,
  args: CallRest<R>[0] | undefined,
  { everyMs, enabled = true }: Options = {},
): UseQueryResult<ReplyOf<R>> => {
  const { api } = useSession();
  return useQuery({
    queryKey: [route.id, args ?? null],
    queryFn: ({ signal }) => api.call(route, ...([{ ...args, signal }] as unknown as CallRest<R>)),
    enabled,
    placeholderData: keepPreviousData,
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
  }) as UseQueryResult<ReplyOf<R>>;
};

type Paged = { nextCursor: string | null };

/** A list that grows by its cursor. */
export const usePages = <const R extends Route>(
  route: R,
  args: CallRest<R>[0] | undefined,
  { everyMs, enabled = true }: Options = {},
): UseInfiniteQueryResult<InfiniteData<ReplyOf<R>>> => {
  const { api } = useSession();
  const query = (args as { query?: object } | undefined)?.query;
  return useInfiniteQuery({
    queryKey: [route.id, 'pages', args ?? null],
    initialPageParam: null as string | null,
    queryFn: ({ signal, pageParam }) =>
      api.call(
        route,
        ...([
          { ...args, query: { ...query, ...(pageParam === null ? {} : { cursor: pageParam }) }, signal },
        ] as unknown as CallRest<R>),
      ),
    getNextPageParam: (last) => (last as unknown as Paged).nextCursor,
    enabled,
    placeholderData: keepPreviousData,
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
  }) as UseInfiniteQueryResult<InfiniteData<ReplyOf<R>>>;
};

/** Forms with files in them say nothing as JSON; two of them are never taken for the same. */
const isPlain = (args: object): boolean =>
  Object.values(args).every((value) => !(value instanceof Blob) && !(value instanceof FormData));

/**
 * A change. `kind` names what is attempted, so that a repeated try after a lost answer carries the same idempotency key;
 * afterwards every list named in `touches` (route ids) is read again. The latest once more before its answer is there, as by a
 * double click, is the same change: it is sent once and both get its answer. After another one it is a change of its own again:
 * on, off and on are three.
 */
export const useAction = <const R extends Route>(route: R, touches: readonly string[]) => {
  const { api, pending } = useSession();
  const client = useQueryClient();
  const latest = useRef<{ name: string; sent: Promise<ReplyOf<R>> }>(undefined);
  type Args = { kind?: string } & Omit<NonNullable<CallRest<R>[0]>, 'idempotencyKey' | 'signal'>;
  const send = ({ kind, ...args }: Args): Promise<ReplyOf<R>> => {
    if (!route.idempotent) return api.call(route, ...([args] as unknown as CallRest<R>));
    return pending.run(`console.${route.id}.${kind ?? ''}`, args, (idempotencyKey) =>
      api.call(route, ...([{ ...args, idempotencyKey }] as unknown as CallRest<R>)),
    );
  };
  return useMutation<ReplyOf<R>, unknown, Args>({
    mutationFn: (args) => {
      const name = isPlain(args) ? JSON.stringify(args) : undefined;
      if (name !== undefined && latest.current?.name === name) return latest.current.sent;
      latest.current = undefined;
      const sent = send(args).finally(() => {
        if (latest.current?.sent === sent) latest.current = undefined;
      });
      if (name !== undefined) latest.current = { name, sent };
      return sent;
    },
    onSettled: () =>
      Promise.all(touches.map((id) => client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === id }))),
  });
};
