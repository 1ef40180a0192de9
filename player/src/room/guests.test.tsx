// @vitest-environment jsdom
import { act } from 'react';
import { afterEach, expect, it, vi } from 'vitest';
import { renderInRoom, uuid } from '../testing/fixtures.tsx';
import { Guest } from './guests.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
vi.mock('./video/video-provider.tsx', () => ({ useVideo: () => ({ soundOn: false, smooth: false }) }));
afterEach(() => document.body.replaceChildren());

it('asks for a co-host’s picture again when the first answer was lost', async () => {
  HTMLMediaElement.prototype.play = async () => undefined;
  const guest = { seatId: uuid(60), name: '小梅', unitName: '二店', streamId: uuid(61), muted: false };
  const { calls, host, unmount } = await renderInRoom(<Guest guest={guest} />, { answer: () => 'offline' });
  const grants = (): number => calls.filter(({ path }) => path.includes('media')).length;
  await act(() => vi.waitFor(() => expect(grants()).toBe(1), 10_000));
  await vi.waitFor(() =>
    expect(host.querySelector('[data-testid="guest"]')?.getAttribute('data-status')).toBe('failed'),
  );
  await act(() => vi.waitFor(() => expect(grants()).toBeGreaterThan(1), 10_000));
  await unmount();
});
