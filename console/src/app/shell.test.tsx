// @vitest-environment jsdom
/** Pages of their own begin at their top; what opens over a list leaves it where it is. */
import { act, type ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { afterEach, expect, it, vi } from 'vitest';
import { createDesk } from '../testing/desk.tsx';
import { Shell } from './shell.tsx';

const desk = createDesk();
afterEach(desk.leave);

let go: ReturnType<typeof useNavigate>;
const Page = (): ReactNode => {
  go = useNavigate();
  return null;
};

it.each([
  ['/rooms', '/rooms/1', true],
  ['/rooms/1', '/rooms/2', true],
  ['/settlements', '/settlements/1', true],
  ['/orders/1', '/orders/1/credit', true],
  ['/orders', '/rooms', true],
  ['/orders', '/orders/1', false],
  ['/after-sales', '/after-sales/1', false],
  ['/inviters', '/inviters/1', false],
  ['/reports', '/reports/sales', false],
])('from %s to %s: to the top %s', async (from, to, isToTop) => {
  const scrolled = vi.fn();
  const shown = desk.show(
    <Shell>
      <Page />
    </Shell>,
    {},
    { at: from },
  );
  vi.stubGlobal('scrollTo', scrolled);
  await shown;
  scrolled.mockClear();
  await act(async () => void go(to));
  expect(scrolled.mock.calls.length).toBe(isToTop ? 1 : 0);
  // The way back leaves it where it was.
  scrolled.mockClear();
  await act(async () => void go(-1));
  expect(scrolled).not.toHaveBeenCalled();
});
