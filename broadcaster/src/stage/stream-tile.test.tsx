// @vitest-environment jsdom
import { mediaGrant } from '@walnut-live/contracts';
import { UiProvider } from '@walnut-live/ui';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Services, ServicesProvider } from '../app/services.tsx';
import { StreamTile } from './stream-tile.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

it('asks for the picture again while it stands there, and no longer', async () => {
  let asked = 0;
  const call = async ({ id }: { id: string }): Promise<never> => {
    asked += id === mediaGrant.id ? 1 : 0;
    throw new Error('offline');
  };
  const root = createRoot(document.body.appendChild(document.createElement('main')));
  const services = { api: { call } } as unknown as Services;
  await act(async () =>
    root.render(
      <UiProvider locale="zh-CN">
        <ServicesProvider services={services}>
          <StreamTile roomId="room" streamId="stream" name="小梅" muted={false} silent />
        </ServicesProvider>
      </UiProvider>,
    ),
  );
  await act(() => vi.advanceTimersByTimeAsync(0));
  const tile = document.querySelector('[data-testid="cohost-tile"]');
  expect([asked, tile?.getAttribute('data-status')]).toEqual([1, 'failed']);
  expect(tile?.querySelector('video')?.muted, 'on this device alone').toBe(true);
  await act(() => vi.advanceTimersByTimeAsync(60_000));
  expect(asked).toBeGreaterThan(4);
  expect(asked).toBeLessThan(20);
  await act(async () => root.unmount());
  const before = asked;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(before);
});
