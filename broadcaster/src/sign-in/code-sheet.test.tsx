// @vitest-environment jsdom
/** A new guide with a code in hand, on the phone they will go live with. */
import { useStaffCode as setPassword } from '@walnut-live/contracts';
import { ApiError } from '@walnut-live/live-client/http';
import { UiProvider } from '@walnut-live/ui';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { expect, it, vi } from 'vitest';
import { type Services, ServicesProvider } from '../app/services.tsx';
import { SignInPage } from './sign-in-page.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

const byTestId = (id: string): HTMLElement => {
  const found = document.querySelector<HTMLElement>(`[data-testid="${id}"]`);
  if (!found) throw new Error(`no ${id}`);
  return found;
};
const write = (id: string, text: string): Promise<void> =>
  act(async () => {
    const input = byTestId(id) as HTMLInputElement;
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, text);
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
const press = (id: string): Promise<void> => act(async () => byTestId(id).click());

const setUp = async (api: unknown) => {
  const root = createRoot(document.body.appendChild(document.createElement('main')));
  await act(async () =>
    root.render(
      <UiProvider locale="zh-CN">
        <ServicesProvider services={{ api } as unknown as Services}>
          <SignInPage />
        </ServicesProvider>
      </UiProvider>,
    ),
  );
  return root;
};

it('sets a password with the code and is left with a filled form', async () => {
  const sent: unknown[] = [];
  const call = async ({ id }: { id: string }, { body }: { body: unknown }) => {
    if (id === setPassword.id) sent.push(body);
  };
  const root = await setUp({ call });
  await press('sign-in-code');
  await write('code-username', 'lin');
  await write('code-code', 'ABCD-2345');
  await write('code-password', 'short');
  await press('code-submit');
  expect([sent, document.querySelector('dialog')?.textContent]).toEqual([[], expect.stringContaining('至少 10 位')]);
  await write('code-password', 'long enough now');
  await press('code-submit');
  expect(sent).toEqual([{ username: 'lin', code: 'ABCD-2345', password: 'long enough now' }]);
  expect(document.querySelector('dialog[open]')).toBeNull();
  expect([...document.querySelectorAll('input')].map(({ value }) => value)).toEqual(['lin', 'long enough now']);
  await act(async () => root.unmount());
});

it('says of a code that it is wrong, used or old; once the password is set no earlier problem stands', async () => {
  const refuse = async () => {
    throw new ApiError({ code: 'wrong_credentials', status: 401 });
  };
  const call = vi.fn(refuse);
  const root = await setUp({ call, signInStaff: refuse });
  const problem = () => document.querySelector('main .st-problem')?.textContent;
  const [name, password] = document.querySelectorAll('input');
  name?.setAttribute('data-testid', 'name');
  password?.setAttribute('data-testid', 'password');
  await write('name', 'lin');
  await write('password', 'forgotten');
  await act(async () => document.querySelector<HTMLElement>('main button[type=submit]')?.click());
  expect(problem()).toBe('账号或密码不正确');
  await press('sign-in-code');
  const fields = ['code-username', 'code-code', 'code-password'].map((id) => byTestId(id) as HTMLInputElement);
  expect(fields.map(({ maxLength }) => maxLength)).toEqual([64, 20, 200]);
  await write('code-code', 'ABCD-2345');
  await write('code-password', 'long enough now');
  await press('code-submit');
  const dialog = document.querySelector('dialog')?.textContent;
  expect([dialog?.includes('口令已用过'), dialog?.includes('密码不正确')]).toEqual([true, false]);
  call.mockImplementation(async () => undefined as never);
  await press('code-submit');
  expect(problem()).toBe('');
  await act(async () => root.unmount());
});
