// @vitest-environment jsdom
/** In a room, where nothing else asks the cache of pages: the link, and the poster of it. */
import { act } from 'react';
import { afterEach, expect, it, vi } from 'vitest';
import { byTestId, press, ROOM, renderInRoom, uuid } from '../testing/fixtures.tsx';
import { ShareSheet } from './share-sheet.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
let unmount: (() => Promise<void>) | null = null;
afterEach(() => unmount?.());

it('makes a poster', async () => {
  const link = { json: { id: uuid(60), url: 'https://live.example/s/abc', path: '/s/abc' } };
  const rendered = await renderInRoom(<ShareSheet open onClose={() => undefined} />, {
    answer: ({ path }) => (path === '/share-links' ? link : { status: 404, json: { code: 'not_found' } }),
  });
  unmount = rendered.unmount;
  await press(byTestId('share-poster'));
  await vi.waitFor(async () => {
    await act(async () => undefined);
    const made = rendered.calls.filter(({ path }) => path === '/share-links').map(({ body }) => body);
    expect(made).toContainEqual({ roomId: ROOM, channel: 'poster' });
  });
});
