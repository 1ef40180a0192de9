/**
 * The page's first two questions, who this is and into which room, asked before the rest of the script has been read: on a phone
 * that takes longer than the answers. What is asked here is what the api client would ask; it finds the answers by `headStartFetch`.
 * Imports nothing. Whatever goes wrong here is asked again by the client, which knows what to do about it.
 */

interface Answer {
  readonly body: Record<string, unknown>;
  /** By `performance.now()`. */
  readonly receivedMs: number;
}
interface Asked {
  readonly answer: Promise<Answer>;
  /** The token that it was asked with. */
  readonly token: Promise<string | null>;
}

const GUEST = '/api/v1/auth/guest';
const [, roomId] = /^\/r\/([\w-]+)\/?$/.exec(location.pathname) ?? [];
const asked = new Map<string, Asked>();

async function ask(path: string, token: string | null): Promise<Answer> {
  const response = await fetch(path, {
    method: 'POST',
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      'x-walnut-client': 'web',
      ...(token !== null && { authorization: `Bearer ${token}` }),
    },
    credentials: 'include',
    cache: 'no-store',
    body: '{}',
  });
  if (!response.ok) throw new Error(String(response.status));
  const body = (await response.json()) as Answer['body'];
  return { body, receivedMs: performance.now() };
}

/** As the client does: one tab at a time, since refresh tokens rotate. */
const alone = <T>(task: () => Promise<T>): Promise<T> =>
  navigator.locks ? (navigator.locks.request('walnut-live.session.consumer', task) as Promise<T>) : task();

function begin(room: string): void {
  const path = `/api/v1/rooms/${room}/join`;
  const guest = alone(() => ask(GUEST, null));
  const token = guest.then(({ body }) => String(body.accessToken));
  const joined = token.then((it) => ask(path, it));
  asked.set(GUEST, { answer: guest, token: Promise.resolve(null) });
  asked.set(path, { answer: joined, token });
  // The room's cover is what is seen first.
  joined.then(
    ({ body }) => {
      new Image().src = (body.room as { coverUrl: string }).coverUrl;
    },
    () => undefined,
  );
}
if (roomId) begin(roomId);

/** What the server's clock says in an answer is moved by as long as it lay here. */
function reply({ body, receivedMs }: Answer): Response {
  const { serverTime } = body;
  const now =
    typeof serverTime === 'string'
      ? { serverTime: new Date(Date.parse(serverTime) + performance.now() - receivedMs).toISOString() }
      : {};
  return new Response(JSON.stringify({ ...body, ...now }), { headers: { 'content-type': 'application/json' } });
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')), { once: true });
  });

/** `fetch` that gives each answer of the head start once, to whoever asks for the same as the same person. */
export const headStartFetch: typeof fetch = async (input, init) => {
  const path = String(input);
  const found = init?.method === 'POST' ? asked.get(path) : undefined;
  if (!found) return fetch(input, init);
  asked.delete(path);
  const { signal } = init ?? {};
  try {
    const [answer, token] = await Promise.race([
      Promise.all([found.answer, found.token]),
      ...(signal ? [aborted(signal)] : []),
    ]);
    const authorization = new Headers(init?.headers).get('authorization');
    if (authorization === (token === null ? null : `Bearer ${token}`)) return reply(answer);
  } catch {
    signal?.throwIfAborted();
  }
  return fetch(input, init);
};
