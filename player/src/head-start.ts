/**
 * The page's first two questions, who this is and into which room, asked before the rest of the script has been read: on a phone
 * that takes longer than the answers. What is asked here is what the api client would ask; it finds the answers, refusals too, by
 * `headStartFetch`. Imports nothing. What had no answer is asked again by the client, which knows what to do about it.
 */

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  /** By `performance.now()`. */
  readonly sentMs: number;
  readonly receivedMs: number;
}
interface Asked {
  readonly answer: Promise<Answer>;
  /** With what it was asked: a bearer header, or null. */
  readonly authorization: Promise<string | null>;
}

const GUEST = '/api/v1/auth/guest';
/** As long as the client would wait: meanwhile nobody else in this browser can ask who they are. */
const TIMEOUT_MS = 15_000;
/** Tokens in an answer end after two minutes; a page that was asleep asks anew. */
const KEEP_MS = 60_000;
/** What the client reads of a refusal. */
const HEADERS = ['content-type', 'retry-after', 'x-request-id'];
const [, roomId] = /^\/r\/([\w-]+)\/?$/.exec(location.pathname) ?? [];
const asked = new Map<string, Asked>();

async function ask(path: string, authorization: string | null): Promise<Answer> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), TIMEOUT_MS);
  const sentMs = performance.now();
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        'x-walnut-client': 'web',
        ...(authorization !== null && { authorization }),
      },
      credentials: 'include',
      cache: 'no-store',
      body: '{}',
      signal: controller.signal,
    });
    const receivedMs = performance.now();
    const { status, headers } = response;
    const kept = HEADERS.flatMap((name) => (headers.has(name) ? [[name, headers.get(name) ?? '']] : []));
    return { status, text: await response.text(), headers: Object.fromEntries(kept), sentMs, receivedMs };
  } finally {
    clearTimeout(timer);
  }
}
const bodyOf = ({ status, text }: Answer): Record<string, unknown> => {
  if (status !== 200) throw new Error(String(status));
  return JSON.parse(text) as Record<string, unknown>;
};

/** As the client does: one tab at a time, since refresh tokens rotate. */
const alone = <T>(task: () => Promise<T>): Promise<T> =>
  navigator.locks ? (navigator.locks.request('walnut-live.session.consumer', task) as Promise<T>) : task();

function begin(room: string): void {
  const path = `/api/v1/rooms/${room}/join`;
  const guest = alone(() => ask(GUEST, null));
  const authorization = guest.then((answer) => `Bearer ${String(bodyOf(answer).accessToken)}`);
  const joined = authorization.then((it) => ask(path, it));
  asked.set(GUEST, { answer: guest, authorization: Promise.resolve(null) });
  asked.set(path, { answer: joined, authorization });
  // The room's cover is what is seen first.
  const showCover = async (): Promise<void> => {
    new Image().src = (bodyOf(await joined).room as { coverUrl: string }).coverUrl;
  };
  showCover().catch(() => undefined);
}
if (roomId) begin(roomId);

/** When it went and came, by the browser's network: this page's scripts may have been busy. */
function timesOf(path: string, { sentMs, receivedMs }: Answer): { sentMs: number; receivedMs: number } {
  const [entry] = performance.getEntriesByName(new URL(path, location.href).href, 'resource');
  const { requestStart = 0, responseStart = 0 } = (entry ?? {}) as Partial<PerformanceResourceTiming>;
  return requestStart > 0 && responseStart > 0
    ? { sentMs: requestStart, receivedMs: responseStart }
    : { sentMs, receivedMs };
}

/** What the server's clock says in it is moved to now: by its way here, and by as long as it lay. */
function reply(path: string, answer: Answer): Response {
  const { status, headers } = answer;
  if (status !== 200) return new Response(answer.text, { status, headers });
  const body = bodyOf(answer);
  const { sentMs, receivedMs } = timesOf(path, answer);
  const age = (receivedMs - sentMs) / 2 + performance.now() - receivedMs;
  const { serverTime } = body;
  const moved =
    typeof serverTime === 'string' ? { serverTime: new Date(Date.parse(serverTime) + age).toISOString() } : {};
  return new Response(JSON.stringify({ ...body, ...moved }), { status, headers });
}

/** Rejects as `fetch` does. */
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const give = (): void => reject(new DOMException('aborted', 'AbortError'));
    if (signal.aborted) give();
    signal.addEventListener('abort', give, { once: true });
  });

/** `fetch` that gives each answer of the head start once, to whoever asks for the same as the same person. */
export const headStartFetch: typeof fetch = async (input, init) => {
  const path = String(input);
  const found = init?.method === 'POST' ? asked.get(path) : undefined;
  if (!found) return fetch(input, init);
  asked.delete(path);
  const { signal } = init ?? {};
  const inTime = <T>(what: Promise<T>): Promise<T> => Promise.race([what, ...(signal ? [aborted(signal)] : [])]);
  try {
    const authorization = new Headers(init?.headers).get('authorization');
    if ((await inTime(found.authorization)) === authorization) {
      const answer = await inTime(found.answer);
      if (performance.now() - answer.receivedMs < KEEP_MS) return reply(path, answer);
    }
  } catch (error) {
    if (signal?.aborted) throw error;
  }
  return fetch(input, init);
};
