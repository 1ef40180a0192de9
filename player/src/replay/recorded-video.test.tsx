// @vitest-environment jsdom
import type { ReplayGrant } from '@walnut-live/contracts';
import { createRef } from 'react';
import { afterEach, expect, it, vi } from 'vitest';
import { byTestId, press, renderInRoom } from '../testing/fixtures.tsx';
import { RecordedVideo } from './recorded-video.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
vi.mock('@walnut-live/live-client/playback', () => ({ openRecorded: () => ({ close: () => undefined }) }));
let unmount: (() => Promise<void>) | null = null;
afterEach(async () => {
  await unmount?.();
  unmount = null;
  document.body.replaceChildren();
});
const grant = { hlsUrl: '/r.m3u8', token: 't', expiresAt: '2999-01-01T00:00:00.000Z' } as ReplayGrant;
const show = async (aiPicture: boolean): Promise<HTMLVideoElement> => {
  Object.defineProperty(document, 'fullscreenEnabled', { value: true, configurable: true });
  const what = (
    <RecordedVideo video={createRef()} grant={grant} renew={async () => null} label="回放" aiPicture={aiPicture} />
  );
  ({ unmount } = await renderInRoom(what, { answer: () => 'offline' }));
  return byTestId<HTMLVideoElement>('replay-video');
};

it('Z7 a generated picture is full screen with its label, and never as the bare video', async () => {
  const video = await show(true);
  expect(video.getAttribute('controlslist')).toBe('nofullscreen');
  expect(video.hasAttribute('disablepictureinpicture')).toBe(true);
  const asked: Element[] = [];
  Element.prototype.requestFullscreen = async function ask(this: Element) {
    asked.push(this);
  };
  expect(byTestId('replay-full-screen').getAttribute('aria-label')).toBe('全屏');
  await press(byTestId('replay-full-screen'));
  expect(asked).toEqual([video.closest('.pl-recorded')]);
  expect(asked[0]?.contains(byTestId('ai-picture'))).toBe(true);
});

it('any other recording keeps the browser’s own controls', async () => {
  const video = await show(false);
  expect(video.hasAttribute('controlslist')).toBe(false);
  expect(video.hasAttribute('disablepictureinpicture')).toBe(false);
  expect(document.querySelector('[data-testid="replay-full-screen"]')).toBeNull();
});
