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
  vi.stubGlobal('location', { pathname });
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
  return { asked, pictures, headStartFetch };
}
const good = {
  [GUEST]: json({ accessToken: 'anna' }),
  [JOIN]: json({ serverTime: SERVER_TIME, room: { coverUrl: COVER } }),
};
const path = '/r/01a2085d-766e';

afterEach(() => {
  vi.unstubAllGlobals();
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
  expect(movedMs).toBeGreaterThanOrEqual(50);
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

test('what failed is asked again by the client, which is told why', async () => {
  const refusals = [
    { ...good, [JOIN]: () => new Response('{"code":"banned"}', { status: 403 }) },
    { ...good, [JOIN]: () => Promise.reject(new TypeError('offline')) },
  ];
  for (const replies of refusals) {
    const { asked, headStartFetch } = await open(path, replies);
    await headStartFetch(GUEST, asGuest);
    const again = headStartFetch(JOIN, asAnna);
    await again.then(
      ({ status }) => expect(status).toBe(403),
      (error: unknown) => expect(error).toBeInstanceOf(TypeError),
    );
    expect(asked.filter(([one]) => one === JOIN)).toHaveLength(2);
  }
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
