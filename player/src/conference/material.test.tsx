// @vitest-environment jsdom
import axe from 'axe-core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { byTestId, press, ROOM, renderInRoom, uuid } from '../testing/fixtures.tsx';
import MaterialChip from './material.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let unmount: (() => Promise<void>) | null = null;
beforeEach(() => {
  document.title = 'room';
  document.documentElement.lang = 'zh-CN';
  HTMLDialogElement.prototype.showModal ??= function showModal(this: HTMLDialogElement) {
    this.open = true;
  };
  HTMLDialogElement.prototype.close ??= function close(this: HTMLDialogElement) {
    this.open = false;
  };
});
afterEach(async () => {
  await unmount?.();
  unmount = null;
});

it('lists files to download and links to open, asked for when somebody looks', async () => {
  const at = '2026-11-22T12:00:00.000Z';
  const items = [
    {
      id: uuid(1),
      title: '产品手册',
      url: null,
      file: { name: 'a.pdf', mediaType: 'application/pdf', bytes: 20_480 },
      addedAt: at,
    },
    { id: uuid(2), title: '课程', url: 'https://example.com/', file: null, addedAt: at },
  ];
  const rendered = await renderInRoom(
    <>
      <h1>会议</h1>
      <MaterialChip roomId={ROOM} />
    </>,
    { answer: ({ path }) => ({ json: path === `/rooms/${ROOM}/materials` ? { items } : {} }) },
  );
  unmount = rendered.unmount;
  expect(rendered.calls.map(({ path }) => path)).not.toContain(`/rooms/${ROOM}/materials`);
  await press(byTestId('material-open'));
  await vi.waitFor(() => byTestId('materials'));
  const list = byTestId('materials');
  expect(list.textContent).toContain('产品手册');
  expect(list.textContent).toContain('20 KB');
  expect(list.querySelector('a')?.getAttribute('rel')).toBe('noreferrer noopener');
  expect(list.querySelector('button')?.getAttribute('aria-label')).toBe('下载产品手册');
  const { violations } = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } });
  expect(violations.map(({ id }) => id)).toEqual([]);
});
