/** One page of the console in jsdom: who is signed in, what the api answers, and what was asked of it. */
import { QueryClientProvider } from '@tanstack/react-query';
import { type Me, rolePermissions, type StaffRole } from '@walnut-live/contracts';
import { type Api, createPendingActions } from '@walnut-live/live-client/http';
import { type Locale, UiProvider } from '@walnut-live/ui';
import { act, type ReactNode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { MemoryRouter } from 'react-router';
import { expect, vi } from 'vitest';
import { SessionGate } from '../app/session.tsx';
import { createQueryClient } from '../data/use-call.ts';

export type Asked = { params?: Record<string, string>; query?: Record<string, unknown>; body?: unknown };
/** By the route's id; a route that is not answered fails the test. */
export type Answers = Readonly<Record<string, (asked: Asked) => unknown>>;

export const hq = { id: 'hq', kind: 'hq', path: 'hq', name: '总部' } as const;
const TIMEOUT_MS = 10_000;

/** Checked after an act, not in it: what fails inside one takes the updates along that were waiting there. */
const until = (check: () => void): Promise<void> =>
  vi.waitFor(
    async () => {
      await act(async () => undefined);
      check();
    },
    { timeout: TIMEOUT_MS },
  );

export const createDesk = () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  let root: Root | undefined;
  const asked: [string, Asked][] = [];
  return {
    /** Changes that were asked for, in order: all that has a body. */
    sent: () => asked.filter(([, { body }]) => body !== undefined),
    async show(
      what: ReactNode,
      answers: Answers,
      { role = 'hq_admin', at = '/', locale = 'zh-CN' }: { role?: StaffRole; at?: string; locale?: Locale } = {},
    ): Promise<void> {
      // jsdom has no layout; antd asks for it.
      const quiet = { addEventListener() {}, removeEventListener() {}, addListener() {}, removeListener() {} };
      vi.stubGlobal('matchMedia', () => ({ matches: false, ...quiet }));
      vi.stubGlobal(
        'ResizeObserver',
        class {
          observe() {}
          unobserve() {}
          disconnect() {}
        },
      );
      const me = {
        ...{ id: 'me', kind: 'staff', name: '我', phoneMasked: null },
        staff: { username: 'me', role, orgUnit: hq, permissions: rolePermissions[role] },
      } as unknown as Me;
      const call = async (route: { id: string }, args: Asked = {}): Promise<unknown> => {
        const answer = answers[route.id];
        if (!answer) throw new Error(`nobody answers ${route.id}`);
        asked.push([route.id, args]);
        return answer(args);
      };
      const api = {
        me: () => me,
        subscribe: () => () => undefined,
        ensureSession: async () => me,
        call,
        download: call,
      };
      const host = document.body.appendChild(document.createElement('div'));
      root = createRoot(host);
      await act(async () =>
        root?.render(
          <UiProvider locale={locale}>
            <MemoryRouter initialEntries={[at]}>
              <QueryClientProvider client={createQueryClient()}>
                <SessionGate api={api as unknown as Api} pending={createPendingActions({ storage: sessionStorage })}>
                  {what}
                </SessionGate>
              </QueryClientProvider>
            </MemoryRouter>
          </UiProvider>,
        ),
      );
    },
    async leave(): Promise<void> {
      await act(async () => root?.unmount());
      document.body.replaceChildren();
      asked.length = 0;
      vi.unstubAllGlobals();
    },
    until,
    shown: (text: string): Promise<void> => until(() => expect(document.body.textContent).toContain(text)),
  };
};

export const all = (testId: string): HTMLElement[] => [
  ...document.querySelectorAll<HTMLElement>(`[data-testid="${testId}"]`),
];
export const click = (testId: string, at = 0): Promise<void> => act(async () => all(testId)[at]?.click());
export async function write(testId: string, text: string): Promise<void> {
  const field = all(testId).find((one) => one instanceof HTMLInputElement);
  await act(async () => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(field, text);
    field?.dispatchEvent(new Event('input', { bubbles: true }));
  });
}
