// @vitest-environment jsdom
import { act, type ReactNode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { MemoryRouter, Route, Routes, useNavigate } from 'react-router';
import { expect, it, vi } from 'vitest';
import { useLedHere } from './use-led-here.ts';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

const press = (name: string): Promise<void> =>
  act(async () => {
    document.querySelector<HTMLElement>(`[name="${name}"]`)?.click();
    await new Promise((resolve) => setTimeout(resolve, 0));
  });

const Go = ({ to }: { to: string }): ReactNode => {
  const navigate = useNavigate();
  return (
    <>
      <button type="button" name="go" onClick={() => void navigate(to)} />
      <button type="button" name="back" onClick={() => void navigate(-1)} />
    </>
  );
};
const Section = ({ name }: { name: string }): ReactNode => {
  const [filled, setFilled] = useState(false);
  const section = useLedHere(name, filled);
  return (
    <>
      <button type="button" name={`fill-${name}`} onClick={() => setFilled(!filled)} />
      {filled && <section ref={section} id={name} />}
    </>
  );
};

it('leads to the section of the link once it stands there, and not on the way back', async () => {
  const led: string[] = [];
  Element.prototype.scrollIntoView = vi.fn(function (this: Element) {
    led.push(this.id);
  });
  const root = createRoot(document.body.appendChild(document.createElement('main')));
  await act(async () =>
    root.render(
      <MemoryRouter initialEntries={['/r/1']}>
        <Routes>
          <Route path="/r/1" element={<Go to="/me#rewards" />} />
          <Route
            path="/me"
            element={
              <>
                <Section name="shares" />
                <Section name="rewards" />
                <Go to="/orders" />
              </>
            }
          />
          <Route path="/orders" element={<Go to="/me#shares" />} />
        </Routes>
      </MemoryRouter>,
    ),
  );
  await press('go');
  expect(led, 'nothing stands there yet').toEqual([]);
  await press('fill-shares');
  await press('fill-rewards');
  expect(led).toEqual(['rewards']);
  await press('fill-rewards');
  await press('fill-rewards');
  expect(led, 'once').toEqual(['rewards']);
  await press('go');
  await press('back');
  await press('fill-rewards');
  expect(document.querySelector('#rewards')).not.toBeNull();
  expect(led, 'the way back').toEqual(['rewards']);
  await act(async () => root.unmount());
});
