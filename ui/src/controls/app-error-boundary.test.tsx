// @vitest-environment jsdom
import { act, type ReactNode, Suspense } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isLoadFailure, lazyWithRetry, loadWithRetry } from '../browser/lazy-with-retry.ts';
import type { SafeStorage } from '../browser/storage.ts';
import type { Locale } from '../i18n/locale.ts';
import { AppErrorBoundary } from './app-error-boundary.tsx';
import { UiProvider } from './ui-provider.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let root: Root;
let host: HTMLElement;

beforeEach(() => {
  host = document.body.appendChild(document.createElement('main'));
  // React tells what a boundary caught; these tests throw on purpose.
  root = createRoot(host, { onCaughtError: () => undefined });
});
afterEach(async () => {
  await act(async () => root.unmount());
  document.body.replaceChildren();
});

const render = (node: ReactNode, locale: Locale = 'zh-CN'): Promise<void> =>
  act(async () => root.render(<UiProvider locale={locale}>{node}</UiProvider>));

const press = (text: string): Promise<void> => {
  const button = [...document.querySelectorAll('button')].find((candidate) => candidate.textContent === text);
  if (!button) throw new Error(`no button ${text}: ${host.textContent}`);
  return act(async () => button.click());
};

/** React renders at the end of an `act`, so every look takes one. */
const until = (condition: () => boolean): Promise<void> =>
  vi.waitFor(
    async () => {
      // Loads end inside it, as React wants.
      await act(() => new Promise((resolve) => setTimeout(resolve, 10)));
      expect(condition()).toBe(true);
    },
    { interval: 5, timeout: 10_000 },
  );

const memory = (): SafeStorage => {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
};

/** A server that refuses a chunk until told otherwise. */
const chunk = () => {
  const served = { up: false, asked: 0 };
  const load = async (): Promise<{ default: (props: { name: string }) => ReactNode }> => {
    served.asked += 1;
    if (!served.up) throw new TypeError('Failed to fetch dynamically imported module');
    return { default: ({ name }) => <p>你好，{name}</p> };
  };
  return { served, load };
};

const Fragile = ({ broken }: { broken: { now: boolean } }): ReactNode => {
  if (broken.now) throw new TypeError('x is undefined');
  return <p>好了</p>;
};

describe('AppErrorBoundary', () => {
  it('stands in for a chunk that does not come, and a retry brings it without touching the rest', async () => {
    const { served, load } = chunk();
    const Part = lazyWithRetry(load, { mayReload: false, pauseMs: 0 });
    await render(
      <>
        <p>直播间</p>
        <AppErrorBoundary compact>
          <Suspense fallback="加载中">
            <Part name="小林" />
          </Suspense>
        </AppErrorBoundary>
      </>,
    );
    await until(() => document.querySelector('[role=alert]') !== null);
    expect(served.asked).toBe(2);
    expect(host.textContent).toContain('内容没有加载出来');
    expect(host.textContent).toContain('直播间');
    await press('重试');
    await until(() => document.querySelector('[role=alert]') !== null);
    expect(served.asked).toBe(4);
    served.up = true;
    await press('重试');
    await until(() => host.textContent?.includes('你好，小林') ?? false);
    expect(document.querySelector('[role=alert]')).toBeNull();
    expect(host.textContent).toContain('直播间');
  });

  it('asks again for a part that failed, was closed and is opened anew', async () => {
    const { served, load } = chunk();
    const Part = lazyWithRetry(load, { mayReload: false, pauseMs: 0 });
    const onClose = vi.fn();
    const part = (
      <AppErrorBoundary compact onClose={onClose}>
        <Suspense>
          <Part name="小林" />
        </Suspense>
      </AppErrorBoundary>
    );
    await render(part);
    await until(() => document.querySelector('[role=alert]') !== null);
    await press('关闭');
    expect(onClose).toHaveBeenCalledOnce();
    await render(null);
    served.up = true;
    await render(part);
    await until(() => host.textContent?.includes('你好，小林') ?? false);
  });

  it('stands in for a child that throws; going elsewhere recovers, and reload reloads', async () => {
    const broken = { now: true };
    const reload = vi.fn();
    const app = (path: string): ReactNode => (
      <AppErrorBoundary resetKey={path} reload={reload}>
        <Fragile broken={broken} />
      </AppErrorBoundary>
    );
    await render(app('/a'), 'en');
    expect(host.textContent).toContain('This could not be shown');
    await press('Reload');
    expect(reload).toHaveBeenCalledOnce();
    broken.now = false;
    await render(app('/a'), 'en');
    expect(host.textContent).toContain('This could not be shown');
    await render(app('/b'), 'en');
    expect(host.textContent).toBe('好了');
  });
});

describe('loadWithRetry', () => {
  const options = (storage: SafeStorage, reload: () => void) => ({
    pauseMs: 0,
    storage,
    reload,
    isOnline: () => true,
    now: () => 1_000_000,
  });

  it('takes one failure in its stride', async () => {
    const load = vi.fn<() => Promise<string>>().mockRejectedValueOnce(new TypeError('gone')).mockResolvedValueOnce('x');
    const reload = vi.fn();
    expect(await loadWithRetry(load, options(memory(), reload))).toBe('x');
    expect(reload).not.toHaveBeenCalled();
  });

  it('reloads the page once, and then gives the failure to the boundary', async () => {
    const storage = memory();
    const cause = new TypeError('gone');
    const reload = vi.fn();
    void loadWithRetry(() => Promise.reject(cause), options(storage, reload));
    await vi.waitFor(() => expect(reload).toHaveBeenCalledOnce());
    const error: unknown = await loadWithRetry(() => Promise.reject(cause), options(storage, reload)).catch((e) => e);
    expect(isLoadFailure(error)).toBe(true);
    expect(error).toMatchObject({ cause });
    expect(reload).toHaveBeenCalledOnce();
  });

  it.each([
    ['a part of a page', { mayReload: false }],
    ['no network', { isOnline: () => false }],
    [
      'blocked storage, where it could not know that it has reloaded',
      { storage: { ...memory(), getItem: () => null } },
    ],
  ])('does not reload for %s', async (_, more) => {
    const reload = vi.fn();
    const loading = loadWithRetry(() => Promise.reject(new TypeError('gone')), {
      ...options(memory(), reload),
      ...more,
    });
    await expect(loading).rejects.toSatisfy(isLoadFailure);
    expect(reload).not.toHaveBeenCalled();
  });
});
