// @vitest-environment jsdom
import type { Me } from '@walnut-live/contracts';
import type { RoomSession } from '@walnut-live/live-client/room';
import { UiProvider } from '@walnut-live/ui';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { expect, it } from 'vitest';
import { MeProvider } from '../app/services.tsx';
import { BottomBar } from './overlays.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

it.each([
  ['live', true],
  ['conference', false],
])('a %s can be shared: %s', async (kind, shared) => {
  const state = { room: { kind }, interaction: { draw: null }, bag: { items: [] }, purchases: [] };
  const session = { get: () => state, subscribe: () => () => undefined } as unknown as RoomSession;
  const main = document.body.appendChild(document.createElement('main'));
  const root = createRoot(main);
  await act(async () =>
    root.render(
      <UiProvider locale="zh-CN">
        <MeProvider value={{ staff: { role: 'guide' } } as Me}>
          <BottomBar session={session} wide={false} cohosts={0} onOpen={() => undefined} />
        </MeProvider>
      </UiProvider>,
    ),
  );
  expect(main.querySelector('[data-testid="bar-chat"]')).not.toBeNull();
  expect(main.querySelector('[data-testid="bar-share"]') !== null).toBe(shared);
  await act(async () => root.unmount());
  main.remove();
});
