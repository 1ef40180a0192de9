import type { Api } from '@walnut-live/live-client/http';
import { joinRoom, type RoomSession, type RoomState } from '@walnut-live/live-client/room';
import { useNow } from '@walnut-live/ui';
import { createContext, useContext, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { useServices } from '../app/services.tsx';

/** The room of the address, entered while the page is still being made; whoever shows it first takes it over. */
let early: { readonly api: Api; readonly session: RoomSession } | null = null;

export const enterEarly = (api: Api, path: string): RoomSession | null => {
  const [, roomId] = /^\/r\/([\w-]+)\/?$/.exec(path) ?? [];
  if (!roomId) return null;
  early = { api, session: joinRoom({ api, roomId }) };
  return early.session;
};
const waiting = (api: Api, roomId: string): RoomSession | null =>
  early?.api === api && early.session.roomId === roomId ? early.session : null;

/** Joins the room for as long as the component is mounted; null during the very first render, unless it was entered early. */
export const useRoomSession = (roomId: string): RoomSession | null => {
  const { api } = useServices();
  const [session, setSession] = useState(() => waiting(api, roomId));
  useEffect(() => {
    const joined = waiting(api, roomId) ?? joinRoom({ api, roomId });
    if (early && early.session !== joined) early.session.close();
    early = null;
    setSession(joined);
    return () => {
      joined.close();
      setSession(null);
    };
  }, [api, roomId]);
  return session;
};

const RoomContext = createContext<RoomSession | null>(null);
export const RoomProvider = RoomContext.Provider;

export const useRoomHandle = (): RoomSession => {
  const session = useContext(RoomContext);
  if (!session) throw new Error('RoomProvider is missing');
  return session;
};

/** A part of the room; the selector must give an existing part (no new objects), so that it compares by identity. */
export const useRoom = <Part>(selector: (state: RoomState) => Part): Part => {
  const session = useRoomHandle();
  return useSyncExternalStore(session.subscribe, () => selector(session.get()));
};

/** Server time − device time, measured anew whenever the connection changes. */
export const useServerOffset = (): number => {
  const session = useRoomHandle();
  const connection = useRoom((state) => state.connection.state);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new connection is a new measurement
  return useMemo(() => Math.round(session.serverNowMs() - Date.now()), [session, connection]);
};

/** Server time in epoch milliseconds, on a beat of `intervalMs`. */
export const useServerNow = (intervalMs = 1_000): number => useNow(intervalMs, useServerOffset());
