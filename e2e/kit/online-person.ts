/** People without a browser: live-client itself in Node, against the real product. Cheap enough to have many of them. */
import { randomInt } from 'node:crypto';
import { type Api, createApi } from '../../live-client/src/http/index.ts';
import { joinRoom, type RoomSession } from '../../live-client/src/room/index.ts';
import { waitUntil } from '../../scripts/processes.ts';

const ONLINE_TIMEOUT_MS = 30_000;

/** `fetch` that keeps cookies as one browser does. */
function fetchWithCookies(): typeof fetch {
  const jar = new Map<string, string>();
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    if (jar.size > 0) headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
    const response = await fetch(input, { ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  };
}

/** A member of staff, signed in. */
export async function staffMember(origin: string, username: string, password: string): Promise<Api> {
  const api = createApi({ baseUrl: origin, audience: 'staff', fetch: fetchWithCookies() });
  await api.signInStaff({ username, password });
  return api;
}

const anyPhone = (): string => `139${String(randomInt(100_000_000)).padStart(8, '0')}`;

/** A consumer, signed in. The same phone is the same person. */
export async function consumer(origin: string, name: string, phone = anyPhone()): Promise<Api> {
  const api = createApi({ baseUrl: origin, audience: 'consumer', fetch: fetchWithCookies() });
  await api.signInSandbox({ phone, name });
  return api;
}

/** Enters a room and waits until the connection stands. Close it. */
export async function enterRoom(api: Api, roomId: string): Promise<RoomSession> {
  const session = joinRoom({ api, roomId });
  try {
    await waitUntil('the room is entered', ONLINE_TIMEOUT_MS, () => isOnline(session) && session.get().loaded);
  } catch (error) {
    session.close();
    throw error;
  }
  return session;
}

export const isOnline = (session: RoomSession): boolean => session.get().connection.state === 'online';
