/*
 * Parts of an app that are fetched when they are needed, on phones whose network comes and goes, from a server that
 * may carry a newer build than this page.
 *
 * Model: a load that fails is tried once more after a pause; then, for whole pages, this tab reloads once, which finds
 * the chunk names of a new build; then the failure is thrown to the nearest error boundary. React never asks a failed
 * lazy component again, so a boundary that tries again calls `forgetFailedLoads` first.
 */
import { type ComponentType, createElement, lazy, type ReactNode } from 'react';
import { type SafeStorage, safeSessionStorage } from './storage.ts';

const PAUSE_MS = 800;
/** A tab reloads for a missing chunk at most this often: enough for one new build, too seldom for a loop. */
const RELOAD_AGAIN_AFTER_MS = 10 * 60_000;
const GUARD_KEY = 'walnut-live.reloaded-at';

export type LoadOptions = {
  /** Whether the page may reload itself for it. Not for a part of a page in use: a reload would take the rest away. */
  mayReload?: boolean;
  pauseMs?: number;
  storage?: SafeStorage;
  reload?: () => void;
  isOnline?: () => boolean;
  now?: () => number;
};

const failure = (cause: unknown): Error & { code: 'load_failed' } =>
  Object.assign(new Error('a part of the app could not be fetched', { cause }), { code: 'load_failed' as const });

/** True for what `lazyWithRetry` throws when it gives up. */
export const isLoadFailure = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'load_failed';

/** Without a network a reload would change a page that half works for none; without storage it could loop. */
const takeReload = (storage: SafeStorage, isOnline: boolean, nowMs: number): boolean => {
  const lastMs = Number(storage.getItem(GUARD_KEY) ?? Number.NaN);
  if (!isOnline || nowMs - lastMs < RELOAD_AGAIN_AFTER_MS) return false;
  storage.setItem(GUARD_KEY, String(nowMs));
  return storage.getItem(GUARD_KEY) === String(nowMs);
};

/** Loads, see the model above. Rejects with an error for which `isLoadFailure` holds; stays pending while reloading. */
export const loadWithRetry = async <T>(load: () => Promise<T>, options: LoadOptions = {}): Promise<T> => {
  const {
    mayReload = true,
    pauseMs = PAUSE_MS,
    storage = safeSessionStorage(),
    reload = () => location.reload(),
    isOnline = () => navigator.onLine,
    now = Date.now,
  } = options;
  try {
    return await load();
  } catch {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  try {
    return await load();
  } catch (cause) {
    if (!mayReload || !takeReload(storage, isOnline(), now())) throw failure(cause);
    reload();
    return new Promise<never>(() => undefined);
  }
};

const failed = new Set<() => void>();

/** Lets every component whose load failed be asked for anew at its next render. */
export const forgetFailedLoads = (): void => {
  for (const renew of failed) renew();
  failed.clear();
};

/** `React.lazy` that retries, and that an `AppErrorBoundary` can ask again. */
export const lazyWithRetry = <Props extends object>(
  load: () => Promise<{ default: ComponentType<Props> }>,
  options?: LoadOptions,
): ComponentType<Props> => {
  const make = (): ComponentType<Props> =>
    lazy(() =>
      loadWithRetry(load, options).catch((error: unknown) => {
        failed.add(renew);
        throw error;
      }),
    );
  let current = make();
  const renew = (): void => {
    current = make();
  };
  return (props: Props): ReactNode => createElement(current, props);
};
