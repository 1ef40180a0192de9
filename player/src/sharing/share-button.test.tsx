// @vitest-environment jsdom
/** A product and a group have a link and a poster of their own, each of what it says it is. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act } from 'react';
import { afterEach, expect, it, vi } from 'vitest';
import { byTestId, press, ROOM, renderInRoom, uuid } from '../testing/fixtures.tsx';
import { ShareButton } from './share-button.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
let unmount: (() => Promise<void>) | null = null;
afterEach(async () => {
  // A sheet takes its step of the history back when it goes; the next one must not take that for a step of its own.
  const isBack = new Promise((resolve) => addEventListener('popstate', resolve, { once: true }));
  await unmount?.();
  unmount = null;
  await isBack;
});
const link = { json: { id: uuid(60), url: 'https://live.example/s/abc', path: '/s/abc' } };
const until = (check: () => void) =>
  vi.waitFor(
    async () => {
      await act(async () => undefined);
      check();
    },
    { timeout: 10_000, interval: 20 },
  );

it.each([
  ['product', { roomId: ROOM, productId: uuid(10) }],
  ['group', { groupBuyId: uuid(70) }],
] as const)(
  '%s: nothing is made before it is asked for; then the link, and the poster of the same thing',
  async (kind, target) => {
    const rendered = await renderInRoom(
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <ShareButton kind={kind} {...target} title="核桃酥" testId="share" />
      </QueryClientProvider>,
      { answer: ({ path }) => (path === '/share-links' ? link : { status: 404, json: { code: 'not_found' } }) },
    );
    unmount = rendered.unmount;
    const made = () => rendered.calls.filter(({ path }) => path === '/share-links').map(({ body }) => body);
    expect(made()).toEqual([]);
    await press(byTestId('share'));
    await until(() => expect(byTestId('share-link').dataset.url).toBe(`${location.origin}/s/abc`));
    expect(made()).toEqual([{ ...target, channel: 'copy' }]);
    await press(byTestId('share-poster'));
    await until(() => expect(made()).toHaveLength(2));
    expect(made()[1]).toEqual({ ...target, channel: 'poster' });
  },
);
