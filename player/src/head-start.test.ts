import { afterEach, expect, test, vi } from 'vitest';

const GUEST = '/api/v1/auth/guest';
const JOIN = '/api/v1/rooms/01a2085d-766e/join';
const SERVER_TIME = '2026-11-23T12:00:00.000Z';
const COVER = '/pictures/room-factory.svg';
const asGuest = { method: 'POST', headers: { accept: 'application/json' }, body: '{}' };
const asAnna = { ...asGuest, headers: new Headers({ authorization: 'Bearer anna' }) };

type Reply = () => Response | Promise<Response>;
const json =
  (body: unknown): Reply =>
  () =>
    new Response(JSON.stringify(body));

/** The page of this path, with a server that answers so; what was asked, and the client's `fetch`. */
async function open(pathname: string, replies: Record<string, Reply>) {
  vi.resetModules();
  const asked: [string, string | null][] = [];
  const fetched = vi.fn((input: unknown, init?: RequestInit) => {
    const path = String(input);
    asked.push([path, new Headers(init?.headers).get('authorization')]);
    return Promise.resolve((replies[path] ?? (() => new Response('{}', { status: 500 })))());
  });
  vi.stubGlobal('fetch', fetched);
  vi.stubGlobal('location', { pathname, href: `https://live.brand.example${pathname}` });
  const pictures: string[] = [];
  vi.stubGlobal(
    'Image',
    class {
      set src(url: string) {
        pictures.push(url);
      }
    },
  );
  const { headStartFetch } = await import('./head-start.ts');
  return { asked, pictures, fetched, headStartFetch };
}
const good = {
  [GUEST]: json({ accessToken: 'anna' }),
  [JOIN]: json({ serverTime: SERVER_TIME, room: { coverUrl: COVER } }),
};
const path = '/r/01a2085d-766e';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test('asks who this is and joins before anybody asks; each answer is given once, with its clock moved on', async () => {
  const { asked, pictures, headStartFetch } = await open(path, good);
  await vi.waitFor(() => expect(pictures).toEqual([COVER]));
  expect(asked).toEqual([
    [GUEST, null],
    [JOIN, 'Bearer anna'],
  ]);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(await (await headStartFetch(GUEST, asGuest)).json()).toEqual({ accessToken: 'anna' });
  const { serverTime } = (await (await headStartFetch(JOIN, asAnna)).json()) as { serverTime: string };
  const movedMs = Date.parse(serverTime) - Date.parse(SERVER_TIME);
  expect(movedMs).toBeGreaterThanOrEqual(50); // half its way, and what it lay
  expect(movedMs).toBeLessThan(10_000);
  expect(asked).toHaveLength(2);
  await headStartFetch(GUEST, asGuest);
  await headStartFetch(JOIN, asAnna);
  expect(asked).toHaveLength(4);
});

test('somebody else’s question is asked as theirs, and another question as itself', async () => {
  const { asked, headStartFetch } = await open(path, good);
  await headStartFetch(JOIN, { ...asGuest, headers: { authorization: 'Bearer bella' } });
  expect(asked.at(-1)).toEqual([JOIN, 'Bearer bella']);
  await headStartFetch('/api/v1/rooms', { method: 'GET' });
  expect(asked.at(-1)).toEqual(['/api/v1/rooms', null]);
});

test('a refusal is handed on with what it says, and what had no answer is asked again', async () => {
  const busy = () => new Response('{"code":"rate_limited"}', { status: 429, headers: { 'retry-after': '7' } });
  const full = await open(path, { ...good, [GUEST]: busy });
  const refused = await full.headStartFetch(GUEST, asGuest);
  expect([refused.status, refused.headers.get('retry-after'), await refused.text()]).toEqual([
    429,
    '7',
    '{"code":"rate_limited"}',
  ]);
  expect(full.asked).toHaveLength(1);

  const lost = await open(path, { ...good, [JOIN]: () => Promise.reject(new TypeError('offline')) });
  await lost.headStartFetch(GUEST, asGuest);
  await expect(lost.headStartFetch(JOIN, asAnna)).rejects.toThrow('offline');
  expect(lost.asked.filter(([one]) => one === JOIN)).toHaveLength(2);
});

test('what is old is asked anew', async () => {
  const { asked, pictures, headStartFetch } = await open(path, good);
  await vi.waitFor(() => expect(pictures).toHaveLength(1));
  const now = performance.now();
  vi.spyOn(performance, 'now').mockReturnValue(now + 61_000);
  await headStartFetch(GUEST, asGuest);
  expect(asked.at(-1)).toEqual([GUEST, null]);
  expect(asked).toHaveLength(3);
});

test('a network that swallows the question lets go of the lock of all tabs when the client would have given up', async () => {
  vi.useFakeTimers();
  const held: Promise<unknown>[] = [];
  vi.stubGlobal('navigator', {
    locks: {
      request: (_name: string, task: () => Promise<unknown>) => {
        const mine = task();
        held.push(mine.catch(() => undefined));
        return mine;
      },
    },
  });
  const { fetched } = await open(path, { ...good, [GUEST]: () => new Promise<Response>(() => undefined) });
  const signal = fetched.mock.calls[0]?.[1]?.signal;
  expect(signal?.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(signal?.aborted).toBe(true);
  expect(held).toHaveLength(1);
});

test('nobody waits longer than they would for their own question', async () => {
  const { headStartFetch } = await open(path, { ...good, [GUEST]: () => new Promise<Response>(() => undefined) });
  const controller = new AbortController();
  const waiting = headStartFetch(GUEST, { ...asGuest, signal: controller.signal });
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
});

test('other pages ask nothing', async () => {
  for (const other of ['/', '/orders', '/r/01a2085d-766e/replay']) {
    const { asked } = await open(other, good);
    expect(asked).toEqual([]);
  }
});
